// Address translation: Sv39, Sv48, Sv57; accessed and dirty bits by trap and by hardware; U, SUM, MXR, MPRV; Svnapot,
// Svpbmt; superpages; reserved encodings; fetch faults; ASIDs and sfence.vma.
#include "machine.h"

#define VA 0x40000000           /* of page 0 of table l0 */
#define RWX (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define ADUE (1 << 61)
#define PBMTE (1 << 62)
#define SATP_SV39 (8 << 60)

// Entry `index` of table `table` points to `target` with `flags`.
.macro ENTRY table, index, target, flags
    la t4, \target
    srli t4, t4, 2
    li t5, \flags
    or t4, t4, t5
    la t5, \table
    sd t4, 8*(\index)(t5)
    sfence.vma
.endm
// The page at VA + index * 4096.
.macro LEAF index, target, flags
    ENTRY l0, \index, \target, \flags
.endm

// One access from machine mode as if from mode `mpp`.
.macro AS mpp, insn:vararg
    li t5, MSTATUS_MPP
    csrc mstatus, t5
    li t5, MSTATUS_MPRV | (\mpp << 11)
    csrs mstatus, t5
9:  \insn
    li t5, MSTATUS_MPRV
    csrc mstatus, t5
.endm
.macro RUNS_AS mpp, insn:vararg
    li s7, 0
    AS \mpp, \insn
    CHECK s7, 0
.endm
.macro TRAPS_AS mpp, cause, tval, insn:vararg
    li s7, 0
    AS \mpp, \insn
    CHECK s7, 1
    CHECK s8, \cause
    CHECK s10, \tval
.endm
#define S 1
#define U 0

// Jumps to `address` in supervisor mode; traps with `cause` and `tval`.
.macro FETCH_TRAPS cause, address, tval
    ENTER_S
    li s7, 0
    la s5, 8f
    li t4, \address
    jr t4
8:  CHECK s7, 1
    CHECK s8, \cause
    CHECK s9, \address
    CHECK s10, \tval
.endm

    TEST_START
    // Gigapage of RAM for supervisor mode
    li t4, (0x80000000 >> 2) | RWX | PTE_G
    la t5, root
    sd t4, 16(t5)
    ENTRY root, 1, l1, PTE_V
    ENTRY l1, 0, l0, PTE_V
    li t4, ADUE
    csrc menvcfg, t4
    la t4, root
    srli t4, t4, 12
    li t5, SATP_SV39
    or s2, t4, t5
    csrw satp, s2
    csrr t4, satp
    CHECK_EQ t4, s2
    // A mode that there is not: no effect
    li t5, 1 << 60
    csrw satp, t5
    csrr t4, satp
    CHECK_EQ t4, s2
    li s3, VA
    li a0, 0x1122334455667788

    // Read-only, read-write
    LEAF 0, page0, PTE_V | PTE_R | PTE_A | PTE_D
    RUNS_AS S, ld a1, (s3)
    CHECK a1, 0x1010101010101010
    TRAPS_AS S, STORE_PAGE, VA, sd a0, (s3)
    TRAPS_AS S, STORE_PAGE, VA, amoadd.d a1, a0, (s3)
    LEAF 0, page0, RW
    RUNS_AS S, sd a0, 8(s3)
    RUNS_AS S, ld a1, 8(s3)
    CHECK_EQ a1, a0
    la t4, page0
    ld a1, 8(t4)
    CHECK_EQ a1, a0
    // not there
    li s4, VA + 0x5000
    TRAPS_AS S, LOAD_PAGE, VA + 0x5010, ld a1, 16(s4)
    TRAPS_AS S, STORE_PAGE, VA + 0x5010, sd a1, 16(s4)
    TRAPS_AS S, LOAD_PAGE, VA + 0x5000, lr.w a1, (s4)
    // not canonical
    li s4, 1 << 40
    TRAPS_AS S, LOAD_PAGE, 1 << 40, ld a1, (s4)
    li s4, 1 << 38
    TRAPS_AS S, LOAD_PAGE, 1 << 38, ld a1, (s4)

    // Accessed and dirty by trap
    LEAF 1, page1, PTE_V | PTE_R | PTE_W
    li s4, VA + 0x1000
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    LEAF 1, page1, PTE_V | PTE_R | PTE_W | PTE_A
    RUNS_AS S, ld a1, (s4)
    TRAPS_AS S, STORE_PAGE, VA + 0x1000, sd a1, (s4)
    // by hardware
    li t4, ADUE
    csrs menvcfg, t4
    RUNS_AS S, ld a1, (s4)
    la t4, l0
    ld t4, 8(t4)
    CHECK_BITS t4, 0xff, PTE_V | PTE_R | PTE_W | PTE_A
    RUNS_AS S, sd a0, (s4)
    la t4, l0
    ld t4, 8(t4)
    CHECK_BITS t4, 0xff, RW
    LEAF 1, page1, PTE_V | PTE_R | PTE_W
    RUNS_AS S, ld a1, (s4)
    CHECK_EQ a1, a0
    la t4, l0
    ld t4, 8(t4)
    CHECK_BITS t4, 0xff, PTE_V | PTE_R | PTE_W | PTE_A
    // a denied access changes nothing
    LEAF 1, page1, PTE_V | PTE_R
    TRAPS_AS S, STORE_PAGE, VA + 0x1000, sd a1, (s4)
    la t4, l0
    ld t4, 8(t4)
    CHECK_BITS t4, 0xff, PTE_V | PTE_R

    // User pages
    LEAF 1, page1, RW | PTE_U
    RUNS_AS U, ld a1, (s4)
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    TRAPS_AS U, LOAD_PAGE, VA, ld a1, (s3)
    li t4, MSTATUS_SUM
    csrs mstatus, t4
    RUNS_AS S, ld a1, (s4)
    RUNS_AS S, ld a1, (s3)
    TRAPS_AS U, LOAD_PAGE, VA, ld a1, (s3)
    csrc mstatus, t4
    li t4, MSTATUS_SUM
    csrc mstatus, t4
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)

    // Execute-only pages, MXR
    LEAF 1, page1, PTE_V | PTE_X | PTE_A
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    li t4, MSTATUS_MXR
    csrs mstatus, t4
    RUNS_AS S, ld a1, (s4)
    TRAPS_AS S, STORE_PAGE, VA + 0x1000, sd a1, (s4)
    li t4, MSTATUS_MXR
    csrc mstatus, t4
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)

    // Reserved: W without R, bits 58:54, A in a pointer, leaf level too low
    LEAF 1, page1, PTE_V | PTE_W | PTE_A | PTE_D
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    LEAF 1, page1, RW | (1 << 54)
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    LEAF 1, page1, RW | (1 << 58)
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    // Svrsw60t59b: bits 60 and 59 are software's
    LEAF 1, page1, RW | (3 << 59)
    RUNS_AS S, ld a1, (s4)
    LEAF 1, page1, PTE_V
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    ENTRY l1, 1, l0, PTE_V | PTE_A
    li s4, VA + 0x200000
    TRAPS_AS S, LOAD_PAGE, VA + 0x200000, ld a1, (s4)

    // Superpage of 2 MiB, aligned and not
    li t4, (0x80000000 >> 2) | RW
    la t5, l1
    sd t4, 8(t5)
    sfence.vma
    RUNS_AS S, lwu a1, (s4)
    lwu a2, _start
    CHECK_EQ a1, a2
    li t4, (0x80001000 >> 2) | RW
    la t5, l1
    sd t4, 8(t5)
    sfence.vma
    TRAPS_AS S, LOAD_PAGE, VA + 0x200000, ld a1, (s4)

    // A page table outside memory
    li t4, (0x1000000 >> 2) | PTE_V
    la t5, l1
    sd t4, 8(t5)
    sfence.vma
    TRAPS_AS S, LOAD_ACCESS, VA + 0x200000, ld a1, (s4)
    TRAPS_AS S, STORE_ACCESS, VA + 0x200000, sd a1, (s4)
    // A page outside memory
    li t4, (0x1000000 >> 2) | RW
    la t5, l0
    sd t4, 8(t5)
    sfence.vma
    li s4, VA + 0x1000
    TRAPS_AS S, LOAD_ACCESS, VA + 0x1000, ld a1, (s4)

    // Misaligned, across two pages
    LEAF 1, page1, RW
    LEAF 2, page0, RW
    li s4, VA + 0x1ffc
    RUNS_AS S, sd a0, (s4)
    RUNS_AS S, ld a1, (s4)
    CHECK_EQ a1, a0
    lwu a1, page0
    CHECK a1, 0x11223344
    LEAF 2, page0, 0
    TRAPS_AS S, LOAD_PAGE, VA + 0x2000, ld a1, (s4)
    TRAPS_AS S, STORE_PAGE, VA + 0x2000, sd a1, (s4)

    // Svnapot: 64 KiB
    la t4, napot + 0x8000
    srli t4, t4, 2
    li t5, PTE_N | RW
    or t4, t4, t5
    la t5, l0
    sd t4, 8*16(t5)
    sd t4, 8*21(t5)
    sfence.vma
    li t3, 0x5a5a
    la t4, napot + 0x5000
    sd t3, 24(t4)
    li s4, VA + 0x15000
    RUNS_AS S, ld a1, 24(s4)
    CHECK_EQ a1, t3
    la t4, napot
    srli t4, t4, 2
    li t5, PTE_N | RW
    or t4, t4, t5
    la t5, l0
    sd t4, 8*21(t5)
    sfence.vma
    TRAPS_AS S, LOAD_PAGE, VA + 0x15018, ld a1, 24(s4)

    // Svpbmt
    li t4, PBMTE
    csrc menvcfg, t4
    li s4, VA + 0x1000
    LEAF 1, page1, RW | (1 << 61)
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)
    li t4, PBMTE
    csrs menvcfg, t4
    RUNS_AS S, ld a1, (s4)
    LEAF 1, page1, RW | (2 << 61)
    RUNS_AS S, sd a0, (s4)
    LEAF 1, page1, RW | (3 << 61)
    TRAPS_AS S, LOAD_PAGE, VA + 0x1000, ld a1, (s4)

    // Fetches
    LEAF 3, code, RWX
    ENTER_S
    li s7, 0
    li t4, VA + 0x3000
    jalr t4
    CHECK a0, 42
    CHECK s7, 0
    BACK_TO_M
    LEAF 3, code, RW
    FETCH_TRAPS FETCH_PAGE, VA + 0x3000, VA + 0x3000
    LEAF 3, code, RWX | PTE_U
    FETCH_TRAPS FETCH_PAGE, VA + 0x3000, VA + 0x3000
    li t4, MSTATUS_SUM
    csrs mstatus, t4
    FETCH_TRAPS FETCH_PAGE, VA + 0x3000, VA + 0x3000
    li t4, MSTATUS_SUM
    csrc mstatus, t4
    // an instruction across two pages, whose second half is not there
    LEAF 3, code, RWX
    LEAF 4, code, 0
    FETCH_TRAPS FETCH_PAGE, VA + 0x3ffe, VA + 0x4000
    // and is there: the same page again, whose first half word makes "addi a0, t1, 0x51" of the last one
    LEAF 4, code, RWX
    ENTER_S
    li t1, 42 - 0x51
    li s7, 0
    li t4, VA + 0x3ffe
    jalr t4
    CHECK s7, 0
    CHECK a0, 42
    BACK_TO_M
    // user mode
    LEAF 3, code, RWX | PTE_U
    la s5, 1f
    li t4, VA + 0x3010
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    mret
1:  CHECK s8, ECALL_U
    CHECK s9, VA + 0x3010

    // user mode jumps to code that supervisor mode has run, and may not
    LEAF 3, code, RWX
    LEAF 6, code, RWX | PTE_U
    ENTER_S
    li t4, VA + 0x3000
    jalr t4
    BACK_TO_M
    la s5, 1f
    li t4, VA + 0x6020
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    li t4, VA + 0x3000
    mret
1:  CHECK s8, FETCH_PAGE
    CHECK s9, VA + 0x3000
    CHECK s10, VA + 0x3000

    // One address: the entry is changed, then fenced by address
    LEAF 1, page1, RW
    la t4, page1
    li t3, 111
    sd t3, (t4)
    la t4, page0
    li t3, 222
    sd t3, (t4)
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 111
    la t4, page0
    srli t4, t4, 2
    ori t4, t4, RW
    la t5, l0
    sd t4, 8(t5)
    sfence.vma s4, zero
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 222

    // Address spaces: the same tables but for one page, numbers 1 and 2
    la t4, root2
    la t5, root
    ld t3, 16(t5)
    sd t3, 16(t4)
    ENTRY root2, 1, l1b, PTE_V
    ENTRY l1b, 0, l0b, PTE_V
    ENTRY l0b, 1, page1, RW
    la t4, root2
    srli t4, t4, 12
    li t5, SATP_SV39 | (2 << 44)
    or s1, t4, t5
    li t5, 1 << 44
    or s2, s2, t5
    li t0, 3
4:  csrw satp, s1
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 111
    csrw satp, s2
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 222
    addi t0, t0, -1
    bnez t0, 4b
    // changed in space 1 while 2 is active, and fenced by number
    csrw satp, s1
    la t4, page1
    srli t4, t4, 2
    ori t4, t4, RW
    la t5, l0
    sd t4, 8(t5)
    li t4, 1
    sfence.vma zero, t4
    csrw satp, s2
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 111

    // Sv48 and Sv57
    ENTRY root4, 0, root, PTE_V
    la t4, root4
    srli t4, t4, 12
    li t5, 9 << 60
    or t4, t4, t5
    csrw satp, t4
    sfence.vma
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 111
    ENTRY root5, 0, root4, PTE_V
    la t4, root5
    srli t4, t4, 12
    li t5, 10 << 60
    or t4, t4, t5
    csrw satp, t4
    sfence.vma
    RUNS_AS S, ld a1, (s4)
    CHECK a1, 111
    ENTER_S
    RUNS ld a1, (s4)
    CHECK a1, 111
    BACK_TO_M
    csrw satp, zero
    sfence.vma
    TEST_END

    .section .text.aligned, "ax"
    .align 12
code:
    li a0, 42
    ret
    .align 4
    ecall
    .align 5
    jr t4
    .org code + 0xffe
    .2byte 0x0513               // half an instruction

    .data
    .align 12
page0:
    .fill 1024, 4, 0x10101010
page1:
    .space 4096
root: .space 4096
root2: .space 4096
root4: .space 4096
root5: .space 4096
l1: .space 4096
l1b: .space 4096
l0: .space 4096
l0b: .space 4096
    .align 16
napot:
    .space 65536
