// CPU features that code generation makes use of.
#pragma once

#include "host/host.h"

namespace dragoman::host::x64 {

struct Features {
    bool ssse3 = false, sse41 = false, aes = false, pclmul = false, sha = false, popcnt = false, lzcnt = false,
         movbe = false;
    bool bmi1 = false, bmi2 = false;
    bool avx = false, avx2 = false, fma = false;
    bool avx512 = false;  ///< F, VL, DQ and BW
    bool vaes = false;    ///< with these: VAES and VPCLMULQDQ
    bool vbmi = false;    ///< with these: AVX512_VBMI and AVX512_VBMI2
    bool gfni = false;    ///< with these: GFNI
};

/// All of them in the bits of a number.
u64 feature_bits(const Features& features);

/// What the CPU has and the options allow.
Features detect_features(const Options& options);

/// Where the parts of vector registers are in the standard XSAVE area that is no legacy area (SDM vol. 1, 13.5); 0
/// where the CPU has no such state.
struct XsaveLayout {
    u32 ymm = 0;       ///< bits 128 to 255 of registers 0 to 15, 16 bytes each
    u32 zmm = 0;       ///< bits 256 to 511 of registers 0 to 15, 32 bytes each
    u32 hi16_zmm = 0;  ///< registers 16 to 31, 64 bytes each
};
/// Found out when it is first asked for. In signal handlers, too.
const XsaveLayout& xsave_layout();

}  // namespace dragoman::host::x64
