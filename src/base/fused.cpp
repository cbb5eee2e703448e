#include "base/fused.h"

#include <immintrin.h>

#include "base/cpu_features.h"

namespace dragoman::fpenv {

bool has_fma() { return cpu_features().fma; }

[[gnu::target("fma")]] float fma(float a, float b, float c) {
    return _mm_cvtss_f32(_mm_fmadd_ss(_mm_set_ss(a), _mm_set_ss(b), _mm_set_ss(c)));
}

[[gnu::target("fma")]] double fma(double a, double b, double c) {
    return _mm_cvtsd_f64(_mm_fmadd_sd(_mm_set_sd(a), _mm_set_sd(b), _mm_set_sd(c)));
}

}  // namespace dragoman::fpenv
