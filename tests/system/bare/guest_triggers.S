// Debug triggers in guests: address matches in VS and VU mode, where tdata1 names them.
#include "hypervisor.h"

    .option arch, +h

#define TYPE6 (6 << 60)
#define VS_MODE (1 << 24)
#define VU_MODE (1 << 23)
#define S_MODE (1 << 4)
#define U_MODE (1 << 3)
#define STORE 2
#define LOAD 1

.macro TRIGGER tdata1, address
    csrwi tselect, 0
    csrw tdata1, zero
    la t5, \address
    csrw tdata2, t5
    li t5, \tdata1
    csrw tdata1, t5
.endm

    TEST_START
    la a0, data
    TRIGGER TYPE6 | VS_MODE | LOAD, data + 8
    csrr a1, tdata1
    CHECK_BITS a1, VS_MODE | VU_MODE, VS_MODE
    // VS mode: the address is a guest's
    ENTER_VS
    li s7, 0
    li a1, 5
    ld a1, 8(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    la t4, data + 8
    CHECK_EQ s10, t4
    CHECK a1, 5
    CHECK_BITS s11, MSTATUS_MPV | MSTATUS_GVA, MSTATUS_MPV | MSTATUS_GVA
    RUNS ld a1, 16(a0)
    BACK_TO_M
    // not in VU, S and U mode
    ENTER_VU
    RUNS ld a1, 8(a0)
    BACK_TO_M
    ENTER_S
    RUNS ld a1, 8(a0)
    BACK_TO_M
    ENTER_U
    RUNS ld a1, 8(a0)
    BACK_TO_M
    // VU mode alone
    TRIGGER TYPE6 | VU_MODE | STORE, data + 8
    ENTER_VU
    li s7, 0
    sd a1, 8(a0)
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    BACK_TO_M
    ENTER_VS
    RUNS sd a1, 8(a0)
    BACK_TO_M
    // S and U mode are not those of guests
    TRIGGER TYPE6 | S_MODE | U_MODE | LOAD, data + 8
    ENTER_VS
    RUNS ld a1, 8(a0)
    BACK_TO_M
    csrw tdata1, zero

    TEST_END

    .data
    .align 3
data:
    .space 32
