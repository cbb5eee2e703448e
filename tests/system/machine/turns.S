# Four harts note in a common log who comes when, for many turns of -icount; hart 0 prints a hash of the log and of the
# times in it: with -icount the same in every run.
#include "hex.h"

.equ UART, 0x10000000
.equ FINISHER, 0x100000
.equ LOG, 0x80100000
.equ INDEX, 0x80010000
.equ DONE, 0x80010004
.equ HARTS, 4
.equ NOTES, 2000

.globl _start
_start:
    csrr s1, mhartid
    li s0, UART
    li s2, LOG
    li s3, INDEX
    li s4, NOTES
1:  addi t0, s1, 40         # not in step with the others
2:  addi t0, t0, -1
    bnez t0, 2b
    li t1, 1
    amoadd.w t2, t1, (s3)
    slli t2, t2, 3
    add t2, t2, s2
    csrr t3, time
    slli t3, t3, 8
    or t3, t3, s1
    sd t3, 0(t2)
    addi s4, s4, -1
    bnez s4, 1b
    li t0, DONE
    li t1, 1
    amoadd.w zero, t1, (t0)
    beqz s1, 4f
3:  wfi
    j 3b
4:  lw t1, 0(t0)
    li t2, HARTS
    bne t1, t2, 4b

    li a0, 0
    li t0, HARTS * NOTES
5:  ld t1, 0(s2)
    slli t2, a0, 7
    srli t3, a0, 57
    or a0, t2, t3
    xor a0, a0, t1
    addi s2, s2, 8
    addi t0, t0, -1
    bnez t0, 5b
    PRINT_HEX
    li t0, FINISHER
    li t1, 0x5555
    sw t1, 0(t0)
8:  j 8b
