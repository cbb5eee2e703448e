// march: rv64gc_zfh
// Reserved encodings of floating point and CSRs raise illegal instruction: reserved static rounding modes, reserved
// dynamic ones, CSRs that do not exist, that user mode may not access or that are read-only.
#include "signals.h"

.macro LEGAL insn:vararg
    sd zero, 0(s0)
    \insn
    ld t4, 0(s0)
    CHECK t4, 0
.endm

TEST_START
    CATCH SIGILL
    la s0, fault_address

    // static modes 5 and 6: fadd, fsqrt, fmadd, conversions in all formats
    ILLEGAL .insn r 0x53, 5, 0x01, fa0, fa1, fa2
    ILLEGAL .insn r 0x53, 6, 0x01, fa0, fa1, fa2
    ILLEGAL .insn r 0x53, 5, 0x00, fa0, fa1, fa2
    ILLEGAL .insn r 0x53, 6, 0x02, fa0, fa1, fa2
    ILLEGAL .insn r 0x53, 5, 0x2d, fa0, fa1, f0
    ILLEGAL .insn r4 0x43, 5, 1, fa0, fa1, fa2, fa3
    ILLEGAL .insn r4 0x4b, 6, 0, fa0, fa1, fa2, fa3
    ILLEGAL .insn r 0x53, 5, 0x61, a0, fa1, f0
    ILLEGAL .insn r 0x53, 6, 0x69, fa0, a1, f2
    ILLEGAL .insn r 0x53, 5, 0x20, fa0, fa1, f1
    ILLEGAL .insn r 0x53, 5, 0x21, fa0, fa1, f0
    ILLEGAL .insn r 0x53, 5, 0x21, fa0, fa1, f4
    // reserved fields
    ILLEGAL .insn r 0x53, 0, 0x2d, fa0, fa1, f1               // fsqrt with rs2
    ILLEGAL .insn r 0x53, 3, 0x11, fa0, fa1, fa2              // fsgnj with funct3 3
    ILLEGAL .insn r 0x53, 7, 0x51, a0, fa1, fa2               // feq with funct3 7
    ILLEGAL .insn r 0x53, 0, 0x61, a0, fa1, f4                // fcvt.?.d
    ILLEGAL .insn r 0x53, 0, 0x03, fa0, fa1, fa2              // quad precision
    ILLEGAL .insn r 0x53, 0, 0x21, fa0, fa1, f1               // fcvt.d.d
    ILLEGAL .insn r 0x53, 7, 0x61, a0, fa1, f8                // fcvtmod.w.d is always rtz

    // reserved dynamic modes
    fsrmi 5
    ILLEGAL fadd.d fa0, fa1, fa2
    ILLEGAL fadd.s fa0, fa1, fa2
    ILLEGAL fadd.h fa0, fa1, fa2
    ILLEGAL fmadd.d fa0, fa1, fa2, fa3
    ILLEGAL fsqrt.s fa0, fa1
    ILLEGAL fcvt.w.d a0, fa1
    ILLEGAL fcvt.s.d fa0, fa1
    ILLEGAL fcvt.d.l fa0, a1, dyn
    LEGAL fadd.d fa0, fa1, fa2, rtz
    LEGAL fcvt.d.s fa0, fa1
    LEGAL fmin.d fa0, fa1, fa2
    fsrmi 7
    ILLEGAL fadd.d fa0, fa1, fa2
    ILLEGAL fcvt.w.s a0, fa1
    fsrmi 4
    LEGAL fadd.d fa0, fa1, fa2
    fsrmi 0

    // CSRs
    ILLEGAL csrr a0, 0x123
    ILLEGAL csrw 0x7ff, a0
    ILLEGAL csrr a0, mhartid
    ILLEGAL csrr a0, mstatus
    ILLEGAL csrr a0, sstatus
    ILLEGAL csrw satp, zero
    ILLEGAL csrr a0, 0xc80                                    // cycleh: RV32 only
    ILLEGAL csrw cycle, zero
    ILLEGAL csrrw a0, cycle, zero
    ILLEGAL csrrwi zero, time, 0
    ILLEGAL csrrsi a0, time, 1
    ILLEGAL csrs instret, a0
    ILLEGAL csrc 0xc1f, a0
    LEGAL csrr a0, cycle
TEST_END

SIGNAL_HANDLER
