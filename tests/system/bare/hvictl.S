// hvictl.VTI: interrupts that a hypervisor injects into VS mode by their number, and what VS mode then may not look at.
// machine: virt,aia=aplic-imsic
#include "hypervisor.h"
#define VSTOPI 0xeb0
#define STOPI 0xdb0
#define HVICTL 0x609
#define VTI (1 << 30)
#define DPR (1 << 9)
#define IPRIOM (1 << 8)
#define IID(n) ((n) << 16)

#define ENTER_VS ENTER_V 1
.macro CHECK_TOP written, value
    li t4, \written
    csrw HVICTL, t4
    CHECK_CSR VSTOPI, \value
.endm

    TEST_START
    li t5, -1
    csrw 0x30c, t5
    csrw 0x60c, t5
    CHECK_WRITE HVICTL, VTI | IID(13) | IPRIOM | DPR | 7, VTI | IID(13) | IPRIOM | DPR | 7
    CHECK_TOP 0, 0
    CHECK_TOP VTI, 0
    CHECK_TOP VTI | IID(13), IID(13) | 1
    CHECK_TOP VTI | IID(13) | 7, IID(13) | 1
    CHECK_TOP VTI | IID(13) | IPRIOM | 7, IID(13) | 7
    CHECK_TOP VTI | IID(9) | 7, 0
    // Beside the external one by priority
    li t5, 0x444
    csrw hideleg, t5
    csrw hie, t5
    li t5, 1 << 10
    csrs hvip, t5
    CHECK_TOP VTI | IID(13) | IPRIOM | 7, IID(13) | 7
    CHECK_TOP VTI | IID(13) | DPR, IID(9) | 1
    CHECK_TOP VTI | IID(13), IID(13) | 1
    CHECK_TOP IID(9) | IPRIOM | 7, IID(9) | 7
    CHECK_TOP IPRIOM, IID(9) | 255
    li t5, 1 << 10
    csrc hvip, t5

    // It is taken when VS mode permits interrupts
    li t4, VTI | IID(13)
    csrw HVICTL, t4
    la t4, injected
    csrw vstvec, t4
    li s2, 0
    la s4, 1f
    ENTER_VS
    li s7, 0
9:  csrr a0, sie
    CHECK s7, 1
    CHECK s8, VIRTUAL_INSTRUCTION
    li s7, 0
    csrr a0, sip
    CHECK s7, 1
    li s7, 0
    csrr a0, STOPI
    CHECK s7, 0
    CHECK a0, IID(13) | 1
    CHECK s2, 0
    csrsi sstatus, MSTATUS_SIE
    j test_failed
1:  li t4, 1 << 63 | 13
    CHECK_EQ s2, t4
    BACK_TO_M
    csrw HVICTL, x0
    ENTER_VS
    li s7, 0
    csrr a0, sie
    CHECK s7, 0
    TEST_END

    .text
    .align 2
injected:
    csrr s2, scause
    jr s4
