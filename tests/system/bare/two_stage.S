// Hypervisor extension: two-stage address translation in guests and by hlv, hlvx and hsv; guest-page faults with what
// they tell; accessed and dirty bits; hfence, VMIDs.
#include "hypervisor.h"

#define VA 0x40000000           /* guest virtual: page 0 of table v0 */
#define GPA 0x40000000          /* guest physical: page 0 of table g0 */
#define RWX (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)

    .option arch, +h

// Guest virtual page `index` is guest-physical page `page`.
.macro V_LEAF index, page, flags
    ENTRY_AT v0, \index, GPA + (\page) * 0x1000, \flags
.endm
.macro G_LEAF page, target, flags
    ENTRY g0, \page, \target, \flags
.endm

// One access in VS mode.
.macro GUEST_RUNS insn:vararg
    ENTER_VS
    RUNS \insn
    BACK_TO_M
.endm
.macro GUEST_TRAPS cause, tval, insn:vararg
    ENTER_VS
    TRAPS \cause, \tval, \insn
    BACK_TO_M
.endm

// hlvx is denied. (It is a load; QEMU 11.1 has the page fault of a fetch, so that the cause is not looked at.)
.macro DENIED insn:vararg
    li s7, 0
    \insn
    CHECK s7, 1
    CHECK s10, VA + 16
.endm

    TEST_START
    HYPERVISOR_TRAPS
    li t4, ADUE
    csrc menvcfg, t4
    csrc henvcfg, t4
    // RAM as it is, for code: in the G-stage and in the guest
    ENTRY_AT groot, 2, 0x80000000, RWX | PTE_U
    ENTRY groot, 1, g1, PTE_V
    ENTRY g1, 0, g0, PTE_V
    ENTRY_AT vroot, 2, 0x80000000, RWX
    ENTRY vroot, 1, v1, PTE_V
    ENTRY v1, 0, v0, PTE_V
    li s3, VA
    li a0, 0x1122334455667788

    // --- the G-stage alone ---
    SET_TABLES hgatp, SV39, 1, groot
    csrw vsatp, x0
    G_LEAF 0, page0, RW | PTE_U
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x1010101010101010
    GUEST_RUNS sd a0, 8(s3)
    la t4, page0
    ld a1, 8(t4)
    CHECK_EQ a1, a0
    // not there
    li s4, GPA + 0x5000
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x5010, ld a1, 16(s4)
    CHECK_GUEST GPA + 0x5010, 0x3583                // ld a1, (x0)
    GUEST_TRAPS STORE_GUEST_PAGE, GPA + 0x5010, sd a0, 16(s4)
    CHECK_GUEST GPA + 0x5010, 0x00a03023            // sd a0, (x0)
    GUEST_TRAPS STORE_GUEST_PAGE, GPA + 0x4ffe, sb a0, -2(s4)
    CHECK_GUEST GPA + 0x4ffe, 0x00a00023
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x5004, lbu a2, 4(s4)
    CHECK_GUEST GPA + 0x5004, 0x4603
    GUEST_TRAPS STORE_GUEST_PAGE, GPA + 0x5000, amoadd.d a1, a0, (s4)
    CHECK_GUEST GPA + 0x5000, 0x00a035af
    ENTER_VS
    TRAPS LOAD_GUEST_PAGE, GPA + 0x5000, ld a1, (s4)
    CHECK_BITS s11, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA | MSTATUS_MPV
    BACK_TO_M
    // 16-bit instructions: as those of 32 bits, with bit 1 clear
    mv a2, s4
    ENTER_VS
    li s7, 0
    .2byte 0x6a0c                                   // c.ld a1, 16(a2)
    .2byte 0x0001
    CHECK s8, LOAD_GUEST_PAGE
    CHECK s10, GPA + 0x5010
    CHECK_GUEST GPA + 0x5010, 0x3581
    .2byte 0xca0c                                   // c.sw a1, 16(a2)
    .2byte 0x0001
    CHECK s8, STORE_GUEST_PAGE
    CHECK s10, GPA + 0x5010
    CHECK_GUEST GPA + 0x5010, 0x00b02021
    BACK_TO_M
    // fetch
    ENTER_VS
    la s5, 8f
    jr s4
8:  CHECK s8, FETCH_GUEST_PAGE
    CHECK s9, GPA + 0x5000
    CHECK s10, GPA + 0x5000
    // read-only; of the hypervisor only; executable only
    G_LEAF 1, page1, PTE_V | PTE_R | PTE_U | PTE_A | PTE_D
    li s4, GPA + 0x1000
    GUEST_RUNS ld a1, (s4)
    GUEST_TRAPS STORE_GUEST_PAGE, GPA + 0x1000, sd a1, (s4)
    G_LEAF 1, page1, RW
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x1000, ld a1, (s4)
    G_LEAF 1, page1, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x1000, ld a1, (s4)
    li t4, MSTATUS_MXR
    csrs mstatus, t4
    GUEST_RUNS ld a1, (s4)
    li t4, MSTATUS_MXR
    csrc mstatus, t4
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x1000, ld a1, (s4)
    // 41 bits of guest-physical address
    li s4, 1 << 41
    GUEST_TRAPS LOAD_GUEST_PAGE, 1 << 41, ld a1, (s4)
    CHECK_GUEST 1 << 41, 0x3583
    ENTRY_AT groot + 8192, 3, 0x80000000, RW | PTE_U  // 1027: beyond the 512 entries of other tables
    la t4, page0
    li t5, 0x80000000
    sub t4, t4, t5
    li s4, 1027 << 30
    add s4, s4, t4
    GUEST_RUNS ld a1, (s4)
    CHECK a1, 0x1010101010101010
    // accessed and dirty
    G_LEAF 2, page2, PTE_V | PTE_R | PTE_W | PTE_U
    li s4, GPA + 0x2000
    GUEST_TRAPS LOAD_GUEST_PAGE, GPA + 0x2000, ld a1, (s4)
    G_LEAF 2, page2, PTE_V | PTE_R | PTE_W | PTE_U | PTE_A
    GUEST_RUNS ld a1, (s4)
    GUEST_TRAPS STORE_GUEST_PAGE, GPA + 0x2040, sd a1, 64(s4)
    li t4, ADUE
    csrs menvcfg, t4
    G_LEAF 2, page2, PTE_V | PTE_R | PTE_W | PTE_U
    GUEST_RUNS ld a1, (s4)
    la t4, g0
    ld a1, 16(t4)
    CHECK_BITS a1, PTE_A | PTE_D, PTE_A
    GUEST_RUNS sd a1, 64(s4)
    la t4, g0
    ld a1, 16(t4)
    CHECK_BITS a1, PTE_A | PTE_D, PTE_A | PTE_D
    li t4, ADUE
    csrc menvcfg, t4

    // --- both stages ---
    SET_TABLES vsatp, SV39, 7, vroot
    ENTRY_AT g0, 1, 0x80000000, 0
    G_LEAF 1, page1, RW | PTE_U
    V_LEAF 0, 1, RW
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x2020202020202020
    // a page fault is the guest's
    li s4, VA + 0x3000
    GUEST_TRAPS LOAD_PAGE, VA + 0x3000, ld a1, (s4)
    CHECK s0, 0
    V_LEAF 0, 1, PTE_V | PTE_R | PTE_A | PTE_D
    GUEST_TRAPS STORE_PAGE, VA, sd a1, (s3)
    V_LEAF 0, 1, RW | PTE_U
    GUEST_TRAPS LOAD_PAGE, VA, ld a1, (s3)          // pages of its user mode
    li t4, MSTATUS_SUM
    csrs vsstatus, t4
    GUEST_RUNS ld a1, (s3)
    csrc vsstatus, t4
    // the leaf's page is not there for the hypervisor
    V_LEAF 3, 9, RW
    ENTER_VS
    TRAPS LOAD_GUEST_PAGE, VA + 0x3008, ld a1, 8(s4)
    CHECK_BITS s11, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA | MSTATUS_MPV
    BACK_TO_M
    CHECK_GUEST GPA + 0x9008, 0x3583
    GUEST_TRAPS STORE_GUEST_PAGE, VA + 0x3008, sd a0, 8(s4)
    CHECK_GUEST GPA + 0x9008, 0x00a03023
    // a table is not there
    ENTRY_AT v1, 1, GPA + 0xa000, PTE_V
    li s4, VA + (1 << 21) + 0x3008
    GUEST_TRAPS STORE_GUEST_PAGE, VA + (1 << 21) + 0x3008, sd a0, (s4)
    CHECK s0, (GPA + 0xa018) >> 2
    CHECK_BITS s1, ~0x20, 0x3000     // (QEMU 11.1: a write)
    GUEST_TRAPS LOAD_GUEST_PAGE, VA + (1 << 21) + 0x3008, ld a0, (s4)
    CHECK s0, (GPA + 0xa018) >> 2
    CHECK s1, 0x3000
    li a0, 0x1122334455667788
    // MXR of the guest is about its own tables, the hypervisor's about both
    V_LEAF 0, 1, PTE_V | PTE_X | PTE_A | PTE_D
    GUEST_TRAPS LOAD_PAGE, VA, ld a1, (s3)
    li t4, MSTATUS_MXR
    csrs vsstatus, t4
    GUEST_RUNS ld a1, (s3)
    G_LEAF 1, page1, PTE_V | PTE_X | PTE_U | PTE_A | PTE_D
    GUEST_TRAPS LOAD_GUEST_PAGE, VA, ld a1, (s3)
    li t4, MSTATUS_MXR
    csrc vsstatus, t4
    csrs mstatus, t4
    GUEST_RUNS ld a1, (s3)
    li t4, MSTATUS_MXR
    csrc mstatus, t4
    // accessed and dirty bits of the guest, by henvcfg
    G_LEAF 1, page1, RW | PTE_U
    V_LEAF 0, 1, PTE_V | PTE_R | PTE_W
    GUEST_TRAPS LOAD_PAGE, VA, ld a1, (s3)
    li t4, ADUE
    csrs menvcfg, t4
    GUEST_TRAPS LOAD_PAGE, VA, ld a1, (s3)
    csrs henvcfg, t4
    li t4, ADUE
    csrs henvcfg, t4
    GUEST_RUNS sd a0, (s3)
    la t4, v0
    ld a1, (t4)
    CHECK_BITS a1, PTE_A | PTE_D, PTE_A | PTE_D
    li t4, ADUE
    csrc henvcfg, t4
    csrc menvcfg, t4

    // --- fences and VMIDs ---
    V_LEAF 0, 1, RW
    G_LEAF 1, page0, RW | PTE_U
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x1010101010101010
    la t4, page2
    srli t4, t4, 2
    ori t4, t4, RW | PTE_U
    la t5, g0
    sd t4, 8(t5)
    hfence.gvma
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x3030303030303030
    // another machine with other tables
    ENTRY_AT groot2, 2, 0x80000000, RWX | PTE_U
    ENTRY groot2, 1, g21, PTE_V
    ENTRY g21, 0, g20, PTE_V
    ENTRY g20, 1, page3, RW | PTE_U
    GUEST_RUNS ld a1, (s3)
    SET_TABLES hgatp, SV39, 2, groot2
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x4040404040404040
    SET_TABLES hgatp, SV39, 1, groot
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x3030303030303030
    // the guest's own fence
    ENTER_VS
    ld a1, (s3)
    li t4, GPA
    srli t4, t4, 2
    ori t4, t4, RW
    la t5, v0
    sd t4, (t5)
    sfence.vma
    ld a1, (s3)
    CHECK a1, 0x1010101010101010
    li t4, GPA + 0x1000
    srli t4, t4, 2
    ori t4, t4, RW
    sd t4, (t5)
    sfence.vma s3
    ld a1, (s3)
    CHECK a1, 0x3030303030303030
    BACK_TO_M
    // hfence.vvma with an address
    li t4, GPA
    srli t4, t4, 2
    ori t4, t4, RW
    la t5, v0
    sd t4, (t5)
    hfence.vvma s3
    GUEST_RUNS ld a1, (s3)
    CHECK a1, 0x1010101010101010

    // --- the hypervisor's own accesses ---
    G_LEAF 1, page1, RW | PTE_U
    la t4, page1
    li t5, 0x8182838485868788
    sd t5, 16(t4)
    V_LEAF 0, 1, RW
    li s4, VA + 16
    li t4, HSTATUS_SPVP
    csrs hstatus, t4
    RUNS hlv.b a1, (s4)
    CHECK a1, 0xffffffffffffff88
    RUNS hlv.bu a1, (s4)
    CHECK a1, 0x88
    RUNS hlv.h a1, (s4)
    CHECK a1, 0xffffffffffff8788
    RUNS hlv.hu a1, (s4)
    CHECK a1, 0x8788
    RUNS hlv.w a1, (s4)
    CHECK a1, 0xffffffff85868788
    RUNS hlv.wu a1, (s4)
    CHECK a1, 0x85868788
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x8182838485868788
    RUNS hsv.d a0, (s4)
    la t4, page1
    ld a1, 16(t4)
    CHECK_EQ a1, a0
    li t5, 0x99
    RUNS hsv.b t5, (s4)
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1122334455667799
    RUNS hsv.h x0, (s4)
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1122334455660000
    RUNS hsv.w x0, (s4)
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1122334400000000
    // as user mode, and with SUM
    li t4, HSTATUS_SPVP
    csrc hstatus, t4
    TRAPS LOAD_PAGE, VA + 16, hlv.d a1, (s4)
    CHECK_BITS s11, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA
    V_LEAF 0, 1, RW | PTE_U
    RUNS hlv.d a1, (s4)
    li t4, HSTATUS_SPVP
    csrs hstatus, t4
    TRAPS LOAD_PAGE, VA + 16, hlv.d a1, (s4)
    TRAPS STORE_PAGE, VA + 16, hsv.d a1, (s4)
    li t4, MSTATUS_SUM
    csrs vsstatus, t4
    RUNS hlv.d a1, (s4)
    csrc vsstatus, t4
    // instructions
    V_LEAF 0, 1, PTE_V | PTE_X | PTE_A
    G_LEAF 1, page1, PTE_V | PTE_X | PTE_U | PTE_A
    TRAPS LOAD_PAGE, VA + 16, hlv.wu a1, (s4)
    RUNS hlvx.wu a1, (s4)
    CHECK a1, 0
    RUNS hlvx.hu a1, (s4)
    V_LEAF 0, 1, RW
    DENIED hlvx.wu a1, (s4)
    V_LEAF 0, 1, RWX
    TRAPS LOAD_GUEST_PAGE, VA + 16, hlv.wu a1, (s4)
    G_LEAF 1, page1, RW | PTE_U
    DENIED hlvx.hu a1, (s4)
    // not there
    ENTRY_AT g0, 1, 0x80000000, 0
    TRAPS LOAD_GUEST_PAGE, VA + 16, hlv.d a1, (s4)
    CHECK s0, (GPA + 0x1010) >> 2
    CHECK_BITS s11, MSTATUS_GVA | MSTATUS_MPV, MSTATUS_GVA
    TRAPS STORE_GUEST_PAGE, VA + 16, hsv.w a1, (s4)
    CHECK s0, (GPA + 0x1010) >> 2
    // across two pages
    G_LEAF 1, page1, RW | PTE_U
    G_LEAF 2, page0, RW | PTE_U
    V_LEAF 0, 1, RW
    V_LEAF 1, 2, RW
    la t4, page1
    li t5, 0x2020202020202020
    li a1, 0x1000 - 8
    add t4, t4, a1
    sd t5, (t4)
    li s4, VA + 0xffc
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1010101020202020
    ENTER_S
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1010101020202020
    BACK_TO_M
    li t4, HSTATUS_HU
    csrs hstatus, t4
    ENTER_U
    RUNS hlv.d a1, (s4)
    CHECK a1, 0x1010101020202020
    BACK_TO_M

    // --- guest-page faults that HS mode takes ---
    li t4, (1 << LOAD_GUEST_PAGE) | (1 << STORE_GUEST_PAGE)
    csrw medeleg, t4
    li s4, VA + 0x3000
    ENTER_VS
    TRAPS LOAD_GUEST_PAGE, VA + 0x3008, ld a1, 8(s4)
    CHECK s6, 1
    CHECK_BITS s2, HSTATUS_GVA | HSTATUS_SPV | HSTATUS_SPVP, HSTATUS_GVA | HSTATUS_SPV | HSTATUS_SPVP
    CHECK_GUEST GPA + 0x9008, 0x3583
    BACK_TO_M
    ENTER_S
    TRAPS LOAD_GUEST_PAGE, VA + 0x3000, hlv.d a1, (s4)
    CHECK s6, 1
    CHECK_BITS s2, HSTATUS_GVA | HSTATUS_SPV, HSTATUS_GVA
    CHECK s0, (GPA + 0x9000) >> 2
    BACK_TO_M

    TEST_END

    .data
    .align 14
groot:
    .space 16384
groot2:
    .space 16384
g20:
    .space 4096
g21:
    .space 4096
g0: .space 4096
g1: .space 4096
v0: .space 4096
v1: .space 4096
vroot:
    .space 4096
page0:
    .fill 4096, 1, 0x10
page1:
    .fill 4096, 1, 0x20
page2:
    .fill 4096, 1, 0x30
page3:
    .fill 4096, 1, 0x40
