#include "host/x64/features.h"

#include <cpuid.h>

#include "base/xcr0.h"

namespace dragoman::host::x64 {

namespace {

bool bit(u32 word, unsigned n) { return (word >> n & 1) != 0; }

}  // namespace

Features detect_features(const Options& options) {
    Features f;
    u32 a = 0, b = 0, c = 0, d = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return f;
    f.ssse3 = bit(c, 9);
    f.sse41 = bit(c, 19) && options.sse41;
    f.pclmul = bit(c, 1) && options.sse41;
    f.movbe = bit(c, 22);
    f.popcnt = bit(c, 23) && options.sse41;
    // AVX state must be switched by the operating system too (SDM vol. 1, 14.3).
    const u64 state = xcr0(c);
    bool ymm_state = (state & 6) == 6;
    bool zmm_state = (state & 0xe6) == 0xe6;
    f.avx = bit(c, 28) && ymm_state && f.sse41 && options.avx;
    f.fma = bit(c, 12) && f.avx && options.fma;

    u32 b7 = 0;
    if (__get_cpuid_count(7, 0, &a, &b7, &c, &d)) {
        f.avx2 = bit(b7, 5) && f.avx && options.avx2;
        f.bmi1 = bit(b7, 3) && options.bmi;
        f.bmi2 = bit(b7, 8) && options.bmi;
        f.avx512 =
            bit(b7, 16) && bit(b7, 17) && bit(b7, 30) && bit(b7, 31) && zmm_state && f.avx2 && f.fma && options.avx512;
    }
    if (__get_cpuid(0x80000001, &a, &b, &c, &d)) f.lzcnt = bit(c, 5) && options.bmi;
    return f;
}

u64 feature_bits(const Features& f) {
    static_assert(sizeof(Features) == 12, "a feature is missing below");
    u64 bits = 0;
    for (bool b :
         {f.ssse3, f.sse41, f.pclmul, f.popcnt, f.lzcnt, f.movbe, f.bmi1, f.bmi2, f.avx, f.avx2, f.fma, f.avx512}) {
        bits = bits << 1 | b;
    }
    return bits;
}

XsaveLayout xsave_layout() {
    // Leaf 0xD, by state component: EAX is its size, EBX its offset in the standard format.
    auto offset = [](unsigned component) -> u32 {
        u32 a = 0, b = 0, c = 0, d = 0;
        return __get_cpuid_count(0xd, component, &a, &b, &c, &d) && a != 0 ? b : 0;
    };
    return {offset(2), offset(6), offset(7)};
}

}  // namespace dragoman::host::x64
