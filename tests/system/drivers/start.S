// Where the bare-metal C programs of this folder start: every hart calls kmain(hartid) on a stack of its own, of 16 KiB.
#include "slots.h"

// Stores or loads the registers that a C function may change.
.macro SAVE insn
    EACH_SLOT \insn, 0, ra, t0, t1, t2, t3, t4, t5, t6, a0, a1, a2, a3, a4, a5, a6, a7
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    .option norelax
    csrr a0, mhartid
    la sp, stacks
    addi t0, a0, 1
    slli t0, t0, 14
    add sp, sp, t0
    la t0, trap
    csrw mtvec, t0
    call kmain
1:  wfi
    j 1b

    .align 2
trap:                           // an interrupt, for those who enable them
    addi sp, sp, -128
    SAVE sd
    csrr a0, mcause
    call trap_handler
    SAVE ld
    addi sp, sp, 128
    mret

    .weak trap_handler
trap_handler:                   // none is expected: tell by the exit status
    li t0, 0x100000
    li t1, 0xee3333
    sw t1, (t0)
    j trap_handler

    .bss
    .align 12
stacks:
    .space 8 * 16384
