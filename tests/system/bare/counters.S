// Programmable counters: events, modes that do not count, overflow interrupts (Sscofpmf).
#include "machine.h"

#define OF (1 << 63)
#define MINH (1 << 62)
#define SINH (1 << 61)
#define LCOFI (1 << 13)

    TEST_START
    // Nothing counts without an event
    csrw mhpmevent3, zero
    li t0, 100
    csrw mhpmcounter3, t0
    CHECK_CSR mhpmcounter3, 100
    // Cycles
    csrwi mhpmevent3, 1
    csrr t0, mhpmcounter3
    li t2, 10000
1:  addi t2, t2, -1
    bnez t2, 1b
    csrr t1, mhpmcounter3
    addi gp, gp, 1
    bgeu t0, t1, test_failed
    // not in machine mode, but in supervisor mode
    li t0, MINH | 1
    csrw mhpmevent3, t0
    csrr t0, mhpmcounter3
    li t2, 1000
1:  addi t2, t2, -1
    bnez t2, 1b
    csrr t1, mhpmcounter3
    CHECK_EQ t0, t1
    ENTER_S
    li t2, 10000
1:  addi t2, t2, -1
    bnez t2, 1b
    BACK_TO_M
    csrr t0, mhpmcounter3
    addi gp, gp, 1
    bgeu t1, t0, test_failed
    csrr t1, mhpmcounter3
    CHECK_EQ t0, t1

    // Overflow: the bit and the interrupt
    li t0, LCOFI
    csrc mip, t0
    csrw mhpmevent3, zero
    csrwi mhpmevent3, 1
    li t0, -2000000
    csrw mhpmcounter3, t0
    li t0, LCOFI
1:  csrr t1, mip
    and t1, t1, t0
    beqz t1, 1b
    csrr t1, mhpmevent3
    CHECK t1, OF | 1
    csrwi mcounteren, 8
    ENTER_S
    csrr t0, 0xda0                      // scountovf
    CHECK t0, 8
    BACK_TO_M
    csrw mcounteren, zero
    ENTER_S
    csrr t0, 0xda0
    CHECK t0, 0
    BACK_TO_M
    li t0, LCOFI
    csrs mie, t0
    csrsi mstatus, MSTATUS_MIE
    CHECK s7, 1
    CHECK s8, INTERRUPT + 13
    csrci mstatus, MSTATUS_MIE
    // software clears it
    li t0, LCOFI
    csrc mip, t0
    csrr t1, mip
    CHECK_BITS t1, LCOFI, 0
    csrw mhpmevent3, zero
    csrr t1, mhpmevent3
    CHECK t1, 0

    // wfi ends with it
    csrwi mhpmevent3, 1
    li t0, -2000000
    csrw mhpmcounter3, t0
    li t0, LCOFI
    csrs mie, t0
1:  wfi                                 // which may end for no reason, too
    csrr t1, mip
    and t1, t1, t0
    beqz t1, 1b
    CHECK t1, LCOFI
    csrw mie, zero
    // delegated to supervisor mode
    csrw mhpmevent3, zero
    li t0, LCOFI
    csrs mideleg, t0
    csrr t1, mideleg
    CHECK_BITS t1, LCOFI, LCOFI
    ENTER_S
    csrr t1, sip
    CHECK_BITS t1, LCOFI, LCOFI
    li s7, 0
    li t0, LCOFI
    csrs sie, t0
    csrsi sstatus, MSTATUS_SIE
    CHECK s7, 1
    CHECK s6, 1
    CHECK s8, INTERRUPT + 13
    li t0, LCOFI
    csrc sip, t0
    csrr t1, sip
    CHECK_BITS t1, LCOFI, 0
    TEST_END
