// march: rv64gc
// Float registers and flags are precise at a fault: NaN results are canonical and flags have accrued in the signal
// frame, and still are when the program goes on.
#include "signals.h"

#define QNAN 0x7ff8000000000000
#define PAYLOAD 0xfff8000000001234
#define INF 0x7ff0000000000000
#define ONE 0x3ff0000000000000

// After the instructions and a faulting load, fa0 and fflags as the handler saw them and as they are now.
.macro FAULT value, flags, first, second, third
    fsflags zero
    j 1f
1:  \first
    \second
    \third
    lw zero, 0(zero)
    frflags a2
    fmv.x.d a3, fa0
    ld a0, 0(s0)
    CHECK a0, \value
    ld a0, 8(s0)
    CHECK a0, \flags
    CHECK a3, \value
    CHECK a2, \flags
.endm

TEST_START
    CATCH SIGSEGV
    la s0, seen
    LOAD_D fs0, 0
    LOAD_D fs1, INF
    LOAD_D fs2, PAYLOAD
    LOAD_D fs3, ONE
    LOAD_D fa3, 0x4008000000000000
    LOAD_S fs4, 0xffc01234
    LOAD_S fs5, 0x3f800000

    FAULT QNAN, NV, "fdiv.d fa0, fs0, fs0"
    FAULT QNAN, NV, "fsub.d fa0, fs1, fs1"
    FAULT QNAN, 0, "fadd.d fa0, fs2, fs3"
    FAULT QNAN, 0, "fmul.d fa0, fs3, fs2"
    FAULT QNAN, 0, "fsqrt.d fa0, fs2"
    FAULT QNAN, 0, "fmadd.d fa0, fs3, fs3, fs2"
    FAULT QNAN, NV, "fmadd.d fa0, fs1, fs0, fs2"
    FAULT QNAN, NV, "fnmsub.d fa0, fs0, fs1, fs2"
    FAULT QNAN, 0, "fcvt.d.s fa0, fs4"
    FAULT 0xffffffff7fc00000, 0, "fcvt.s.d fa0, fs2"
    FAULT 0xffffffff7fc00000, 0, "fadd.s fa0, fs4, fs5"
    FAULT 0xffffffff7fc00000, 0, "fmadd.s fa0, fs5, fs5, fs4"
    // chains
    FAULT QNAN, NV, "fdiv.d fa0, fs0, fs0", "fadd.d fa0, fa0, fs3", "fmul.d fa1, fa0, fa0"
    FAULT QNAN, NV, "fmv.d fa1, fs1", "fmadd.d fa0, fa1, fs0, fs2", "fmv.d fa1, fs3"
    FAULT QNAN, NV, "fmv.d fa0, fs1", "fmadd.d fa0, fa0, fs0, fs2"
    FAULT ONE, NV, "fmadd.d fa0, fs1, fs0, fs2", "fmv.d fa0, fs3"
    FAULT PAYLOAD, NV, "fdiv.d fa0, fs0, fs0", "fmv.d fa0, fs2"
    FAULT 0xfff8000000000000, NV, "fdiv.d fa0, fs0, fs0", "fneg.d fa0, fa0"
    FAULT QNAN, NV|NX|DZ, "fdiv.d fa0, fs0, fs0", "fdiv.d fa1, fs3, fs0", "fdiv.d fa2, fs3, fa3"
    FAULT 0, NV, "fdiv.d fa0, fs0, fs0", "feq.d a1, fa0, fa0", "fcvt.d.w fa0, a1"
TEST_END

handler:
    la t1, seen
    ld t0, UCONTEXT_F + 10 * 8(a2)                            // fa0
    sd t0, 0(t1)
    lwu t0, UCONTEXT_FCSR(a2)
    sd t0, 8(t1)
    SKIP_INSTRUCTION

.data
.balign 16
action: .dword handler, SA_SIGINFO, 0
seen: .dword 0, 0
