// Atomics trap at addresses that are not multiples of their size, whatever the reservation, and at devices.
#include "atomic_insns.h"
#include "machine.h"

#define UART 0x10000000

.macro LOADS insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, LOAD_MISALIGNED
    CHECK_EQ s10, s0
    la t5, 9b
    CHECK_EQ s9, t5
.endm
.macro STORES insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, STORE_MISALIGNED
    CHECK_EQ s10, s0
    la t5, 9b
    CHECK_EQ s9, t5
.endm
.macro DEVICE_STORES insn:vararg
    li s7, 0
    \insn
    CHECK s7, 1
    CHECK s8, STORE_ACCESS
    CHECK_EQ s10, s0
.endm

.macro EACH_ADDRESS size, each:vararg
    .irp offset, 1, 2, 3, 4, 6, 7, 8, 12, 4095
    .if \offset % \size
    li s0, \offset
    add s0, s0, s2
    \each
    .endif
    .endr
.endm
.macro WORDS
    LOADS lr.w a1, (s0)
    STORES sc.w a1, a2, (s0)
    EACH_AMO_OF w, STORES
.endm
.macro DOUBLES
    LOADS lr.d a1, (s0)
    STORES sc.d a1, a2, (s0)
    EACH_AMO_OF d, STORES
.endm
.macro HALVES
    EACH_AMO_OF_HALF STORES
.endm
.macro QUADS
    STORES amocas.q a4, a2, s0
.endm

    TEST_START
    la s2, area
    li a2, 0x55
    EACH_ADDRESS 2, HALVES
    EACH_ADDRESS 4, WORDS
    EACH_ADDRESS 8, DOUBLES
    EACH_ADDRESS 16, QUADS
    ld a0, (s2)
    CHECK a0, 0

    // A device takes no atomics; misaligned is misaligned there, too.
    li s2, UART
    mv s0, s2
    EACH_AMO_OF w, DEVICE_STORES
    EACH_AMO_OF d, DEVICE_STORES
    addi s0, s2, 2
    STORES sc.w a1, a2, (s0)
    STORES amoadd.w a1, a2, (s0)

    // In a lower mode with the trap delegated
    li t0, 1 << STORE_MISALIGNED
    csrw medeleg, t0
    la s0, area + 2
    ENTER_S
    li s6, 0
    STORES sc.w a1, a2, (s0)
    CHECK s6, 1
    BACK_TO_M
    csrw medeleg, zero

    // What is aligned works; a trap takes the reservation.
    la s0, area
    lr.d a0, (s0)
    sc.d a1, a2, (s0)
    CHECK a1, 0
    lr.d a0, (s0)
    ecall
    sc.d a1, a2, (s0)
    CHECK a1, 1
    TEST_END

    .data
    .balign 4096
area: .zero 8192
