# Prints a line on UART0 and stores the word at PARAMETER into the test finisher; where it is 0, echoes what it
# receives. Runs at any address.
.equ UART, 0x10000000
.equ FINISHER, 0x100000
.equ PARAMETER, 0x80010000

.globl _start
_start:
    csrr t0, mhartid
    bnez t0, rest
    li s0, UART
    lla t1, message
1:  lbu t2, 0(t1)
    beqz t2, 2f
    sb t2, 0(s0)
    addi t1, t1, 1
    j 1b
2:  li t0, PARAMETER
    lwu t1, 0(t0)
    beqz t1, echo
    li t0, FINISHER
    sw t1, 0(t0)
rest:
    wfi
    j rest

# Sleeps until the UART interrupts, by polling mip through the PLIC's machine context of hart 0.
echo:
    li t0, 0x0c000000
    li t1, 1
    sw t1, 40(t0)           # priority of source 10
    li t1, 1 << 10
    li t2, 0x2000
    add t2, t0, t2
    sw t1, 0(t2)            # enabled for context 0
    li t1, 1
    sb t1, 1(s0)            # received data interrupts
    li t1, 1 << 11
    csrs mie, t1
3:  wfi
    lbu t1, 5(s0)
    andi t1, t1, 1
    beqz t1, 3b
    lbu t1, 0(s0)
    sb t1, 0(s0)
    li t2, 0x0c200004
    lw t3, 0(t2)            # claim and complete
    sw t3, 0(t2)
    j 3b

message: .asciz "hello from the guest\n"
