#include "base/fused.h"

#include <cpuid.h>
#include <immintrin.h>

#include "base/bits.h"
#include "base/xcr0.h"

namespace dragoman::fpenv {

bool has_fma() {
    static const bool has = [] {
        u32 a = 0, b = 0, c = 0, d = 0;
        return __get_cpuid(1, &a, &b, &c, &d) && (c & bit_FMA) != 0 && (c & bit_AVX) != 0 && (xcr0(c) & 6) == 6;
    }();
    return has;
}

[[gnu::target("fma")]] float fma(float a, float b, float c) {
    return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}

[[gnu::target("fma")]] double fma(double a, double b, double c) {
    return _mm_cvtsd_f64(_mm_fmadd_sd(_mm_set_sd(a), _mm_set_sd(b), _mm_set_sd(c)));
}

}  // namespace dragoman::fpenv
