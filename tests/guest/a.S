// march: rv64gc
// A: atomics in both sizes, load-reserved and store-conditional, fences.
#include "check.h"

// old value in a0, memory afterwards
.macro AMO op, memory, operand, result
    li a1, \memory
    sd a1, 0(s0)
    li a2, \operand
    \op a0, a2, (s0)
    CHECK_EQ a0, a1
    ld a3, 0(s0)
    CHECK a3, \result
    sd a1, 0(s0)
    \op zero, a2, (s0)
    ld a3, 0(s0)
    CHECK a3, \result
    // the destination is the operand; the destination is the address
    sd a1, 0(s0)
    \op a2, a2, (s0)
    CHECK_EQ a2, a1
    li a2, \operand
    sd a1, 0(s0)
    mv s1, s0
    \op s1, a2, (s1)
    CHECK_EQ s1, a1
.endm
// words: the doubleword's upper half is 0x55555555 and stays
.macro AMO_W op, memory, operand, old, result
    li a1, 0x5555555500000000 | \memory
    sd a1, 0(s0)
    li a2, \operand
    \op a0, a2, (s0)
    CHECK a0, \old
    ld a3, 0(s0)
    CHECK a3, 0x5555555500000000 | \result
.endm

TEST_START
    la s0, cell
    AMO amoswap.d, 1, -1, -1
    AMO amoadd.d, 0x7fffffffffffffff, 1, 0x8000000000000000
    AMO amoadd.d.aqrl, 5, -6, -1
    AMO amoxor.d, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0xf0f0f0f0f0f0f0f0
    AMO amoand.d, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0x0f000f000f000f00
    AMO amoor.d, 0xff00ff00ff00ff00, 0x0ff00ff00ff00ff0, 0xfff0fff0fff0fff0
    AMO amomin.d, -1, 1, -1
    AMO amomin.d, 1, -1, -1
    AMO amomax.d, -1, 1, 1
    AMO amomax.d, 1, -1, 1
    AMO amominu.d, -1, 1, 1
    AMO amominu.d, 1, -1, 1
    AMO amomaxu.d, -1, 1, -1
    AMO amomaxu.d, 1, -1, -1

    AMO_W amoswap.w, 0x80000000, 0x1ffffffff, 0xffffffff80000000, 0xffffffff
    AMO_W amoadd.w, 0x7fffffff, 1, 0x7fffffff, 0x80000000
    AMO_W amoadd.w.aq, 0xffffffff, 0x100000001, -1, 0
    AMO_W amoxor.w, 0xff00ff00, 0x0ff00ff0, 0xffffffffff00ff00, 0xf0f0f0f0
    AMO_W amoand.w, 0xff00ff00, 0x0ff00ff0, 0xffffffffff00ff00, 0x0f000f00
    AMO_W amoor.w, 0xff00ff00, 0x0ff00ff0, 0xffffffffff00ff00, 0xfff0fff0
    AMO_W amomin.w, 0xffffffff, 1, -1, 0xffffffff
    AMO_W amomin.w, 1, 0x1ffffffff, 1, 0xffffffff
    AMO_W amomax.w, 0xffffffff, 1, -1, 1
    AMO_W amomax.w.rl, 1, 0x7fffffffffffffff, 1, 1
    AMO_W amominu.w, 0xffffffff, 1, -1, 1
    AMO_W amominu.w, 1, 0xff00000000, 1, 0
    AMO_W amomaxu.w, 0xffffffff, 1, -1, 0xffffffff
    AMO_W amomaxu.w, 1, -1, 1, 0xffffffff

    // the upper word of the pair
    addi s1, s0, 4
    li a2, 3
    amoadd.w a0, a2, (s1)
    CHECK a0, 0x55555555
    lw a0, 4(s0)
    CHECK a0, 0x55555558

    // success
    li a1, 0x80000000
    sd a1, 0(s0)
    lr.w a0, (s0)
    CHECK a0, 0xffffffff80000000
    li a2, 7
    sc.w a3, a2, (s0)
    CHECK a3, 0
    ld a0, 0(s0)
    CHECK a0, 7
    // without reservation: the success above used it up
    sc.w a3, a2, (s0)
    CHECK a3, 1
    lr.d.aqrl a0, (s0)
    CHECK a0, 7
    li a2, -9
    sc.d.rl a3, a2, (s0)
    CHECK a3, 0
    ld a0, 0(s0)
    CHECK a0, -9
    // memory changed in between
    lr.d a0, (s0)
    sd zero, 0(s0)
    sc.d a3, a2, (s0)
    CHECK a3, 1
    ld a0, 0(s0)
    CHECK a0, 0
    // another address
    lr.d a0, (s0)
    addi s1, s0, 64
    sc.d a3, a2, (s1)
    CHECK a3, 1
    ld a0, 0(s1)
    CHECK a0, 0
    sc.d a3, a2, (s0)
    CHECK a3, 1
    // the destination is the value, the address
    lr.d a0, (s0)
    li a2, 12
    sc.d a2, a2, (s0)
    CHECK a2, 0
    ld a0, 0(s0)
    CHECK a0, 12
    mv s1, s0
    lr.d s1, (s1)
    CHECK s1, 12
    mv s1, s0
    sc.d s1, zero, (s1)
    CHECK s1, 0
    ld a0, 0(s0)
    CHECK a0, 0
    // no destination
    lr.d zero, (s0)
    li a2, 3
    sc.d zero, a2, (s0)
    ld a0, 0(s0)
    CHECK a0, 3

    // a counter incremented with lr/sc
    li s2, 1000
1:  lr.w a0, (s0)
    addi a0, a0, 1
    sc.w a1, a0, (s0)
    bnez a1, 1b
    addi s2, s2, -1
    bnez s2, 1b
    lw a0, 0(s0)
    CHECK a0, 1003

    fence
    fence r, w
    fence w, r
    fence.tso
    .4byte 0x0000000f                       // fence with empty sets
    .4byte 0x8ff0000f                       // fence with a reserved mode
    .4byte 0x0ff5078f                       // fence with reserved fields rd, rs1
    TEST_END

    .data
    .balign 64
cell:
    .zero 128
