// march: rv64gc
// cpu: mips-p8700
// Xmipscbop, Xmipscmov, Xmipslsp, which the assembler does not know.
#include "signals.h"

.macro CCMOV rd, rs2, rs1, rs3
    .insn r4 0x0b, 3, 3, \rd, \rs1, \rs2, \rs3
.endm
// registers as numbers
.macro LDP rd1, rd2, offset, base
    .4byte 0x400b | \rd1 << 7 | \rd2 << 27 | \base << 15 | (\offset) >> 3 << 23
.endm
.macro LWP rd1, rd2, offset, base
    .4byte 0x10400b | \rd1 << 7 | \rd2 << 27 | \base << 15 | (\offset) >> 2 << 22
.endm
.macro SDP rs1, rs2, offset, base
    .4byte 0x500b | \rs1 << 20 | \rs2 << 27 | \base << 15 | ((\offset) >> 5) << 25 | ((\offset) >> 3 & 3) << 10
.endm
.macro SWP rs1, rs2, offset, base
    .4byte 0x508b | \rs1 << 20 | \rs2 << 27 | \base << 15 | ((\offset) >> 5) << 25 | ((\offset) >> 2 & 7) << 9
.endm

TEST_START
    li a1, 11
    li a3, 13
    li a2, 1
    CCMOV a0, a2, a1, a3
    CHECK a0, 11
    li a2, 1 << 63
    CCMOV a0, a2, a1, a3
    CHECK a0, 11
    li a2, 0
    CCMOV a0, a2, a1, a3
    CHECK a0, 13
    CCMOV a1, a1, a2, a1
    CHECK a1, 0
    CCMOV x0, a2, a1, a3
    CHECK x0, 0

    .4byte 0x1ff0000b                                         // pref 31, 511(zero): whatever the address
    .4byte 0x00000f8b

    la s2, cell                                               // s2 = x18, a0 = x10, a1 = x11
    LDP 10, 11, 0, 18
    CHECK a0, 0x8182838485868788
    CHECK a1, 0x9192939495969798
    addi s2, s2, -120
    LDP 10, 11, 120, 18
    CHECK a0, 0x8182838485868788
    CHECK a1, 0x9192939495969798
    addi s2, s2, -4
    LWP 10, 11, 124, 18
    CHECK a0, 0xffffffff85868788
    CHECK a1, 0xffffffff81828384
    LWP 10, 10, 124, 18                                       // the second stays
    CHECK a0, 0xffffffff81828384
    la a0, cell
    LDP 10, 11, 0, 10                                         // over the base
    CHECK a0, 0x8182838485868788
    CHECK a1, 0x9192939495969798
    la a0, cell
    LDP 0, 11, 8, 10
    CHECK a1, 0x1112131415161718

    la s2, cell
    addi s2, s2, -120
    li a0, 0x1122334455667788
    li a1, -1
    SDP 10, 11, 120, 18
    ld t4, 120(s2)
    CHECK t4, 0x1122334455667788
    ld t4, 128(s2)
    CHECK t4, -1
    SWP 11, 10, 124, 18
    ld t4, 120(s2)
    CHECK t4, 0xffffffff55667788
    ld t4, 128(s2)
    CHECK t4, 0xffffffff55667788
    SWP 0, 10, 8, 18
    ld t4, 8(s2)
    CHECK t4, 0x5566778800000000

    CATCH SIGILL
    la s0, fault_address
    li a0, 5
    ILLEGAL .4byte 0x80c5950b                                 // T-Head's
    ILLEGAL .4byte 0x2000000b                                 // pref, bit 29
    ILLEGAL .4byte 0x00c5e57b                                 // Ventana's
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER

.data
.balign 16
    .space 128
cell: .dword 0x8182838485868788, 0x9192939495969798, 0x1112131415161718
