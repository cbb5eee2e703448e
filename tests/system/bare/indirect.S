// Indirect CSRs (Smcsrind, Sscsrind) and what they select: counters that are the supervisor's (Smcdeleg, Ssccfg). Filters of
// the fixed counters by mode (Smcntrpmf).
#include "machine.h"

#define CDE (1 << 60)
#define MINH (1 << 62)
#define SINH (1 << 61)
#define UINH (1 << 60)
// Register `a` is less than `b`.
.macro CHECK_LESS a, b
    addi gp, gp, 1
    bgeu \a, \b, test_failed
.endm

    TEST_START

    li t4, -1
    csrw 0x30c, t4              // mstateen0: all for supervisor mode

    // miselect holds a number; nothing is selected by most
    CHECK_WRITE 0x350, 0x123, 0x123
    ILLEGAL_INSN csrr a0, 0x351
    ILLEGAL_INSN csrw 0x352, a0
    ILLEGAL_INSN csrr a0, 0x353
    ILLEGAL_INSN csrr a0, 0x355
    ILLEGAL_INSN csrr a0, 0x356
    ILLEGAL_INSN csrr a0, 0x357
    CHECK_WRITE 0x150, 0x5f, 0x5f

    // Not delegated: no access
    li t4, CDE
    csrc menvcfg, t4
    csrwi mcounteren, 0
    li t4, 0x40
    csrw 0x150, t4
    ILLEGAL_INSN csrr a0, 0x151
    ILLEGAL_INSN csrr a0, 0x120
    // Delegated, but the counter is not
    li t4, CDE
    csrs menvcfg, t4
    ILLEGAL_INSN csrr a0, 0x151
    // cycle
    li t4, 0xd
    csrw mcounteren, t4
    csrwi mcountinhibit, 0xd
    ENTER_S
    li t4, 0x12345
    csrw 0x151, t4
    CHECK_CSR 0x151, 0x12345
    li t4, 0x42
    csrw 0x150, t4
    li t4, 0x6789
    csrw 0x151, t4
    CHECK_CSR instret, 0x6789
    // hpmcounter3 and its event, of which MINH is not the supervisor's
    li t4, 0x43
    csrw 0x150, t4
    li t4, 77
    csrw 0x151, t4
    CHECK_CSR 0x151, 77
    li t4, MINH | SINH | 1
    csrw 0x152, t4
    csrr a0, 0x152
    CHECK_BITS a0, MINH | SINH | 3, SINH | 1
    csrw 0x152, x0
    ILLEGAL_INSN csrr a0, 0x153
    ILLEGAL_INSN csrr a0, 0x155
    ILLEGAL_INSN csrr a0, 0x156
    ILLEGAL_INSN csrr a0, 0x157
    // time is no such counter, and others are not delegated
    li t4, 0x41
    csrw 0x150, t4
    ILLEGAL_INSN csrr a0, 0x151
    li t4, 0x44
    csrw 0x150, t4
    ILLEGAL_INSN csrr a0, 0x151
    // scountinhibit: the delegated ones
    csrr a0, 0x120
    CHECK a0, 0xd
    li t4, 0x19
    csrw 0x120, t4
    CHECK_CSR 0x120, 0x9
    BACK_TO_M
    csrr a0, mcountinhibit
    CHECK a0, 0x9
    csrwi mcountinhibit, 0
    csrr a0, mcycle
    csrr a1, mcycle
    CHECK_LESS a0, a1

    // A counter that does not count in machine mode stands still there
    li t4, MINH
    csrw 0x321, t4
    csrr a0, 0x321
    CHECK_EQ a0, t4
    csrr a0, mcycle
    csrr a1, mcycle
    CHECK_EQ a0, a1
    // and goes on in supervisor mode
    csrr a2, mcycle
    ENTER_S
    nop
    nop
    BACK_TO_M
    csrr a1, mcycle
    CHECK_LESS a2, a1
    csrw 0x321, x0
    // The same of instructions, in supervisor mode
    li t4, SINH | UINH
    csrw 0x322, t4
    ENTER_S
    csrr a0, instret
    nop
    csrr a1, instret
    CHECK_EQ a0, a1
    BACK_TO_M
    csrr a0, minstret
    csrr a1, minstret
    CHECK_LESS a0, a1
    csrw 0x322, x0

    TEST_END
