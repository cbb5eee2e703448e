# Machine mode on the virt board: says "ready", then sends back what comes in on the UART, woken by its interrupt.
# 'f' sends 100,000 bytes, 'b' waits for a break and says "break", 'q' ends the machine with status 7.
.equ UART, 0x10000000
.equ PLIC, 0x0c000000
.equ FINISHER, 0x100000
.equ SOURCE, 10

.section .text.init, "ax"
.globl _start
_start:
    li s0, UART
    li s1, PLIC
    li s2, PLIC + 0x200000          # context 0: machine mode of hart 0
    li t0, 1
    sw t0, SOURCE * 4(s1)           # priority
    li t0, 1 << SOURCE
    li t1, PLIC + 0x2000
    sw t0, 0(t1)                    # enable
    sw zero, 0(s2)                  # threshold
    li t0, 1 << 11
    csrw mie, t0                    # MEIE wakes wfi; mstatus.MIE stays clear
    la a0, ready
    call print
    li t0, 5                        # received data, line status
    sb t0, 1(s0)

sleep:
    wfi
    lw s3, 4(s2)                    # claim
next:
    lbu t0, 5(s0)
    andi t1, t0, 0x10               # a break, and the zero byte that came with it
    beqz t1, data
    lbu t0, 0(s0)
    la a0, broken
    call print
    j next
data:
    andi t0, t0, 1
    beqz t0, handled
    lbu a0, 0(s0)
    li t0, 'q'
    beq a0, t0, quit
    li t0, 'f'
    beq a0, t0, flood
    call put
    j next
handled:
    beqz s3, sleep
    sw s3, 4(s2)                    # complete
    j sleep

flood:
    li s4, 100000
    li s5, 'a'
1:  mv a0, s5
    call put
    addi s5, s5, 1
    li t0, 'z'
    ble s5, t0, 2f
    li s5, 'a'
2:  addi s4, s4, -1
    bnez s4, 1b
    j next

quit:
    li t0, FINISHER
    li t1, 7 << 16 | 0x3333
    sw t1, 0(t0)
1:  wfi
    j 1b

put:                                # a0: byte
    lbu t0, 5(s0)
    andi t0, t0, 0x20
    beqz t0, put
    sb a0, 0(s0)
    ret

print:                              # a0: text
    mv s6, ra
    mv s7, a0
1:  lbu a0, 0(s7)
    beqz a0, 2f
    call put
    addi s7, s7, 1
    j 1b
2:  jr s6

.section .rodata
ready:  .asciz "ready\n"
broken: .asciz "break\n"
