// march: rv64gc
// RV64I: loads and stores of all sizes, sign extension, displacements, misaligned addresses.
#include "check.h"

TEST_START
    la s0, bytes
    lb a0, 0(s0)
    CHECK a0, 0xfffffffffffffff8
    lbu a0, 0(s0)
    CHECK a0, 0xf8
    lb a0, 7(s0)
    CHECK a0, 1
    lh a0, 0(s0)
    CHECK a0, 0xffffffffffffc7f8
    lhu a0, 0(s0)
    CHECK a0, 0xc7f8
    lw a0, 0(s0)
    CHECK a0, 0xffffffff95a6c7f8
    lwu a0, 0(s0)
    CHECK a0, 0x95a6c7f8
    ld a0, 0(s0)
    CHECK a0, 0x0132547695a6c7f8
    lb zero, 0(s0)
    CHECK zero, 0

    // displacements, also the extreme ones; the destination is the base
    addi s1, s0, 2047
    lw a0, -2047(s1)
    CHECK a0, 0xffffffff95a6c7f8
    li a1, 2048
    add s1, s0, a1
    ld s1, -2048(s1)
    CHECK s1, 0x0132547695a6c7f8
    addi s1, s0, -2047
    lhu a0, 2047(s1)
    CHECK a0, 0xc7f8

    // misaligned
    lw a0, 1(s0)
    CHECK a0, 0x7695a6c7
    lh a0, 3(s0)
    CHECK a0, 0x7695
    ld a0, 3(s0)
    CHECK a0, 0xeeddcc0132547695

    // stores write their bytes and no others
    la s0, space
    li a0, -1
    sd a0, 0(s0)
    sd a0, 8(s0)
    li a1, 0x1122334455667788
    sb a1, 1(s0)
    ld a0, 0(s0)
    CHECK a0, 0xffffffffffff88ff
    sh a1, 4(s0)
    ld a0, 0(s0)
    CHECK a0, 0xffff7788ffff88ff
    sw a1, 8(s0)
    ld a0, 8(s0)
    CHECK a0, 0xffffffff55667788
    sd a1, 5(s0)
    ld a0, 0(s0)
    CHECK a0, 0x667788 << 40 | 0x88ffff88ff
    ld a0, 8(s0)
    CHECK a0, 0xffffff1122334455
    sd zero, 0(s0)
    ld a0, 0(s0)
    CHECK a0, 0
    sd s0, 0(s0)
    ld a0, 0(s0)
    CHECK_EQ a0, s0

    // a store is seen by a load of another size, and through another register
    mv s1, s0
    sd a1, 0(s0)
    lbu a0, 7(s1)
    CHECK a0, 0x11
    sb zero, 7(s1)
    ld a0, 0(s0)
    CHECK a0, 0x22334455667788

    // across a page
    la s0, page_end
    sd a1, -3(s0)
    ld a0, -3(s0)
    CHECK_EQ a0, a1
    lbu a0, 0(s0)
    CHECK a0, 0x55
    TEST_END

    .data
    .balign 8
bytes:
    .dword 0x0132547695a6c7f8, 0xaabbccddeeddcc
space:
    .zero 64
    .balign 4096
    .zero 4096
page_end:
    .zero 16
