// cpu: max,smdbltrp=on,smrnmi=on,rnmi-interrupt-vector=0x80001000,rnmi-exception-vector=0x80001100
// Smdbltrp and Smrnmi: a trap to machine mode before the last one was dealt with goes to the handler of non-maskable
// interrupts; what holds in there.
#include "machine.h"

#define MDT (1 << 42)
#define MNSCRATCH 0x740
#define MNEPC 0x741
#define MNCAUSE 0x742
#define MNSTATUS 0x744
#define NMIE (1 << 3)
#define MNPP (3 << 11)
#define MNRET .4byte 0x70200073

// A trap that machine mode cannot take goes to `label`, from the instruction.
.macro TO_NMI label, insn:vararg
    la s2, \label
    \insn
.endm

    TEST_START
    // After reset both are as in the middle of a trap, and interrupts are off
    csrr a0, mstatus
    CHECK_BITS a0, MDT, MDT
    CHECK_CSR MNSTATUS, 0
    CHECK_WRITE MNSCRATCH, 0x1234, 0x1234
    CHECK_WRITE MNEPC, 0x80000003, 0x80000002
    csrsi MNSTATUS, NMIE
    csrr a0, MNSTATUS
    CHECK_BITS a0, NMIE, NMIE
    csrci MNSTATUS, NMIE                // stays
    csrr a0, MNSTATUS
    CHECK_BITS a0, NMIE, NMIE

    // MIE cannot be set beside MDT
    csrsi mstatus, MSTATUS_MIE
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_MIE, 0
    li t4, MDT
    csrc mstatus, t4
    csrsi mstatus, MSTATUS_MIE
    csrr a0, mstatus
    CHECK_BITS a0, MDT | MSTATUS_MIE, MSTATUS_MIE
    csrs mstatus, t4
    csrr a0, mstatus
    CHECK_BITS a0, MDT | MSTATUS_MIE, MDT
    csrc mstatus, t4

    // A trap sets it, mret clears it
    TRAPS ILLEGAL, 0, .4byte 0
    CHECK_BITS s11, MDT, MDT
    csrr a0, mstatus
    CHECK_BITS a0, MDT, 0
    // sret of machine mode, too
    li t4, MDT
    csrs mstatus, t4
    li t4, MSTATUS_SPP
    csrs mstatus, t4
    la t4, 1f
    csrw sepc, t4
    sret
1:  BACK_TO_M
    CHECK_BITS s11, MDT, MDT            // of this trap
    csrr a0, mstatus
    CHECK_BITS a0, MDT, 0

    // A trap in the middle of another: what it would have been is in the registers of non-maskable interrupts
    li t4, MDT
    csrs mstatus, t4
    csrw mcause, x0
    TO_NMI 2f, 1: .4byte 0
2:  CHECK_CSR MNCAUSE, ILLEGAL
    csrr a0, MNEPC
    la a1, 1b
    CHECK_EQ a0, a1
    csrr a0, MNSTATUS
    CHECK_BITS a0, NMIE | MNPP, MNPP
    CHECK_CSR mcause, 0

    // In there an exception is one as usual, but for where it goes
    li t4, MDT
    csrc mstatus, t4
    la s2, 4f
3:  ebreak
4:  CHECK_CSR mcause, BREAKPOINT
    csrr a0, mepc
    la a1, 3b
    CHECK_EQ a0, a1
    CHECK s3, 2
    csrr a0, mstatus
    CHECK_BITS a0, MDT, MDT
    li t4, MDT
    csrc mstatus, t4
    // MPRV has no effect
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    li t4, MSTATUS_MPRV
    csrs mstatus, t4
    la a2, word
    csrr s4, satp
    li t4, 8 << 60
    csrw satp, t4
    lw a0, (a2)
    csrw satp, s4
    CHECK a0, 77

    // mnret, to supervisor mode: MPRV goes, NMIE comes
    la t4, 5f
    csrw MNEPC, t4
    li t4, MNPP
    csrc MNSTATUS, t4
    li t4, 1 << 11
    csrs MNSTATUS, t4
    li t4, MDT
    csrs mstatus, t4
    MNRET
5:  ILLEGAL_INSN MNRET
    ILLEGAL_INSN csrr a0, MNSTATUS
    BACK_TO_M
    CHECK_BITS s11, MSTATUS_MPRV, 0
    csrr a0, MNSTATUS
    CHECK_BITS a0, NMIE, NMIE
    TEST_END

    .text
    .org 0x1000
    li s3, 1
    jr s2
    .org 0x1100
    li s3, 2
    jr s2

    .data
    .balign 8
word: .word 77
