// march: rv64gc
// Zacas and Zabha: compare-and-swap of 1 to 16 bytes, atomics of bytes and halfwords. Debian 12's assembler knows
// neither.
#include "amocas.h"
#include "check.h"

.macro CAS op, memory, expected, desired, old, result
    li a1, \memory
    sd a1, 0(s0)
    li a0, \expected
    li a2, \desired
    \op a0, a2, s0
    CHECK a0, \old
    ld a3, 0(s0)
    CHECK a3, \result
.endm

// Atomic `funct5` on a byte and a halfword; the rest of the doubleword stays.
.macro SMALL funct5, memory, operand, old_b, result_b, old_h, result_h
    li a1, \memory
    sd a1, 0(s0)
    li a2, \operand
    .insn r 0x2f, 0, \funct5 << 2, a0, s1, a2       // at byte 1
    CHECK a0, \old_b
    ld a3, 0(s0)
    CHECK a3, \result_b
    sd a1, 0(s0)
    .insn r 0x2f, 1, \funct5 << 2, a0, s2, a2       // at byte 2
    CHECK a0, \old_h
    ld a3, 0(s0)
    CHECK a3, \result_h
.endm

TEST_START
    la s0, cell
    CAS amocas.d, 5, 5, 6, 5, 6
    CAS amocas.d, 5, 4, 6, 5, 5
    CAS amocas.d, -1, -1, 0, -1, 0
    CAS amocas.w, 0x1180000000, 0x80000000, 7, 0xffffffff80000000, 0x1100000007
    CAS amocas.w, 0x1180000000, 0x2280000000, 7, 0xffffffff80000000, 0x1100000007
    CAS amocas.w, 0x1180000000, 0x80000001, 7, 0xffffffff80000000, 0x1180000000
    CAS amocas.h, 0x118000, 0x8000, 7, 0xffffffffffff8000, 0x110007
    CAS amocas.h, 0x118000, 0x8001, 7, 0xffffffffffff8000, 0x118000
    CAS amocas.b, 0x1180, 0xff80, 0x107, 0xffffffffffffff80, 0x1107
    CAS amocas.b, 0x1180, 0x81, 7, 0xffffffffffffff80, 0x1180

    // x0: compares with 0, drops the old value; stores 0
    sd zero, 0(s0)
    li a2, 9
    amocas.d zero, a2, s0
    ld a0, 0(s0)
    CHECK a0, 9
    li a0, 9
    amocas.d a0, zero, s0
    CHECK a0, 9
    ld a0, 0(s0)
    CHECK a0, 0

    // 16 bytes: even/odd register pairs, x0 as a pair is zero
    li a1, 1
    sd a1, 0(s0)
    li a1, 2
    sd a1, 8(s0)
    li a0, 1
    li a1, 2
    li a2, 3
    li a3, 4
    amocas.q a0, a2, s0
    CHECK a0, 1
    CHECK a1, 2
    ld a4, 0(s0)
    CHECK a4, 3
    ld a4, 8(s0)
    CHECK a4, 4
    amocas.q a0, a2, s0
    CHECK a0, 3
    CHECK a1, 4
    amocas.q a0, zero, s0
    ld a4, 0(s0)
    CHECK a4, 0
    ld a4, 8(s0)
    CHECK a4, 0
    li ra, 77
    amocas.q zero, a2, s0
    CHECK ra, 77
    ld a4, 8(s0)
    CHECK a4, 4

    addi s1, s0, 1
    addi s2, s0, 2
    SMALL 0x01, 0x1122334455667788, 0xabcdef, 0x77, 0x112233445566ef88, 0x5566, 0x11223344cdef7788
    SMALL 0x00, 0x11223344ffffff88, 0x1, -1, 0x11223344ffff0088, -1, 0x112233440000ff88
    SMALL 0x04, 0x1122334455667788, 0xffff, 0x77, 0x1122334455668888, 0x5566, 0x11223344aa997788
    SMALL 0x0c, 0x1122334455667788, 0x0ff0, 0x77, 0x1122334455667088, 0x5566, 0x1122334405607788
    SMALL 0x08, 0x1122334455667788, 0x0ff0, 0x77, 0x112233445566f788, 0x5566, 0x112233445ff67788
    SMALL 0x10, 0x1122334455667788, -1, 0x77, 0x112233445566ff88, 0x5566, 0x11223344ffff7788
    SMALL 0x14, 0x11223344ffffff88, 1, -1, 0x11223344ffff0188, -1, 0x112233440001ff88
    SMALL 0x18, 0x11223344ffffff88, 1, -1, 0x11223344ffff0188, -1, 0x112233440001ff88
    SMALL 0x1c, 0x1122334455667788, 0xffff, 0x77, 0x112233445566ff88, 0x5566, 0x11223344ffff7788
    TEST_END

    .data
    .balign 64
cell:
    .zero 64
