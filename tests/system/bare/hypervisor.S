// Hypervisor extension: CSRs, what VS mode has of its own, virtual-instruction exceptions, traps and returns between
// the modes, delegation, interrupts of guests. (Translation: two_stage.S.)
#include "hypervisor.h"

    .option arch, +h

.macro CHECK_VIRTUAL_PENDING value
    csrr a0, hvip
    CHECK_BITS a0, 0x1444, \value
.endm

    TEST_START
    HYPERVISOR_TRAPS
    csrr a0, misa
    CHECK_BITS a0, 1 << 7, 1 << 7

    // --- fields ---
    CHECK_WRITE mideleg, 0, 0x1444
    li t5, -1
    csrw hedeleg, t5
    csrr a0, hedeleg
    CHECK_BITS a0, 0xf0bfff, 0xb1ff
    CHECK_WRITE hedeleg, 0, 0
    csrw medeleg, x0
    li t5, 0xf00400
    csrw medeleg, t5
    csrr a0, medeleg
    CHECK_BITS a0, 0xf00400, 0xf00400
    csrw medeleg, x0
    csrwi hideleg, 0
    li t5, 0x1fff
    csrw hideleg, t5
    CHECK_CSR hideleg, 0x444
    CHECK_WRITE hie, -1, 0x1444
    csrr a0, mie
    CHECK_BITS a0, 0x1444, 0x1444
    CHECK_CSR vsie, 0x222
    CHECK_WRITE sie, -1, 0          // nothing else is delegated
    CHECK_WRITE vsie, 0, 0
    CHECK_WRITE hie, 0, 0
    li t5, 0x444
    csrw hvip, t5
    CHECK_VIRTUAL_PENDING 0x444
    CHECK_CSR hip, 0x444
    csrr a0, mip
    CHECK_BITS a0, 0x444, 0x444
    CHECK_CSR sip, 0
    CHECK_CSR vsip, 0x222
    CHECK_WRITE vsip, 0, 0x220      // only SSIP can be written
    CHECK_VIRTUAL_PENDING 0x440
    csrw hvip, x0
    CHECK_VIRTUAL_PENDING 0
    csrsi hip, 1 << VSSI
    CHECK_VIRTUAL_PENDING 0x4
    csrci hip, 1 << VSSI
    CHECK_VIRTUAL_PENDING 0
    CHECK_WRITE hideleg, 0, 0
    csrwi hvip, 1 << VSSI
    CHECK_CSR vsip, 0
    csrwi hvip, 0
    CHECK_WRITE hcounteren, 7, 7
    CHECK_WRITE hcounteren, 0, 0
    CHECK_CSR hgeip, 0
    CHECK_WRITE htimedelta, 0x123456789abcdef0, 0x123456789abcdef0
    CHECK_WRITE htimedelta, 0, 0
    CHECK_WRITE vsepc, 0x1234, 0x1234
    CHECK_WRITE vstval, 0x123456789abcdef1, 0x123456789abcdef1
    CHECK_WRITE htval, 0x1234567, 0x1234567
    csrr a0, vsstatus
    CHECK_BITS a0, 3 << 32, 2 << 32
    csrr a0, hstatus
    CHECK_BITS a0, 3 << 32, 2 << 32
    CHECK_WRITE hgatp, (8 << 60) | (5 << 44) | 0x80004, (8 << 60) | (5 << 44) | 0x80004
    CHECK_WRITE hgatp, 0, 0
    CHECK_WRITE vsatp, (8 << 60) | (5 << 44) | 0x80007, (8 << 60) | (5 << 44) | 0x80007
    CHECK_WRITE vsatp, 0, 0

    // --- registers that VS mode has of its own ---
    li t5, 0x1111
    csrw vsscratch, t5
    li t5, 0x2222
    csrw sscratch, t5
    li t5, MSTATUS_SUM
    csrc mstatus, t5
    csrw vsstatus, t5
    ENTER_VS
    CHECK_CSR sscratch, 0x1111
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SUM | MSTATUS_MXR | MSTATUS_SIE, MSTATUS_SUM
    li t5, MSTATUS_MXR
    csrs sstatus, t5
    CHECK_WRITE sscratch, 0x3333, 0x3333
    CHECK_WRITE sepc, 0x4442, 0x4442
    CHECK_WRITE scause, 0x55, 0x55
    CHECK_WRITE stval, 0x66, 0x66
    BACK_TO_M
    CHECK_CSR sscratch, 0x2222
    CHECK_CSR vsscratch, 0x3333
    CHECK_CSR vsepc, 0x4442
    CHECK_CSR vscause, 0x55
    CHECK_CSR vstval, 0x66
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_SUM | MSTATUS_MXR, 0
    csrr a0, vsstatus
    CHECK_BITS a0, MSTATUS_SUM | MSTATUS_MXR, MSTATUS_SUM | MSTATUS_MXR
    csrw vsstatus, x0

    // --- traps to machine mode ---
    ENTER_VS
    TRAPS ECALL_VS, 0, ecall
    CHECK_BITS s11, MSTATUS_MPV | MSTATUS_MPP | MSTATUS_GVA, MSTATUS_MPV | (1 << 11)
    CHECK_GUEST 0, 0
    BACK_TO_M
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_MPV, 0
    ENTER_VU
    TRAPS ECALL_U, 0, ecall
    CHECK_BITS s11, MSTATUS_MPV | MSTATUS_MPP, MSTATUS_MPV
    BACK_TO_M
    ENTER_S
    TRAPS ECALL_S, 0, ecall
    CHECK_BITS s11, MSTATUS_MPV | MSTATUS_MPP, 1 << 11
    BACK_TO_M

    // --- what guests may not ---
    csrw hstatus, x0
    csrw hcounteren, x0
    csrw mcounteren, x0
    csrw scounteren, x0
    ENTER_VS
    VIRTUAL_INSN csrr a0, hstatus
    VIRTUAL_INSN csrw hgatp, x0
    VIRTUAL_INSN csrr a0, hip
    VIRTUAL_INSN csrr a0, vsstatus
    VIRTUAL_INSN csrw vsscratch, a0
    VIRTUAL_INSN hlv.d a0, (sp)
    VIRTUAL_INSN hlvx.wu a0, (sp)
    VIRTUAL_INSN hsv.b a0, (sp)
    VIRTUAL_INSN hfence.vvma
    VIRTUAL_INSN hfence.gvma
    ILLEGAL_INSN csrr a0, mstatus
    ILLEGAL_INSN csrw mscratch, a0
    ILLEGAL_INSN csrw hgeip, a0     // read-only
    ILLEGAL_INSN csrr a0, 0x6ff     // there is none
    ILLEGAL_INSN mret
    ILLEGAL_INSN csrr a0, cycle
    RUNS csrr a0, satp
    RUNS sfence.vma
    ILLEGAL_INSN csrr a0, senvcfg   // mstateen0
    BACK_TO_M
    li t5, 1 << 62
    csrw mstateen0, t5
    CHECK_WRITE hstateen0, 0, 0
    ENTER_VS
    VIRTUAL_INSN csrr a0, senvcfg
    BACK_TO_M
    CHECK_WRITE hstateen0, -1, 1 << 62
    ENTER_VS
    RUNS csrr a0, senvcfg
    BACK_TO_M
    ENTER_VU
    VIRTUAL_INSN csrr a0, sstatus
    VIRTUAL_INSN csrr a0, sscratch
    VIRTUAL_INSN csrr a0, satp
    VIRTUAL_INSN csrr a0, hstatus
    VIRTUAL_INSN sret
    VIRTUAL_INSN sfence.vma
    VIRTUAL_INSN wfi
    VIRTUAL_INSN hlv.d a0, (sp)
    ILLEGAL_INSN csrr a0, mstatus
    ILLEGAL_INSN mret
    BACK_TO_M
    li t5, MSTATUS_TW
    csrs mstatus, t5
    ENTER_VS
    ILLEGAL_INSN wfi
    BACK_TO_M
    li t5, MSTATUS_TW
    csrc mstatus, t5
    // TVM is about HS mode
    li t5, MSTATUS_TVM
    csrs mstatus, t5
    ENTER_VS
    RUNS csrr a0, satp
    RUNS sfence.vma
    BACK_TO_M
    ENTER_S
    ILLEGAL_INSN csrr a0, hgatp
    ILLEGAL_INSN hfence.gvma
    RUNS hfence.vvma
    RUNS csrr a0, vsatp
    BACK_TO_M
    li t5, MSTATUS_TVM
    csrc mstatus, t5
    li t5, HSTATUS_VTVM | HSTATUS_VTW | HSTATUS_VTSR
    csrw hstatus, t5
    ENTER_VS
    VIRTUAL_INSN csrr a0, satp
    VIRTUAL_INSN csrw satp, x0
    VIRTUAL_INSN sfence.vma
    VIRTUAL_INSN wfi
    VIRTUAL_INSN sret
    BACK_TO_M
    csrw hstatus, x0
    // user mode and the hypervisor's loads
    ENTER_U
    ILLEGAL_INSN hlv.d a0, (sp)
    ILLEGAL_INSN hfence.vvma
    ILLEGAL_INSN csrr a0, hstatus
    BACK_TO_M
    // counters
    li t5, -1
    csrw mcounteren, t5
    ENTER_VS
    VIRTUAL_INSN csrr a0, cycle
    VIRTUAL_INSN csrr a0, time
    BACK_TO_M
    csrwi hcounteren, 3
    ENTER_VS
    RUNS csrr a0, cycle
    RUNS csrr a0, time
    VIRTUAL_INSN csrr a0, instret
    BACK_TO_M
    ENTER_VU
    VIRTUAL_INSN csrr a0, cycle
    BACK_TO_M
    csrwi scounteren, 1
    ENTER_VU
    RUNS csrr a0, cycle
    VIRTUAL_INSN csrr a0, time
    BACK_TO_M
    // time of the guest
    li t5, 1 << 60
    csrw htimedelta, t5
    ENTER_VS
    csrr a0, time
    srli a0, a0, 60
    CHECK a0, 1
    BACK_TO_M
    csrr a0, time
    srli a0, a0, 60
    CHECK a0, 0
    csrw htimedelta, x0
    // cache blocks
    li t5, 1 << 7
    csrc menvcfg, t5
    csrc henvcfg, t5
    csrc senvcfg, t5
    la a1, scratch
    .macro cbo_zero
    .4byte 0x0045a00f               // (a1)
    .endm
    ENTER_VS
    ILLEGAL_INSN cbo_zero
    BACK_TO_M
    li t5, 1 << 7
    csrs menvcfg, t5
    ENTER_VS
    VIRTUAL_INSN cbo_zero
    BACK_TO_M
    li t5, 1 << 7
    csrs henvcfg, t5
    ENTER_VS
    RUNS cbo_zero
    BACK_TO_M
    ENTER_VU
    VIRTUAL_INSN cbo_zero
    BACK_TO_M

    // --- float state: off when it is so for the guest or for its hypervisor ---
    li t5, MSTATUS_FS
    csrs mstatus, t5
    csrc vsstatus, t5
    ENTER_VS
    ILLEGAL_INSN fmv.d.x f0, x0
    li t5, 1 << 13
    csrs sstatus, t5
    RUNS fmv.d.x f0, x0
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_FS | (1 << 63), MSTATUS_FS | (1 << 63)
    BACK_TO_M
    li t5, MSTATUS_FS
    csrc mstatus, t5
    ENTER_VS
    ILLEGAL_INSN fmv.d.x f0, x0
    BACK_TO_M
    li t5, 1 << 13
    csrs mstatus, t5
    csrs vsstatus, t5
    ENTER_VS
    RUNS fmv.d.x f0, x0
    BACK_TO_M
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_FS, MSTATUS_FS

    // --- to HS mode, and back ---
    li t5, (1 << ECALL_U) | (1 << ECALL_VS) | (1 << VIRTUAL_INSTRUCTION) | (1 << BREAKPOINT) | (1 << ILLEGAL)
    csrw medeleg, t5
    ENTER_VS
    TRAPS ECALL_VS, 0, ecall
    CHECK s6, 1
    CHECK_BITS s2, HSTATUS_SPV | HSTATUS_SPVP | HSTATUS_GVA, HSTATUS_SPV | HSTATUS_SPVP
    CHECK_BITS s11, MSTATUS_SPP, MSTATUS_SPP
    CHECK_GUEST 0, 0
    VIRTUAL_INSN csrr a0, hstatus
    CHECK s6, 1
    VIRTUAL_INSN csrr a0, vsstatus  // sret has gone back to VS mode
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SPP, 0   // which has an SPP of its own
    // VU mode, by sret
    la t4, 1f
    csrw sepc, t4
    sret
1:  TRAPS ECALL_U, 0, ecall
    CHECK s6, 1
    CHECK_BITS s2, HSTATUS_SPV | HSTATUS_SPVP, HSTATUS_SPV
    CHECK_BITS s11, MSTATUS_SPP, 0
    // a breakpoint
    li s7, 0
9:  .4byte 0x00100073
    CHECK s8, BREAKPOINT
    la t5, 9b
    CHECK_EQ s9, t5
    CHECK s6, 1
    // to machine mode: an exception that is not delegated
    la s5, 9f
    lw a0, (x0)
9:  li s7, 0

    // --- to VS mode ---
    li t5, (1 << ECALL_U) | (1 << BREAKPOINT) | (1 << ILLEGAL)
    csrw hedeleg, t5
    csrw scause, x0
    ENTER_VU
    TRAPS ECALL_U, 0, ecall
    CHECK s6, 1
    CHECK_BITS s11, MSTATUS_SPP, 0
    ILLEGAL_INSN .4byte 0xffffffff
    CHECK s6, 1
    li s2, 0
    VIRTUAL_INSN csrr a0, sstatus   // the hypervisor's
    CHECK_BITS s2, HSTATUS_SPV, HSTATUS_SPV
    la s5, 9f
    lw a0, (x0)
9:  li s7, 0
    CHECK_CSR scause, VIRTUAL_INSTRUCTION
    CHECK_CSR vscause, ILLEGAL
    csrw medeleg, x0
    csrw hedeleg, x0

    // --- sret with SPV from machine mode ---
    li t5, HSTATUS_SPV
    csrs hstatus, t5
    li t5, MSTATUS_SPP
    csrs mstatus, t5
    la t4, 1f
    csrw sepc, t4
    sret
1:  TRAPS ECALL_VS, 0, ecall
    BACK_TO_M
    csrr a0, hstatus
    CHECK_BITS a0, HSTATUS_SPV, 0

    // --- interrupts ---
    // delegated to the guest: under its own number
    li t5, 0x222
    csrw mideleg, t5
    li t5, 0x444
    csrw hideleg, t5
    csrw hie, t5
    csrwi hvip, 1 << VSSI
    csrw vsstatus, x0
    ENTER_VS
    EXPECT_NOTHING                  // SIE is 0
    CHECK_CSR sip, 2
    CHECK_CSR sie, 0x222
    csrsi sstatus, MSTATUS_SIE
    nop
    CHECK s7, 1
    CHECK s8, INTERRUPT | 1
    CHECK s6, 1
    CHECK_CSR sie, 0x220            // masked by the handler
    csrci sip, 2
    CHECK_CSR sip, 0
    BACK_TO_M
    CHECK_VIRTUAL_PENDING 0
    CHECK_CSR hie, 0x440
    // taken in VU mode whatever SIE is
    csrw vsstatus, x0
    li t5, 0x400
    csrs hvip, t5
    li s7, 0
    ENTER_VU
    nop
    CHECK s7, 1
    CHECK s8, INTERRUPT | 9
    BACK_TO_M
    csrw hvip, x0
    // not delegated: HS mode takes it, in a guest whatever SIE is
    csrw hideleg, x0
    li t5, 0x444
    csrw hie, t5
    csrwi hvip, 1 << VSSI
    csrci mstatus, MSTATUS_SIE
    ENTER_S
    EXPECT_NOTHING
    BACK_TO_M
    la t4, 2f
    csrw stvec, t4
    li s7, 0
    ENTER_VS
    nop
    j test_failed
    .align 2
2:  CHECK_CSR scause, INTERRUPT | VSSI
    csrr a0, hstatus
    CHECK_BITS a0, HSTATUS_SPV | HSTATUS_SPVP, HSTATUS_SPV | HSTATUS_SPVP
    BACK_TO_M
    csrw hvip, x0
    csrw hie, x0

    // --- the guest's timer ---
    li t5, 0x444
    csrw hideleg, t5
    csrw hie, t5
    csrw mcounteren, x0
    li t5, STCE
    csrc menvcfg, t5
    ENTER_VS
    ILLEGAL_INSN csrr a0, stimecmp
    BACK_TO_M
    li t5, -1
    csrw mcounteren, t5
    csrw hcounteren, t5
    li t5, STCE
    csrs menvcfg, t5
    csrc henvcfg, t5
    ENTER_VS
    VIRTUAL_INSN csrr a0, stimecmp
    BACK_TO_M
    li t5, -1
    csrw vstimecmp, t5
    csrw stimecmp, t5
    li t5, STCE
    csrs henvcfg, t5
    csrw vsstatus, x0
    ENTER_VS
    CHECK_CSR stimecmp, -1
    CHECK_CSR sip, 0
    csrw stimecmp, x0
    CHECK_CSR sip, 0x20
    li s7, 0
    csrsi sstatus, MSTATUS_SIE
    nop
    CHECK s7, 1
    CHECK s8, INTERRUPT | 5
    csrci sstatus, MSTATUS_SIE
    li t5, -1
    csrw stimecmp, t5
    CHECK_CSR sip, 0
    // some time from now
    csrsi sstatus, MSTATUS_SIE
    li t5, 0x20
    csrs sie, t5
    li s7, 0
    csrr t5, time
    li a0, 2000
    add t5, t5, a0
    csrw stimecmp, t5
1:  beqz s7, 1b
    CHECK s8, INTERRUPT | 5
    csrci sstatus, MSTATUS_SIE
    BACK_TO_M
    CHECK_CSR stimecmp, -1

    TEST_END

    .bss
    .align 6
scratch:
    .space 64
