// Zama16b (-cpu max,zama16b=on): AMOs inside their aligned 16 bytes are done in RAM, those that leave them trap, and so
// do LR and SC at any address that is not a multiple of their size. (QEMU does also those that leave them.)
// cpu: max,zama16b=on
#include "atomic_insns.h"
#include "machine.h"

.macro STORES insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, STORE_MISALIGNED
    CHECK_EQ s10, s0
    la t5, 9b
    CHECK_EQ s9, t5
.endm

    TEST_START
    la s2, area
    li s7, 0
    .irp offset, 0, 1, 2, 3, 5, 7, 8, 11, 12
    addi s0, s2, \offset
    li t0, 1000
    sw t0, 0(s0)
    li a2, 5
    amoadd.w a1, a2, (s0)
    CHECK a1, 1000
    lw t0, 0(s0)
    CHECK t0, 1005
    sw zero, 0(s0)
    .endr
    .irp offset, 1, 4, 7, 8
    addi s0, s2, \offset
    li t0, 1000
    sd t0, 0(s0)
    li a2, -1
    amoswap.d a1, a2, (s0)
    CHECK a1, 1000
    ld t0, 0(s0)
    CHECK t0, -1
    sd zero, 0(s0)
    .endr
    CHECK s7, 0
    li a2, 0x55
    li s0, 4095
    add s0, s0, s2
    EACH_AMO_OF w, STORES
    EACH_AMO_OF d, STORES
    addi s0, s2, 13
    EACH_AMO_OF w, STORES
    addi s0, s2, 9
    EACH_AMO_OF d, STORES
    addi s0, s2, 2
    STORES sc.w a1, a2, (s0)
    STORES amocas.q a4, a2, s0
    ld a0, (s2)
    CHECK a0, 0
    ld a0, 8(s2)
    CHECK a0, 0
    TEST_END
    .balign 4096
area: .zero 8192
