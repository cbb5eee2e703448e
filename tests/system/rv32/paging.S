// Sv32: pages, superpages, permissions, accessed and dirty bits by trap and by hardware, SUM, MXR, addresses of 34 bits in
// entries, ASIDs and sfence.vma.
#include "machine.h"

#define VA 0x40000000           /* of page 0 of table l0 */
#define RWX (PTE_V | PTE_R | PTE_W | PTE_X | PTE_A | PTE_D)
#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define MENVCFGH_ADUE (1 << 29)
#define SATP_SV32 (1 << 31)

// Entry `index` of table `table` points to `target` with `flags`.
.macro ENTRY table, index, target, flags
    la t4, \target
    srli t4, t4, 2
    ori t4, t4, \flags
    la t5, \table + 4 * (\index)
    sw t4, (t5)
    sfence.vma
.endm
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

    TEST_START
    // A superpage of RAM, where this program is
    li t4, (0x80000000 >> 2) | RWX | PTE_G
    la t5, root + 4 * 0x200
    sw t4, (t5)
    ENTRY root, 0x100, l0, PTE_V
    li t4, MENVCFGH_ADUE
    csrc 0x31a, t4
    la t4, root
    srli t4, t4, 12
    li t5, SATP_SV32
    or s2, t4, t5
    csrw satp, s2
    csrr t4, satp
    CHECK_EQ t4, s2
    li s3, VA
    li a0, 0x11223344

    // Read-only, read-write
    LEAF 0, page0, PTE_V | PTE_R | PTE_A | PTE_D
    RUNS_AS S, lw a1, (s3)
    CHECK a1, 0x10101010
    TRAPS_AS S, STORE_PAGE, VA, sw a0, (s3)
    TRAPS_AS S, STORE_PAGE, VA, amoadd.w a1, a0, (s3)
    LEAF 0, page0, RW
    RUNS_AS S, sw a0, 8(s3)
    RUNS_AS S, lw a1, 8(s3)
    CHECK_EQ a1, a0
    la t4, page0
    lw a1, 8(t4)
    CHECK_EQ a1, a0
    // Doubles are one access
    li t4, MSTATUS_FS
    csrs mstatus, t4
    RUNS_AS S, fld fa0, 8(s3)
    RUNS_AS S, fsd fa0, 16(s3)
    RUNS_AS S, lw a1, 16(s3)
    CHECK_EQ a1, a0
    // Across two pages, of which the second is elsewhere
    LEAF 1, page2, RW
    li s4, VA + 0xffe
    RUNS_AS S, sw a0, (s4)
    la t4, page2
    lhu a1, (t4)
    CHECK a1, 0x1122
    // Nothing there
    li s4, VA + 0x5000
    TRAPS_AS S, LOAD_PAGE, VA + 0x5010, lw a1, 16(s4)
    TRAPS_AS S, STORE_PAGE, VA + 0x5010, sw a1, 16(s4)
    li s4, 0xc0000000
    TRAPS_AS S, LOAD_PAGE, 0xc0000000, lw a1, (s4)
    li s4, 0x4
    TRAPS_AS S, LOAD_PAGE, -4, lw a1, -8(s4)

    // U pages, SUM
    LEAF 0, page0, RW | PTE_U
    RUNS_AS U, lw a1, (s3)
    TRAPS_AS S, LOAD_PAGE, VA, lw a1, (s3)
    li t4, MSTATUS_SUM
    csrs mstatus, t4
    RUNS_AS S, lw a1, (s3)
    csrc mstatus, t4
    LEAF 0, page0, RW
    TRAPS_AS U, LOAD_PAGE, VA, lw a1, (s3)
    // MXR
    LEAF 0, page0, PTE_V | PTE_X | PTE_A | PTE_D
    TRAPS_AS S, LOAD_PAGE, VA, lw a1, (s3)
    li t4, MSTATUS_MXR
    csrs mstatus, t4
    RUNS_AS S, lw a1, (s3)
    csrc mstatus, t4

    // Accessed and dirty bits: by trap
    LEAF 0, page0, PTE_V | PTE_R | PTE_W | PTE_D
    TRAPS_AS S, LOAD_PAGE, VA, lw a1, (s3)
    LEAF 0, page0, PTE_V | PTE_R | PTE_W | PTE_A
    RUNS_AS S, lw a1, (s3)
    TRAPS_AS S, STORE_PAGE, VA, sw a1, (s3)
    // by hardware
    li t4, MENVCFGH_ADUE
    csrs 0x31a, t4
    csrr t5, 0x31a
    and t5, t5, t4
    beqz t5, 1f
    LEAF 0, page0, PTE_V | PTE_R | PTE_W
    RUNS_AS S, lw a1, (s3)
    lw a1, l0
    CHECK_BITS a1, 0xff, PTE_V | PTE_R | PTE_W | PTE_A
    RUNS_AS S, sw a0, (s3)
    lw a1, l0
    CHECK_BITS a1, 0xff, PTE_V | PTE_R | PTE_W | PTE_A | PTE_D
1:

    // Superpages of 4 MiB, and one that is not aligned
    li t4, (0x80000000 >> 2) | RW
    la a4, root + 4 * 0x111
    sw t4, (a4)
    sfence.vma
    la t4, page2
    slli t4, t4, 10
    srli t4, t4, 10
    li s4, 0x44400000
    add s4, s4, t4
    RUNS_AS S, lhu a1, (s4)
    CHECK a1, 0x1122
    li t4, (0x80001000 >> 2) | RW
    sw t4, (a4)
    sfence.vma
    li s4, 0x44400000
    TRAPS_AS S, LOAD_PAGE, 0x44400000, lhu a1, (s4)
    .macro RESERVED flags
    LEAF 0, page0, \flags
    TRAPS_AS S, LOAD_PAGE, VA, lw a1, (s3)
    .endm
    RESERVED PTE_V | PTE_W | PTE_A | PTE_D
    RESERVED PTE_V | PTE_W | PTE_X | PTE_A | PTE_D
    RESERVED PTE_R | PTE_W | PTE_A | PTE_D
    RESERVED PTE_V                              // a pointer in the last level

    // Physical addresses have 34 bits: there is nothing at 2^33
    li t4, (1 << 31) | RW
    la t5, l0
    sw t4, (t5)
    sfence.vma
    TRAPS_AS S, LOAD_ACCESS, VA, lw a1, (s3)

    // Code of a page, and of one that may not be executed
    LEAF 0, page0, RW
    LEAF 1, code, PTE_V | PTE_X | PTE_A
    ENTER_S
    li s7, 0
    li t4, VA + 0x1000
    jalr ra, t4
    CHECK a2, 42
    CHECK_EQ a3, t4
    CHECK s7, 0
    la s5, 8f
    jr s3
8:  CHECK s7, 1
    CHECK s8, FETCH_PAGE
    CHECK s9, VA
    CHECK s10, VA
    li s7, 0

    // Address spaces: another one, back, and what a fence with a number keeps
    BACK_TO_M
    LEAF 0, page0, RW
    la a4, root2
    srli a5, a4, 12
    li a6, SATP_SV32 | 1 << 22
    or a5, a5, a6
    la t5, root + 4 * 0x200
    lw t4, (t5)
    la t5, root2 + 4 * 0x200
    sw t4, (t5)
    ENTRY root2, 0x100, l0b, PTE_V
    ENTRY l0b, 0, page2, RW
    csrw satp, a5
    RUNS_AS S, lhu a1, (s3)
    CHECK a1, 0x1122
    csrw satp, s2
    li a0, 0x55
    RUNS_AS S, sw a0, (s3)
    csrw satp, a5
    RUNS_AS S, lhu a1, (s3)
    CHECK a1, 0x1122
    csrw satp, s2
    RUNS_AS S, lhu a1, (s3)
    CHECK a1, 0x55

    TEST_END

    .data
    .align 12
root:
    .space 4096
root2:
    .space 4096
l0:
    .space 4096
l0b:
    .space 4096
page0:
    .fill 1024, 4, 0x10101010
page2:
    .space 4096
code:
    li a2, 42
    auipc a3, 0
    addi a3, a3, -4
    ret
    .align 12
