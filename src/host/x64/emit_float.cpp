// Floating-point arithmetic, comparison and conversion.
#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

using ir::Insn;

#define PENDING(name) \
    void emit_##name(Emitter&, const Insn&) { DRAGOMAN_ASSERT(!#name " is not implemented"); }
PENDING(fadd) PENDING(fsub) PENDING(fmul) PENDING(fdiv) PENDING(fsqrt)
PENDING(fmadd) PENDING(fmsub) PENDING(fnmadd) PENDING(fnmsub)
PENDING(fmin) PENDING(fmax) PENDING(feq) PENDING(flt) PENDING(fle) PENDING(fltq) PENDING(fleq)
PENDING(fsgnj) PENDING(fsgnjn) PENDING(fsgnjx) PENDING(fclass) PENDING(fround)
PENDING(fcvt_ff) PENDING(fcvt_fi) PENDING(fcvt_if) PENDING(fbox) PENDING(funbox)
PENDING(fflags_get) PENDING(fflags_set)

}  // namespace dragoman::host::x64
