// march: rv64gc
// D: arithmetic, conversions, comparisons and moves of doubles, with their exception flags.
#define LOAD LOAD_D
#define CHECK_RESULT CHECK_F
#define FCLASS fclass.d
#include "float_operands.h"

#define ONE 0x3ff0000000000000
#define TWO 0x4000000000000000
#define THREE 0x4008000000000000
#define INF 0x7ff0000000000000
#define MINUS_INF 0xfff0000000000000
#define QNAN 0x7ff8000000000000
#define SNAN 0x7ff0000000000001
#define NAN_PAYLOAD 0xfff8000000001234
#define MAX 0x7fefffffffffffff
#define MIN_NORMAL 0x0010000000000000
#define MINUS_ZERO 0x8000000000000000

TEST_START
    // 1: addition and subtraction
    CASE2 fadd.d, ONE, TWO, THREE, 0
    CASE2 fadd.d, ONE, 0x3c90000000000000, ONE, NX           // 1 + 2^-54
    CASE2 fadd.d, ONE, 0x3cb0000000000000, 0x3ff0000000000001, 0
    CASE2 fadd.d, INF, MINUS_INF, QNAN, NV
    CASE2 fadd.d, NAN_PAYLOAD, ONE, QNAN, 0
    CASE2 fadd.d, ONE, SNAN, QNAN, NV
    CASE2 fadd.d, MAX, MAX, INF, OF|NX
    CASE2 fadd.d, MINUS_ZERO, 0, 0, 0
    CASE2 fadd.d, MINUS_ZERO, MINUS_ZERO, MINUS_ZERO, 0
    CASE2 fadd.d, 1, 1, 2, 0                                  // subnormals
    CASE2 fsub.d, THREE, TWO, ONE, 0
    CASE2 fsub.d, ONE, ONE, 0, 0
    CASE2 fsub.d, INF, INF, QNAN, NV
    CASE2 fsub.d, MIN_NORMAL, 1, 0x000fffffffffffff, 0
    // multiplication and division
    CASE2 fmul.d, TWO, THREE, 0x4018000000000000, 0
    CASE2 fmul.d, INF, 0, QNAN, NV
    CASE2 fmul.d, MIN_NORMAL, 0x3fe0000000000000, 0x0008000000000000, 0
    CASE2 fmul.d, 0x0010000000000001, 0x3fe0000000000000, 0x0008000000000000, UF|NX
    CASE2 fmul.d, 1, 0x3fe0000000000000, 0, UF|NX
    CASE2 fmul.d, MAX, TWO, INF, OF|NX
    CASE2 fmul.d, 0xbff0000000000000, 0, MINUS_ZERO, 0
    // Tininess is detected after rounding: (1 - 2^-53) * 2^-1022 rounds to 2^-1022 but is tiny with 53 bits.
    CASE2 fmul.d, 0x3fefffffffffffff, MIN_NORMAL, MIN_NORMAL, UF|NX
    // (1 + 2^-52) * (1 - 2^-52) * 2^-1022 rounds to 2^-1022 in 53 bits too: not tiny.
    CASE2 fmul.d, 0x3ff0000000000001, 0x000fffffffffffff, MIN_NORMAL, NX
    CASE3 fmadd.d, 0x3ff0000000000001, 0x000fffffffffffff, 0, MIN_NORMAL, NX
    CASE2 fdiv.d, ONE, THREE, 0x3fd5555555555555, NX
    CASE2 fdiv.d, ONE, 0, INF, DZ
    CASE2 fdiv.d, ONE, MINUS_ZERO, MINUS_INF, DZ
    CASE2 fdiv.d, 0, 0, QNAN, NV
    CASE2 fdiv.d, INF, INF, QNAN, NV
    CASE2 fdiv.d, ONE, INF, 0, 0
    CASE1 fsqrt.d, 0x4010000000000000, TWO, 0
    CASE1 fsqrt.d, TWO, 0x3ff6a09e667f3bcd, NX
    CASE1 fsqrt.d, 0xbff0000000000000, QNAN, NV
    CASE1 fsqrt.d, MINUS_ZERO, MINUS_ZERO, 0
    CASE1 fsqrt.d, NAN_PAYLOAD, QNAN, 0

    // fused multiply-add: one rounding
    CASE3 fmadd.d, TWO, THREE, ONE, 0x401c000000000000, 0
    CASE3 fmsub.d, TWO, THREE, ONE, 0x4014000000000000, 0
    CASE3 fnmsub.d, TWO, THREE, ONE, 0xc014000000000000, 0
    CASE3 fnmadd.d, TWO, THREE, ONE, 0xc01c000000000000, 0
    // (1 + 2^-30)^2 - (1 + 2^-29) = 2^-60
    CASE3 fmsub.d, 0x3ff0000000400000, 0x3ff0000000400000, 0x3ff0000000800000, 0x3c30000000000000, 0
    // Infinity times zero is invalid even with a quiet NaN addend.
    CASE3 fmadd.d, INF, 0, QNAN, QNAN, NV
    CASE3 fmadd.d, 0, MINUS_INF, NAN_PAYLOAD, QNAN, NV
    CASE3 fnmadd.d, INF, 0, QNAN, QNAN, NV
    CASE3 fmsub.d, ONE, ONE, QNAN, QNAN, 0
    CASE3 fmadd.d, ONE, SNAN, ONE, QNAN, NV
    CASE3 fmadd.d, INF, ONE, MINUS_INF, QNAN, NV
    // Signs of exact zeros
    CASE3 fmadd.d, ONE, ONE, 0xbff0000000000000, 0, 0
    CASE3 fmsub.d, ONE, ONE, ONE, 0, 0
    CASE3 fnmsub.d, ONE, ONE, ONE, 0, 0
    CASE3 fnmadd.d, ONE, ONE, 0xbff0000000000000, 0, 0
    CASE3 fnmadd.d, 0, ONE, 0, MINUS_ZERO, 0
    CASE3 fnmsub.d, 0, ONE, MINUS_ZERO, MINUS_ZERO, 0

    // sign injection keeps NaNs as they are
    CASE2 fsgnj.d, ONE, MINUS_ZERO, 0xbff0000000000000, 0
    CASE2 fsgnjn.d, ONE, MINUS_ZERO, ONE, 0
    CASE2 fsgnjx.d, 0xbff0000000000000, MINUS_ZERO, ONE, 0
    CASE2 fsgnj.d, SNAN, MINUS_ZERO, 0xfff0000000000001, 0
    CASE1 fmv.d, SNAN, SNAN, 0
    CASE1 fneg.d, NAN_PAYLOAD, 0x7ff8000000001234, 0
    CASE1 fabs.d, NAN_PAYLOAD, 0x7ff8000000001234, 0

    // minimum and maximum
    CASE2 fmin.d, ONE, TWO, ONE, 0
    CASE2 fmax.d, ONE, TWO, TWO, 0
    CASE2 fmin.d, 0, MINUS_ZERO, MINUS_ZERO, 0
    CASE2 fmin.d, MINUS_ZERO, 0, MINUS_ZERO, 0
    CASE2 fmax.d, 0, MINUS_ZERO, 0, 0
    CASE2 fmax.d, MINUS_ZERO, 0, 0, 0
    CASE2 fmin.d, NAN_PAYLOAD, ONE, ONE, 0
    CASE2 fmin.d, ONE, NAN_PAYLOAD, ONE, 0
    CASE2 fmax.d, SNAN, ONE, ONE, NV
    CASE2 fmax.d, ONE, SNAN, ONE, NV
    CASE2 fmax.d, NAN_PAYLOAD, NAN_PAYLOAD, QNAN, 0
    CASE2 fmin.d, SNAN, QNAN, QNAN, NV

    // comparisons
    COMPARE feq.d, ONE, ONE, 1, 0
    COMPARE feq.d, ONE, TWO, 0, 0
    COMPARE feq.d, 0, MINUS_ZERO, 1, 0
    COMPARE feq.d, QNAN, QNAN, 0, 0
    COMPARE feq.d, SNAN, ONE, 0, NV
    COMPARE flt.d, ONE, TWO, 1, 0
    COMPARE flt.d, TWO, ONE, 0, 0
    COMPARE flt.d, MINUS_ZERO, 0, 0, 0
    COMPARE flt.d, QNAN, ONE, 0, NV
    COMPARE flt.d, ONE, SNAN, 0, NV
    COMPARE fle.d, ONE, ONE, 1, 0
    COMPARE fle.d, TWO, ONE, 0, 0
    COMPARE fle.d, MINUS_INF, INF, 1, 0
    COMPARE fle.d, ONE, QNAN, 0, NV
    // A result in x0 still raises.
    LOAD_D fa1, QNAN
    flt.d zero, fa1, fa1
    CHECK_FFLAGS NV

    // classes
    CLASS MINUS_INF, 1
    CLASS 0xbff0000000000000, 2
    CLASS 0x8000000000000001, 4
    CLASS MINUS_ZERO, 8
    CLASS 0, 16
    CLASS 1, 32
    CLASS ONE, 64
    CLASS INF, 128
    CLASS SNAN, 256
    CLASS NAN_PAYLOAD, 512

    // to integers: rounding modes, saturation
    TO_INT fcvt.w.d, 0x3ff8000000000000, rne, 2, NX           // 1.5
    TO_INT fcvt.w.d, 0x4004000000000000, rne, 2, NX           // 2.5
    TO_INT fcvt.w.d, 0x4004000000000000, rtz, 2, NX
    TO_INT fcvt.w.d, 0x4004000000000000, rdn, 2, NX
    TO_INT fcvt.w.d, 0x4004000000000000, rup, 3, NX
    TO_INT fcvt.w.d, 0x4004000000000000, rmm, 3, NX
    TO_INT fcvt.w.d, 0xc004000000000000, rne, -2, NX
    TO_INT fcvt.w.d, 0xc004000000000000, rdn, -3, NX
    TO_INT fcvt.w.d, 0xc004000000000000, rup, -2, NX
    TO_INT fcvt.w.d, 0xc004000000000000, rmm, -3, NX
    TO_INT fcvt.w.d, 0x41dfffffffc00000, rtz, 0x7fffffff, 0
    TO_INT fcvt.w.d, 0x41dfffffffe00000, rtz, 0x7fffffff, NX
    TO_INT fcvt.w.d, 0x41dfffffffe00000, rne, 0x7fffffff, NV  // 2^31 - 0.5
    TO_INT fcvt.w.d, 0xc1e0000000000000, rtz, -0x80000000, 0
    TO_INT fcvt.w.d, 0xc1e0000000100000, rtz, -0x80000000, NX // -2^31 - 0.5
    TO_INT fcvt.w.d, 0xc1e0000000100000, rdn, -0x80000000, NV
    TO_INT fcvt.w.d, INF, rtz, 0x7fffffff, NV
    TO_INT fcvt.w.d, MINUS_INF, rtz, -0x80000000, NV
    TO_INT fcvt.w.d, NAN_PAYLOAD, rtz, 0x7fffffff, NV
    TO_INT fcvt.wu.d, 0x41efffffffe00000, rtz, -1, 0          // 2^32 - 1, sign-extended
    TO_INT fcvt.wu.d, 0x41e0000000000000, rtz, -0x80000000, 0 // 2^31
    TO_INT fcvt.wu.d, 0x41f0000000000000, rtz, -1, NV
    TO_INT fcvt.wu.d, 0xbfe0000000000000, rtz, 0, NX          // -0.5
    TO_INT fcvt.wu.d, 0xbfe0000000000000, rdn, 0, NV
    TO_INT fcvt.wu.d, 0xbff0000000000000, rtz, 0, NV
    TO_INT fcvt.wu.d, MINUS_ZERO, rtz, 0, 0
    TO_INT fcvt.wu.d, QNAN, rtz, -1, NV
    TO_INT fcvt.l.d, 0x43dfffffffffffff, rtz, 0x7ffffffffffffc00, 0
    TO_INT fcvt.l.d, 0x43e0000000000000, rtz, 0x7fffffffffffffff, NV
    TO_INT fcvt.l.d, 0xc3e0000000000000, rtz, -0x8000000000000000, 0
    TO_INT fcvt.l.d, 0xc3e0000000000001, rtz, -0x8000000000000000, NV
    TO_INT fcvt.l.d, QNAN, rtz, 0x7fffffffffffffff, NV
    TO_INT fcvt.l.d, 0xbfe0000000000001, rne, -1, NX
    TO_INT fcvt.lu.d, 0x43e0000000000000, rtz, 0x8000000000000000, 0
    TO_INT fcvt.lu.d, 0x43efffffffffffff, rtz, 0xfffffffffffff800, 0
    TO_INT fcvt.lu.d, 0x43f0000000000000, rtz, -1, NV
    TO_INT fcvt.lu.d, 0x3ff8000000000000, rup, 2, NX
    TO_INT fcvt.lu.d, 0xbff0000000000000, rtz, 0, NV
    TO_INT fcvt.lu.d, 0xbfd0000000000000, rne, 0, NX
    TO_INT fcvt.lu.d, 0xbfd0000000000000, rdn, 0, NV
    TO_INT fcvt.lu.d, MINUS_INF, rtz, 0, NV
    TO_INT fcvt.lu.d, SNAN, rtz, -1, NV

    // from integers
    FROM_INT fcvt.d.w, -1, 0xbff0000000000000, 0
    FROM_INT fcvt.d.w, 0x12345678ffffffff, 0xbff0000000000000, 0
    FROM_INT fcvt.d.wu, -1, 0x41efffffffe00000, 0
    FROM_INT fcvt.d.l, 0x7fffffffffffffff, 0x43e0000000000000, NX
    FROM_INT fcvt.d.l, -0x8000000000000000, 0xc3e0000000000000, 0
    FROM_INT fcvt.d.lu, -1, 0x43f0000000000000, NX
    FROM_INT fcvt.d.lu, 0x8000000000000000, 0x43e0000000000000, 0
    FROM_INT fcvt.d.lu, 0x8000000000000401, 0x43e0000000000001, NX
    FROM_INT fcvt.d.lu, 0x8000000000000400, 0x43e0000000000000, NX
    FROM_INT fcvt.d.l, 0, 0, 0

    // between formats
    LOAD_D fa1, 0x3ff0000010000000                            // 1 + 2^-24: tie
    fcvt.s.d fa0, fa1
    CHECK_FS fa0, 0x3f800000, NX
    LOAD_D fa1, MAX
    fcvt.s.d fa0, fa1
    CHECK_FS fa0, 0x7f800000, OF|NX
    LOAD_D fa1, 1
    fcvt.s.d fa0, fa1
    CHECK_FS fa0, 0, UF|NX
    LOAD_D fa1, NAN_PAYLOAD
    fcvt.s.d fa0, fa1
    CHECK_FS fa0, 0x7fc00000, 0
    LOAD_D fa1, SNAN
    fcvt.s.d fa0, fa1
    CHECK_FS fa0, 0x7fc00000, NV
    LOAD_S fa1, 1
    fcvt.d.s fa0, fa1
    CHECK_F fa0, 0x36a0000000000000, 0
    LOAD_S fa1, 0x7f800001
    fcvt.d.s fa0, fa1
    CHECK_F fa0, QNAN, NV
    LOAD_D fa1, 0x000000003f800000                            // not boxed
    fcvt.d.s fa0, fa1
    CHECK_F fa0, QNAN, 0

    // loads and stores
    la s0, buffer
    fld fa0, 0(s0)
    CHECK_F fa0, 0x0123456789abcdef, 0
    fsd fa0, 8(s0)
    ld a0, 8(s0)
    CHECK a0, 0x0123456789abcdef
    fld fa1, 1(s0)                                            // misaligned
    CHECK_F fa1, 0xef0123456789abcd, 0
    c.fld fa2, 8(s0)
    CHECK_F fa2, 0x0123456789abcdef, 0
    mv sp, s0
    c.fldsp ft0, 0(sp)
    CHECK_F ft0, 0x0123456789abcdef, 0
    LOAD_D fa3, THREE
    c.fsd fa3, 16(s0)
    c.fsdsp fa3, 24(sp)
    ld a0, 16(s0)
    CHECK a0, THREE
    ld a0, 24(s0)
    CHECK a0, THREE
TEST_END

.data
.balign 16
buffer: .dword 0x0123456789abcdef, 0xefefefefefefefef, 0, 0
