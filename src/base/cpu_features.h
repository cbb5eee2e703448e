// What the host's CPU can do, as far as the operating system lets programs use it.
#pragma once

namespace dragoman {

struct CpuFeatures {
    bool ssse3 = false, sse41 = false, aes = false, pclmul = false, sha = false, popcnt = false, lzcnt = false,
         movbe = false;
    bool bmi1 = false, bmi2 = false;
    bool avx = false, avx2 = false, fma = false;
    bool avx512 = false;  ///< F, VL, DQ and BW
    bool vaes = false;    ///< with these: VAES and VPCLMULQDQ
    bool vbmi = false;    ///< with these: AVX512_VBMI and AVX512_VBMI2
    bool gfni = false;    ///< with these: GFNI
};

/// Found out once. Where the C library tells, no CPUID is executed: in virtual machines each traps, and a start would
/// have dozens.
const CpuFeatures& cpu_features();

}  // namespace dragoman
