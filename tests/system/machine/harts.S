// Counts harts: each adds one; the first waits until all have come, then wakes each by its software interrupt, which
// answers. Their number is the word at 0x80010000. Ends with status 0.
    .option norelax
    .globl _start
_start:
    csrr s0, mhartid
    la t0, count
    li t1, 1
    amoadd.w zero, t1, (t0)
    li s1, 0x2000000                // CLINT: msip
    bnez s0, other
    li s2, 0x80010000
    lw s2, (s2)
1:  lw t1, (t0)
    bne t1, s2, 1b
    // one after the other
    li s3, 1
2:  bge s3, s2, 4f
    slli t1, s3, 2
    add t1, t1, s1
    li t2, 1
    sw t2, (t1)
    la t0, answers
3:  lw t2, (t0)
    bne t2, s3, 3b
    addi s3, s3, 1
    j 2b
4:  li t0, 0x5555
    li t1, 0x100000
    sw t0, (t1)
5:  j 5b
other:
    csrwi mie, 8
6:  wfi
    csrr t1, mip
    andi t1, t1, 8
    beqz t1, 6b
    slli t1, s0, 2
    add t1, t1, s1
    sw zero, (t1)
    la t0, answers
    li t1, 1
    amoadd.w zero, t1, (t0)
7:  wfi
    j 7b
    .data
    .balign 64
count: .word 0
    .balign 64
answers: .word 0
