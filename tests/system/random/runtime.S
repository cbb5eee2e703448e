// What the random programs of generate.py run in: page tables, trap handlers that write every trap to the UART, the end
// through the test finisher. The program is body.inc. It uses a0-a7, t0-t2 and f0-f7 as data, t5, t6 and ra as scratch;
// s registers are the handlers'.
//
// Virtual addresses: 0 the devices (supervisor), DATA eight pages by table l0, 0x80000000 RAM (supervisor), 0xc0000000
// the same RAM (user), so that user mode runs the program there.
#include "machine_start.h"

#define DATA 0x100000000

    .option norelax
    .option norvc
    .text
    .globl _start
_start:
    SET_TRAPS_AND_PMP
    li s2, 0x10000000
    la t5, root
    li t0, 0xc7
    sd t0, 0(t5)
    li t0, (0x80000000 >> 2) | 0xef
    sd t0, 16(t5)
    li t0, (0x80000000 >> 2) | 0xff
    sd t0, 24(t5)
    la t0, l1
    srli t0, t0, 2
    ori t0, t0, 1
    sd t0, 32(t5)
    la t5, l1
    la t0, l0
    srli t0, t0, 2
    ori t0, t0, 1
    sd t0, 0(t5)
    li t0, 3 << 13
    csrs mstatus, t0
    csrwi mcounteren, 7
    csrwi scounteren, 7
    csrw menvcfg, zero
    .include "body.inc"
    li a7, 98
    ecall

// a7: 99 asks for machine mode, 98 for the end. 77: a jump to data is being tried, which goes on at ra when it fails.
machine_trap:
    csrr s9, mstatus
    li s8, 1 << 17              // MPRV: the handler's own accesses are physical
    csrc mstatus, s8
    csrr s3, mcause
    csrr s4, mepc
    csrr s5, mtval
    srli s6, s9, 11
    andi s6, s6, 3
    li s7, 'M'
    addi s10, s3, -8
    li s11, 3
    bgtu s10, s11, 1f
    li s10, 98
    beq a7, s10, finish
    li s10, 99
    bne a7, s10, 1f
    li s8, 0xc0000000
    and s11, s8, s4
    bne s11, s8, 3f
    li s8, 0x40000000           // from the user's alias
    sub s4, s4, s8
3:  addi s4, s4, 4
    csrw mepc, s4
    li s8, 3 << 11
    csrs mstatus, s8
    mret
1:  jal s11, report
    jal s11, resume
    csrw mepc, s4
    li s8, 1 << 17
    and s8, s8, s9
    csrs mstatus, s8
    mret

supervisor_trap:
    csrr s9, sstatus
    csrr s3, scause
    csrr s4, sepc
    csrr s5, stval
    li s7, 'S'
    srli s6, s9, 8
    andi s6, s6, 1
    jal s11, report
    jal s11, resume
    csrw sepc, s4
    sret

// Where to go on: behind the instruction, or at ra.
resume:
    addi s4, s4, 4
    li s10, 77
    bne a7, s10, 2f
    li s10, (1 << 1) | (1 << 2) | (1 << 12)
    srl s10, s10, s3
    andi s10, s10, 1
    beqz s10, 2f
    mv s4, ra
2:  jr s11

// "M1 cause epc tval registers": to mode s7 from mode s6.
report:
    sb s7, (s2)
    addi s6, s6, '0'
    sb s6, (s2)
    mv s8, s3
    jal s1, hexadecimal
    mv s8, s4
    jal s1, hexadecimal
    mv s8, s5
    jal s1, hexadecimal
    xor s8, a0, a1
    xor s8, s8, a2
    add s8, s8, a3
    xor s8, s8, a4
    add s8, s8, a5
    xor s8, s8, a6
    add s8, s8, t0
    add s8, s8, t1
    xor s8, s8, t2
    jal s1, hexadecimal
    li s8, '\n'
    sb s8, (s2)
    jr s11

hexadecimal:
    li s7, ' '
    sb s7, (s2)
    li s7, 60
1:  srl s10, s8, s7
    andi s10, s10, 15
    addi s10, s10, '0'
    li s6, '9'
    ble s10, s6, 2f
    addi s10, s10, 'a' - '9' - 1
2:  sb s10, (s2)
    addi s7, s7, -4
    bgez s7, 1b
    jr s1

finish:
    li s6, 3
    jal s11, report
    csrr s3, medeleg
    csrr s4, satp
    li s8, 0x7e7fff
    and s5, s9, s8
    li s6, 3
    li s7, 'E'
    jal s11, report
    li t0, 0x100000
    li t1, 0x5555
    sw t1, (t0)
1:  j 1b

    .bss
    .align 12
    .globl root
root: .space 4096
l1: .space 4096
l0: .space 4096
