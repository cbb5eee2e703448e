// march: rv64gc
// Hints do nothing; Zimop's may-be-operations write zero; Zicbom and Zicboz work on the cache block; Zawrs returns.
#include "check.h"

#define MOP_R(n) (0x81c04073 | ((n) & 3) << 20 | ((n) >> 2 & 3) << 26 | ((n) >> 4) << 30)
#define MOP_RR(n) (0x82004073 | ((n) & 3) << 26 | ((n) >> 2) << 30)
#define A0_A1 (10 << 7 | 11 << 15)

TEST_START
    // prefetch.i, .r, .w of any address, also one that is not mapped
    li a0, 0
    .insn s 0x13, 6, x0, 0(a0)
    .insn s 0x13, 6, x1, 32(a0)
    .insn s 0x13, 6, x3, -32(a0)
    ori zero, a0, 2
    add zero, zero, x2                      // ntl.p1
    add zero, zero, x3                      // ntl.pall
    add zero, zero, x4                      // ntl.s1
    add zero, zero, x5                      // ntl.all
    .2byte 0x900a, 0x900e, 0x9012, 0x9016   // c.ntl.*
    .4byte 0x0100000f                       // pause
    .4byte 0x00d00073                       // wrs.nto
    .4byte 0x01d00073                       // wrs.sto
    slti zero, a0, 5
    slli zero, a0, 5
    srai zero, a0, 5
    CHECK zero, 0

    .irp n, 0, 1, 2, 3, 4, 7, 8, 15, 16, 21, 31
    li a0, 5
    li a1, 6
    .4byte MOP_R(\n) | A0_A1
    CHECK a0, 0
    CHECK a1, 6
    .endr
    .irp n, 0, 1, 2, 3, 4, 5, 6, 7
    li a0, 5
    .4byte MOP_RR(\n) | A0_A1 | 12 << 20
    CHECK a0, 0
    .endr

    // cbo.zero clears the 64 bytes around the address, cbo.clean and flush keep them
    la a1, block
    li a2, 0x0102030405060708
    sd a2, -8(a1)
    sd a2, 0(a1)
    sd a2, 56(a1)
    sd a2, 64(a1)
    addi a0, a1, 37
    .insn i 0x0f, 2, x0, a0, 1              // cbo.clean
    .insn i 0x0f, 2, x0, a0, 2              // cbo.flush
    ld a3, 56(a1)
    CHECK_EQ a3, a2
    .insn i 0x0f, 2, x0, a0, 4              // cbo.zero
    ld a3, -8(a1)
    CHECK_EQ a3, a2
    ld a3, 0(a1)
    CHECK a3, 0
    ld a3, 56(a1)
    CHECK a3, 0
    ld a3, 64(a1)
    CHECK_EQ a3, a2
    TEST_END

    .data
    .balign 64
    .zero 64
block:
    .zero 128
