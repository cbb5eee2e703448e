// march: rv64gc_zfh
// Zfh, Zfhmin: half precision.
#define LOAD LOAD_H
#define CHECK_RESULT CHECK_FH
#define FCLASS fclass.h
#include "float_operands.h"

#define ONE 0x3c00
#define TWO 0x4000
#define THREE 0x4200
#define MINUS_ONE 0xbc00
#define INF 0x7c00
#define MINUS_INF 0xfc00
#define QNAN 0x7e00
#define SNAN 0x7c01
#define MAX 0x7bff
#define MIN_NORMAL 0x0400
#define MINUS_ZERO 0x8000

.macro CASE2_RM op, a, b, rm, result, flags
    LOAD_H fa1, \a
    LOAD_H fa2, \b
    \op fa0, fa1, fa2, \rm
    CHECK_FH fa0, \result, \flags
.endm

TEST_START
    CASE2 fadd.h, ONE, TWO, THREE, 0
    CASE2 fadd.h, ONE, 0x1000, ONE, NX                        // 1 + 2^-11: tie
    CASE2_RM fadd.h, ONE, 0x1000, rup, 0x3c01, NX
    CASE2_RM fadd.h, ONE, 0x1000, rmm, 0x3c01, NX
    CASE2_RM fadd.h, ONE, 0x1000, rtz, ONE, NX
    CASE2_RM fadd.h, MAX, MAX, rdn, MAX, OF|NX
    CASE2 fadd.h, MAX, MAX, INF, OF|NX
    CASE2 fadd.h, INF, MINUS_INF, QNAN, NV
    CASE2 fadd.h, 1, 1, 2, 0
    CASE2 fsub.h, MIN_NORMAL, 1, 0x03ff, 0
    CASE2_RM fsub.h, ONE, ONE, rdn, MINUS_ZERO, 0
    CASE2 fmul.h, TWO, THREE, 0x4600, 0
    CASE2 fmul.h, 0x3bff, MIN_NORMAL, MIN_NORMAL, UF|NX
    CASE2 fmul.h, 0x3c01, 0x03ff, MIN_NORMAL, NX
    CASE2 fdiv.h, ONE, THREE, 0x3555, NX
    CASE2 fdiv.h, ONE, 0, INF, DZ
    CASE1 fsqrt.h, TWO, 0x3da8, NX
    CASE1 fsqrt.h, MINUS_ONE, QNAN, NV
    CASE3 fmadd.h, TWO, THREE, ONE, 0x4700, 0
    CASE3 fmsub.h, TWO, THREE, ONE, 0x4500, 0
    CASE3 fnmsub.h, TWO, THREE, ONE, 0xc500, 0
    CASE3 fnmadd.h, TWO, THREE, ONE, 0xc700, 0
    CASE3 fmsub.h, 0x3c10, 0x3c10, 0x3c20, 0x0c00, 0          // (1+2^-6)^2 - (1+2^-5) = 2^-12
    CASE3 fmadd.h, INF, 0, QNAN, QNAN, NV
    CASE2 fsgnj.h, SNAN, MINUS_ZERO, 0xfc01, 0
    CASE2 fsgnjn.h, ONE, MINUS_ZERO, ONE, 0
    CASE2 fsgnjx.h, MINUS_ONE, MINUS_ZERO, ONE, 0
    CASE2 fmin.h, 0, MINUS_ZERO, MINUS_ZERO, 0
    CASE2 fmax.h, MINUS_ZERO, 0, 0, 0
    CASE2 fmin.h, SNAN, ONE, ONE, NV
    CASE2 fmax.h, QNAN, QNAN, QNAN, 0
    COMPARE feq.h, 0, MINUS_ZERO, 1, 0
    COMPARE feq.h, QNAN, ONE, 0, 0
    COMPARE flt.h, MINUS_ONE, ONE, 1, 0
    COMPARE flt.h, QNAN, ONE, 0, NV
    COMPARE fle.h, ONE, ONE, 1, 0
    COMPARE fle.h, TWO, ONE, 0, 0
    CLASS MINUS_INF, 1
    CLASS MINUS_ONE, 2
    CLASS 0x8001, 4
    CLASS MINUS_ZERO, 8
    CLASS 0, 16
    CLASS 0x03ff, 32
    CLASS MIN_NORMAL, 64
    CLASS INF, 128
    CLASS SNAN, 256
    CLASS QNAN, 512

    TO_INT fcvt.w.h, 0x4100, rne, 2, NX                       // 2.5
    TO_INT fcvt.w.h, 0x4100, rup, 3, NX
    TO_INT fcvt.w.h, 0x4100, rmm, 3, NX
    TO_INT fcvt.w.h, INF, rne, 0x7fffffff, NV
    TO_INT fcvt.wu.h, MINUS_ONE, rne, 0, NV
    TO_INT fcvt.wu.h, QNAN, rne, -1, NV
    TO_INT fcvt.l.h, 0xfbff, rne, -65504, 0
    TO_INT fcvt.l.h, MINUS_INF, rne, -0x8000000000000000, NV
    TO_INT fcvt.lu.h, MAX, rne, 65504, 0
    TO_INT fcvt.lu.h, INF, rne, -1, NV
    FROM_INT fcvt.h.w, -1, MINUS_ONE, 0
    FROM_INT fcvt.h.w, 2049, 0x6800, NX
    FROM_INT fcvt.h.wu, -1, INF, OF|NX
    FROM_INT fcvt.h.l, 65519, MAX, NX
    FROM_INT fcvt.h.l, 65520, INF, OF|NX
    FROM_INT fcvt.h.lu, -1, INF, OF|NX

    // between formats
    LOAD_H fa1, 1
    fcvt.s.h fa0, fa1
    CHECK_FS fa0, 0x33800000, 0
    fcvt.d.h fa0, fa1
    CHECK_F fa0, 0x3e70000000000000, 0
    LOAD_H fa1, SNAN
    fcvt.s.h fa0, fa1
    CHECK_FS fa0, 0x7fc00000, NV
    fcvt.d.h fa0, fa1
    CHECK_F fa0, 0x7ff8000000000000, NV
    LOAD_S fa1, 0x3f801000                                    // 1 + 2^-11
    fcvt.h.s fa0, fa1
    CHECK_FH fa0, ONE, NX
    fcvt.h.s fa0, fa1, rmm
    CHECK_FH fa0, 0x3c01, NX
    LOAD_D fa1, 0x3ff0020000000001                            // just above 1 + 2^-11
    fcvt.h.d fa0, fa1
    CHECK_FH fa0, 0x3c01, NX
    LOAD_D fa1, 0x40effe0000000000                            // 65520
    fcvt.h.d fa0, fa1
    CHECK_FH fa0, INF, OF|NX
    LOAD_D fa1, 0x3e60000000000000                            // 2^-25
    fcvt.h.d fa0, fa1
    CHECK_FH fa0, 0, UF|NX

    // NaN boxing
    LOAD_D fa1, 0xffffffff00003c00
    LOAD_H fa2, ONE
    fadd.h fa0, fa1, fa2
    CHECK_FH fa0, QNAN, 0
    fsgnj.h fa0, fa1, fa1
    CHECK_FH fa0, QNAN, 0
    LOAD_H fa1, ONE                                           // a half is not a boxed single's value ...
    fcvt.d.s fa0, fa1                                         // ... but a single NaN
    CHECK_F fa0, 0x7ff8000000000000, 0
    LOAD_D fa1, 0x123456789abcdef0
    fmv.x.h a0, fa1
    CHECK a0, 0xffffffffffffdef0
    la s0, buffer
    fsh fa1, 8(s0)
    ld a0, 8(s0)
    CHECK a0, 0xdef0
    flh fa0, 0(s0)
    CHECK_FH fa0, 0xcdef, 0
    flh fa0, 3(s0)
    CHECK_FH fa0, 0x6789, 0
    li a0, -2
    fmv.h.x fa0, a0
    CHECK_FH fa0, 0xfffe, 0
    li a0, 0x123455555
    fmv.h.x fa0, a0
    CHECK_FH fa0, 0x5555, 0
    // dynamic rounding
    fsrmi 3
    CASE2 fadd.h, ONE, 0x1000, 0x3c01, NX
    fsrmi 4
    CASE2 fadd.h, ONE, 0x1000, 0x3c01, NX
    fsrmi 1
    CASE2 fadd.h, ONE, 0x1000, ONE, NX
TEST_END

.data
.balign 16
buffer: .dword 0x0123456789abcdef, 0, 0, 0
