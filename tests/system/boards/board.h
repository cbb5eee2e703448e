// Self-checking bare-metal programs of boards that have no test finisher: they end through semihosting, with status 0
// or the number of the first check that failed. They also pass on qemu-system-riscv64 -semihosting.
//
// Traps leave mcause and mtval in s8 and s10 and go on behind the instruction (4 bytes). s7 counts them. gp counts the
// checks; t4 to t6 are scratch. BOARD_RAM is memory for a few words.
#pragma once
#include "checks.h"

// The word of 4 bytes at BASE + offset, BASE being in s0.
.macro CHECK_WORD offset, value
    lwu t5, \offset(s0)
    CHECK t5, \value
.endm
.macro STORE_WORD offset, value
    li t5, \value
    sw t5, \offset(s0)
.endm
// It holds what is written.
.macro CHECK_HOLDS offset, value
    STORE_WORD \offset, \value
    CHECK_WORD \offset, \value
.endm
.macro CHECK_BITS reg, mask, value
    li t6, \mask
    and t5, \reg, t6
    CHECK t5, \value
.endm

// The external interrupt of machine mode is pending, or not (MEIP or 0), at last: interrupts take their time.
#define MEIP (1 << 11)
.macro WAIT_EXTERNAL value
    li t4, 10000000
7:  csrr t5, mip
    li t6, MEIP
    and t5, t5, t6
    li t6, \value
    beq t5, t6, 8f
    addi t4, t4, -1
    bnez t4, 7b
8:  CHECK_EQ t5, t6
.endm

.macro BOARD_START
    .option norelax
    .option norvc
    .text
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    li gp, 0
    li s7, 0
    la t0, machine_trap
    csrw mtvec, t0
.endm

.macro BOARD_END
    li gp, 0
test_failed:
    li a1, BOARD_RAM
    li t0, 0x20026              // ADP_Stopped_ApplicationExit
    sd t0, (a1)
    sd gp, 8(a1)
    li a0, 0x20                 // SYS_EXIT_EXTENDED
    j 1f
    .balign 16
1:  slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
park:
    wfi
    j park
    .balign 4
machine_trap:
    csrr s8, mcause
    csrr s10, mtval
    addi s7, s7, 1
    csrr t5, mepc
    addi t5, t5, 4
    csrw mepc, t5
    mret
.endm
