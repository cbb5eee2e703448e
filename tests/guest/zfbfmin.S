// march: rv64gc
// Zfbfmin: BFloat16, which the assembler does not know.
#include "float_operands.h"

.macro FCVT_BF16_S fd, fs1, rm=0
    .insn r 0x53, \rm, 0x22, \fd, \fs1, f8
.endm
.macro FCVT_S_BF16 fd, fs1
    .insn r 0x53, 0, 0x20, \fd, \fs1, f6
.endm

// Single `a` becomes the BFloat16 `result`.
.macro NARROW a, rm, result, flags
    LOAD_S fa1, \a
    FCVT_BF16_S fa0, fa1, \rm
    CHECK_FH fa0, \result, \flags
.endm
.macro WIDEN a, result, flags
    li t5, 0xffffffffffff0000 | (\a)
    fmv.d.x fa1, t5
    FCVT_S_BF16 fa0, fa1
    CHECK_FS fa0, \result, \flags
.endm

TEST_START
    fsflags zero
    NARROW 0x3f800000, 0, 0x3f80, 0
    NARROW 0xbf800000, 0, 0xbf80, 0
    NARROW 0x00000000, 0, 0x0000, 0
    NARROW 0x80000000, 0, 0x8000, 0
    NARROW 0x7f800000, 0, 0x7f80, 0
    NARROW 0xff800000, 0, 0xff80, 0
    NARROW 0x7fc00000, 0, 0x7fc0, 0
    NARROW 0xffc12345, 0, 0x7fc0, 0
    NARROW 0x7f800001, 0, 0x7fc0, NV
    // halfway, above and below, in all modes
    NARROW 0x3f808000, 0, 0x3f80, NX
    NARROW 0x3f818000, 0, 0x3f82, NX
    NARROW 0x3f808001, 0, 0x3f81, NX
    NARROW 0x3f807fff, 0, 0x3f80, NX
    NARROW 0x3f80ffff, 1, 0x3f80, NX
    NARROW 0xbf800001, 2, 0xbf81, NX
    NARROW 0x3f800001, 2, 0x3f80, NX
    NARROW 0x3f800001, 3, 0x3f81, NX
    NARROW 0xbf80ffff, 3, 0xbf80, NX
    NARROW 0x3f808000, 4, 0x3f81, NX
    NARROW 0xbf808000, 4, 0xbf81, NX
    // the largest numbers
    NARROW 0x7f7fffff, 0, 0x7f80, OF | NX
    NARROW 0x7f7fffff, 1, 0x7f7f, NX
    NARROW 0xff7fffff, 3, 0xff7f, NX
    NARROW 0xff7fffff, 2, 0xff80, OF | NX
    // subnormal numbers stay what they are
    NARROW 0x00010000, 0, 0x0001, 0
    NARROW 0x00000001, 0, 0x0000, UF | NX
    NARROW 0x00000001, 3, 0x0001, UF | NX
    NARROW 0x007fffff, 0, 0x0080, NX
    NARROW 0x007f8000, 0, 0x0080, UF | NX

    WIDEN 0x3f80, 0x3f800000, 0
    WIDEN 0xbf81, 0xbf810000, 0
    WIDEN 0x0001, 0x00010000, 0
    WIDEN 0x8000, 0x80000000, 0
    WIDEN 0x7f80, 0x7f800000, 0
    WIDEN 0xffc1, 0x7fc00000, 0
    WIDEN 0x7f81, 0x7fc00000, NV
    // a value that is not boxed is a NaN
    li t5, 0xffffffff00003f80
    fmv.d.x fa1, t5
    FCVT_S_BF16 fa0, fa1
    CHECK_FS fa0, 0x7fc00000, 0
    LOAD_D fa1, 0x000000003f800000
    FCVT_BF16_S fa0, fa1
    CHECK_FH fa0, 0x7fc0, 0
TEST_END
