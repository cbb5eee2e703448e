// march: rv32gc
// Addresses of 32 bits: sums wrap, registers above 2 GiB are negative numbers, the last page is nobody's; code, links
// and atomics up there.
#include "check.h"

#define HIGH 0x90000000

TEST_START
    // mmap2(HIGH, 4096, RWX, PRIVATE | FIXED | ANONYMOUS, -1, 0)
    li a0, HIGH
    li a1, 4096
    li a2, 7
    li a3, 0x32
    li a4, -1
    li a5, 0
    li a7, 222
    ecall
    CHECK a0, HIGH

    li a1, 0x89abcdef
    sw a1, 0(a0)
    sw a1, 2044(a0)
    lw a2, 0(a0)
    CHECK a2, 0x89abcdef
    lh a2, 0(a0)
    CHECK a2, 0xffffcdef
    lhu a2, 2(a0)
    CHECK a2, 0x89ab
    lbu a2, 3(a0)
    CHECK a2, 0x89
    lb a2, 3(a0)
    CHECK a2, 0xffffff89

    // A base that the displacement takes round the end.
    li a3, HIGH + 0x7ff
    lw a2, -0x7ff(a3)
    CHECK a2, 0x89abcdef
    la s2, word
    li a4, 0xfffff900
    sub s3, s2, a4          // s3 + a4 wraps to word
    add s3, s3, a4
    lw a2, 0(s3)
    CHECK a2, 0x01234567
    slli a5, s2, 1
    sub a5, a5, s2
    lw a2, 0(a5)
    CHECK a2, 0x01234567
    // Into its own base, and out of the sum of two registers.
    li a6, HIGH
    addi a6, a6, 16
    lw a6, -16(a6)
    CHECK a6, 0x89abcdef
    li a6, 0x80000000
    li a7, 0x10000000
    add a6, a6, a7
    lw a6, 0(a6)
    CHECK a6, 0x89abcdef

    // Doubles and singles.
    fcvt.d.w fa0, a1
    fsd fa0, 8(a0)
    fld fa1, 8(a0)
    feq.d a2, fa0, fa1
    CHECK a2, 1
    c.fsw fa0, 16(a0)
    c.flw fa2, 16(a0)
    fmv.x.w a2, fa2
    CHECK a2, 0x84400000
    addi sp, sp, -16
    c.fswsp fa2, 4(sp)
    c.flwsp fa3, 4(sp)
    fmv.x.w a2, fa3
    CHECK a2, 0x84400000
    addi sp, sp, 16
    fcvt.wu.d a2, fa0
    CHECK a2, 0
    li a2, 0xf0000000
    fcvt.d.wu fa0, a2
    fcvt.wu.d a3, fa0
    CHECK a3, 0xf0000000

    // Atomics.
    li a1, 5
    sw a1, 32(a0)
    addi a4, a0, 32
    lr.w a2, (a4)
    CHECK a2, 5
    li a3, 0x80000001
    sc.w a2, a3, (a4)
    CHECK a2, 0
    sc.w a2, a1, (a4)
    CHECK a2, 1
    amoadd.w a2, a1, (a4)
    CHECK a2, 0x80000001
    amomaxu.w a2, a1, (a4)
    CHECK a2, 0x80000006
    amomin.w a2, a1, (a4)
    CHECK a2, 0x80000006
    lw a2, 32(a0)
    CHECK a2, 0x80000006

    // Code: auipc a0, 0; jal ra, +8; ret (not executed); ret to the caller through s4.
    li s1, HIGH + 0x100
    li a2, 0x00000517       // auipc a0, 0
    sw a2, 0(s1)
    li a2, 0x008000ef       // jal ra, +8
    sw a2, 4(s1)
    li a2, 0x000a0067       // jr s4
    sw a2, 8(s1)
    li a2, 0x00008593       // mv a1, ra
    sw a2, 12(s1)
    li a2, 0x00008067       // ret: to the jr
    sw a2, 16(s1)
    fence.i
    la s4, 1f
    jr s1
1:  CHECK a0, HIGH + 0x100
    CHECK a1, HIGH + 0x108
    // The low bits of a sum, whatever is above them.
    addi s1, s1, 1
    la s4, 1f
    jalr zero, 0(s1)
1:  CHECK a0, HIGH + 0x100

    // A call of two instructions, and the one of 16 bits.
    call 2f
1:  j 3f
2:  lla t5, 1b
    CHECK_EQ ra, t5
    ret
3:  c.jal 4f
    j test_failed
4:  lla t5, 3b + 2
    CHECK_EQ ra, t5

    // The counters' upper halves.
    rdtimeh a1
    rdtime a2
    rdtimeh a3
    CHECK_EQ a1, a3

    // The last page cannot be had: mmap2(0xfffff000, ...) gives -ENOMEM.
    li a0, 0xfffff000
    li a1, 4096
    li a2, 3
    li a3, 0x32
    li a4, -1
    li a5, 0
    li a7, 222
    ecall
    CHECK a0, -12
TEST_END

    .data
    .balign 4
word:
    .word 0x01234567
