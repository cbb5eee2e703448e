// march: rv32ima_zdinx
// cpu: rv32,f=off,zdinx=on
// Zdinx with XLEN 32: doubles in pairs of registers.
#include "check.h"

.macro LOAD_PAIR low, high, upper
    li \low, 0
    li \high, \upper
.endm
.macro CHECK_PAIR low, high, upper
    CHECK \low, 0
    CHECK \high, \upper
.endm
#define ONE 0x3ff00000
#define TWO 0x40000000
#define THREE 0x40080000
#define SIX 0x40180000
#define MINUS_ONE 0xbff00000

TEST_START
    LOAD_PAIR a0, a1, ONE
    LOAD_PAIR a2, a3, TWO
    fadd.d a4, a0, a2
    CHECK_PAIR a4, a5, THREE
    CHECK_PAIR a0, a1, ONE
    fmul.d a4, a4, a2
    CHECK_PAIR a4, a5, SIX
    fdiv.d a4, a4, a2
    CHECK_PAIR a4, a5, THREE
    fsub.d a4, a2, a4
    CHECK_PAIR a4, a5, MINUS_ONE
    fmadd.d a4, a2, a2, a2
    CHECK_PAIR a4, a5, SIX
    fsgnjn.d a4, a0, a0
    CHECK_PAIR a4, a5, MINUS_ONE
    fmin.d a4, a0, a2
    CHECK_PAIR a4, a5, ONE
    fsqrt.d a4, a0
    CHECK_PAIR a4, a5, ONE
    // Both words count
    li a0, 0x89abcdef
    li a1, 0x01234567
    fsgnj.d a4, a0, a0
    CHECK a4, 0x89abcdef
    CHECK a5, 0x01234567
    li a4, 0x89abcdee
    feq.d a6, a0, a4
    CHECK a6, 0
    fle.d a6, a4, a0
    CHECK a6, 1
    flt.d a6, a0, a4
    CHECK a6, 0
    // x0 is a pair of zeros, and as a result drops both words
    fadd.d a4, a2, x0
    CHECK_PAIR a4, a5, TWO
    li ra, 77
    fadd.d x0, a2, a2
    CHECK ra, 77
    fclass.d a6, x0
    CHECK a6, 1 << 4
    // Conversions
    li a6, -3
    fcvt.d.w a4, a6
    CHECK_PAIR a4, a5, 0xc0080000
    fcvt.w.d a6, a4
    CHECK a6, -3
    fcvt.d.wu a4, x0
    CHECK_PAIR a4, a5, 0
    LOAD_PAIR a4, a5, 0x41efffff
    fcvt.wu.d a6, a4
    CHECK a6, 0xfffff800
    LOAD_PAIR a4, a5, THREE
    fcvt.s.d a6, a4
    CHECK a6, 0x40400000
    fcvt.d.s a4, a6
    CHECK_PAIR a4, a5, THREE
    // A result over its operands
    LOAD_PAIR a4, a5, THREE
    fadd.d a4, a4, a4
    CHECK_PAIR a4, a5, SIX
    TEST_END
