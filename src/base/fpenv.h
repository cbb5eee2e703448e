// The floating-point environment of the running guest, on the host's FP unit. While translated code, the interpreter or
// a helper runs, the environment of the host's thread belongs to the guest: accrued exception flags and rounding
// direction. Guests use these names and know nothing of the unit: on x86-64 its control word is MXCSR, and another host
// is a second set of these functions. Flags and modes are numbered as in RISC-V's fcsr.
#pragma once

#include <immintrin.h>

#include "base/bits.h"

namespace dragoman::fpenv {

enum Flag : u32 { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };

/// The control word of a guest that has not run: no traps on the host, round to nearest even. What a control word holds
/// is the host's own (Env::fp_control).
inline constexpr u32 kDefaultControl = 0x1f80;

/// Accrued flags of a control word.
constexpr u32 flags_of(u32 control) {
    // MXCSR: IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5.
    return (control >> 5 & 1) * NX | (control >> 4 & 1) * UF | (control >> 3 & 1) * OF | (control >> 2 & 1) * DZ |
           (control & 1) * NV;
}
/// `control` with its flags replaced.
constexpr u32 with_flags(u32 control, u32 flags) {
    control &= ~u32{0x3f};
    return control | (flags & NX ? 0x20 : 0) | (flags & UF ? 0x10 : 0) | (flags & OF ? 0x08 : 0) |
           (flags & DZ ? 0x04 : 0) | (flags & NV ? 0x01 : 0);
}
/// `control` with rounding mode `rm` (0 RNE, 1 RTZ, 2 RDN, 3 RUP; others are set to RNE, because the
/// host lacks them and the translator then uses soft float).
constexpr u32 with_rounding(u32 control, u32 rm) {
    constexpr u32 kRc[] = {0, 3, 1, 2};
    return (control & ~u32{0x6000}) | (rm < 4 ? kRc[rm] : 0) << 13;
}

inline u32 flags() { return flags_of(_mm_getcsr()); }
inline void set_flags(u32 flags) { _mm_setcsr(with_flags(_mm_getcsr(), flags)); }
inline void raise(u32 flags) { _mm_setcsr(_mm_getcsr() | (with_flags(0, flags) & 0x3f)); }
inline void set_rounding(u32 rm) { _mm_setcsr(with_rounding(_mm_getcsr(), rm)); }

}  // namespace dragoman::fpenv
