// The floating-point environment of the running guest. While translated code, the interpreter or a
// helper runs, the host thread's FP environment (MXCSR) belongs to the guest: accrued exception flags
// and rounding direction. Flags and modes are numbered as in RISC-V's fcsr.
#pragma once

#include <immintrin.h>

#include "base/bits.h"

namespace dragoman::fpenv {

enum Flag : u32 { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };

inline constexpr u32 kMxcsrDefault = 0x1f80;  ///< all exceptions masked, round to nearest even

/// Accrued flags of an MXCSR value.
constexpr u32 flags_of(u32 mxcsr) {
    // MXCSR: IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5.
    return (mxcsr >> 5 & 1) * NX | (mxcsr >> 4 & 1) * UF | (mxcsr >> 3 & 1) * OF | (mxcsr >> 2 & 1) * DZ |
           (mxcsr & 1) * NV;
}
/// `mxcsr` with its flags replaced.
constexpr u32 with_flags(u32 mxcsr, u32 flags) {
    mxcsr &= ~u32{0x3f};
    return mxcsr | (flags & NX ? 0x20 : 0) | (flags & UF ? 0x10 : 0) | (flags & OF ? 0x08 : 0) |
           (flags & DZ ? 0x04 : 0) | (flags & NV ? 0x01 : 0);
}
/// `mxcsr` with rounding mode `rm` (0 RNE, 1 RTZ, 2 RDN, 3 RUP; others are set to RNE, because the
/// host lacks them and the translator then uses soft float).
constexpr u32 with_rounding(u32 mxcsr, u32 rm) {
    constexpr u32 kRc[] = {0, 3, 1, 2};
    return (mxcsr & ~u32{0x6000}) | (rm < 4 ? kRc[rm] : 0) << 13;
}

inline u32 flags() { return flags_of(_mm_getcsr()); }
inline void set_flags(u32 flags) { _mm_setcsr(with_flags(_mm_getcsr(), flags)); }
inline void raise(u32 flags) { _mm_setcsr(_mm_getcsr() | (with_flags(0, flags) & 0x3f)); }
inline void set_rounding(u32 rm) { _mm_setcsr(with_rounding(_mm_getcsr(), rm)); }

}  // namespace dragoman::fpenv
