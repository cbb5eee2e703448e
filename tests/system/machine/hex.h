// Output of bare-metal programs: s0 is the address of the serial port.
#pragma once

// a0 in hexadecimal, and a new line. Changes t0 to t3.
.macro PRINT_HEX
    li t0, 60
8001: srl t1, a0, t0
    andi t1, t1, 15
    addi t2, t1, '0'
    li t3, 10
    bltu t1, t3, 8002f
    addi t2, t1, 'a' - 10
8002: sb t2, 0(s0)
    addi t0, t0, -4
    bgez t0, 8001b
    li t2, '\n'
    sb t2, 0(s0)
.endm
