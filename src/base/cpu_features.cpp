#include "base/cpu_features.h"

#if __has_include(<sys/platform/x86.h>)

#include <sys/platform/x86.h>

namespace dragoman {

const CpuFeatures& cpu_features() {
    static const CpuFeatures found = {
        .ssse3 = CPU_FEATURE_ACTIVE(SSSE3),
        .sse41 = CPU_FEATURE_ACTIVE(SSE4_1),
        .aes = CPU_FEATURE_ACTIVE(AES),
        .pclmul = CPU_FEATURE_ACTIVE(PCLMULQDQ),
        .sha = CPU_FEATURE_ACTIVE(SHA),
        .popcnt = CPU_FEATURE_ACTIVE(POPCNT),
        .lzcnt = CPU_FEATURE_ACTIVE(LZCNT),
        .movbe = CPU_FEATURE_ACTIVE(MOVBE),
        .bmi1 = CPU_FEATURE_ACTIVE(BMI1),
        .bmi2 = CPU_FEATURE_ACTIVE(BMI2),
        .avx = CPU_FEATURE_ACTIVE(AVX),
        .avx2 = CPU_FEATURE_ACTIVE(AVX2),
        .fma = CPU_FEATURE_ACTIVE(FMA),
        .avx512 = CPU_FEATURE_ACTIVE(AVX512F) && CPU_FEATURE_ACTIVE(AVX512VL) && CPU_FEATURE_ACTIVE(AVX512DQ) &&
                  CPU_FEATURE_ACTIVE(AVX512BW),
        .vaes = CPU_FEATURE_ACTIVE(VAES) && CPU_FEATURE_ACTIVE(VPCLMULQDQ),
        .vbmi = CPU_FEATURE_ACTIVE(AVX512_VBMI) && CPU_FEATURE_ACTIVE(AVX512_VBMI2),
        .gfni = CPU_FEATURE_ACTIVE(GFNI),
    };
    return found;
}

}  // namespace dragoman

#else

#include <cpuid.h>

#include "base/bits.h"

namespace dragoman {

namespace {

bool bit(u32 word, unsigned n) { return (word >> n & 1) != 0; }

/// XCR0: the register state that is switched between threads (SDM vol. 1, 13.3): 2 upper halves of YMM, 0xe0 AVX-512.
/// @param leaf1_c  ECX of CPUID leaf 1, which says whether there is such a register; without one: 0
u64 xcr0(u32 leaf1_c) {
    if (!bit(leaf1_c, 27)) return 0;
    u32 low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

CpuFeatures find_features() {
    CpuFeatures f;
    u32 a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
    f.ssse3 = bit(c, 9);
    f.sse41 = bit(c, 19);
    f.aes = bit(c, 25);
    f.pclmul = bit(c, 1);
    f.movbe = bit(c, 22);
    f.popcnt = bit(c, 23);
    // AVX state must be switched by the operating system too (SDM vol. 1, 14.3).
    const u64 state = xcr0(c);
    f.avx = bit(c, 28) && (state & 6) == 6;
    f.fma = bit(c, 12) && f.avx;
    if (__get_cpuid_count(7, 0, &a, &b, &c, &d)) {
        f.avx2 = bit(b, 5) && f.avx;
        f.bmi1 = bit(b, 3);
        f.bmi2 = bit(b, 8);
        f.sha = bit(b, 29);
        f.avx512 = bit(b, 16) && bit(b, 17) && bit(b, 30) && bit(b, 31) && (state & 0xe6) == 0xe6;
        f.vaes = bit(c, 9) && bit(c, 10) && f.avx;
        f.vbmi = bit(c, 1) && bit(c, 6) && f.avx512;
        f.gfni = bit(c, 8) && f.avx;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) f.lzcnt = bit(c, 5);
    return f;
}

}  // namespace

const CpuFeatures& cpu_features() {
    static const CpuFeatures found = find_features();
    return found;
}

}  // namespace dragoman

#endif
