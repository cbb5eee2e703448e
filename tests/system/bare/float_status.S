// mstatus.FS: Off makes float instructions and CSRs illegal; writes of float state make it Dirty, and SD with it.
#include "machine.h"

    .macro FS value
    li t5, MSTATUS_FS
    csrc mstatus, t5
    li t5, (\value) << 13
    csrs mstatus, t5
    .endm
    .macro CHECK_FS value
    csrr t4, mstatus
    CHECK_BITS t4, MSTATUS_FS, (\value) << 13
    .endm
    .macro MAKES_DIRTY insn:vararg
    FS 2
    RUNS \insn
    CHECK_FS 3
    FS 1
    RUNS \insn
    CHECK_FS 3
    .endm
    .macro KEEPS_CLEAN insn:vararg
    FS 2
    RUNS \insn
    CHECK_FS 2
    .endm

    TEST_START
    la a0, data
    FS 0
    ILLEGAL_INSN fadd.d fa0, fa1, fa2
    ILLEGAL_INSN fld fa0, (a0)
    ILLEGAL_INSN fsd fa0, (a0)
    ILLEGAL_INSN fmv.x.d a1, fa0
    ILLEGAL_INSN fmadd.d fa0, fa0, fa0, fa0
    ILLEGAL_INSN frcsr a1
    ILLEGAL_INSN fscsr a1
    ILLEGAL_INSN frflags a1
    ILLEGAL_INSN frrm a1
    FS 2
    csrr t4, mstatus
    srli t4, t4, 63
    CHECK t4, 0
    MAKES_DIRTY fadd.d fa0, fa1, fa2
    csrr t4, mstatus
    srli t4, t4, 63
    CHECK t4, 1
    MAKES_DIRTY fld fa0, (a0)
    MAKES_DIRTY fmadd.s fa0, fa0, fa0, fa0
    MAKES_DIRTY fmv.d.x fa0, a1
    MAKES_DIRTY fscsr zero
    MAKES_DIRTY csrwi fflags, 0
    MAKES_DIRTY csrwi frm, 0
    KEEPS_CLEAN fsd fa0, (a0)
    KEEPS_CLEAN fsw fa0, (a0)
    KEEPS_CLEAN fmv.x.d a1, fa0
    KEEPS_CLEAN fmv.x.w a1, fa0
    KEEPS_CLEAN fclass.d a1, fa0
    KEEPS_CLEAN frcsr a1
    KEEPS_CLEAN frflags a1

    // The same code in both states, in a loop
    li t0, 3
    fmv.d.x fa0, zero
1:  FS 2
    li t1, 1
    fcvt.d.l fa1, t1
    fadd.d fa0, fa0, fa1
    CHECK_FS 3
    addi t0, t0, -1
    bnez t0, 1b
    fcvt.l.d a1, fa0
    CHECK a1, 3

    // sstatus shows it too, and supervisor mode can turn it off
    FS 1
    ENTER_S
    fmv.d.x fa0, zero
    csrr t4, sstatus
    CHECK_BITS t4, MSTATUS_FS | (1 << 63), MSTATUS_FS | (1 << 63)
    li t5, MSTATUS_FS
    csrc sstatus, t5
    ILLEGAL_INSN fadd.s fa0, fa0, fa0
    BACK_TO_M
    ENTER_U
    ILLEGAL_INSN fadd.s fa0, fa0, fa0
    BACK_TO_M
    TEST_END

    .data
    .align 3
data:
    .dword 0
