// march: rv64gc
// Zicsr, Zicntr, Zihpm: the floating-point CSRs, their aliasing, set and clear forms, and counters.
#include "check.h"

TEST_START
    // All is zero at the start.
    frcsr a0
    CHECK a0, 0
    // fcsr is frm and fflags.
    li a1, 0xff
    fscsr a0, a1
    CHECK a0, 0
    frcsr a0
    CHECK a0, 0xff
    frflags a0
    CHECK a0, 0x1f
    frrm a0
    CHECK a0, 7
    // Bits above the fields are ignored.
    li a1, -1
    fscsr a1
    frcsr a0
    CHECK a0, 0xff
    li a1, 0x123
    fsflags a0, a1
    CHECK a0, 0x1f
    frcsr a0
    CHECK a0, 0xe3
    li a1, 0x1a
    fsrm a0, a1
    CHECK a0, 7
    frcsr a0
    CHECK a0, 0x43
    // The old value goes to the register that the new one came from.
    li a0, 0x15
    fsflags a0, a0
    CHECK a0, 3
    frflags a0
    CHECK a0, 0x15
    li a0, 3
    fsrm a0, a0
    CHECK a0, 2
    li a0, 0x21
    fscsr a0, a0
    CHECK a0, 0x75
    frcsr a0
    CHECK a0, 0x21
    // set and clear
    csrrsi a0, fflags, 6
    CHECK a0, 1
    csrrci a0, fflags, 5
    CHECK a0, 7
    frflags a0
    CHECK a0, 2
    li a1, 0x1c
    csrrs a0, fflags, a1
    CHECK a0, 2
    li a1, 0x0c
    csrrc a0, fflags, a1
    CHECK a0, 0x1e
    csrr a0, fflags
    CHECK a0, 0x12
    csrrsi a0, frm, 2
    CHECK a0, 1
    csrrci a0, frm, 1
    CHECK a0, 3
    frrm a0
    CHECK a0, 2
    li a1, 0xe0
    csrrs a0, fcsr, a1
    CHECK a0, 0x52
    li a1, 0xf0
    csrrc a0, fcsr, a1
    CHECK a0, 0xf2
    frcsr a0
    CHECK a0, 0x02
    csrs fcsr, zero
    csrc fflags, zero
    csrwi fflags, 0
    frcsr a0
    CHECK a0, 0
    // writes without a result
    csrwi frm, 3
    csrsi fflags, 0x10
    frcsr a0
    CHECK a0, 0x70
    csrw fcsr, zero
    frcsr a0
    CHECK a0, 0

    // Flags accrue, from arithmetic and from explicit writes.
    li a1, 1
    fcvt.d.l fa0, a1
    fcvt.d.l fa1, zero
    fdiv.d fa2, fa0, fa1
    frflags a0
    CHECK a0, DZ
    fdiv.d fa2, fa1, fa1
    frflags a0
    CHECK a0, DZ|NV
    csrsi fflags, NX
    fadd.d fa2, fa0, fa0
    frflags a0
    CHECK a0, DZ|NV|NX
    fsflags a0, zero
    CHECK a0, DZ|NV|NX
    frflags a0
    CHECK a0, 0
    // ... also where the result of the arithmetic is not used.
    fdiv.d fa2, fa0, fa1
    fmv.d fa2, fa0
    frflags a0
    CHECK a0, DZ
    fsflags zero
    fdiv.d fa2, fa0, fa1
    fsflags zero
    fadd.d fa2, fa0, fa0
    frflags a0
    CHECK a0, 0

    // A quiet comparison as compilers make it: flags saved and restored around a signalling one.
    LOAD_D fa0, 0x7ff8000000000000
    LOAD_D fa1, 0x7ff0000000000001
    LOAD_D fa2, 0x3ff0000000000000
    csrwi fflags, UF
    frflags a4
    flt.d a5, fa2, fa0
    fsflags a4
    CHECK a5, 0
    CHECK_X a4, UF, UF
    csrwi fflags, OF
    frflags a4
    fle.d a5, fa1, fa2
    fsflags a4
    CHECK a5, 0
    CHECK_X a4, OF, OF
    frflags a4
    fle.d a5, fa2, fa2
    fsflags a4
    CHECK a5, 1
    CHECK_FFLAGS 0
    // ... which is none when the saved value is lost, or another is restored.
    frflags a4
    flt.d a4, fa2, fa0
    fsflags a4
    CHECK_FFLAGS 0
    li a5, NV
    frflags a4
    flt.d a3, fa2, fa0
    fsflags a5
    CHECK_FFLAGS NV
    frflags a4
    flt.d a3, fa2, fa0
    frflags a4
    CHECK a4, NV
    fsflags zero

    // counters are monotonic
    rdcycle a0
    rdcycle a1
    sltu a2, a1, a0
    CHECK a2, 0
    rdinstret a0
    rdinstret a1
    sltu a2, a1, a0
    CHECK a2, 0
    rdtime a0
    rdtime a1
    sltu a2, a1, a0
    CHECK a2, 0
    // Set and clear with x0 only read, so read-only CSRs allow them.
    csrrs a0, cycle, x0
    csrrc a0, time, x0
    csrrsi a0, instret, 0
    csrrci a0, instret, 0
TEST_END
