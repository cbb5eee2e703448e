# Works, sleeps until a timer a second ahead, and prints time and instret in hexadecimal: with -icount the same in
# every run.
#include "hex.h"

.equ UART, 0x10000000
.equ FINISHER, 0x100000
.equ MTIMECMP, 0x02004000
.equ MTIME, 0x0200bff8

.globl _start
_start:
    li s0, UART
    li t0, 100000
1:  mul t1, t0, t0
    addi t0, t0, -1
    bnez t0, 1b
    li t0, MTIME
    ld t1, 0(t0)
    li t2, 10000000
    add t1, t1, t2
    li t0, MTIMECMP
    sd t1, 0(t0)
    li t0, 1 << 7
    csrw mie, t0
2:  wfi
    csrr t0, mip
    andi t0, t0, 1 << 7
    beqz t0, 2b
    csrr a0, time
    jal print
    csrr a0, instret
    jal print
    li t0, FINISHER
    li t1, 0x5555
    sw t1, 0(t0)
3:  j 3b

print:
    PRINT_HEX
    ret
