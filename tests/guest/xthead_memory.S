// march: rv64gc_xtheadmemidx_xtheadfmemidx_xtheadmempair
// cpu: thead-c906
// XTheadMemIdx, XTheadFMemIdx, XTheadMemPair: values, addresses, what is left in the base register, reserved registers.
#include "signals.h"

// a0 = load at cell + `offset` with a base that starts at cell and ends at cell + `offset`.
.macro LOAD_STEP op, imm5, imm2, before, result
    la a1, cell
    th.\op a0, (a1), \imm5, \imm2
    CHECK a0, \result
    la t3, cell
    addi t3, t3, (\imm5) * (1 << (\imm2))
    CHECK_EQ a1, t3
.endm

// Stores 0xfedcba9876543210 and looks at the doubleword at cell + `at`.
.macro STORE_STEP op, imm5, imm2, at, result
    la a1, cell
    li a0, 0xfedcba9876543210
    ld s1, \at(a1)
    th.\op a0, (a1), \imm5, \imm2
    la t3, cell
    addi t3, t3, (\imm5) * (1 << (\imm2))
    CHECK_EQ a1, t3
    la a1, cell
    ld a0, \at(a1)
    CHECK a0, \result
    sd s1, \at(a1)
.endm

// The index is 2, with `high` in its upper half.
.macro LOAD_INDEXED op, high, shift, result
    la a1, cell
    li a2, (\high) << 32 | 2
    th.\op a0, a1, a2, \shift
    CHECK a0, \result
    th.\op a2, a1, a2, \shift
    CHECK a2, \result
.endm
.macro STORE_INDEXED op, high, shift, at, result
    la a1, cell
    li a2, (\high) << 32 | 2
    li a0, 0xfedcba9876543210
    ld s1, \at(a1)
    th.\op a0, a1, a2, \shift
    ld a0, \at(a1)
    CHECK a0, \result
    sd s1, \at(a1)
.endm

TEST_START
    LOAD_STEP lbia, 0, 0, 0, 0xffffffffffffff88
    LOAD_STEP lbia, 15, 3, 0, 0xffffffffffffff88
    LOAD_STEP lbuia, -16, 3, 0, 0x88
    LOAD_STEP lhia, 1, 1, 0, 0xffffffffffff8788
    LOAD_STEP lhuia, 1, 2, 0, 0x8788
    LOAD_STEP lwia, -1, 2, 0, 0xffffffff85868788
    LOAD_STEP lwuia, -1, 0, 0, 0x85868788
    LOAD_STEP ldia, 1, 3, 0, 0x8182838485868788
    LOAD_STEP lbib, -1, 0, 1, 0x71
    LOAD_STEP lbib, 1, 3, 1, 0xffffffffffffff98
    LOAD_STEP lbuib, 1, 3, 1, 0x98
    LOAD_STEP lhib, 2, 2, 1, 0xffffffffffff9798
    LOAD_STEP lhuib, 4, 1, 1, 0x9798
    LOAD_STEP lwib, 8, 0, 1, 0xffffffff95969798
    LOAD_STEP lwuib, 1, 3, 1, 0x95969798
    LOAD_STEP ldib, 1, 3, 1, 0x9192939495969798
    LOAD_STEP ldib, -1, 3, 1, 0x7172737475767778

    STORE_STEP sbia, 15, 3, 0, 0x8182838485868710
    STORE_STEP shia, -16, 3, 0, 0x8182838485863210
    STORE_STEP swia, 1, 2, 0, 0x8182838476543210
    STORE_STEP sdia, 1, 3, 0, 0xfedcba9876543210
    STORE_STEP sbib, 1, 3, 8, 0x9192939495969710
    STORE_STEP shib, 4, 1, 8, 0x9192939495963210
    STORE_STEP swib, 2, 2, 8, 0x9192939476543210
    STORE_STEP sdib, -1, 3, -8, 0xfedcba9876543210

    // a base that is stored
    la a1, cell
    ld s1, 0(a1)
    th.sdia a1, (a1), 1, 3
    ld t4, -8(a1)
    la t3, cell
    CHECK_EQ t4, t3
    sd s1, -8(a1)

    LOAD_INDEXED lrb, 0, 0, 0xffffffffffffff86
    LOAD_INDEXED lrbu, 0, 1, 0x84
    LOAD_INDEXED lrh, 0, 0, 0xffffffffffff8586
    LOAD_INDEXED lrhu, 0, 2, 0x9798
    LOAD_INDEXED lrw, 0, 1, 0xffffffff81828384
    LOAD_INDEXED lrwu, 0, 2, 0x95969798
    LOAD_INDEXED lrd, 0, 2, 0x9192939495969798
    LOAD_INDEXED lrd, 0, 3, 0x1112131415161718
    LOAD_INDEXED lurb, -1, 0, 0xffffffffffffff86
    LOAD_INDEXED lurbu, 1, 1, 0x84
    LOAD_INDEXED lurh, -1, 0, 0xffffffffffff8586
    LOAD_INDEXED lurhu, 1, 2, 0x9798
    LOAD_INDEXED lurw, -1, 1, 0xffffffff81828384
    LOAD_INDEXED lurwu, 1, 2, 0x95969798
    LOAD_INDEXED lurd, -1, 3, 0x1112131415161718
    // a negative index
    la a1, cell
    li a2, -1
    th.lrd a0, a1, a2, 3
    CHECK a0, 0x7172737475767778
    // the low word is not sign-extended
    li t3, 0x80000000
    sub a1, a1, t3
    li a2, 0xffffffff80000000
    th.lurd a0, a1, a2, 0
    CHECK a0, 0x8182838485868788

    STORE_INDEXED srb, 0, 0, 2, 0x9798818283848510
    STORE_INDEXED srh, 0, 2, 8, 0x9192939495963210
    STORE_INDEXED srw, 0, 2, 8, 0x9192939476543210
    STORE_INDEXED srd, 0, 2, 8, 0xfedcba9876543210
    STORE_INDEXED surb, -1, 2, 8, 0x9192939495969710
    STORE_INDEXED surh, 1, 2, 8, 0x9192939495963210
    STORE_INDEXED surw, -1, 2, 8, 0x9192939476543210
    STORE_INDEXED surd, 1, 3, 16, 0xfedcba9876543210

    // float registers
    la a1, cell
    li a2, 2
    th.flrw fa0, a1, a2, 2
    fmv.x.d a0, fa0
    CHECK a0, 0xffffffff95969798
    th.flrd fa0, a1, a2, 2
    fmv.x.d a0, fa0
    CHECK a0, 0x9192939495969798
    li a3, -1 << 32 | 2
    th.flurw fa1, a1, a3, 3
    fmv.x.d a0, fa1
    CHECK a0, 0xffffffff15161718
    th.flurd fa1, a1, a3, 3
    fmv.x.d a0, fa1
    CHECK a0, 0x1112131415161718
    ld s1, 8(a1)
    th.fsrw fa1, a1, a2, 2
    ld a0, 8(a1)
    CHECK a0, 0x9192939415161718
    th.fsurd fa1, a1, a3, 2
    ld a0, 8(a1)
    CHECK a0, 0x1112131415161718
    th.fsrd fa0, a1, a2, 2
    ld a0, 8(a1)
    CHECK a0, 0x9192939495969798
    th.fsurw fa1, a1, a3, 2
    ld a0, 8(a1)
    CHECK a0, 0x9192939415161718
    sd s1, 8(a1)

    // pairs
    la a2, cell
    th.ldd a0, a1, (a2), 0, 4
    CHECK a0, 0x8182838485868788
    CHECK a1, 0x9192939495969798
    addi a2, a2, -16
    th.ldd a0, a1, (a2), 1, 4
    CHECK a0, 0x8182838485868788
    CHECK a1, 0x9192939495969798
    th.lwd a0, a1, (a2), 2, 3
    CHECK a0, 0xffffffff85868788
    CHECK a1, 0xffffffff81828384
    th.lwud a0, a1, (a2), 3, 3
    CHECK a0, 0x95969798
    CHECK a1, 0x91929394
    ld s1, 24(a2)
    li a0, 0x1122334455667788
    li a1, -1
    th.swd a0, a1, (a2), 3, 3
    ld t4, 24(a2)
    CHECK t4, 0xffffffff55667788
    sd s1, 24(a2)
    th.sdd a1, a0, (a2), 1, 4
    ld t4, 16(a2)
    CHECK t4, -1
    ld t4, 24(a2)
    CHECK t4, 0x1122334455667788

    // registers that must differ
    CATCH SIGILL
    la s0, fault_address
    la a2, cell
    li a0, 5
    li a1, 6
    ILLEGAL .4byte 0x7cf5c58b                                 // th.ldia a1, (a1), 15, 2
    ILLEGAL .4byte 0x6cf5c58b                                // th.ldib a1, (a1)
    ILLEGAL .4byte 0xf8b6458b | 6 << 25                       // th.ldd a1, a1, (a2)
    ILLEGAL .4byte 0xf8b6460b | 6 << 25                       // th.ldd a2, a1, (a2)
    ILLEGAL .4byte 0xf8c6450b | 6 << 25                       // th.ldd a0, a2, (a2)
    CHECK a0, 5
    CHECK a1, 6

    // the second access of a pair faults: nothing is written
    CATCH SIGSEGV
    li a0, 4096 * 2
    li a7, 214
    mv a1, a0
    li a0, 0
    li a2, 3
    li a3, 0x22
    li a4, -1
    li a5, 0
    li a7, 222                                                // mmap of two pages
    ecall
    mv s2, a0
    li t3, 4096
    add a0, a0, t3
    mv a1, t3
    li a7, 215                                                // the second one goes
    ecall
    CHECK a0, 0
    li t3, 4088
    add a2, s2, t3
    li a0, 5
    li a1, 6
    sd zero, 0(s0)
    th.ldd a0, a1, (a2), 0, 4
    ld t4, 0(s0)
    addi t3, a2, 8
    CHECK_EQ t4, t3
    CHECK a0, 5
    CHECK a1, 6
    // and of a stepping one: the base stays
    addi a1, a2, 8
    mv a3, a1
    th.ldia a0, (a1), 1, 3
    CHECK_EQ a1, a3
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER

.data
.balign 16
    .space 128
    .dword 0x7172737475767778
cell: .dword 0x8182838485868788, 0x9192939495969798, 0x1112131415161718
    .space 128
