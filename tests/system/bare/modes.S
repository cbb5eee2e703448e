// Privilege modes: traps from each with cause and value, delegation, returns, access checks, TVM, TW and TSR.
#include "machine.h"

    TEST_START

    // Machine mode
    TRAPS ECALL_M, 0, ecall
    CHECK_BITS s11, MSTATUS_MPP, MSTATUS_MPP
    ILLEGAL_INSN .4byte 0xffffffff
    ILLEGAL_INSN csrr a0, 0x7ff
    ILLEGAL_INSN csrw mhartid, a0
    ILLEGAL_INSN csrwi cycle, 1
    RUNS csrr a0, cycle
    RUNS csrrs a0, mhartid, x0
    .macro ebreak4
    .4byte 0x00100073
    .endm
    li s7, 0
1:  ebreak4
    la t4, 1b
    CHECK s8, BREAKPOINT
    CHECK_EQ s9, t4

    // MIE moves to MPIE and back
    la t4, 1f
    csrw mtvec, t4
    csrsi mstatus, MSTATUS_MIE
    ecall
    .align 2
1:  csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP, MSTATUS_MPIE | MSTATUS_MPP
    la t5, 2f
    csrw mepc, t5
    mret
2:  csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_MIE | MSTATUS_MPIE | MSTATUS_MPP, MSTATUS_MIE | MSTATUS_MPIE
    csrci mstatus, MSTATUS_MIE
    la t4, machine_trap
    csrw mtvec, t4

    // mret to a lower mode clears MPRV
    li t4, MSTATUS_MPRV
    csrs mstatus, t4
    ENTER_S
    BACK_TO_M
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_MPRV, 0
    CHECK_BITS s11, MSTATUS_MPP, 1 << 11

    // Supervisor mode
    ENTER_S
    TRAPS ECALL_S, 0, ecall
    CHECK s6, 3
    ILLEGAL_INSN csrr a0, mstatus
    ILLEGAL_INSN csrr a0, mhartid
    ILLEGAL_INSN csrw mscratch, a0
    ILLEGAL_INSN mret
    RUNS csrw sscratch, sp
    RUNS csrr a0, satp
    RUNS sfence.vma
    BACK_TO_M

    // User mode
    ENTER_U
    TRAPS ECALL_U, 0, ecall
    CHECK_BITS s11, MSTATUS_MPP, 0
    ILLEGAL_INSN csrr a0, sstatus
    ILLEGAL_INSN csrr a0, mstatus
    ILLEGAL_INSN csrr a0, satp
    ILLEGAL_INSN sret
    ILLEGAL_INSN mret
    ILLEGAL_INSN wfi
    ILLEGAL_INSN sfence.vma
    BACK_TO_M

    // sret in machine mode, to user mode
    la t4, 1f
    csrw sepc, t4
    li t4, MSTATUS_SPP
    csrc mstatus, t4
    li t4, MSTATUS_SPIE
    csrs mstatus, t4
    sret
1:  ILLEGAL_INSN csrr a0, sstatus
    BACK_TO_M
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_SIE | MSTATUS_SPIE, MSTATUS_SIE | MSTATUS_SPIE
    csrci mstatus, MSTATUS_SIE

    // TVM: satp and sfence.vma trap in supervisor mode; TSR: sret; TW: wfi
    li t4, MSTATUS_TVM | MSTATUS_TSR | MSTATUS_TW
    csrs mstatus, t4
    ENTER_S
    ILLEGAL_INSN csrr a0, satp
    ILLEGAL_INSN csrw satp, a0
    ILLEGAL_INSN sfence.vma
    ILLEGAL_INSN sfence.vma a0, a1
    ILLEGAL_INSN sret
    ILLEGAL_INSN wfi
    BACK_TO_M
    li t4, MSTATUS_TVM | MSTATUS_TSR | MSTATUS_TW
    csrc mstatus, t4

    // Delegation: from user and supervisor mode, not from machine mode
    li t4, (1 << ILLEGAL) | (1 << ECALL_U)
    csrw medeleg, t4
    ILLEGAL_INSN csrr a0, 0x7ff
    CHECK s6, 3
    ENTER_S
    ILLEGAL_INSN csrr a0, mstatus
    CHECK s6, 1
    CHECK_BITS s11, MSTATUS_SPP, MSTATUS_SPP
    BACK_TO_M
    ENTER_U
    TRAPS ECALL_U, 0, ecall
    CHECK s6, 1
    CHECK_BITS s11, MSTATUS_SPP, 0
    ILLEGAL_INSN csrr a0, sstatus
    CHECK s6, 1
    // back: user mode's ecall is delegated, a breakpoint is not
    la s5, 1f
    ebreak4
1:  csrw medeleg, x0

    // SIE moves to SPIE and back
    ENTER_S
    csrsi sstatus, MSTATUS_SIE
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SIE, MSTATUS_SIE
    BACK_TO_M
    li t4, 1 << ILLEGAL
    csrw medeleg, t4
    ENTER_S
    ILLEGAL_INSN csrr a0, mstatus
    CHECK_BITS s11, MSTATUS_SIE | MSTATUS_SPIE, MSTATUS_SPIE
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP, MSTATUS_SIE | MSTATUS_SPIE
    csrci sstatus, MSTATUS_SIE
    BACK_TO_M
    csrw medeleg, x0

    // Compressed illegal instruction: the value is its 16 bits
    la s5, 1f
    .2byte 0
    .2byte 0
1:  CHECK s8, ILLEGAL
    CHECK s10, 0

    // Memory: nothing there; misaligned atomics; misaligned plain accesses work
    li a1, 0x1000000
    TRAPS LOAD_ACCESS, 0x1000000, lw a0, (a1)
    TRAPS STORE_ACCESS, 0x1000000, sw a0, (a1)
    TRAPS STORE_ACCESS, 0x1000000, amoadd.w a0, a0, (a1)
    la s5, 1f
    jr a1
1:  CHECK s8, FETCH_ACCESS
    CHECK s9, 0x1000000
    CHECK s10, 0x1000000
    la a1, data + 1
    la t4, data + 1
    li s7, 0
    lr.w a0, (a1)
    CHECK s8, LOAD_MISALIGNED
    CHECK_EQ s10, t4
    amoadd.w a0, a0, (a1)
    CHECK s8, STORE_MISALIGNED
    CHECK_EQ s10, t4
#if __riscv_xlen == 32
    li a0, 0x11223344
    RUNS sw a0, 2(a1)
    RUNS lw a2, 2(a1)
#else
    li a0, 0x1122334455667788
    RUNS sd a0, 2(a1)
    RUNS ld a2, 2(a1)
#endif
    CHECK_EQ a0, a2

    TEST_END

    .data
    .align 3
data:
    .space 32
