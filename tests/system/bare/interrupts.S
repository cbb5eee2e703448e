// Interrupts: software, timer and supervisor interrupts by CLINT, by software and by stimecmp; enables, delegation,
// priorities, vectored mode, wfi.
#include "machine.h"

#define MSIP CLINT
#define MTIMECMP (CLINT + 0x4000)
#define MTIME (CLINT + 0xbff8)
#define SSIE (1 << 1)
#define MSIE (1 << 3)
#define STIE (1 << 5)
#define MTIE (1 << 7)
#define SEIE (1 << 9)
#define MEIE (1 << 11)
#define STCE (1 << 63)

// Waits until `csr` has all bits of `mask`.
.macro AWAIT csr, mask
    li t6, \mask
8:  csrr t5, \csr
    and t5, t5, t6
    bne t5, t6, 8b
.endm
.macro AWAIT_CLEAR csr, mask
    li t6, \mask
8:  csrr t5, \csr
    and t5, t5, t6
    bnez t5, 8b
.endm
.macro SET csr, mask
    li t5, \mask
    csrs \csr, t5
.endm
.macro CLEAR csr, mask
    li t5, \mask
    csrc \csr, t5
.endm
// The last trap was one to `mode` for interrupt `number`.
.macro CHECK_TAKEN mode, number
    CHECK s7, 1
    CHECK s8, INTERRUPT + \number
    CHECK s6, \mode
    CHECK s10, 0
    li s7, 0
.endm
.macro NO_TIMER
    li t5, MTIMECMP
    li t6, -1
    sd t6, (t5)
.endm

    TEST_START
    NO_TIMER
    li s0, MSIP
    csrw mideleg, zero
    csrw mie, zero

    // A line is seen in mip, and taken when both enables are on
    li t0, 1
    sw t0, (s0)
    AWAIT mip, MSIE
    SET mie, MSIE
    CHECK s7, 0
    csrsi mstatus, MSTATUS_MIE
    CHECK_TAKEN 3, 3
    CHECK_CSR mie, 0
    // enabled last in mie
    SET mie, MSIE
    CHECK_TAKEN 3, 3
    // pending, but mret enables it
    csrci mstatus, MSTATUS_MIE
    SET mie, MSIE
    SET mstatus, MSTATUS_MPIE | MSTATUS_MPP
    la t5, 1f
    csrw mepc, t5
    mret
1:  CHECK_TAKEN 3, 3
    la t5, 1b
    CHECK_EQ s9, t5
    // taken in lower modes whatever MIE says
    csrci mstatus, MSTATUS_MIE
    SET mie, MSIE
    ENTER_S
1:  CHECK_TAKEN 3, 3
    BACK_TO_M
    csrci mstatus, MSTATUS_MIE
    sw zero, (s0)
    AWAIT_CLEAR mip, MSIE
    // read-only there
    SET mip, MSIE | MTIE | MEIE
    CHECK_CSR mip, 0

    // Timer
    SET mie, MTIE
    li t0, MTIMECMP
    sd zero, (t0)
    AWAIT mip, MTIE
    csrsi mstatus, MSTATUS_MIE
    CHECK_TAKEN 3, 7
    csrci mstatus, MSTATUS_MIE
    NO_TIMER
    AWAIT_CLEAR mip, MTIE

    // wfi ends with an interrupt that mstatus masks: 2 ms from now
    SET mie, MTIE
    li t0, MTIME
    ld t1, (t0)
    li t2, 20000
    add t1, t1, t2
    li t0, MTIMECMP
    sd t1, (t0)
    wfi
    csrr t3, time
    addi gp, gp, 1
    bltu t3, t1, test_failed
    CHECK s7, 0
    CHECK_CSR mip, MTIE
    // and with one that is taken then
    li t0, MTIME
    ld t1, (t0)
    add t1, t1, t2
    li t0, MTIMECMP
    sd t1, (t0)
    csrsi mstatus, MSTATUS_MIE
1:  wfi
    beqz s7, 1b
    CHECK_TAKEN 3, 7
    csrci mstatus, MSTATUS_MIE
    NO_TIMER
    AWAIT_CLEAR mip, MTIE
    csrw mie, zero

    // Priorities: machine external, software, timer, then supervisor external, software, timer
    SET mip, SSIE | STIE | SEIE
    CHECK_CSR mip, SSIE | STIE | SEIE
    li t0, 1
    sw t0, (s0)
    li t0, MTIMECMP
    sd zero, (t0)
    AWAIT mip, MSIE | MTIE
    SET mie, SSIE | MSIE | STIE | MTIE | SEIE | MEIE
    .macro NEXT_IS number
    la s5, 9f
    csrsi mstatus, MSTATUS_MIE
9:  CHECK s8, INTERRUPT + \number
    csrci mstatus, MSTATUS_MIE
    li s5, 0
    .endm
    // the handler masks one at a time, and mret takes the next: record their order
    la t0, order
    csrw mtvec, t0
    la a0, seen
    csrsi mstatus, MSTATUS_MIE
    nop
    csrci mstatus, MSTATUS_MIE
    la t0, machine_trap
    csrw mtvec, t0
    la a0, seen
    lbu t0, 0(a0)
    CHECK t0, 3
    lbu t0, 1(a0)
    CHECK t0, 7
    lbu t0, 2(a0)
    CHECK t0, 9
    lbu t0, 3(a0)
    CHECK t0, 1
    lbu t0, 4(a0)
    CHECK t0, 5
    lbu t0, 5(a0)
    CHECK t0, 0
    CHECK_CSR mie, MEIE
    sw zero, (s0)
    NO_TIMER
    AWAIT_CLEAR mip, MSIE | MTIE
    j 1f

    .align 2
order:
    csrr t5, mcause
    sb t5, (a0)
    addi a0, a0, 1
    li t6, 1
    sll t6, t6, t5
    csrc mie, t6
    mret

1:  // Vectored
    csrw mie, zero
    la t0, vectors + 1
    csrw mtvec, t0
    csrr t1, mtvec
    CHECK_EQ t0, t1
    SET mie, SEIE
    li a0, 0
    csrsi mstatus, MSTATUS_MIE
    csrci mstatus, MSTATUS_MIE
    CHECK a0, 9
    li a0, 77
    ecall                       // exceptions go to the base
    CHECK a0, 0
    la t0, machine_trap
    csrw mtvec, t0
    csrw mie, zero
    j 1f

    .align 8
vectors:
    j exception
    .rept 8
    j bad_vector
    .endr
    li a0, 9
    csrw mie, zero
    mret
exception:
    li a0, 0
    csrr t0, mepc
    addi t0, t0, 4
    csrw mepc, t0
    mret
bad_vector:
    li a0, 99
    csrw mie, zero
    mret

1:  // Delegated: taken in supervisor mode with SIE, in user mode always, never in machine mode
    CLEAR mip, SEIE | STIE
    li t0, SSIE | STIE | SEIE
    csrw mideleg, t0
    SET mie, SSIE
    csrsi mstatus, MSTATUS_MIE
    CHECK s7, 0
    csrci mstatus, MSTATUS_MIE
    ENTER_S
    CHECK s7, 0
    CHECK_CSR sip, SSIE
    CHECK_CSR sie, SSIE
    csrsi sstatus, MSTATUS_SIE
    CHECK_TAKEN 1, 1
    CHECK_BITS s11, MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE, MSTATUS_SPP | MSTATUS_SPIE
    CHECK_CSR sie, 0
    // SSIP can be cleared, SEIP and STIP not
    csrci sip, SSIE
    CHECK_CSR sip, 0
    SET sip, SSIE | STIE | SEIE
    CHECK_CSR sip, SSIE
    csrci sstatus, MSTATUS_SIE
    SET sie, SSIE
    CHECK s7, 0
    BACK_TO_M
    ENTER_U
1:  CHECK_TAKEN 1, 1
    BACK_TO_M
    csrci mip, SSIE
    csrw mie, zero

    // Sstc
    li t0, -1
    csrw stimecmp, t0
    SET menvcfg, STCE
    CHECK_CSR mip, 0
    SET mip, STIE
    CHECK_CSR mip, 0
    csrw stimecmp, zero
    AWAIT mip, STIE
    li t0, -1
    csrw stimecmp, t0
    AWAIT_CLEAR mip, STIE
    SET mcounteren, 2
    ENTER_S
    SET sie, STIE
    csrr t1, time
    li t2, 20000
    add t1, t1, t2
    csrw stimecmp, t1
    csrr t3, stimecmp
    CHECK_EQ t1, t3
    wfi
    csrr t3, time
    addi gp, gp, 1
    bltu t3, t1, test_failed
    CHECK s7, 0
    csrsi sstatus, MSTATUS_SIE
    CHECK_TAKEN 1, 5
    csrci sstatus, MSTATUS_SIE
    BACK_TO_M
    CLEAR mcounteren, 2
    ENTER_S
    ILLEGAL_INSN csrr t0, stimecmp
    ILLEGAL_INSN csrr t0, time
    BACK_TO_M
    SET mcounteren, 2
    CLEAR menvcfg, STCE
    CHECK_CSR mip, 0
    ENTER_S
    ILLEGAL_INSN csrr t0, stimecmp
    RUNS csrr t0, time
    BACK_TO_M

    // mideleg and mie hold what there is
    li t0, -1
    csrw mideleg, t0
    csrr t0, mideleg
    CHECK_BITS t0, 0xbbb, SSIE | STIE | SEIE
    csrw mie, t0
    csrw mideleg, zero
    TEST_END

    .data
seen:
    .space 16
