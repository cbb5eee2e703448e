// march: rv64gc
// Rounding modes: static ones under every dynamic one, round to nearest away, reserved modes, flags under each.
#include "check.h"

#define ONE 0x3ff0000000000000
#define MINUS_ONE 0xbff0000000000000

// (1 + 2^-53) in every mode with rounding mode operand \rm: result
.macro TIE rm, result
    fadd.d fa0, fs0, fs1, \rm
    CHECK_F fa0, \result, NX
.endm
.macro MINUS_TIE rm, result
    fsub.d fa0, fs2, fs1, \rm
    CHECK_F fa0, \result, NX
.endm
.macro CHECK_STATIC
    TIE rne, ONE
    TIE rtz, ONE
    TIE rdn, ONE
    TIE rup, 0x3ff0000000000001
    TIE rmm, 0x3ff0000000000001
    MINUS_TIE rne, MINUS_ONE
    MINUS_TIE rtz, MINUS_ONE
    MINUS_TIE rdn, 0xbff0000000000001
    MINUS_TIE rup, MINUS_ONE
    MINUS_TIE rmm, 0xbff0000000000001
.endm
// All operations that round, dynamically, with the given expected values for 1/3, sqrt(2), 0.1 * 3, fma, singles
.macro CHECK_DYNAMIC mode, third, root, product, fused, single, from_long, to_word, minus_to_word
    fsrmi \mode
    fdiv.d fa0, fs0, fs3
    CHECK_F fa0, \third, NX
    fsqrt.d fa0, fs4
    CHECK_F fa0, \root, NX
    fmul.d fa0, fs5, fs3
    CHECK_F fa0, \product, NX
    fmadd.d fa0, fs5, fs3, fs0
    CHECK_F fa0, \fused, NX
    fcvt.s.d fa0, fs5
    CHECK_FS fa0, \single, NX
    li a1, 0x0020000000000001
    fcvt.d.l fa0, a1
    CHECK_F fa0, \from_long, NX
    LOAD_D fa1, 0x4004000000000000
    fcvt.w.d a0, fa1
    CHECK_X a0, \to_word, NX
    fneg.d fa1, fa1
    fcvt.l.d a0, fa1
    CHECK_X a0, \minus_to_word, NX
    frrm a0
    CHECK a0, \mode
    CHECK_STATIC
.endm

TEST_START
    LOAD_D fs0, ONE
    LOAD_D fs1, 0x3ca0000000000000                            // 2^-53
    LOAD_D fs2, MINUS_ONE
    LOAD_D fs3, 0x4008000000000000                            // 3
    LOAD_D fs4, 0x4000000000000000                            // 2
    LOAD_D fs5, 0x3fb999999999999a                            // 0.1
    CHECK_STATIC
    CHECK_DYNAMIC 0, 0x3fd5555555555555, 0x3ff6a09e667f3bcd, 0x3fd3333333333334, 0x3ff4cccccccccccd, 0x3dcccccd, 0x4340000000000000, 2, -2
    CHECK_DYNAMIC 1, 0x3fd5555555555555, 0x3ff6a09e667f3bcc, 0x3fd3333333333333, 0x3ff4cccccccccccc, 0x3dcccccc, 0x4340000000000000, 2, -2
    CHECK_DYNAMIC 2, 0x3fd5555555555555, 0x3ff6a09e667f3bcc, 0x3fd3333333333333, 0x3ff4cccccccccccc, 0x3dcccccc, 0x4340000000000000, 2, -3
    CHECK_DYNAMIC 3, 0x3fd5555555555556, 0x3ff6a09e667f3bcd, 0x3fd3333333333334, 0x3ff4cccccccccccd, 0x3dcccccd, 0x4340000000000001, 3, -2
    CHECK_DYNAMIC 4, 0x3fd5555555555555, 0x3ff6a09e667f3bcd, 0x3fd3333333333334, 0x3ff4cccccccccccd, 0x3dcccccd, 0x4340000000000001, 3, -3

    // Reserved dynamic modes can be written and read; static modes still work, whatever the host rounds like.
    fsrmi 5
    frrm a0
    CHECK a0, 5
    CHECK_STATIC
    fsrmi 2
    fsrmi 7
    frrm a0
    CHECK a0, 7
    CHECK_STATIC
    // Instructions without a rounding mode do not mind.
    fmin.d fa0, fs0, fs2
    CHECK_F fa0, MINUS_ONE, 0
    feq.d a0, fs0, fs0
    CHECK_X a0, 1, 0
    fneg.d fa0, fs0
    CHECK_F fa0, MINUS_ONE, 0

    // Overflow and underflow by mode
    fsrmi 1
    LOAD_D fa1, 0x7fefffffffffffff
    fadd.d fa0, fa1, fa1
    CHECK_F fa0, 0x7fefffffffffffff, OF|NX
    fsrmi 2
    fadd.d fa0, fa1, fa1
    CHECK_F fa0, 0x7fefffffffffffff, OF|NX
    fneg.d fa1, fa1
    fadd.d fa0, fa1, fa1
    CHECK_F fa0, 0xfff0000000000000, OF|NX
    fsrmi 3
    fadd.d fa0, fa1, fa1
    CHECK_F fa0, 0xffefffffffffffff, OF|NX
    LOAD_D fa1, 1
    LOAD_D fa2, 0x3fe0000000000000
    fmul.d fa0, fa1, fa2
    CHECK_F fa0, 1, UF|NX
    fsrmi 2
    fmul.d fa0, fa1, fa2
    CHECK_F fa0, 0, UF|NX
    fsrmi 4
    fmul.d fa0, fa1, fa2
    CHECK_F fa0, 1, UF|NX
    // An exact zero sum is negative only when rounding down.
    fsub.d fa0, fs0, fs0
    CHECK_F fa0, 0, 0
    fsrmi 2
    fsub.d fa0, fs0, fs0
    CHECK_F fa0, 0x8000000000000000, 0
    fmsub.d fa0, fs0, fs0, fs0
    CHECK_F fa0, 0x8000000000000000, 0

    // Negated fused operations round the negated sum: -(0.1 * 3) - 1
    fnmadd.d fa0, fs5, fs3, fs0
    CHECK_F fa0, 0xbff4cccccccccccd, NX
    fsrmi 3
    fnmadd.d fa0, fs5, fs3, fs0
    CHECK_F fa0, 0xbff4cccccccccccc, NX
    fnmsub.d fa0, fs5, fs3, fs0
    CHECK_F fa0, 0x3fe6666666666667, NX
    fnmadd.d fa0, fs5, fs3, fs0, rmm
    CHECK_F fa0, 0xbff4cccccccccccd, NX

    // The mode survives a loop that changes it in every turn.
    li s0, 1000
    li s1, 0
1:  andi a1, s0, 1
    addi a1, a1, 2                                            // RDN, RUP
    fsrm a2, a1
    fdiv.d fa0, fs0, fs3
    fmv.x.d a3, fa0
    add s1, s1, a3
    addi s0, s0, -1
    bnez s0, 1b
    li a4, 500
    li a5, 0x3fd5555555555555
    li a6, 0x3fd5555555555556
    add a5, a5, a6
    mul a4, a4, a5
    CHECK_EQ s1, a4
    CHECK_FFLAGS NX
TEST_END
