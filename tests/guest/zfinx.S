// march: rv64imac_zicsr_zdinx_zhinx
// cpu: rv64,f=off,zdinx=on,zhinx=on
// Zfinx, Zdinx, Zhinx: the operands' bits above the format, the sign in those of the result, x0, flags and rounding modes.
// The arithmetic itself is that of F, D and Zfh.
#include "signals.h"

.macro OP2 op, a, b, result, flags
    li a1, \a
    li a2, \b
    \op a0, a1, a2
    CHECK_X a0, \result, \flags
    mv a3, a1
    \op a3, a3, a2
    CHECK_X a3, \result, \flags
.endm
.macro OP1 op, a, result, flags
    li a1, \a
    \op a0, a1
    CHECK_X a0, \result, \flags
    \op a1, a1
    CHECK_X a1, \result, \flags
.endm
.macro OP3 op, a, b, c, result, flags
    li a1, \a
    li a2, \b
    li a3, \c
    \op a0, a1, a2, a3
    CHECK_X a0, \result, \flags
.endm

TEST_START
    fsflags zero
    // singles: 1 + 2, whatever is above; a negative result; a NaN
    OP2 fadd.s, 0x3f800000, 0x40000000, 0x40400000, 0
    OP2 fadd.s, 0x123456783f800000, 0xffffffff40000000, 0x40400000, 0
    OP2 fsub.s, 0x3f800000, 0x40000000, 0xffffffffbf800000, 0
    OP2 fmul.s, 0x7f7fffff, 0x7f7fffff, 0x7f800000, OF | NX
    OP2 fdiv.s, 0x3f800000, 0, 0x7f800000, DZ
    OP2 fdiv.s, 0, 0, 0x7fc00000, NV
    OP1 fsqrt.s, 0x40800000, 0x40000000, 0
    OP3 fmadd.s, 0x40000000, 0x40400000, 0x3f800000, 0x40e00000, 0
    OP3 fmsub.s, 0x40000000, 0x40400000, 0x3f800000, 0x40a00000, 0
    OP3 fnmadd.s, 0x40000000, 0x40400000, 0x3f800000, 0xffffffffc0e00000, 0
    OP3 fnmsub.s, 0x40000000, 0x40400000, 0x3f800000, 0xffffffffc0a00000, 0
    OP2 fsgnj.s, 0x3f800000, 0x80000000, 0xffffffffbf800000, 0
    OP2 fsgnjn.s, 0xffffffffbf800000, 0x80000000, 0x3f800000, 0
    OP2 fsgnjx.s, 0xffffffffbf800000, 0x80000000, 0x3f800000, 0
    OP2 fmin.s, 0x7fc00000, 0x80000000, 0xffffffff80000000, 0
    OP2 fmax.s, 0x7f800001, 0x3f800000, 0x3f800000, NV
    OP2 feq.s, 0x3f800000, 0xaaaaaaaa3f800000, 1, 0
    OP2 flt.s, 0xffffffffbf800000, 0, 1, 0
    OP2 fle.s, 0x7fc00000, 0, 0, NV
    OP1 fclass.s, 0xff800000, 1, 0
    OP1 fclass.s, 0x7f800001, 0x100, 0
    OP1 fcvt.w.s, 0xffffffffbf800000, 0xffffffffffffffff, 0
    OP1 fcvt.wu.s, 0xffffffffbf800000, 0, NV
    OP1 fcvt.l.s, 0x7f800000, 0x7fffffffffffffff, NV
    OP1 fcvt.s.w, 0xffffffffffffffff, 0xffffffffbf800000, 0
    OP1 fcvt.s.wu, 0xffffffffffffffff, 0x4f800000, NX
    OP1 fcvt.s.lu, 0xffffffffffffffff, 0x5f800000, NX

    // rounding: of the instruction and of frm
    li a1, 0x3f800000
    li a2, 0x33000000                                         // 2^-25
    fadd.s a0, a1, a2, rup
    CHECK_X a0, 0x3f800001, NX
    fsrmi 3
    fadd.s a0, a1, a2
    CHECK_X a0, 0x3f800001, NX
    fsrmi 0
    fadd.s a0, a1, a2
    CHECK_X a0, 0x3f800000, NX

    // doubles
    OP2 fadd.d, 0x3ff0000000000000, 0x4000000000000000, 0x4008000000000000, 0
    OP2 fmul.d, 0xbff0000000000000, 0x4000000000000000, 0xc000000000000000, 0
    OP3 fmadd.d, 0x4000000000000000, 0x4008000000000000, 0x3ff0000000000000, 0x401c000000000000, 0
    OP1 fcvt.s.d, 0xbff0000000000000, 0xffffffffbf800000, 0
    OP1 fcvt.d.s, 0x1234567abf800000, 0xbff0000000000000, 0
    OP1 fcvt.d.l, 3, 0x4008000000000000, 0
    OP1 fcvt.l.d, 0xc008000000000000, 0xfffffffffffffffd, 0
    OP2 flt.d, 0x3ff0000000000000, 0x4000000000000000, 1, 0

    // halves
    OP2 fadd.h, 0xffff000000003c00, 0x4000, 0x4200, 0
    OP2 fsub.h, 0x3c00, 0x4000, 0xffffffffffffbc00, 0
    OP3 fmadd.h, 0x4000, 0x4200, 0x3c00, 0x4700, 0
    OP1 fcvt.s.h, 0xbc00, 0xffffffffbf800000, 0
    OP1 fcvt.h.s, 0xbf800000, 0xffffffffffffbc00, 0
    OP1 fcvt.d.h, 0x3c00, 0x3ff0000000000000, 0
    OP1 fcvt.h.d, 0xbff0000000000000, 0xffffffffffffbc00, 0
    OP1 fcvt.w.h, 0xbc00, 0xffffffffffffffff, 0
    OP1 fclass.h, 0x7c00, 0x80, 0

    // x0 is +0, and stays so
    li a1, 0x3f800000
    fadd.s a0, a1, x0
    CHECK_X a0, 0x3f800000, 0
    fadd.s x0, a1, a1
    CHECK x0, 0
    fdiv.s x0, a1, x0
    CHECK_FFLAGS DZ

    // there are no float registers
    CATCH SIGILL
    la s0, fault_address
    li a0, 5
    ILLEGAL .4byte 0x0005a507                                 // flw fa0, 0(a1)
    ILLEGAL .4byte 0x00a5b027                                 // fsd fa0, 0(a1)
    ILLEGAL .4byte 0xe0050553                                 // fmv.x.w a0, fa0
    ILLEGAL .4byte 0xf2050553                                 // fmv.d.x fa0, a0
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER
