// march: rv64gc
// Atomics at addresses that are not multiples of their size raise SIGBUS, also store-conditionals without a reservation;
// nothing is written.
#include "misaligned_atomics.h"
#include "signals.h"

.macro STORES insn:vararg
    sd zero, 0(s1)
991: \insn
    ld t4, 0(s1)
    la t3, 991b
    CHECK_EQ t4, t3
.endm
.macro LOADS insn:vararg
    STORES \insn
.endm

    TEST_START
    la s1, fault_address
    la s2, area
    CATCH SIGBUS
    la s1, fault_address
    li a2, 0x55
    EACH_MISALIGNED_ATOMIC

    // With a reservation on the aligned word around the address; it is not used up
    addi s0, s2, 1
    lr.w a0, (s2)
    li a1, 77
    STORES sc.w a1, a2, (s0)
    CHECK a1, 77
    // The results are untouched, and so is memory.
    ld a0, (s2)
    CHECK a0, 0
    ld a0, 8(s2)
    CHECK a0, 0
    // The aligned ones fail and succeed as ever.
    addi s0, s2, 8
    lr.d a0, (s0)
    sc.d a1, a2, (s0)
    CHECK a1, 0
    sc.d a1, a2, (s0)
    CHECK a1, 1
    ld a0, (s0)
    CHECK a0, 0x55
    TEST_END

    SIGNAL_HANDLER
    .balign 64
area: .zero 8192
