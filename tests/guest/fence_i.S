// march: rv64gc
// Zifencei: code that was executed is rewritten, and the new code runs after fence.i; also an
// instruction in the middle of a straight line, and code behind the fence.i itself.
#include "check.h"

#define SYS_mprotect 226
#define RWX 7

TEST_START
    la a0, page
    li a1, 8192
    li a2, RWX
    li a7, SYS_mprotect
    ecall
    CHECK a0, 0

    // addi a0, zero, n; ret
    la s0, page
    li s1, 0
1:  slli a1, s1, 20
    li a2, 0x513
    or a1, a1, a2
    sw a1, 0(s0)
    li a2, 0x8067
    sw a2, 4(s0)
    fence.i
    jalr s0
    CHECK_EQ a0, s1
    addi s1, s1, 1
    li a1, 1000
    bne s1, a1, 1b

    // the instruction behind the fence.i
    la s2, patched
    j 2f
    .balign 4096
page:
    .zero 4096
2:  li s3, 0
3:  slli a1, s3, 20
    li a2, 0x513
    or a1, a1, a2
    sw a1, 0(s2)
    fence.i
    .balign 4
    .option push
    .option norvc
patched:
    addi a0, zero, 0x7ff
    .option pop
    CHECK_EQ a0, s3
    addi s3, s3, 1
    li a1, 100
    bne s3, a1, 3b
    TEST_END
