// Zicfiss: where it is in force, what its instructions do, shadow-stack pages and what else accesses them, and what is
// told of accesses that fail.
#include "cfi_insns.h"
#include "machine.h"

#define SSE 8
#define ADUE (1 << 61)
#define VA 0x40000000           /* of page 0 of table l0 */
#define RWX (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define RO (PTE_V | PTE_R | PTE_A | PTE_D)
#define XO (PTE_V | PTE_X | PTE_A | PTE_D)
#define SS (PTE_V | PTE_W | PTE_A | PTE_D)
#define STACK (VA + 0x1000)     /* page 0 is the shadow stack */
#define TOKEN 0x1122334455667788

.macro LEAF index, flags
    la t4, page
    srli t4, t4, 2
    li t5, \flags
    or t4, t4, t5
    la t5, l0
    sd t4, 8*(\index)(t5)
    sfence.vma
.endm
// RAM, for supervisor or user mode.
.macro RAM_FOR flags
    li t4, (0x80000000 >> 2) | RWX | (\flags)
    la t5, root
    sd t4, 16(t5)
    sfence.vma
.endm
.macro SET_SSP value
    li t4, \value
    csrw SSP, t4
.endm
.macro CHECK_SSP value
    csrr t5, SSP
    CHECK t5, \value
.endm
// The word of physical memory behind the page at `offset`.
.macro CHECK_MEMORY offset, value
    li t4, VA + (\offset)
    ld t5, (t4)
    CHECK t5, \value
.endm
// ILLEGAL_INSN and TRAPS want an instruction of 4 bytes; these leave t4.
#define SWAP_D SSAMOSWAP_D(a0, a1, a2)
#define SWAP_W SSAMOSWAP_W(a0, a1, a2)

    TEST_START
    la t4, root
    srli t4, t4, 12
    li t5, 8 << 60
    or t4, t4, t5
    csrw satp, t4
    RAM_FOR 0
    la t4, l1
    srli t4, t4, 2
    ori t4, t4, PTE_V
    la t5, root
    sd t4, 8(t5)
    la t4, l0
    srli t4, t4, 2
    ori t4, t4, PTE_V
    la t5, l1
    sd t4, (t5)
    LEAF 0, SS
    LEAF 1, RW
    LEAF 2, RO
    LEAF 3, XO
    LEAF 4, 0
    LEAF 5, RWX
    LEAF 6, SS | PTE_U
    li t4, ADUE
    csrc menvcfg, t4
    li t4, SSE
    csrc menvcfg, t4
    csrc senvcfg, t4

    // Machine mode has the register, and no shadow stack
    SET_SSP STACK
    CHECK_SSP STACK
    li ra, 5
    RUNS SSPUSH_RA
    RUNS SSPOPCHK_RA
    RUNS C_SSPUSH_RA
    C_SSPOPCHK_T0
    CHECK_SSP STACK
    li a0, 1
    RUNS SSRDP_A0
    CHECK a0, 0

    // Off: may-be-operations and illegal instructions; the encoding of the page is reserved
    ENTER_S
    li a0, 1
    RUNS SSRDP_A0
    CHECK a0, 0
    RUNS SSPUSH_RA
    RUNS SSPOPCHK_T0
    ILLEGAL_INSN csrr a0, SSP
    ILLEGAL_INSN csrw SSP, a0
    li a2, VA
    ILLEGAL_INSN SWAP_D
    ILLEGAL_INSN SWAP_W
    TRAPS LOAD_PAGE, VA, ld a0, (a2)
    li t4, SSE
    csrs senvcfg, t4
    csrr a0, senvcfg
    CHECK_BITS a0, SSE, 0

    // On in supervisor mode
    BACK_TO_M
    li t4, SSE
    csrs menvcfg, t4
    csrr a0, menvcfg
    CHECK_BITS a0, SSE, SSE
    ENTER_S
    SET_SSP STACK
    RUNS SSRDP_A0
    CHECK a0, STACK
    li ra, 0x1234
    li t0, 0x5678
    RUNS SSPUSH_RA
    CHECK_SSP STACK - 8
    RUNS SSPUSH_T0
    CHECK_SSP STACK - 16
    CHECK_MEMORY 0xff8, 0x1234
    CHECK_MEMORY 0xff0, 0x5678
    // A link that is another one: ssp stays
    TRAPS SOFTWARE_CHECK, SHADOW_STACK_FAULT, SSPOPCHK_RA
    CHECK_SSP STACK - 16
    RUNS SSPOPCHK_T0
    CHECK_SSP STACK - 8
    RUNS SSPOPCHK_RA
    CHECK_SSP STACK
    li ra, TOKEN
    li t0, TOKEN
    RUNS C_SSPUSH_RA
    CHECK_SSP STACK - 8
    li s7, 0
    C_SSPOPCHK_T0
    .2byte 1, 1
    CHECK s7, 0
    CHECK_SSP STACK

    // Swaps
    li a2, VA + 0xff8
    li a1, 0x8000000080000001
    RUNS SWAP_D
    CHECK a0, TOKEN
    CHECK_MEMORY 0xff8, 0x8000000080000001
    li a1, -2
    RUNS SWAP_W
    CHECK a0, 0xffffffff80000001
    CHECK_MEMORY 0xff8, 0x80000000fffffffe
    SSAMOSWAP_W(x0, x0, a2)
    CHECK_MEMORY 0xff8, 0x8000000000000000
    li a2, VA + 0xffc
    li s7, 0
    SWAP_D                              // misaligned or an access fault
    CHECK s7, 1
    ori t4, s8, STORE_MISALIGNED ^ STORE_ACCESS
    CHECK t4, STORE_ACCESS
    CHECK s10, VA + 0xffc

    // What other instructions do there: loads alone
    li a2, VA
    RUNS lb a0, (a2)
    TRAPS STORE_ACCESS, VA, sd a1, (a2)
    TRAPS STORE_ACCESS, VA, amoadd.d a0, a1, (a2)
    BACK_TO_M
    li t4, 0xd0
    csrs menvcfg, t4
    ENTER_S
    li a2, VA
    TRAPS STORE_ACCESS, VA, .insn i 0x0f, 2, x0, a2, 1      // cbo.clean
    TRAPS STORE_ACCESS, VA, .insn i 0x0f, 2, x0, a2, 4      // cbo.zero
    li s7, 0
    la s5, 1f
    jr a2
1:  CHECK s8, FETCH_ACCESS
    CHECK s9, VA
    CHECK s10, VA

    // What shadow-stack instructions do elsewhere
    ENTER_S
    .irp page, 1, 3, 5
    SET_SSP VA + \page * 0x1000 + 0x100
    TRAPS STORE_ACCESS, VA + \page * 0x1000 + 0xf8, SSPUSH_RA
    TRAPS STORE_ACCESS, VA + \page * 0x1000 + 0x100, SSPOPCHK_RA
    li a2, VA + \page * 0x1000
    TRAPS STORE_ACCESS, VA + \page * 0x1000, SWAP_D
    CHECK_SSP VA + \page * 0x1000 + 0x100
    .endr
    .irp page, 2, 4, 6
    SET_SSP VA + \page * 0x1000 + 0x100
    TRAPS STORE_PAGE, VA + \page * 0x1000 + 0xf8, SSPUSH_RA
    TRAPS STORE_PAGE, VA + \page * 0x1000 + 0x100, SSPOPCHK_RA
    li a2, VA + \page * 0x1000
    TRAPS STORE_PAGE, VA + \page * 0x1000, SWAP_W
    .endr

    // SUM as for other accesses
    li t4, MSTATUS_SUM
    csrs sstatus, t4
    SET_SSP VA + 0x6100
    RUNS SSPUSH_RA
    RUNS SSPOPCHK_RA
    li t4, MSTATUS_SUM
    csrc sstatus, t4
    BACK_TO_M

    // Accessed and dirty
    LEAF 0, PTE_V | PTE_W
    ENTER_S
    SET_SSP STACK
    TRAPS STORE_PAGE, STACK - 8, SSPUSH_RA
    BACK_TO_M
    li t4, ADUE
    csrs menvcfg, t4
    ENTER_S
    RUNS SSPUSH_RA
    BACK_TO_M
    la t4, l0
    ld t4, (t4)
    CHECK_BITS t4, 0xff, SS
    li t4, ADUE
    csrc menvcfg, t4

    // Without translation there are no shadow stacks
    csrr s3, satp
    csrw satp, x0
    ENTER_S
    la a2, page
    li s7, 0
    SWAP_D
    CHECK s8, STORE_ACCESS
    CHECK_EQ s10, a2
    csrw SSP, a2
    li s7, 0
    SSPOPCHK_RA
    CHECK s8, STORE_ACCESS
    BACK_TO_M
    csrw satp, s3
    la a2, page
    li s7, 0
    SWAP_D
    CHECK s7, 1
    CHECK s8, STORE_ACCESS
    CHECK_EQ s10, a2

    // Machine mode swaps in the memory of others
    li a2, VA
    li t5, MSTATUS_MPP
    csrc mstatus, t5
    li t5, MSTATUS_MPRV | 1 << 11
    csrs mstatus, t5
    li a1, 77
    li s7, 0
    SWAP_D
    ld a3, (a2)
    li t5, MSTATUS_MPRV
    csrc mstatus, t5
    CHECK s7, 0
    CHECK a3, 77

    // User mode
    RAM_FOR PTE_U
    ENTER_U
    ILLEGAL_INSN csrr a0, SSP
    li a2, VA + 0x6000
    ILLEGAL_INSN SWAP_D
    RUNS SSPUSH_RA
    li a0, 1
    RUNS SSRDP_A0
    CHECK a0, 0
    BACK_TO_M
    li t4, SSE
    csrs senvcfg, t4
    csrr a0, senvcfg
    CHECK_BITS a0, SSE, SSE
    ENTER_U
    SET_SSP VA + 0x7000
    li ra, 9
    RUNS SSPUSH_RA
    RUNS SSPOPCHK_RA
    CHECK_SSP VA + 0x7000
    li a2, VA + 0x6ff8
    RUNS SWAP_D
    CHECK a0, 9
    SET_SSP STACK
    TRAPS STORE_PAGE, STACK - 8, SSPUSH_RA
    BACK_TO_M

    // Off again, it is so at once
    li t4, SSE
    csrc menvcfg, t4
    csrr a0, senvcfg
    CHECK_BITS a0, SSE, 0
    ENTER_U
    li a2, VA + 0x6000
    TRAPS LOAD_PAGE, VA + 0x6000, ld a0, (a2)
    ILLEGAL_INSN csrr a0, SSP
    TEST_END

    .bss
    .align 12
root: .space 4096
l1: .space 4096
l0: .space 4096
page: .space 4096
