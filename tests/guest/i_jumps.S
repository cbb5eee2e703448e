// march: rv64gc
// RV64I: branches, jumps, calls and returns; returns that do not match their calls (longjmp, coroutines,
// tail calls), deep recursion, link registers other than ra.
#include "check.h"

// The branch is taken (1) or not (0); tried forward and backward.
.macro BRANCH op, a, b, taken
    li a1, \a
    li a2, \b
    li a0, 1
    \op a1, a2, 1f
    li a0, 0
1:  CHECK a0, \taken
    li a0, 0
    j 3f
2:  li a0, 1
    j 4f
3:  \op a1, a2, 2b
4:  CHECK a0, \taken
.endm

TEST_START
    BRANCH beq, 1, 1, 1
    BRANCH beq, 1, 2, 0
    BRANCH bne, 1, 1, 0
    BRANCH bne, 0x100000000, 0, 1
    BRANCH blt, -1, 0, 1
    BRANCH blt, 0, -1, 0
    BRANCH blt, 5, 5, 0
    BRANCH bge, -1, 0, 0
    BRANCH bge, 5, 5, 1
    BRANCH bge, 0, -1, 1
    BRANCH bltu, -1, 0, 0
    BRANCH bltu, 0, -1, 1
    BRANCH bltu, 5, 5, 0
    BRANCH bgeu, -1, 0, 1
    BRANCH bgeu, 5, 5, 1
    BRANCH bgeu, 0, -1, 0
    beq zero, zero, 1f
    j test_failed
1:  bltu zero, zero, test_failed

    // jal and jalr write the address behind them
    jal a0, 1f
0:  j test_failed
1:  lla a1, 0b
    CHECK_EQ a0, a1
    lla a0, 1f
    .option push
    .option norvc
    jalr a0, 0(a0)
0:  j test_failed
    .option pop
1:  lla a1, 0b
    CHECK_EQ a0, a1
    // bit 0 of the sum is dropped
    lla a0, 1f
    jalr zero, 1(a0)
    j test_failed
1:
    // jalr whose destination is its base
    lla ra, 1f
    jalr ra, 0(ra)
    j test_failed
1:

    // auipc and jalr: a jump as it stands, without and with a link, and with bit 0 dropped
    .option push
    .option norvc
1:  auipc a0, 0
    jalr zero, 12(a0)
    j test_failed
    lla a1, 1b
    CHECK_EQ a0, a1
1:  auipc ra, 0
    jalr ra, 13(ra)
0:  j test_failed
    lla a1, 0b
    CHECK_EQ ra, a1
    // the base is another register
    lla a0, 1f
    auipc a1, 0
    jalr zero, 0(a0)
    j test_failed
1:  // or is written in between
    auipc a0, 0
    addi a0, a0, 8
    jalr zero, 8(a0)
    j test_failed
    // or a branch comes to the jalr with another value
    li a2, 1
8:  lla a0, 6f
    addi a0, a0, -12
    beqz a2, 7f
    auipc a0, 0
7:  jalr zero, 12(a0)
    j test_failed
    li a2, 0
    j 8b
    j test_failed
6:  .option pop

    // calls with both link registers, tail call
    li s0, 0
    call add_one
    CHECK s0, 1
    jal t0, add_ten_t0
    CHECK s0, 11
    call tail
    CHECK s0, 12
    la s1, add_one
    jalr s1
    CHECK s0, 13

    // deep recursion: far deeper than any return stack
    li a0, 300000
    call sum
    CHECK a0, 45000150000

    // return to an address that was never called from
    la ra, 1f
    ret
    j test_failed
1:
    // longjmp: leave 100 frames at once, again and again
    li s2, 1000
2:  la s3, 3f
    mv s4, sp
    li a0, 100
    call dive
    j test_failed
3:  addi s2, s2, -1
    bnez s2, 2b
    CHECK_EQ sp, s4

    // coroutines: two stacks that swap with jalr t0, t0 (pop, then push)
    li s5, 0
    li s6, 1000
    lla t0, coroutine
4:  jalr t0, 0(t0)
    addi s6, s6, -1
    bnez s6, 4b
    CHECK s5, 1000
    TEST_END

add_one:
    addi s0, s0, 1
    ret
add_ten_t0:
    addi s0, s0, 10
    jr t0
tail:
    j add_one
sum:
    beqz a0, 1f
    addi sp, sp, -16
    sd ra, 8(sp)
    sd a0, 0(sp)
    addi a0, a0, -1
    call sum
    ld a1, 0(sp)
    add a0, a0, a1
    ld ra, 8(sp)
    addi sp, sp, 16
1:  ret
dive:
    bnez a0, 1f
    mv sp, s4
    jr s3
1:  addi sp, sp, -16
    sd ra, 8(sp)
    addi a0, a0, -1
    call dive
    j test_failed
coroutine:
    addi s5, s5, 1
    jalr t0, 0(t0)
    j coroutine
