// Pointer masking in machine, supervisor and user mode (Smmpm, Smnpm, Ssnpm): sign extension where addresses are translated,
// zeros where they are not, faults that tell the masked address, what MPRV and MXR do, fields that are reserved.
#include "machine.h"
#define MSECCFG 0x747
#define MENVCFG 0x30a
#define SENVCFG 0x10a
#define PMM(n) ((n) << 32)
#define PMLEN7 2
#define PMLEN16 3
#define TAG7 (0x55 << 57)
#define TAG16 (0x5aa5 << 48)

// a1 = cell with the upper bits `tag`.
.macro TAGGED tag
    la a1, cell
    li t5, \tag
    xor a1, a1, t5
.endm

// Loads, stores and atomics at a1 reach the cell.
.macro REACHES
    li a2, 0x1122334455667788
    RUNS sd a2, 0(a1)
    la a3, cell
    ld a4, 0(a3)
    CHECK_EQ a4, a2
    li s7, 0
    ld a4, 0(a1)
    CHECK_EQ a4, a2
    li a2, 1
    amoadd.d a4, a2, (a1)
    CHECK s7, 0
    ld a4, 0(a3)
    CHECK a4, 0x1122334455667789
    lr.d a4, (a1)
    sc.d a5, zero, (a1)
    CHECK s7, 0
    CHECK a5, 0
    ld a4, 0(a3)
    CHECK a4, 0
.endm

    TEST_START
    // the field: 1 is reserved and keeps what was there
    .irp csr, MSECCFG, MENVCFG, SENVCFG
    csrr a0, \csr
    CHECK_BITS a0, PMM(3), 0
    li a0, PMM(PMLEN7)
    csrs \csr, a0
    csrr a0, \csr
    CHECK_BITS a0, PMM(3), PMM(PMLEN7)
    csrr a0, \csr
    li a1, PMM(3)
    not a1, a1
    and a0, a0, a1
    li a1, PMM(1)
    or a0, a0, a1
    csrw \csr, a0
    csrr a0, \csr
    CHECK_BITS a0, PMM(3), PMM(PMLEN7)
    li a1, PMM(3)
    csrc \csr, a1
    csrr a0, \csr
    CHECK_BITS a0, PMM(3), 0
    .endr

    // machine mode: zeros
    TAGGED TAG7
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    li a0, PMM(PMLEN7)
    csrs MSECCFG, a0
    REACHES
    TAGGED TAG16
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    li a0, PMM(PMLEN16)
    csrs MSECCFG, a0
    REACHES
    // a fault tells the address without its tag
    li a1, TAG16 | 0x10
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    CHECK s8, LOAD_ACCESS
    CHECK s10, 0x10
    li a0, PMM(3)
    csrc MSECCFG, a0

    // supervisor and user mode without translation: each by its own field, zeros
    li a0, PMM(PMLEN7)
    csrs MENVCFG, a0
    ENTER_S
    TAGGED TAG7
    REACHES
    BACK_TO_M
    ENTER_U
    TAGGED TAG7
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    BACK_TO_M
    li a0, PMM(3)
    csrc MENVCFG, a0
    li a0, PMM(PMLEN16)
    csrs SENVCFG, a0
    ENTER_U
    TAGGED TAG16
    REACHES
    BACK_TO_M
    ENTER_S
    TAGGED TAG16
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    BACK_TO_M

    // MPRV: the mode's whose accesses they are; with MXR not at all
    li a0, PMM(PMLEN7)
    csrs MENVCFG, a0
    li a0, MSTATUS_MPP
    csrc mstatus, a0
    li a0, 1 << 11
    csrs mstatus, a0
    li a0, MSTATUS_MPRV
    csrs mstatus, a0
    TAGGED TAG7
    REACHES
    li a0, MSTATUS_MXR
    csrs mstatus, a0
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    li a0, MSTATUS_MPRV | MSTATUS_MXR
    csrc mstatus, a0

    // with translation the sign is copied: the page below the top of the address space, and RAM as it is
    la a0, root
    la a1, cell
    srli a1, a1, 30
    slli a1, a1, 28                                           // the gigabyte's PTE
    ori a1, a1, PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D
    sd a1, 16(a0)                                             // at 0x80000000
    li t5, 511 * 8
    add a2, a0, t5
    sd a1, 0(a2)                                              // and at the last gigabyte
    srli a0, a0, 12
    li a1, 8 << 60
    or a0, a0, a1
    csrw satp, a0
    sfence.vma
    ENTER_S
    TAGGED TAG7 & (0x7f << 57)
    REACHES
    la a1, cell
    li t5, (1 << 30) - 1
    and a1, a1, t5
    li t5, -1 << 30
    or a1, a1, t5                                             // the upper half
    REACHES
    li t5, 0x7f << 57
    not t5, t5
    and a1, a1, t5                                            // without the bits that are not looked at
    REACHES
    // bit 56 is part of the address
    la a1, cell
    li t5, 1 << 56
    or a1, a1, t5
    li s7, 0
    ld a4, 0(a1)
    CHECK s7, 1
    CHECK s8, LOAD_PAGE
    BACK_TO_M
    csrw satp, zero
    TEST_END

    .balign 4096
root:
    .space 4096
    .balign 64
cell:
    .dword 0
