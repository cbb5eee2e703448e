// Physical memory protection: the address modes, permissions below and in machine mode, priorities, locked entries,
// rules finer than a page; then Smepmp, which stays on until reset and so comes last.
#include "pmp.h"

#define MSECCFG 0x747
// Entry `n` (0..7): address register and configuration.
.macro PMP n, address, config
    li t5, \address
    csrw pmpaddr\n, t5
    CONFIG \n, \config
.endm
.macro CHECK_CONFIG n, config
    csrr t4, pmpcfg0
    srli t4, t4, 8 * \n
    andi t4, t4, 0xff
    CHECK t4, \config
.endm
    TEST_START
    li s0, AREA
    li a0, 0x55
    // Entry 15 of machine.h allows everything; entries with lower numbers win.
    OK ld a1, (s0)
    OK sd a1, (s0)

    // NAPOT: 4 KiB at AREA, read-only; the pages around it are open
    PMP 0, (AREA >> 2) | 0x1ff, NAPOT | R
    OK ld a1, (s0)
    DENIED STORE_ACCESS, AREA, sd a1, (s0)
    li s2, AREA + 0x1000
    DENIED STORE_ACCESS, AREA + 0xff8, sd a1, -8(s2)
    OK sd a1, (s2)
    OK sd a1, -8(s0)
    CONFIG 0, NAPOT | R | W
    OK sd a1, (s0)
    CONFIG 0, NAPOT | X
    DENIED LOAD_ACCESS, AREA, ld a1, (s0)
    CONFIG 0, NAPOT
    DENIED LOAD_ACCESS, AREA, ld a1, (s0)
    // machine mode is not bound by it
    RUNS ld a1, (s0)
    RUNS sd a1, (s0)

    // Fetch
    li t0, 0x00008067               // ret
    sw t0, (s0)
    fence.i
    CONFIG 0, NAPOT | R | W
    ENTER_S
    la s5, 1f
    li t0, AREA
    jr t0
1:  CHECK s8, FETCH_ACCESS
    CHECK s10, AREA
    CHECK s9, AREA
    CONFIG 0, NAPOT | X
    ENTER_S
    li s7, 0
    li t0, AREA
    jalr t0
    CHECK s7, 0
    BACK_TO_M

    // TOR between entries 0 and 1; an empty range matches nothing
    PMP 0, AREA >> 2, 0
    PMP 1, (AREA + 0x2000) >> 2, TOR | R
    OK ld a1, (s0)
    DENIED STORE_ACCESS, AREA, sd a1, (s0)
    DENIED STORE_ACCESS, AREA + 0x1000, sd a1, (s2)
    li s3, AREA + 0x2000
    OK sd a1, (s3)
    PMP 0, (AREA + 0x2000) >> 2, 0
    OK sd a1, (s0)
    // TOR of entry 0 begins at 0
    CONFIG 1, 0
    PMP 0, AREA >> 2, TOR | R | X | W
    PMP 1, (AREA + 0x1000) >> 2, TOR
    DENIED LOAD_ACCESS, AREA, ld a1, (s0)
    OK ld a1, (s2)
    lla s4, order_word
    OK ld a1, (s4)

    // Finer than a page: four bytes at AREA + 8
    CONFIG 0, 0
    CONFIG 1, 0
    PMP 0, (AREA + 8) >> 2, NA4 | R
    OK lw a1, 8(s0)
    DENIED STORE_ACCESS, AREA + 8, sw a1, 8(s0)
    OK sw a1, 12(s0)
    OK sw a1, 4(s0)
    DENIED STORE_ACCESS, AREA + 8, sb a1, 8(s0)
    DENIED STORE_ACCESS, AREA + 11, sb a1, 11(s0)
    OK sb a1, 7(s0)
    OK sb a1, 12(s0)
    // an access that reaches into it
    PMP 0, (AREA + 12) >> 2, NA4
    li s7, 0
    AS_S ld a1, 8(s0)
    CHECK s7, 1
    CHECK s8, LOAD_ACCESS
    li s7, 0
    AS_S sd a1, 8(s0)
    CHECK s7, 1
    CHECK s8, STORE_ACCESS
    OK ld a1, 0(s0)
    OK ld a1, 16(s0)
    OK lw a1, 8(s0)
    PMP 0, (AREA + 8) >> 2, NA4 | R

    // The lowest number wins
    PMP 1, (AREA >> 2) | 0x1ff, NAPOT
    OK lw a1, 8(s0)
    DENIED LOAD_ACCESS, AREA + 12, lw a1, 12(s0)
    CONFIG 0, 0
    DENIED LOAD_ACCESS, AREA + 8, lw a1, 8(s0)
    CONFIG 1, 0

    // No rule matches: denied below machine mode
    li t0, 0xff << 56
    csrc pmpcfg2, t0
    DENIED LOAD_ACCESS, AREA, ld a1, (s0)
    RUNS ld a1, (s0)
    li t0, 0x1f << 56
    csrs pmpcfg2, t0
    OK ld a1, (s0)

    // Page tables are checked as supervisor accesses
    li t0, (0x80000000 >> 2) | 0xcf // a gigapage, readable and writable
    li t1, AREA + 0x10
    sd t0, (t1)
    li t0, (8 << 60) | (AREA >> 12)
    csrw satp, t0
    sfence.vma
    OK ld a1, (s0)
    PMP 0, (AREA >> 2) | 0x1ff, NAPOT
    sfence.vma
    DENIED LOAD_ACCESS, AREA + 0x2000, ld a1, (s3)
    DENIED STORE_ACCESS, AREA + 0x2000, sd a1, (s3)
    csrw satp, zero
    sfence.vma
    CONFIG 0, 0

    // Locked entries
    PMP 3, (AREA + 0x8000) >> 2, 0
    PMP 4, (AREA + 0x9000) >> 2, LOCK | TOR | R
    li s2, AREA + 0x8000
    TRAPS STORE_ACCESS, AREA + 0x8000, sd a0, (s2)
    RUNS ld a1, (s2)
    csrw pmpaddr4, zero
    CHECK_CSR pmpaddr4, (AREA + 0x9000) >> 2
    csrw pmpaddr3, zero             // its lower bound is locked with it
    CHECK_CSR pmpaddr3, (AREA + 0x8000) >> 2
    li t0, 0xff << 32
    csrc pmpcfg0, t0
    CHECK_CONFIG 4, LOCK | TOR | R
    CHECK_WRITE pmpaddr5, -1, (1 << 54) - 1
    csrw pmpaddr5, zero

    // Smepmp: RLB cannot be set while a rule is locked
    csrwi MSECCFG, 4
    CHECK_CSR MSECCFG, 0
    // Machine mode needs a locked rule for its own code: entry 0, all of the program
    PMP 0, (0x80000000 >> 2) | 0xffff, LOCK | NAPOT | R | X
    PMP 1, (0x80000000 >> 2) | 0xffff, NAPOT | R
    csrwi MSECCFG, 1                // MML
    CHECK_CSR MSECCFG, 1
    csrwi MSECCFG, 0
    CHECK_CSR MSECCFG, 1
    // an unlocked rule is for the lower modes only
    PMP 2, (AREA >> 2) | 0x1ff, NAPOT | R | W
    TRAPS LOAD_ACCESS, AREA, ld a1, (s0)
    OK sd a1, (s0)
    // shared data: W alone; machine mode writes, lower modes read
    CONFIG 2, NAPOT | W
    RUNS sd a0, (s0)
    OK ld a1, (s0)
    DENIED STORE_ACCESS, AREA, sd a1, (s0)
    CONFIG 2, NAPOT | W | X
    OK sd a1, (s0)
    RUNS sd a1, (s0)
    // new rules with code for machine mode are ignored
    PMP 5, (AREA >> 2) | 0x1ff, LOCK | NAPOT | R | X
    CHECK_CONFIG 5, 0
    // MMWP: machine mode may not access what no rule names; the finisher and the stack first
    PMP 5, (SIFIVE_TEST >> 2) | 0x1ff, LOCK | NAPOT | R | W
    CHECK_CONFIG 5, LOCK | NAPOT | R | W
    li t0, 0xff << 56
    csrc pmpcfg2, t0
    li s2, 0x80500000
    RUNS ld a1, (s2)
    csrwi MSECCFG, 3
    CHECK_CSR MSECCFG, 3
    TRAPS LOAD_ACCESS, 0x80500000, ld a1, (s2)
    TEST_END

    .data
    .align 3
order_word:
    .dword 0
