// Macros of the self-checking bare-metal programs, which start in machine mode at the start of RAM and end through the
// test finisher: status 0, or the number of the first check that failed.
//
// Traps to machine mode leave mcause, mepc, mtval and mstatus in s8..s11 and 3 in s6; traps to supervisor mode leave
// scause, sepc, stval and sstatus there and 1 in s6. Then the handler goes on at s5 in machine mode when s5 is not 0,
// else behind the instruction (4 bytes) in the mode that it came from. After an interrupt, whose source the handler
// takes out of mie or sie, the program goes on where it was. s7 counts traps. gp counts the checks; t5, t6 are scratch.
#pragma once
#include "checks.h"
#include "machine_start.h"

#define SIFIVE_TEST 0x100000
#define CLINT 0x2000000
#define MSTATUS_SIE (1 << 1)
#define MSTATUS_MIE (1 << 3)
#define MSTATUS_SPIE (1 << 5)
#define MSTATUS_MPIE (1 << 7)
#define MSTATUS_SPP (1 << 8)
#define MSTATUS_MPP (3 << 11)
#define MSTATUS_FS (3 << 13)
#define MSTATUS_MPRV (1 << 17)
#define MSTATUS_SUM (1 << 18)
#define MSTATUS_MXR (1 << 19)
#define MSTATUS_TVM (1 << 20)
#define MSTATUS_TW (1 << 21)
#define MSTATUS_TSR (1 << 22)
#define ILLEGAL 2
#define BREAKPOINT 3
#define LOAD_MISALIGNED 4
#define LOAD_ACCESS 5
#define STORE_MISALIGNED 6
#define STORE_ACCESS 7
#define FETCH_ACCESS 1
#define ECALL_U 8
#define ECALL_S 9
#define ECALL_M 11
#define FETCH_PAGE 12
#define LOAD_PAGE 13
#define STORE_PAGE 15
#define INTERRUPT (1 << (__riscv_xlen - 1))

// Page-table entry bits
#define PTE_V 1
#define PTE_R 2
#define PTE_W 4
#define PTE_X 8
#define PTE_U 16
#define PTE_G 32
#define PTE_A 64
#define PTE_D 128
#define PTE_N (1 << 63)

// The word at `symbol`, as mtval has it.
.macro LOAD_UNSIGNED reg, symbol
#if __riscv_xlen == 32
    lw \reg, \symbol
#else
    lwu \reg, \symbol
#endif
.endm

.macro TEST_START
    .option norelax
    .option norvc
    .text
    .globl _start
_start:
    csrr t0, mhartid
    bnez t0, park
    li gp, 0
    li s5, 0
    li s6, 0
    li s7, 0
    la sp, stack_end
    SET_TRAPS_AND_PMP
.endm

// The bits `mask` of `reg` are `value`.
.macro CHECK_BITS reg, mask, value
    li t6, \mask
    and t5, \reg, t6
    CHECK t5, \value
.endm

.macro CHECK_CSR csr, value
    csrr t5, \csr
    CHECK t5, \value
.endm

// CSR holds `value` after it has been written with `written`.
.macro CHECK_WRITE csr, written, value
    li t5, \written
    csrw \csr, t5
    CHECK_CSR \csr, \value
.endm

// The next instruction, labelled 9:, traps; it is to be followed by EXPECT. `cause` and `tval` are checked.
.macro EXPECT cause, tval
    CHECK s7, 1
    CHECK s8, \cause
    CHECK s10, \tval
    li s7, 0
.endm
.macro EXPECT_NOTHING
    CHECK s7, 0
.endm

// Runs `insn` (4 bytes), which traps with `cause` and `tval`; mepc or sepc is its address.
.macro TRAPS cause, tval, insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, \cause
    la t5, 9b
    CHECK_EQ s9, t5
    CHECK s10, \tval
    li s7, 0
.endm

// Runs `insn`, which is illegal: the trap value is its bits.
.macro ILLEGAL_INSN insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, ILLEGAL
    LOAD_UNSIGNED t5, 9b
    CHECK_EQ s10, t5
    li s7, 0
.endm

// Runs `insn`, which does not trap.
.macro RUNS insn:vararg
    li s7, 0
    \insn
    CHECK s7, 0
.endm

// Goes on in supervisor or user mode with the next instruction.
.macro ENTER mpp
    li t5, MSTATUS_MPP
    csrc mstatus, t5
    li t5, (\mpp) << 11
    csrs mstatus, t5
    la t5, 9f
    csrw mepc, t5
    mret
9:
.endm
#define ENTER_S ENTER 1
#define ENTER_U ENTER 0

// Goes on in machine mode with the next instruction, from any mode whose ecall is not delegated.
.macro BACK_TO_M
    la s5, 9f
    ecall
9:  li s7, 0
.endm

.macro TEST_END
    li t0, 0x5555
    j test_exit
test_failed:
    slli t0, gp, 16
    li t1, 0x3333
    or t0, t0, t1
test_exit:
    // From any mode: with an ecall, to machine mode without translation.
    la s5, 1f
    mv s4, t0
    ecall
1:  li t5, MSTATUS_MPRV
    csrc mstatus, t5
    li t1, SIFIVE_TEST
    sw s4, (t1)
park:
    wfi
    j park

    .align 2
machine_trap:
    csrr s8, mcause
    csrr s9, mepc
    csrr s10, mtval
    csrr s11, mstatus
    li s6, 3
    addi s7, s7, 1
    bltz s8, 2f
#if __riscv_xlen == 64
    li t5, 1 << 41              // what it goes on at is no landing pad
    csrc mstatus, t5
#endif
    bnez s5, 1f
    addi t5, s9, 4
    csrw mepc, t5
    mret
1:  csrw mepc, s5
    li s5, 0
    li t5, MSTATUS_MPP
    csrs mstatus, t5
    mret
2:  li t5, 1                    // an interrupt: mask it
    sll t5, t5, s8
    csrc mie, t5
    mret

    .align 2
supervisor_trap:
    csrr s8, scause
    csrr s9, sepc
    csrr s10, stval
    csrr s11, sstatus
    li s6, 1
    addi s7, s7, 1
    bltz s8, 2f
    li t5, 1 << 23
    csrc sstatus, t5
    addi t5, s9, 4
    csrw sepc, t5
    sret
2:  li t5, 1
    sll t5, t5, s8
    csrc sie, t5
    sret

    .bss
    .align 12
stack:
    .space 4096
stack_end:
.endm
