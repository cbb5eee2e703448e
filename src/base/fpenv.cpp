// On x86-64 the environment is MXCSR. Another host is a second one of these files.
#include "base/fpenv.h"

#include <immintrin.h>

#include "base/mxcsr.h"

namespace dragoman::fpenv {

u32 default_control() { return mxcsr::kDefault; }
u32 flags_of(u32 control) { return mxcsr::flags_of(control); }
u32 with_flags(u32 control, u32 flags) { return mxcsr::with_flags(control, flags); }
u32 with_rounding(u32 control, u32 rm) { return mxcsr::with_rounding(control, rm); }

u32 control() { return _mm_getcsr(); }
void set_control(u32 control) { _mm_setcsr(control); }
u32 flags() { return mxcsr::flags_of(_mm_getcsr()); }
void set_flags(u32 flags) { _mm_setcsr(mxcsr::with_flags(_mm_getcsr(), flags)); }
void raise(u32 flags) { _mm_setcsr(_mm_getcsr() | mxcsr::with_flags(0, flags)); }
u32 rounding() { return mxcsr::rounding_of(_mm_getcsr()); }
void set_rounding(u32 rm) { _mm_setcsr(mxcsr::with_rounding(_mm_getcsr(), rm)); }

}  // namespace dragoman::fpenv
