// march: rv64gc
// Zalasr: loads that acquire and stores that release, which the assembler does not know.
#include "signals.h"

.macro LOAD size, aq, rl, rd, rs1
    .insn r 0x2f, \size, (6 << 2 | \aq << 1 | \rl), \rd, \rs1, x0
.endm
.macro STORE size, aq, rl, rs2, rs1
    .insn r 0x2f, \size, (7 << 2 | \aq << 1 | \rl), x0, \rs1, \rs2
.endm

TEST_START
    la s1, cell
    .irp rl, 0, 1
    LOAD 0, 1, \rl, a0, s1
    CHECK a0, 0xffffffffffffff88
    LOAD 1, 1, \rl, a0, s1
    CHECK a0, 0xffffffffffff8788
    LOAD 2, 1, \rl, a0, s1
    CHECK a0, 0xffffffff85868788
    LOAD 3, 1, \rl, a0, s1
    CHECK a0, 0x8182838485868788
    .endr
    LOAD 0, 1, 0, x0, s1
    mv a0, s1
    LOAD 3, 1, 0, a0, a0
    CHECK a0, 0x8182838485868788

    addi s2, s1, 8
    li a1, 0xfedcba9876543210
    .irp aq, 0, 1
    sd zero, 0(s2)
    STORE 0, \aq, 1, a1, s2
    ld a0, 0(s2)
    CHECK a0, 0x10
    STORE 1, \aq, 1, a1, s2
    ld a0, 0(s2)
    CHECK a0, 0x3210
    STORE 2, \aq, 1, a1, s2
    ld a0, 0(s2)
    CHECK a0, 0x76543210
    STORE 3, \aq, 1, a1, s2
    ld a0, 0(s2)
    CHECK a0, 0xfedcba9876543210
    STORE 3, \aq, 1, x0, s2
    ld a0, 0(s2)
    CHECK a0, 0
    .endr

    // without the order that they are for, with the other register, with funct3 4: reserved
    CATCH SIGILL
    CATCH SIGBUS
    la s0, fault_address
    li a0, 5
    ILLEGAL LOAD 2, 0, 0, a0, s1
    ILLEGAL LOAD 2, 0, 1, a0, s1
    ILLEGAL STORE 2, 0, 0, a0, s1
    ILLEGAL STORE 2, 1, 0, a0, s1
    ILLEGAL .insn r 0x2f, 2, 0x1a, a0, s1, x1
    ILLEGAL .insn r 0x2f, 2, 0x1d, x1, s1, a0
    ILLEGAL LOAD 4, 1, 0, a0, s1
    // misaligned ones: as the kernel reports them
    addi s3, s1, 1
    ILLEGAL LOAD 1, 1, 0, a0, s3
    ILLEGAL LOAD 3, 1, 0, a0, s3
    ILLEGAL STORE 2, 0, 1, a0, s3
    LOAD 0, 1, 0, a0, s3
    CHECK a0, 0xffffffffffffff87
TEST_END

SIGNAL_HANDLER

.data
.balign 16
cell: .dword 0x8182838485868788, 0
