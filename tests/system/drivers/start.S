// Where the bare-metal C programs of this folder start: every hart calls kmain(hartid) on a stack of its own, of 16 KiB.
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
trap:                           // none is expected: tell by the exit status
    li t0, 0x100000
    li t1, 0xee3333
    sw t1, (t0)
    j trap

    .bss
    .align 12
stacks:
    .space 8 * 16384
