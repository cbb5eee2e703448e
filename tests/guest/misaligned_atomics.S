// march: rv64gc
// Atomics at addresses that are not multiples of their size raise SIGBUS, also store-conditionals without a reservation;
// nothing is written.
#include "atomic_insns.h"
#include "signals.h"

.macro BUS insn:vararg
    sd zero, 0(s1)
991: \insn
    ld t4, 0(s1)
    la t3, 991b
    CHECK_EQ t4, t3
.endm

// Each misaligned address for accesses of `size` bytes.
.macro EACH_ADDRESS size, each:vararg
    .irp offset, 1, 2, 3, 4, 5, 6, 7, 8, 12, 60
    .if \offset % \size
    addi s0, s2, \offset
    \each
    .endif
    .endr
.endm

.macro WORDS
    BUS lr.w a1, (s0)
    BUS sc.w a1, a2, (s0)
    EACH_AMO_OF w, BUS
.endm
.macro DOUBLES
    BUS lr.d a1, (s0)
    BUS sc.d a1, a2, (s0)
    EACH_AMO_OF d, BUS
.endm
.macro HALVES
    EACH_AMO_OF_HALF BUS
.endm
.macro QUADS
    BUS amocas.q a4, a2, s0
.endm

    TEST_START
    la s1, fault_address
    la s2, area
    CATCH SIGBUS
    la s1, fault_address
    li a2, 0x55
    EACH_ADDRESS 2, HALVES
    EACH_ADDRESS 4, WORDS
    EACH_ADDRESS 8, DOUBLES
    EACH_ADDRESS 16, QUADS

    // With a reservation on the aligned word around the address; it is not used up
    addi s0, s2, 1
    lr.w a0, (s2)
    li a1, 77
    BUS sc.w a1, a2, (s0)
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
area: .zero 128
