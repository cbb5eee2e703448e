// Machine mode of kernel.c: hands everything to supervisor mode and goes there; its trap entry and the way to user mode.
    .option norvc
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    li t0, -1
    csrw pmpaddr0, t0
    li t0, 0x1f
    csrw pmpcfg0, t0
    li t0, 0xb1ff
    csrw medeleg, t0
    li t0, 0x222
    csrw mideleg, t0
    li t0, 7
    csrw mcounteren, t0
    csrw scounteren, t0
    li t0, 1 << 31              // STCE
    csrs 0x31a, t0
    li t0, -1
    csrw 0x15d, t0              // stimecmph: no timer yet
    la t0, stray
    csrw mtvec, t0
    li t0, 3 << 11
    csrc mstatus, t0
    li t0, 1 << 11 | 1 << 13    // to supervisor mode, with floats
    csrs mstatus, t0
    la t0, supervisor
    csrw mepc, t0
    mret
park:
    wfi
    j park
stray:
    li t0, 0x100000
    li t1, 0x00633333           // 99, failed
    sw t1, (t0)
    j stray

supervisor:
    la sp, stack_end
    la t0, trap_entry
    csrw stvec, t0
    call kernel_main
1:  j 1b

// run(struct Task*): goes on with a task until it traps. Words 1 to 31 are its registers, 0 is its pc; its
// float registers are behind them.
    .globl run
run:
    addi sp, sp, -64
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    sw s\i, 4*\i(sp)
    .endr
    sw ra, 48(sp)
    csrw sscratch, a0
    la t0, kernel_sp
    sw sp, (t0)
    lw t0, (a0)
    csrw sepc, t0
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fld f\i, 128+8*\i(a0)
    .endr
    .irp i, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    lw x\i, 4*\i(a0)
    .endr
    lw a0, 40(a0)
    sret

    .align 2
trap_entry:
    csrrw a0, sscratch, a0
    .irp i, 1,2,3,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    sw x\i, 4*\i(a0)
    .endr
    csrr t0, sscratch
    sw t0, 40(a0)
    csrr t0, sepc
    sw t0, (a0)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
    fsd f\i, 128+8*\i(a0)
    .endr
    la t0, kernel_sp
    lw sp, (t0)
    .irp i, 0,1,2,3,4,5,6,7,8,9,10,11
    lw s\i, 4*\i(sp)
    .endr
    lw ra, 48(sp)
    addi sp, sp, 64
    ret

    .bss
    .align 4
kernel_sp:
    .space 16
    .space 8192
stack_end:
