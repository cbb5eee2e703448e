// CPU features that code generation makes use of.
#pragma once

#include "host/host.h"

namespace dragoman::host::x64 {

struct Features {
    bool ssse3 = false, sse41 = false, pclmul = false, popcnt = false, lzcnt = false, movbe = false;
    bool bmi1 = false, bmi2 = false;
    bool avx = false, avx2 = false, fma = false;
    bool avx512 = false;  ///< F, VL, DQ and BW
};

/// All of them in the bits of a number.
u64 feature_bits(const Features& features);

/// What the CPU has and the options allow.
Features detect_features(const Options& options);

/// Offset of the upper 16 vector registers (512 bits each) in the standard XSAVE area; 0 without them.
u32 xsave_hi16_zmm_offset();

}  // namespace dragoman::host::x64
