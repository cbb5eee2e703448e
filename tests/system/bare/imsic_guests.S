// Interrupt files of guests (GEILEN): messages to them, hgeip and hgeie, the file that hstatus.VGEIN gives to VS mode, its
// interrupts, and those that hvictl injects.
// machine: virt,aia=aplic-imsic,aia-guests=3
#include "hypervisor.h"
#include "imsic.h"
#define HSTATEEN0 0x60c
#define VSISELECT 0x250
#define VSIREG 0x251
#define VSTOPEI 0x25c
#define VSTOPI 0xeb0
#define HGEIE 0x607
#define HGEIP 0xe12
#define HVICTL 0x609
#define GUEST_FILE(n) (0x28000000 + 0x1000 * (n))
#define VSEI_BIT (1 << 10)
#define SGEI (1 << 12)
#define VGEIN(n) ((n) << 12)
#define VTI (1 << 30)

.macro GIVE_FILE n
    li t5, 0x3f << 12
    csrc hstatus, t5
    li t5, VGEIN(\n)
    csrs hstatus, t5
.endm
#define ENTER_VS ENTER_V 1
// Runs `insn`, which is the hypervisor's to do.
.macro VIRTUAL_INSN_TRAP insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, VIRTUAL_INSTRUCTION
    li s7, 0
.endm

    TEST_START
    li t5, -1
    csrw MSTATEEN0, t5
    csrw HSTATEEN0, t5
    // Three files
    CHECK_WRITE HGEIE, -1, 0xe
    csrw HGEIE, x0
    GIVE_FILE 3
    csrr a0, hstatus
    CHECK_BITS a0, 0x3f << 12, VGEIN(3)
    GIVE_FILE 0
    ILLEGAL_INSN csrr a0, VSTOPEI
    li t5, EIDELIVERY
    csrw VSISELECT, t5
    ILLEGAL_INSN csrr a0, VSIREG

    // A message is pending in its file alone
    GIVE_FILE 1
    WRITE VSISELECT, VSIREG, EIE, 1 << 9 | 1 << 4
    WRITE VSISELECT, VSIREG, EIDELIVERY, 1
    MESSAGE GUEST_FILE(1), 9
    CHECK_REG VSISELECT, VSIREG, EIP, 1 << 9
    CHECK_CSR VSTOPEI, 9 << 16 | 9
    CHECK_CSR HGEIP, 2
    li t5, EIP
    csrw SISELECT, t5
    CHECK_CSR SIREG, 0
    GIVE_FILE 2
    CHECK_REG VSISELECT, VSIREG, EIP, 0
    CHECK_CSR VSTOPEI, 0
    // hgeie makes the hypervisor's interrupt of it
    csrr a0, mip
    CHECK_BITS a0, SGEI | VSEI_BIT, 0
    li t5, 2
    csrw HGEIE, t5
    csrr a0, mip
    CHECK_BITS a0, SGEI | VSEI_BIT, SGEI
    csrr a0, hip
    CHECK_BITS a0, SGEI | VSEI_BIT, SGEI
    li t5, 4
    csrw HGEIE, t5
    csrr a0, mip
    CHECK_BITS a0, SGEI, 0
    // VGEIN makes the guest's
    GIVE_FILE 1
    csrr a0, mip
    CHECK_BITS a0, SGEI | VSEI_BIT, VSEI_BIT
    li t5, VSEI_BIT
    csrw hideleg, t5
    csrs hie, t5
    csrr a0, VSTOPI
    srli a0, a0, 16
    CHECK a0, 9
    csrr a0, vsip
    CHECK_BITS a0, 1 << 9, 1 << 9

    // VS mode under a supervisor's names
    ENTER_VS
    CHECK_CSR STOPEI, 9 << 16 | 9
    CHECK_REG SISELECT, SIREG, EIE, 1 << 9 | 1 << 4
    csrr a0, STOPI
    srli a0, a0, 16
    CHECK a0, 9
    li t5, 0x30
    csrw SISELECT, t5
    VIRTUAL_INSN_TRAP csrr a0, SIREG
    la t4, interrupted
    csrw stvec, t4
    li s2, 0
    csrsi sstatus, MSTATUS_SIE
    nop
    csrci sstatus, MSTATUS_SIE
    li t4, 9 << 16 | 9
    CHECK_EQ s2, t4
    CHECK_CSR STOPEI, 0
    BACK_TO_M
    CHECK_CSR HGEIP, 0
    csrr a0, mip
    CHECK_BITS a0, SGEI | VSEI_BIT, 0

    // Another guest's message while this one runs is the hypervisor's
    GIVE_FILE 2
    WRITE VSISELECT, VSIREG, EIE, 1 << 5
    WRITE VSISELECT, VSIREG, EIDELIVERY, 1
    GIVE_FILE 1
    li t5, 4
    csrw HGEIE, t5
    li t5, SGEI
    csrs hie, t5
    ENTER_VS
    CHECK s7, 0
    BACK_TO_M
    MESSAGE GUEST_FILE(2), 5
    la t4, hypervisor
    csrw stvec, t4
    la s4, 1f
    ENTER_VS
    j test_failed
1:  CHECK_CSR scause, 1 << 63 | 12
    BACK_TO_M
    li t5, SGEI
    csrc hie, t5
    GIVE_FILE 2
    csrw VSTOPEI, x0
    CHECK_CSR HGEIP, 0

    // Without a file VS mode has no such registers
    GIVE_FILE 0
    ENTER_VS
    VIRTUAL_INSN_TRAP csrr a0, STOPEI
    li t5, EIDELIVERY
    csrw SISELECT, t5
    VIRTUAL_INSN_TRAP csrr a0, SIREG
    BACK_TO_M
    TEST_END

    .text
    .align 2
interrupted:
    csrrw s2, STOPEI, x0
    sret
    .align 2
hypervisor:
    jr s4
