// march: rv64gc
// F: arithmetic, conversions, comparisons, moves and NaN boxing of singles, with their exception flags.
#define LOAD LOAD_S
#define CHECK_RESULT CHECK_FS
#define FCLASS fclass.s
#include "float_operands.h"

#define ONE 0x3f800000
#define TWO 0x40000000
#define THREE 0x40400000
#define MINUS_ONE 0xbf800000
#define INF 0x7f800000
#define MINUS_INF 0xff800000
#define QNAN 0x7fc00000
#define SNAN 0x7f800001
#define NAN_PAYLOAD 0xffc01234
#define MAX 0x7f7fffff
#define MIN_NORMAL 0x00800000
#define MINUS_ZERO 0x80000000

TEST_START
    CASE2 fadd.s, ONE, TWO, THREE, 0
    CASE2 fadd.s, ONE, 0x32800000, ONE, NX                    // 1 + 2^-26
    CASE2 fadd.s, INF, MINUS_INF, QNAN, NV
    CASE2 fadd.s, NAN_PAYLOAD, ONE, QNAN, 0
    CASE2 fadd.s, ONE, SNAN, QNAN, NV
    CASE2 fadd.s, MAX, MAX, INF, OF|NX
    CASE2 fadd.s, 1, 1, 2, 0
    CASE2 fsub.s, ONE, ONE, 0, 0
    CASE2 fsub.s, MIN_NORMAL, 1, 0x007fffff, 0
    CASE2 fsub.s, INF, INF, QNAN, NV
    CASE2 fmul.s, TWO, THREE, 0x40c00000, 0
    CASE2 fmul.s, INF, 0, QNAN, NV
    CASE2 fmul.s, 1, 0x3f000000, 0, UF|NX
    CASE2 fmul.s, 0x3f7fffff, MIN_NORMAL, MIN_NORMAL, UF|NX
    CASE2 fmul.s, 0x3f800001, 0x007fffff, MIN_NORMAL, NX
    CASE2 fmul.s, MAX, TWO, INF, OF|NX
    CASE2 fdiv.s, ONE, THREE, 0x3eaaaaab, NX
    CASE2 fdiv.s, ONE, MINUS_ZERO, MINUS_INF, DZ
    CASE2 fdiv.s, 0, 0, QNAN, NV
    CASE2 fdiv.s, ONE, INF, 0, 0
    CASE1 fsqrt.s, TWO, 0x3fb504f3, NX
    CASE1 fsqrt.s, 0x40800000, TWO, 0
    CASE1 fsqrt.s, MINUS_ONE, QNAN, NV
    CASE1 fsqrt.s, MINUS_ZERO, MINUS_ZERO, 0

    CASE3 fmadd.s, TWO, THREE, ONE, 0x40e00000, 0
    CASE3 fmsub.s, TWO, THREE, ONE, 0x40a00000, 0
    CASE3 fnmsub.s, TWO, THREE, ONE, 0xc0a00000, 0
    CASE3 fnmadd.s, TWO, THREE, ONE, 0xc0e00000, 0
    CASE3 fmsub.s, 0x3f800800, 0x3f800800, 0x3f801000, 0x33800000, 0 // (1+2^-12)^2 - (1+2^-11) = 2^-24
    CASE3 fmadd.s, INF, 0, QNAN, QNAN, NV
    CASE3 fmsub.s, 0, INF, NAN_PAYLOAD, QNAN, NV
    CASE3 fmadd.s, ONE, ONE, QNAN, QNAN, 0
    CASE3 fnmadd.s, ONE, ONE, MINUS_ONE, 0, 0

    CASE2 fsgnj.s, ONE, MINUS_ZERO, MINUS_ONE, 0
    CASE2 fsgnjn.s, ONE, MINUS_ZERO, ONE, 0
    CASE2 fsgnjx.s, MINUS_ONE, MINUS_ZERO, ONE, 0
    CASE2 fsgnj.s, SNAN, MINUS_ZERO, 0xff800001, 0
    CASE1 fmv.s, SNAN, SNAN, 0
    CASE1 fneg.s, NAN_PAYLOAD, 0x7fc01234, 0
    CASE1 fabs.s, NAN_PAYLOAD, 0x7fc01234, 0

    CASE2 fmin.s, ONE, TWO, ONE, 0
    CASE2 fmax.s, ONE, TWO, TWO, 0
    CASE2 fmin.s, 0, MINUS_ZERO, MINUS_ZERO, 0
    CASE2 fmin.s, MINUS_ZERO, 0, MINUS_ZERO, 0
    CASE2 fmax.s, 0, MINUS_ZERO, 0, 0
    CASE2 fmax.s, MINUS_ZERO, 0, 0, 0
    CASE2 fmin.s, NAN_PAYLOAD, ONE, ONE, 0
    CASE2 fmax.s, ONE, SNAN, ONE, NV
    CASE2 fmax.s, NAN_PAYLOAD, NAN_PAYLOAD, QNAN, 0

    COMPARE feq.s, ONE, ONE, 1, 0
    COMPARE feq.s, 0, MINUS_ZERO, 1, 0
    COMPARE feq.s, QNAN, QNAN, 0, 0
    COMPARE feq.s, SNAN, ONE, 0, NV
    COMPARE flt.s, ONE, TWO, 1, 0
    COMPARE flt.s, TWO, ONE, 0, 0
    COMPARE flt.s, QNAN, ONE, 0, NV
    COMPARE fle.s, ONE, ONE, 1, 0
    COMPARE fle.s, TWO, ONE, 0, 0
    COMPARE fle.s, ONE, QNAN, 0, NV

    CLASS MINUS_INF, 1
    CLASS MINUS_ONE, 2
    CLASS 0x80000001, 4
    CLASS MINUS_ZERO, 8
    CLASS 0, 16
    CLASS 0x007fffff, 32
    CLASS ONE, 64
    CLASS INF, 128
    CLASS SNAN, 256
    CLASS NAN_PAYLOAD, 512

    TO_INT fcvt.w.s, 0x40200000, rne, 2, NX                   // 2.5
    TO_INT fcvt.w.s, 0x40200000, rtz, 2, NX
    TO_INT fcvt.w.s, 0x40200000, rdn, 2, NX
    TO_INT fcvt.w.s, 0x40200000, rup, 3, NX
    TO_INT fcvt.w.s, 0x40200000, rmm, 3, NX
    TO_INT fcvt.w.s, 0xc0200000, rdn, -3, NX
    TO_INT fcvt.w.s, 0xc0200000, rmm, -3, NX
    TO_INT fcvt.w.s, 0x4f000000, rtz, 0x7fffffff, NV          // 2^31
    TO_INT fcvt.w.s, 0xcf000000, rtz, -0x80000000, 0
    TO_INT fcvt.w.s, QNAN, rtz, 0x7fffffff, NV
    TO_INT fcvt.w.s, MINUS_INF, rtz, -0x80000000, NV
    TO_INT fcvt.wu.s, 0x4f000000, rtz, -0x80000000, 0
    TO_INT fcvt.wu.s, 0x4f800000, rtz, -1, NV
    TO_INT fcvt.wu.s, 0xbf000000, rtz, 0, NX
    TO_INT fcvt.wu.s, MINUS_ONE, rtz, 0, NV
    TO_INT fcvt.l.s, 0x5effffff, rtz, 0x7fffff8000000000, 0
    TO_INT fcvt.l.s, 0x5f000000, rtz, 0x7fffffffffffffff, NV
    TO_INT fcvt.l.s, 0xdf000000, rtz, -0x8000000000000000, 0
    TO_INT fcvt.lu.s, 0x5f000000, rtz, 0x8000000000000000, 0
    TO_INT fcvt.lu.s, 0x5f800000, rtz, -1, NV
    TO_INT fcvt.lu.s, MINUS_ONE, rtz, 0, NV
    TO_INT fcvt.lu.s, QNAN, rtz, -1, NV

    FROM_INT fcvt.s.w, -1, MINUS_ONE, 0
    FROM_INT fcvt.s.w, 0x01000001, 0x4b800000, NX
    FROM_INT fcvt.s.wu, -1, 0x4f800000, NX
    FROM_INT fcvt.s.l, -1, MINUS_ONE, 0
    FROM_INT fcvt.s.l, 0x7fffffffffffffff, 0x5f000000, NX
    FROM_INT fcvt.s.lu, -1, 0x5f800000, NX
    // Just above a tie in the lowest bit: rounding in two steps would lose it.
    FROM_INT fcvt.s.l, 0x4000004000000001, 0x5e800001, NX
    FROM_INT fcvt.s.lu, 0x8000008000000001, 0x5f000001, NX
    FROM_INT fcvt.s.lu, 0x8000008000000000, 0x5f000000, NX

    // NaN boxing: an operand that is not boxed is the canonical NaN
    LOAD_D fa1, 0x000000003f800000
    LOAD_S fa2, ONE
    fadd.s fa0, fa1, fa2
    CHECK_FS fa0, QNAN, 0
    LOAD_D fa1, 0xfffffffe3f800000
    fadd.s fa0, fa2, fa1
    CHECK_FS fa0, QNAN, 0
    LOAD_D fa1, 0x3ff0000000000000
    fmv.s fa0, fa1
    CHECK_FS fa0, QNAN, 0
    fsgnj.s fa0, fa2, fa1
    CHECK_FS fa0, ONE, 0
    LOAD_D fa3, 0x80000000
    fsgnj.s fa0, fa2, fa3                                     // the sign is the canonical NaN's
    CHECK_FS fa0, ONE, 0
    feq.s a0, fa1, fa1
    CHECK_X a0, 0, 0
    fclass.s a0, fa1
    CHECK_X a0, 512, 0
    fcvt.w.s a0, fa1
    CHECK_X a0, 0x7fffffff, NV
    fmin.s fa0, fa1, fa2
    CHECK_FS fa0, ONE, 0
    fmadd.s fa0, fa1, fa2, fa2
    CHECK_FS fa0, QNAN, 0
    fsqrt.s fa0, fa1
    CHECK_FS fa0, QNAN, 0
    // ... but moves and stores take the low word as it is.
    LOAD_D fa1, 0x1234567887654321
    fmv.x.w a0, fa1
    CHECK a0, 0xffffffff87654321
    la s0, buffer
    fsw fa1, 8(s0)
    lwu a0, 8(s0)
    CHECK a0, 0x87654321

    // loads
    flw fa0, 0(s0)
    CHECK_FS fa0, 0x89abcdef, 0
    flw fa0, 3(s0)                                            // misaligned
    CHECK_FS fa0, 0x23456789, 0
    flw fa0, 0(s0)
    flw fa1, 4(s0)
    fsw fa0, 13(s0)
    lwu a0, 13(s0)
    CHECK a0, 0x89abcdef
    // A result goes to the register of an operand.
    LOAD_S fa1, ONE
    fadd.s fa1, fa1, fa1
    CHECK_FS fa1, TWO, 0
    fmadd.s fa1, fa1, fa1, fa1
    CHECK_FS fa1, 0x40c00000, 0
    // The factors may not be boxed; the addend is, and the result takes its register.
    LOAD_S fa1, ONE
    LOAD_S fa2, TWO
    LOAD_S fs2, ONE
    j 1f
1:  fmul.s fs2, fs2, fs2
    lw a0, 0(s0)                                              // may fault: fs2 is written before
    .rept 20                                                  // long ago: the temporary is not used any more
    addi a1, a1, 1
    add a1, a1, a0
    .endr
    fmadd.s fs2, fa1, fa2, fs2
    CHECK_FS fs2, THREE, 0

    // Flags are saved and restored.
    LOAD_S fa1, ONE
    LOAD_S fa2, THREE
    fsflags zero
    j 1f
1:  frflags a1
    fdiv.s fa0, fa1, fa2
    frflags a2
    fsflags a1                                                // not what was read last
    frflags a3
    CHECK a2, NX
    CHECK a3, 0
    frflags a1
    fdiv.s fa0, fa1, fa2
    fsflags a1
    frflags a2
    CHECK a2, 0
    fsflagsi NX
    frflags a1
    fdiv.s fa0, fa1, fa2
    fsflags a1
    frflags a2
    CHECK a2, NX
    frflags a1
    fsflagsi DZ
    fsflags a1
    frflags a2
    CHECK a2, NX
    fsflags zero

    // Code that has always met boxed registers meets others: a loop, and what it calls.
    LOAD_S fs2, ONE
    li s1, 3
9:  LOAD_S fs3, 0
    li a1, 5000
1:  fadd.s fs3, fs3, fs2
    fsgnj.s fs4, fs2, fs3
    addi a1, a1, -1
    bnez a1, 1b
    CHECK a1, 0
    call add_unboxed
    addi s1, s1, -1
    beqz s1, 2f
    li a0, ONE
    fmv.d.x fs2, a0                                           // not boxed: the second time and the third
    j 9b
2:  CHECK_FS fs3, QNAN, 0
    CHECK_FS fs4, QNAN, 0
    CHECK_FS fs5, QNAN, 0
    fmv.x.d a0, fs2
    CHECK a0, ONE
    LOAD_S fs2, ONE
    call add_unboxed
    CHECK_FS fs5, TWO, 0
    // Not boxed in the second pass, by the loop itself.
    LOAD_S fs2, ONE
    LOAD_S fs3, 0
    li a1, 5000
    li a0, ONE
1:  fadd.s fs3, fs3, fs2
    fmv.d.x fs2, a0
    addi a1, a1, -1
    bnez a1, 1b
    CHECK_FS fs3, QNAN, 0
    // what is not boxed, read by a block that ends with a system call
    li a0, 1
    fmv.d.x fa0, a0
    j 1f
1:  fsgnj.s fa1, fa0, fa0
    li a7, 172  // getpid
    ecall
    CHECK_FS fa1, QNAN, 0
TEST_END

add_unboxed:
    fadd.s fs5, fs2, fs2
    ret

.data
.balign 16
buffer: .dword 0x0123456789abcdef, 0, 0, 0
