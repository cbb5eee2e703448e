#include "host/x64/features.h"

#include <cpuid.h>

#include "base/cpu_features.h"

namespace dragoman::host::x64 {

Features detect_features(const Options& options) {
    const CpuFeatures& cpu = cpu_features();
    Features f;
    f.ssse3 = cpu.ssse3;
    f.sse41 = cpu.sse41 && options.sse41;
    f.aes = cpu.aes && options.sse41;
    f.pclmul = cpu.pclmul && options.sse41;
    f.sha = cpu.sha && options.sse41;
    f.movbe = cpu.movbe;
    f.popcnt = cpu.popcnt && options.sse41;
    f.lzcnt = cpu.lzcnt && options.bmi;
    f.bmi1 = cpu.bmi1 && options.bmi;
    f.bmi2 = cpu.bmi2 && options.bmi;
    f.avx = cpu.avx && f.sse41 && options.avx;
    f.fma = cpu.fma && f.avx && options.fma;
    f.avx2 = cpu.avx2 && f.avx && options.avx2;
    f.avx512 = cpu.avx512 && f.avx2 && f.fma && options.avx512;
    f.vaes = cpu.vaes && f.aes && f.pclmul && f.avx512;
    f.vbmi = cpu.vbmi && f.avx512;
    f.gfni = cpu.gfni && f.avx512;
    return f;
}

u64 feature_bits(const Features& f) {
    static_assert(sizeof(Features) == 17, "a feature is missing below");
    u64 bits = 0;
    for (bool b : {f.ssse3, f.sse41, f.aes, f.pclmul, f.sha, f.popcnt, f.lzcnt, f.movbe, f.bmi1, f.bmi2, f.avx, f.avx2,
                   f.fma, f.avx512, f.vaes, f.vbmi, f.gfni}) {
        bits = bits << 1 | b;
    }
    return bits;
}

const XsaveLayout& xsave_layout() {
    // Leaf 0xD, by state component: EAX is its size, EBX its offset in the standard format.
    auto offset = [](unsigned component) -> u32 {
        u32 a = 0, b = 0, c = 0, d = 0;
        return __get_cpuid_count(0xd, component, &a, &b, &c, &d) && a != 0 ? b : 0;
    };
    static const XsaveLayout layout{offset(2), offset(6), offset(7)};
    return layout;
}

}  // namespace dragoman::host::x64
