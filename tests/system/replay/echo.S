# Prints for each character from the serial port when it came, in time, instructions, the clock of the day, timer
# interrupts and what the other harts have counted meanwhile: no two runs are the same. q ends it.
#include "hex.h"

.equ UART, 0x10000000
.equ FINISHER, 0x100000
.equ RTC, 0x101000
.equ PLIC, 0x0c000000
.equ MTIMECMP, 0x02004000
.equ MTIME, 0x0200bff8
.equ UART_IRQ, 10
.equ COUNT, 0x80100000
.equ MORE, 0x80110000           # a parameter: added to the number of timer interrupts at each
.equ TIMERS, 0x80120000         # their number, for debuggers
.equ PERIOD, 10000

.globl _start
_start:
    csrr t0, mhartid
    bnez t0, others
    li s0, UART
    li s1, PLIC
    li s2, 0                    # timer interrupts
    la t0, handler
    csrw mtvec, t0
    li t0, 1
    sw t0, UART_IRQ * 4(s1)     # priority
    li t1, PLIC + 0x2000
    li t0, 1 << UART_IRQ
    sw t0, 0(t1)
    li s3, PLIC + 0x200000
    sw zero, 0(s3)
    li t0, 1
    sb t0, 1(s0)                # received data interrupts
    jal set_timer
    li t0, 1 << 7 | 1 << 11
    csrw mie, t0
    csrsi mstatus, 8
1:  li t0, 1000
2:  addi t0, t0, -1
    bnez t0, 2b
    wfi
    j 1b

others:
    li t0, COUNT
    li t1, 1
3:  amoadd.d zero, t1, (t0)
    j 3b

set_timer:
    li t0, MTIME
    ld t1, 0(t0)
    li t2, PERIOD
    add t1, t1, t2
    li t0, MTIMECMP
    sd t1, 0(t0)
    ret

.align 2
handler:
    csrr t0, mcause
    slli t0, t0, 1
    srli t0, t0, 1
    li t1, 11
    beq t0, t1, external
    addi s2, s2, 1
    li t0, MORE
    ld t0, 0(t0)
    add s2, s2, t0
    li t0, TIMERS
    sd s2, 0(t0)
    mv s4, ra
    jal set_timer
    mv ra, s4
    mret

external:
    lw s4, 4(s3)                # claim
4:  lbu t0, 5(s0)
    andi t0, t0, 1
    beqz t0, 5f
    lbu s5, 0(s0)
    sb s5, 0(s0)
    li t0, '\n'
    sb t0, 0(s0)
    csrr a0, time
    PRINT_HEX
    csrr a0, instret
    PRINT_HEX
    li t0, RTC
    lwu a0, 0(t0)
    PRINT_HEX
    mv a0, s2
    PRINT_HEX
    li t0, COUNT
    ld a0, 0(t0)
    PRINT_HEX
    li t0, 'q'
    bne s5, t0, 4b
    li t0, FINISHER
    li t1, 0x5555
    sw t1, 0(t0)
5:  sw s4, 4(s3)                # complete
    mret
