// Integer instructions whose result is wider or narrower than their operands (sections "Vector Widening Integer
// Add/Subtract", "Vector Integer Extension", "Vector Narrowing Integer Right Shift Instructions", ...).
//
// Register groups of different width may overlap where elements are read before they are written when one goes from
// the first to the last: a wide result over the highest part of its source, a narrow one over the lowest.
#include <type_traits>

#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

/// Elements of SEW, results of twice that: 8 to 32 bits.
template <class F>
void by_narrow(VectorRun& run, F f) {
    switch (run.sew()) {
        case 0: return f(u8{});
        case 1: return f(u16{});
        default: return f(u32{});
    }
}

template <bool kSigned, class T>
auto widen(T value) {
    using S = std::make_signed_t<T>;
    if constexpr (kSigned) {
        return static_cast<i64>(static_cast<S>(value));
    } else {
        return static_cast<i64>(u64{value});
    }
}

/// vd[i] = f(vs2[i], second operand) in twice the width. kWideFirst: vs2 is that wide already (the .w forms).
template <bool kSigned1, bool kSigned2, bool kWideFirst, class F>
void widening(VectorRun& run, F f) {
    by_narrow(run, [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        W* const d = run.group<W>(run.vd());
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            const i64 b = widen<kSigned2>(vector ? run.group<T>(run.vs1())[i] : static_cast<T>(run.scalar));
            const i64 a =
                kWideFirst ? widen<kSigned1>(run.group<W>(run.vs2())[i]) : widen<kSigned1>(run.group<T>(run.vs2())[i]);
            d[i] = static_cast<W>(f(static_cast<u64>(a), static_cast<u64>(b), u64{d[i]}));
        });
    });
}

/// vd[i] = vs2[i], of twice the width, shifted right.
template <bool kSigned>
void narrowing_shift(VectorRun& run) {
    by_narrow(run, [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            const u64 count = (vector ? u64{run.group<T>(run.vs1())[i]} : run.scalar) & (kBitsOf<W> - 1);
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
    by_narrow(run, [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            const u64 count = (vector ? u64{run.group<T>(run.vs1())[i]} : run.scalar) & (kBitsOf<W> - 1);
            run.group<W>(run.vd())[i] = static_cast<W>(u64{run.group<T>(run.vs2())[i]} << count);
        });
    });
}

}  // namespace dragoman::riscv::vector_functions
