// An access that a PMP entry matches only in part is an access fault, whatever the entry and what is around it permit
// (Privileged specification, "Priority and Matching Logic"): all kinds and sizes of accesses, in machine mode and below,
// under translation, of page tables, of fetches.
#include "amocas.h"
#include "pmp.h"

#define ALL (R | W | X)

// On the block of s1
#define CBO_INVAL .insn i 0x0f, 2, x0, s1, 0
#define CBO_CLEAN .insn i 0x0f, 2, x0, s1, 1
#define CBO_FLUSH .insn i 0x0f, 2, x0, s1, 2
#define CBO_ZERO .insn i 0x0f, 2, x0, s1, 4

.macro PMP n, address, config
    CONFIG \n, 0
    li t5, \address
    csrw pmpaddr\n, t5
    CONFIG \n, \config
.endm
#define LOADS DENIED LOAD_ACCESS,
#define STORES DENIED STORE_ACCESS,

    TEST_START
    li t0, MSTATUS_FS
    csrs mstatus, t0
    li s0, AREA
    li a0, 0x1122334455667788

    // Four bytes at AREA + 8, open as all around them
    PMP 0, (AREA + 8) >> 2, NA4 | ALL
    OK lw a1, 8(s0)
    OK sw a1, 8(s0)
    OK lb a1, 11(s0)
    OK lh a1, 10(s0)
    OK lw a1, 12(s0)
    OK ld a1, 16(s0)
    OK ld a1, 0(s0)
    LOADS AREA + 8, ld a1, 8(s0)
    STORES AREA + 8, sd a1, 8(s0)
    LOADS AREA + 8, fld fa1, 8(s0)
    STORES AREA + 8, fsd fa1, 8(s0)
    OK flw fa1, 8(s0)
    OK fsw fa1, 8(s0)
    // misaligned, into it and out of it
    LOADS AREA + 5, lw a1, 5(s0)
    LOADS AREA + 7, lh a1, 7(s0)
    LOADS AREA + 9, lw a1, 9(s0)
    LOADS AREA + 11, lh a1, 11(s0)
    STORES AREA + 7, sh a1, 7(s0)
    STORES AREA + 11, sh a1, 11(s0)
    STORES AREA + 4, sd a1, 4(s0)
    OK lw a1, 13(s0)
    OK lh a1, 5(s0)
    // atomics
    addi s1, s0, 8
    LOADS AREA + 8, lr.d a1, (s1)
    STORES AREA + 8, amoadd.d a1, a2, (s1)
    STORES AREA + 8, amoswap.d a1, a2, (s1)
    STORES AREA + 8, amocas.d a1, a2, s1
    OK amoadd.w a1, a2, (s1)
    OK lr.w a1, (s1)
    STORES AREA, amocas.q a2, a4, s0
    // cache blocks
    sd a0, 0(s0)
    sd a0, 16(s0)
    addi s1, s0, 4
    STORES AREA, CBO_ZERO
    OK ld a1, 0(s0)
    CHECK_EQ a1, a0
    OK ld a1, 16(s0)
    CHECK_EQ a1, a0
    STORES AREA + 4, CBO_CLEAN
    STORES AREA + 4, CBO_FLUSH
    STORES AREA + 4, CBO_INVAL
    addi s1, s0, 64
    OK CBO_ZERO
    OK CBO_CLEAN
    // Machine mode is bound by partial matches of unlocked entries, too: the entry does not match all bytes.
    li s7, 0
    ld a1, 8(s0)
    CHECK s7, 1
    CHECK s8, LOAD_ACCESS
    li s7, 0
    sd a1, 8(s0)
    CHECK s7, 1
    CHECK s8, STORE_ACCESS
    RUNS lw a1, 8(s0)

    // The lower half open, the upper half denied and the other way round; nothing is written
    sd a0, 24(s0)
    sd a0, 32(s0)
    PMP 0, (AREA + 24) >> 2, NA4
    STORES AREA + 24, sd zero, 24(s0)
    LOADS AREA + 24, ld a1, 24(s0)
    LOADS AREA + 20, ld a1, 20(s0)
    STORES AREA + 20, sd zero, 20(s0)
    CONFIG 0, 0
    ld a1, 24(s0)
    CHECK_EQ a1, a0
    PMP 0, (AREA + 36) >> 2, NA4
    STORES AREA + 32, sd zero, 32(s0)
    CONFIG 0, 0
    ld a1, 32(s0)
    CHECK_EQ a1, a0

    // Ranges: what lies in one is no partial match, aligned or not
    PMP 0, (AREA + 0x10) >> 2, 0
    PMP 1, (AREA + 0x34) >> 2, TOR | ALL
    OK ld a1, 0x10(s0)
    OK ld a1, 0x2c(s0)
    OK ld a1, 0x1c(s0)
    OK lw a1, 0x1e(s0)
    OK sd a1, 0x1c(s0)
    LOADS AREA + 0x30, ld a1, 0x30(s0)
    LOADS AREA + 0x2d, ld a1, 0x2d(s0)
    LOADS AREA + 0xc, ld a1, 0xc(s0)
    // an entry of higher priority in the middle of it
    PMP 0, (AREA + 0x10) >> 2, 0
    PMP 1, (AREA + 0x20) >> 2, NA4 | ALL
    PMP 2, (AREA >> 2) | 0x1ff, NAPOT | ALL
    LOADS AREA + 0x1c, ld a1, 0x1c(s0)
    LOADS AREA + 0x20, ld a1, 0x20(s0)
    OK ld a1, 0x18(s0)
    // of lower priority: not looked at
    PMP 0, (AREA >> 2) | 0x1ff, NAPOT | R
    OK ld a1, 0x20(s0)
    STORES AREA + 0x20, sd a1, 0x20(s0)
    CONFIG 0, 0
    CONFIG 1, 0
    CONFIG 2, 0

    // Two pages: each part is looked at by itself
    li s1, AREA + 0x1000
    PMP 0, (AREA >> 2) | 0x1ff, NAPOT | R | W
    OK ld a1, -4(s1)
    OK sd a1, -3(s1)
    PMP 0, (AREA + 0x1000) >> 2, NA4 | R
    OK ld a1, -4(s1)
    LOADS AREA + 0x1000, ld a1, -3(s1)
    STORES AREA + 0x1000, sd a1, -4(s1)
    PMP 0, (AREA + 0xffc) >> 2, NA4 | R | W
    OK ld a1, -4(s1)
    OK sd a1, -4(s1)
    LOADS AREA + 0xffb, ld a1, -5(s1)

    // Under translation: a gigapage
    li t0, (0x80000000 >> 2) | 0xcf
    li t1, AREA + 0x2010
    sd t0, (t1)
    PMP 0, (AREA + 8) >> 2, NA4 | ALL
    li t0, (8 << 60) | ((AREA + 0x2000) >> 12)
    csrw satp, t0
    sfence.vma
    OK lw a1, 8(s0)
    LOADS AREA + 8, ld a1, 8(s0)
    STORES AREA + 8, sd a1, 8(s0)
    // a page-table entry that is matched in part
    PMP 0, (AREA + 0x2010) >> 2, NA4 | ALL
    sfence.vma
    LOADS AREA, ld a1, (s0)
    STORES AREA, sd a1, (s0)
    PMP 0, (AREA + 0x2010) >> 2, NAPOT | ALL
    sfence.vma
    OK ld a1, (s0)
    csrw satp, zero
    sfence.vma

    // Fetch: instructions of two and four bytes beside a denied word
    li t0, 0x00000013               // nop
    sw t0, 0x40(s0)
    sw t0, 0x44(s0)
    li t0, 0x00008067               // ret
    sw t0, 0x48(s0)
    fence.i
    PMP 0, (AREA + 0x44) >> 2, NA4 | R
    ENTER_S
    la s5, 1f
    li t0, AREA + 0x40
    jr t0
1:  CHECK s8, FETCH_ACCESS
    CHECK s9, AREA + 0x44
    CHECK s10, AREA + 0x44
    li s7, 0
    CONFIG 0, NA4 | X
    ENTER_S
    li t0, AREA + 0x40
    jalr t0
    CHECK s7, 0
    BACK_TO_M

    // Locked: machine mode, too
    PMP 0, (AREA + 8) >> 2, LOCK | NA4 | R | W
    li s7, 0
    ld a1, 8(s0)
    CHECK s7, 1
    RUNS lw a1, 8(s0)
    TEST_END
