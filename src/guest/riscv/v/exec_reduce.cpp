// Reductions (section "Vector Reduction Operations"): vd[0] = vs1[0] combined with the active elements of vs2.
#include <algorithm>

#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

/// kWide: source elements of half the width of the result's.
template <class T, class Source, class F>
void reduce(VectorRun& run, F f) {
    if (run.vl() == 0) return;
    T sum = run.group<T>(run.vs1())[0];
    run.for_active([&](u64 i) { sum = static_cast<T>(f(sum, run.group<Source>(run.vs2())[i])); });
    run.group<T>(run.vd())[0] = sum;
}

template <class F>
void reduce_integers(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) { reduce<decltype(zero), decltype(zero)>(run, f); });
}

/// Sums in element order: an ordered sum is one of the orders that an unordered one may take.
template <class F>
void reduce_floats(VectorRun& run, F f) {
    const softfloat::Format format = format_of(run.sew());
    RaisedFlags flags;
    reduce_integers(run, [&](auto sum, auto element) { return f(format, u64{sum}, u64{element}, flags.bits); });
}

void widening_float_sum(VectorRun& run) {
    const softfloat::Format narrow = format_of(run.sew()), wide = format_of(run.sew() + 1);
    RaisedFlags flags;
    auto add = [&](u64 sum, u64 element) {
        const u64 value = softfloat::convert(wide, narrow, element, run.rounding(), flags.bits);
        return softfloat::add(wide, sum, value, run.rounding(), flags.bits);
    };
    if (run.sew() == 1) {
        reduce<u32, u16>(run, add);
    } else {
        reduce<u64, u32>(run, add);
    }
}

template <bool kSigned>
void widening_sum(VectorRun& run) {
    auto sum = [&](auto narrow) {
        using T = decltype(narrow);
        using W = WiderT<T>;
        reduce<W, T>(run, [](W total, T element) {
            if constexpr (kSigned) {
                return static_cast<W>(total + static_cast<W>(static_cast<Signed<T>>(element)));
            } else {
                return static_cast<W>(total + element);
            }
        });
    };
    by_narrow(run.sew(), sum);
}

}  // namespace

void vredsum(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return a + b; });
}
void vredand(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return a & b; });
}
void vredor(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return a | b; });
}
void vredxor(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return a ^ b; });
}
void vredminu(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return std::min(a, b); });
}
void vredmaxu(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) { return std::max(a, b); });
}
void vredmin(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) {
        return static_cast<Signed<decltype(a)>>(a) < static_cast<Signed<decltype(b)>>(b) ? a : b;
    });
}
void vredmax(VectorRun& run) {
    reduce_integers(run, [](auto a, auto b) {
        return static_cast<Signed<decltype(a)>>(a) > static_cast<Signed<decltype(b)>>(b) ? a : b;
    });
}
void vwredsumu(VectorRun& run) { widening_sum<false>(run); }
void vwredsum(VectorRun& run) { widening_sum<true>(run); }

void vfredosum(VectorRun& run) {
    reduce_floats(run, [&](auto format, u64 a, u64 b, u32& flags) {
        return softfloat::add(format, a, b, run.rounding(), flags);
    });
}
void vfredusum(VectorRun& run) { vfredosum(run); }
void vfredmin(VectorRun& run) {
    reduce_floats(run, [](auto format, u64 a, u64 b, u32& flags) { return softfloat::min(format, a, b, flags); });
}
void vfredmax(VectorRun& run) {
    reduce_floats(run, [](auto format, u64 a, u64 b, u32& flags) { return softfloat::max(format, a, b, flags); });
}
void vfwredosum(VectorRun& run) { widening_float_sum(run); }
void vfwredusum(VectorRun& run) { widening_float_sum(run); }

}  // namespace dragoman::riscv::vector_functions
