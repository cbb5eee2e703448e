// Atomics trap at addresses that are not multiples of their size, whatever the reservation, and at devices.
#include "machine.h"
#include "misaligned_atomics.h"

#define UART 0x10000000

.macro ATOMIC_TRAPS cause, insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, \cause
    CHECK_EQ s10, s0
    la t5, 9b
    CHECK_EQ s9, t5
.endm
.macro LOADS insn:vararg
    ATOMIC_TRAPS LOAD_MISALIGNED, \insn
.endm
.macro STORES insn:vararg
    ATOMIC_TRAPS STORE_MISALIGNED, \insn
.endm
.macro DEVICE_STORES insn:vararg
    ATOMIC_TRAPS STORE_ACCESS, \insn
.endm

    TEST_START
    la s2, area
    li a2, 0x55
    EACH_MISALIGNED_ATOMIC
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
