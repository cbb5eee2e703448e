// Debug triggers: address matches of fetches, loads and stores in the modes that they name.
#include "machine.h"

#define TYPE6 (6 << 60)
#define M (1 << 6)
#define S (1 << 4)
#define U (1 << 3)
#define EXECUTE 4
#define STORE 2
#define LOAD 1

.macro TRIGGER n, tdata1, address
    csrwi tselect, \n
    csrw tdata1, zero
    la t5, \address
    csrw tdata2, t5
    li t5, \tdata1
    csrw tdata1, t5
.endm
.macro NO_TRIGGER n
    csrwi tselect, \n
    csrw tdata1, zero
.endm

    TEST_START
    csrsi mstatus, MSTATUS_MIE
    li t0, MSTATUS_MPIE
    csrs mstatus, t0
    la a0, data
    csrwi tselect, 1
    CHECK_CSR tselect, 1
    csrr t0, tinfo
    CHECK_BITS t0, 1 << 6, 1 << 6

    // Execute: the instruction is not done
    TRIGGER 0, TYPE6 | M | EXECUTE, 1f
    csrr t0, tdata1
    CHECK_BITS t0, (15 << 60) | 0x7f, TYPE6 | M | EXECUTE
    li a1, 5
    li s7, 0
1:  li a1, 6
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    la t4, 1b
    CHECK_EQ s9, t4
    CHECK_EQ s10, t4
    CHECK a1, 5
    NO_TRIGGER 0

    // Load and store, by one trigger each
    TRIGGER 0, TYPE6 | M | LOAD, data + 8
    TRIGGER 1, TYPE6 | M | STORE, data + 16
    li a1, 5
    la t4, data + 8
    li s7, 0
    ld a1, 8(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    CHECK_EQ s10, t4
    CHECK a1, 5
    RUNS ld a1, 0(a0)
    RUNS ld a1, 16(a0)
    RUNS sd zero, 8(a0)
    la t4, data + 16
    li s7, 0
    sd a1, 16(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    CHECK_EQ s10, t4
    ld a1, 16(a0)
    CHECK a1, 3

    // Other modes
    ENTER_S
    RUNS ld a1, 8(a0)
    BACK_TO_M
    li t0, MSTATUS_MPIE
    csrs mstatus, t0
    TRIGGER 0, TYPE6 | S | U | LOAD | STORE, data + 8
    NO_TRIGGER 1
    RUNS ld a1, 8(a0)
    la t4, data + 8
    ENTER_S
    li s7, 0
    ld a1, 8(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    BACK_TO_M
    ENTER_U
    li s7, 0
    sd a1, 8(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    RUNS sd a1, 16(a0)
    BACK_TO_M
    NO_TRIGGER 0
    RUNS ld a1, 8(a0)
    TEST_END

    .data
    .align 4
data:
    .dword 1, 2, 3, 4
