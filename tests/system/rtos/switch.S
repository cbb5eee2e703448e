// Start and trap entry of a small real-time kernel in machine mode. All registers of the task that was interrupted go on
// its own stack; rtos_trap(sp, mcause) returns the stack pointer of the one that goes on.
#include "slots.h"

.macro EACH_REGISTER insn
    EACH_SLOT \insn, 8, ra, gp, tp, t0, t1, t2, s0, s1, a0, a1, a2, a3, a4, a5, a6, a7, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4, t5, t6
.endm
.macro EACH_SAVED_REGISTER insn
    EACH_SLOT \insn, 0, s0, s1, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, ra
.endm

    .section .text.start, "ax"
    .globl _start
_start:
    .option norelax
    csrr t0, mhartid
    bnez t0, park
    la sp, boot_stack_end
    la t0, trap
    csrw mtvec, t0
    call kmain
park:
    wfi
    j park

    .align 2
trap:
    addi sp, sp, -256
    EACH_REGISTER sd
    csrr t0, mepc
    sd t0, 0(sp)
    csrr t0, mstatus
    sd t0, 248(sp)
    mv a0, sp
    csrr a1, mcause
    call rtos_trap
    mv sp, a0
    .globl resume_task
resume_task:
    ld t0, 0(sp)
    csrw mepc, t0
    ld t0, 248(sp)
    csrw mstatus, t0
    EACH_REGISTER ld
    addi sp, sp, 256
    mret

// void start_scheduler(sp): the first task.
    .globl start_scheduler
start_scheduler:
    mv sp, a0
    j resume_task

// int keeps_registers(seed): loads registers with values that follow from the seed, waits for some ticks to pass, and
// looks at them again. 1: all are as they were.
    .globl keeps_registers
keeps_registers:
    addi sp, sp, -112
    EACH_SAVED_REGISTER sd
    .set n, 1
    .irp r, ra, t0, t1, t2, s0, s1, a1, a2, a3, a4, a5, a6, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4
    addi \r, a0, n * 3
    .set n, n + 1
    .endr
    la t5, ticks
    ld t6, (t5)
    addi t6, t6, 3
1:  ld a7, (t5)
    bltu a7, t6, 1b
    li a7, 0
    .set n, 1
    .irp r, ra, t0, t1, t2, s0, s1, a1, a2, a3, a4, a5, a6, s2, s3, s4, s5, s6, s7, s8, s9, s10, s11, t3, t4
    addi \r, \r, -(n * 3)
    xor \r, \r, a0
    or a7, a7, \r
    .set n, n + 1
    .endr
    seqz a0, a7
    EACH_SAVED_REGISTER ld
    addi sp, sp, 112
    ret

    .bss
    .align 4
    .space 8192
boot_stack_end:
