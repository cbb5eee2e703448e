// Integer instructions whose result is wider or narrower than their operands (sections "Vector Widening Integer
// Add/Subtract", "Vector Integer Extension", "Vector Narrowing Integer Right Shift Instructions", ...).
//
// Register groups of different width may overlap where elements are read before they are written when one goes from
// the first to the last: a wide result over the highest part of its source, a narrow one over the lowest.
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

template <bool kSigned, class T>
auto widen(T value) {
    if constexpr (kSigned) {
        return static_cast<i64>(static_cast<Signed<T>>(value));
    } else {
        return static_cast<i64>(u64{value});
    }
}

/// vd[i] = f(vs2[i], second operand) in twice the width. kWideFirst: vs2 is that wide already (the .w forms).
template <bool kSigned1, bool kSigned2, bool kWideFirst, class F>
void widening(VectorRun& run, F f) {
    by_narrow(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        W* const d = run.group<W>(run.vd());
        run.for_active([&](u64 i) {
            const i64 b = widen<kSigned2>(run.second<T>(i));
            const i64 a =
                kWideFirst ? widen<kSigned1>(run.group<W>(run.vs2())[i]) : widen<kSigned1>(run.group<T>(run.vs2())[i]);
            d[i] = static_cast<W>(f(static_cast<u64>(a), static_cast<u64>(b), u64{d[i]}));
        });
    });
}

/// vd[i] = vs2[i], of twice the width, shifted right.
template <bool kSigned>
void narrowing_shift(VectorRun& run) {
    by_narrow(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        run.for_active([&](u64 i) {
            const u64 count = run.second<T>(i) & (kBitsOf<W> - 1);
            const W value = run.group<W>(run.vs2())[i];
            run.group<T>(run.vd())[i] =
                static_cast<T>(kSigned ? static_cast<u64>(widen<true>(value) >> count) : u64{value} >> count);
        });
    });
}

/// vd[i] = vs2[i] of a `factor`-th of the width.
template <bool kSigned, unsigned kFactorLog2>
void extend(VectorRun& run) {
    by_sew(run.sew() - kFactorLog2, [&](auto zero) {
        using T = decltype(zero);
        by_sew(run.sew(), [&](auto wide) {
            using W = decltype(wide);
            run.for_active(
                [&](u64 i) { run.group<W>(run.vd())[i] = static_cast<W>(widen<kSigned>(run.group<T>(run.vs2())[i])); });
        });
    });
}

constexpr auto kAdd = [](u64 a, u64 b, u64) { return a + b; };
constexpr auto kSub = [](u64 a, u64 b, u64) { return a - b; };
constexpr auto kMul = [](u64 a, u64 b, u64) { return a * b; };
constexpr auto kMulAdd = [](u64 a, u64 b, u64 d) { return a * b + d; };

}  // namespace

void vwaddu(VectorRun& run) { widening<false, false, false>(run, kAdd); }
void vwadd(VectorRun& run) { widening<true, true, false>(run, kAdd); }
void vwsubu(VectorRun& run) { widening<false, false, false>(run, kSub); }
void vwsub(VectorRun& run) { widening<true, true, false>(run, kSub); }
void vwaddu_w(VectorRun& run) { widening<false, false, true>(run, kAdd); }
void vwadd_w(VectorRun& run) { widening<true, true, true>(run, kAdd); }
void vwsubu_w(VectorRun& run) { widening<false, false, true>(run, kSub); }
void vwsub_w(VectorRun& run) { widening<true, true, true>(run, kSub); }
void vwmulu(VectorRun& run) { widening<false, false, false>(run, kMul); }
void vwmul(VectorRun& run) { widening<true, true, false>(run, kMul); }
/// vs2 is signed, the second operand is not.
void vwmulsu(VectorRun& run) { widening<true, false, false>(run, kMul); }
void vwmaccu(VectorRun& run) { widening<false, false, false>(run, kMulAdd); }
void vwmacc(VectorRun& run) { widening<true, true, false>(run, kMulAdd); }
/// The second operand is signed, vs2 is not.
void vwmaccsu(VectorRun& run) { widening<false, true, false>(run, kMulAdd); }
void vwmaccus(VectorRun& run) { widening<true, false, false>(run, kMulAdd); }

void vnsrl(VectorRun& run) { narrowing_shift<false>(run); }
void vnsra(VectorRun& run) { narrowing_shift<true>(run); }

void vzext_vf2(VectorRun& run) { extend<false, 1>(run); }
void vzext_vf4(VectorRun& run) { extend<false, 2>(run); }
void vzext_vf8(VectorRun& run) { extend<false, 3>(run); }
void vsext_vf2(VectorRun& run) { extend<true, 1>(run); }
void vsext_vf4(VectorRun& run) { extend<true, 2>(run); }
void vsext_vf8(VectorRun& run) { extend<true, 3>(run); }

/// Zvbb: vwsll. The count is taken modulo the result's width.
void vwsll(VectorRun& run) {
    const u64 mask = (u64{16} << run.sew()) - 1;
    widening<false, false, false>(run, [mask](u64 a, u64 b, u64) { return a << (b & mask); });
}

}  // namespace dragoman::riscv::vector_functions
