// march: rv64gc_zfh
// Zfa: constants, minimum and maximum that propagate NaN, rounding to integral, quiet comparisons, modular conversion.
// The assembler does not know them: they are written with .insn.
#include "check.h"

#define QNAN 0x7ff8000000000000
#define SNAN 0x7ff0000000000001
#define INF 0x7ff0000000000000
#define ONE 0x3ff0000000000000
#define TWO 0x4000000000000000
#define MINUS_ZERO 0x8000000000000000
#define BOX_S 0xffffffff00000000
#define BOX_H 0xffffffffffff0000

// fli's number is in the rs1 field: .insn r takes rs1 as the second register.
.macro FLI_ALL number, s, d, h
    .insn r 0x53, 0, 0x78, fa0, f\number, f1
    CHECK_F fa0, BOX_S | (\s), 0
    .insn r 0x53, 0, 0x79, fa0, f\number, f1
    CHECK_F fa0, \d, 0
    .insn r 0x53, 0, 0x7a, fa0, f\number, f1
    CHECK_F fa0, BOX_H | (\h), 0
.endm
.macro CASE2 funct7, funct3, a, b, result, flags
    LOAD_D fa1, \a
    LOAD_D fa2, \b
    .insn r 0x53, \funct3, \funct7, fa0, fa1, fa2
    CHECK_F fa0, \result, \flags
.endm
.macro COMPARE funct7, funct3, a, b, result, flags
    LOAD_D fa1, \a
    LOAD_D fa2, \b
    .insn r 0x53, \funct3, \funct7, a0, fa1, fa2
    CHECK_X a0, \result, \flags
.endm
// fround (f4) or froundnx (f5) of `a` in static mode `rm`
.macro ROUND funct7, rm, a, result, inexact
    LOAD_D fa1, \a
    .insn r 0x53, \rm, \funct7, fa0, fa1, f4
    CHECK_F fa0, \result, 0
    .insn r 0x53, \rm, \funct7, fa0, fa1, f5
    CHECK_F fa0, \result, \inexact
.endm
// The five modes: 0 RNE, 1 RTZ, 2 RDN, 3 RUP, 4 RMM
.macro ROUND_ALL funct7, a, rne, rtz, rdn, rup, rmm
    ROUND \funct7, 0, \a, \rne, NX
    ROUND \funct7, 1, \a, \rtz, NX
    ROUND \funct7, 2, \a, \rdn, NX
    ROUND \funct7, 3, \a, \rup, NX
    ROUND \funct7, 4, \a, \rmm, NX
.endm
.macro MODULAR a, result, flags
    LOAD_D fa1, \a
    .insn r 0x53, 1, 0x61, a0, fa1, f8
    CHECK_X a0, \result, \flags
.endm

TEST_START
    FLI_ALL 0, 0xbf800000, 0xbff0000000000000, 0xbc00
    FLI_ALL 1, 0x00800000, 0x0010000000000000, 0x0400
    FLI_ALL 2, 0x37800000, 0x3ef0000000000000, 0x0100
    FLI_ALL 3, 0x38000000, 0x3f00000000000000, 0x0200
    FLI_ALL 4, 0x3b800000, 0x3f70000000000000, 0x1c00
    FLI_ALL 5, 0x3c000000, 0x3f80000000000000, 0x2000
    FLI_ALL 6, 0x3d800000, 0x3fb0000000000000, 0x2c00
    FLI_ALL 7, 0x3e000000, 0x3fc0000000000000, 0x3000
    FLI_ALL 8, 0x3e800000, 0x3fd0000000000000, 0x3400
    FLI_ALL 9, 0x3ea00000, 0x3fd4000000000000, 0x3500
    FLI_ALL 10, 0x3ec00000, 0x3fd8000000000000, 0x3600
    FLI_ALL 11, 0x3ee00000, 0x3fdc000000000000, 0x3700
    FLI_ALL 12, 0x3f000000, 0x3fe0000000000000, 0x3800
    FLI_ALL 13, 0x3f200000, 0x3fe4000000000000, 0x3900
    FLI_ALL 14, 0x3f400000, 0x3fe8000000000000, 0x3a00
    FLI_ALL 15, 0x3f600000, 0x3fec000000000000, 0x3b00
    FLI_ALL 16, 0x3f800000, ONE, 0x3c00
    FLI_ALL 17, 0x3fa00000, 0x3ff4000000000000, 0x3d00
    FLI_ALL 18, 0x3fc00000, 0x3ff8000000000000, 0x3e00
    FLI_ALL 19, 0x3fe00000, 0x3ffc000000000000, 0x3f00
    FLI_ALL 20, 0x40000000, TWO, 0x4000
    FLI_ALL 21, 0x40200000, 0x4004000000000000, 0x4100
    FLI_ALL 22, 0x40400000, 0x4008000000000000, 0x4200
    FLI_ALL 23, 0x40800000, 0x4010000000000000, 0x4400
    FLI_ALL 24, 0x41000000, 0x4020000000000000, 0x4800
    FLI_ALL 25, 0x41800000, 0x4030000000000000, 0x4c00
    FLI_ALL 26, 0x43000000, 0x4060000000000000, 0x5800
    FLI_ALL 27, 0x43800000, 0x4070000000000000, 0x5c00
    FLI_ALL 28, 0x47000000, 0x40e0000000000000, 0x7800
    FLI_ALL 29, 0x47800000, 0x40f0000000000000, 0x7c00
    FLI_ALL 30, 0x7f800000, INF, 0x7c00
    FLI_ALL 31, 0x7fc00000, QNAN, 0x7e00

    // fminm.d, fmaxm.d
    CASE2 0x15, 2, ONE, TWO, ONE, 0
    CASE2 0x15, 3, ONE, TWO, TWO, 0
    CASE2 0x15, 2, 0, MINUS_ZERO, MINUS_ZERO, 0
    CASE2 0x15, 3, MINUS_ZERO, 0, 0, 0
    CASE2 0x15, 2, 0xfff8000000001234, ONE, QNAN, 0
    CASE2 0x15, 3, ONE, QNAN, QNAN, 0
    CASE2 0x15, 2, ONE, SNAN, QNAN, NV
    CASE2 0x15, 3, SNAN, ONE, QNAN, NV
    // fminm.s, fmaxm.s
    CASE2 0x14, 2, BOX_S | 0x3f800000, BOX_S | 0x40000000, BOX_S | 0x3f800000, 0
    CASE2 0x14, 3, BOX_S | 0x3f800000, BOX_S | 0x7f800001, BOX_S | 0x7fc00000, NV
    CASE2 0x14, 2, ONE, BOX_S | 0x3f800000, BOX_S | 0x7fc00000, 0       // not boxed
    // fminm.h, fmaxm.h
    CASE2 0x16, 2, BOX_H | 0x3c00, BOX_H | 0x4000, BOX_H | 0x3c00, 0
    CASE2 0x16, 3, BOX_H | 0x3c00, BOX_H | 0x7e00, BOX_H | 0x7e00, 0

    // fltq.d (5), fleq.d (4): quiet
    COMPARE 0x51, 5, ONE, TWO, 1, 0
    COMPARE 0x51, 5, TWO, ONE, 0, 0
    COMPARE 0x51, 5, QNAN, ONE, 0, 0
    COMPARE 0x51, 5, SNAN, ONE, 0, NV
    COMPARE 0x51, 4, ONE, ONE, 1, 0
    COMPARE 0x51, 4, TWO, ONE, 0, 0
    COMPARE 0x51, 4, ONE, QNAN, 0, 0
    COMPARE 0x51, 4, ONE, SNAN, 0, NV
    COMPARE 0x50, 5, BOX_S | 0x3f800000, BOX_S | 0x40000000, 1, 0
    COMPARE 0x50, 5, BOX_S | 0x7fc00000, BOX_S | 0x40000000, 0, 0
    COMPARE 0x50, 4, BOX_S | 0x3f800000, BOX_S | 0x3f800000, 1, 0
    COMPARE 0x50, 4, BOX_S | 0x7f800001, BOX_S | 0x3f800000, 0, NV
    COMPARE 0x52, 5, BOX_H | 0x3c00, BOX_H | 0x4000, 1, 0
    COMPARE 0x52, 4, BOX_H | 0x4000, BOX_H | 0x3c00, 0, 0
    COMPARE 0x52, 4, BOX_H | 0x7e00, BOX_H | 0x3c00, 0, 0

    // fround.d, froundnx.d
    ROUND_ALL 0x21, 0x4004000000000000, TWO, TWO, TWO, 0x4008000000000000, 0x4008000000000000           // 2.5
    ROUND_ALL 0x21, 0xc004000000000000, 0xc000000000000000, 0xc000000000000000, 0xc008000000000000, 0xc000000000000000, 0xc008000000000000
    ROUND_ALL 0x21, 0x3fd0000000000000, 0, 0, 0, ONE, 0                                                 // 0.25
    ROUND_ALL 0x21, 0xbfe0000000000000, MINUS_ZERO, MINUS_ZERO, 0xbff0000000000000, MINUS_ZERO, 0xbff0000000000000 // -0.5
    ROUND_ALL 0x21, 0x432fffffffffffff, 0x4330000000000000, 0x432ffffffffffffe, 0x432ffffffffffffe, 0x4330000000000000, 0x4330000000000000 // 2^52 - 0.5
    ROUND 0x21, 0, MINUS_ZERO, MINUS_ZERO, 0
    ROUND 0x21, 0, TWO, TWO, 0
    ROUND 0x21, 0, 0x4340000000000001, 0x4340000000000001, 0
    ROUND 0x21, 0, INF, INF, 0
    ROUND 0x21, 0, 0xfff8000000001234, QNAN, 0
    LOAD_D fa1, SNAN
    .insn r 0x53, 0, 0x21, fa0, fa1, f4
    CHECK_F fa0, QNAN, NV
    .insn r 0x53, 0, 0x21, fa0, fa1, f5
    CHECK_F fa0, QNAN, NV
    // dynamic mode
    fsrmi 3
    ROUND 0x21, 7, 0x4004000000000000, 0x4008000000000000, NX
    fsrmi 4
    ROUND 0x21, 7, 0x4004000000000000, 0x4008000000000000, NX
    fsrmi 2
    ROUND 0x21, 7, 0x4004000000000000, TWO, NX
    ROUND 0x21, 3, 0x4004000000000000, 0x4008000000000000, NX
    fsrmi 0
    // fround.s, froundnx.s
    ROUND_ALL 0x20, BOX_S | 0x40200000, BOX_S | 0x40000000, BOX_S | 0x40000000, BOX_S | 0x40000000, BOX_S | 0x40400000, BOX_S | 0x40400000
    ROUND 0x20, 0, BOX_S | 0x4b800001, BOX_S | 0x4b800001, 0
    ROUND 0x20, 0, BOX_S | 0x80000001, BOX_S | 0x80000000, NX
    ROUND 0x20, 0, ONE, BOX_S | 0x7fc00000, 0
    // fround.h, froundnx.h
    ROUND_ALL 0x22, BOX_H | 0x4100, BOX_H | 0x4000, BOX_H | 0x4000, BOX_H | 0x4000, BOX_H | 0x4200, BOX_H | 0x4200

    // fcvtmod.w.d
    MODULAR ONE, 1, 0
    MODULAR 0xbff8000000000000, -1, NX                        // -1.5
    MODULAR 0x41e0000000000000, -0x80000000, NV               // 2^31
    MODULAR 0xc1e0000000000000, -0x80000000, 0                // -2^31
    MODULAR 0x41f0000000000000, 0, NV                         // 2^32
    MODULAR 0x41f0000000100000, 1, NV                         // 2^32 + 1
    MODULAR 0xc1f0000000100000, -1, NV
    MODULAR 0x41f0000000180000, 1, NV                         // 2^32 + 1.5
    MODULAR 0x4340000000000001, 2, NV                         // 2^53 + 2
    MODULAR 0x4530000000000001, 0, NV                         // 2^84 + 2^32
    MODULAR 0x4520000000000001, -0x80000000, NV               // 2^83 + 2^31
    MODULAR 0x7fefffffffffffff, 0, NV
    MODULAR INF, 0, NV
    MODULAR QNAN, 0, NV
    MODULAR 0x3fefffffffffffff, 0, NX
    MODULAR MINUS_ZERO, 0, 0
    MODULAR 1, 0, NX
TEST_END
