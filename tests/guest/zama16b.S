// march: rv64gc
// cpu: max,zama16b=on
// Zama16b: AMOs at any address inside their aligned 16 bytes are done; those that leave these, and LR and SC at any
// address that is not a multiple of their size, raise SIGBUS and write nothing.
#include "atomic_insns.h"
#include "signals.h"

.macro BUS insn:vararg
    sd zero, 0(s1)
991: \insn
    ld t4, 0(s1)
    la t3, 991b
    CHECK_EQ t4, t3
.endm

// Adds to and exchanges what is there, and compares with plain accesses.
.macro DONE load, store, suffix
    li t0, 0x1122334455667788
    \store t0, 0(s0)
    \load t0, 0(s0)
    li a2, 5
    amoadd.\suffix a1, a2, (s0)
    CHECK_EQ a1, t0
    addi t0, t0, 5
    \load t1, 0(s0)
    CHECK_EQ t1, t0
    li a2, -7
    amoswap.\suffix a1, a2, (s0)
    CHECK_EQ a1, t0
    \load t1, 0(s0)
    CHECK t1, -7
    amoadd.\suffix zero, a2, (s0)
    \load t1, 0(s0)
    CHECK t1, -14
    li a4, -14
    li a2, 9
    amocas.\suffix a4, a2, s0
    CHECK a4, -14
    \load t1, 0(s0)
    CHECK t1, 9
    \store zero, 0(s0)
.endm

    TEST_START
    la s1, fault_address
    la s2, area
    CATCH SIGBUS
    la s1, fault_address
    .irp offset, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
    addi s0, s2, \offset
    DONE lw, sw, w
    .if \offset <= 8
    DONE ld, sd, d
    .endif
    .endr
    li a2, 0x55
    .irp offset, 13, 14, 15, 29, 31
    addi s0, s2, \offset
    EACH_AMO_OF w, BUS
    .endr
    .irp offset, 9, 12, 15, 25
    addi s0, s2, \offset
    EACH_AMO_OF d, BUS
    .endr
    addi s0, s2, 15
    EACH_AMO_OF_HALF BUS
    addi s0, s2, 1
    BUS lr.w a1, (s0)
    BUS sc.w a1, a2, (s0)
    BUS lr.d a1, (s0)
    BUS sc.d a1, a2, (s0)
    BUS amocas.q a4, a2, s0
    .irp offset, 0, 8, 16, 24
    ld a0, \offset(s2)
    CHECK a0, 0
    .endr
    TEST_END

    SIGNAL_HANDLER
    .balign 64
area: .zero 128
