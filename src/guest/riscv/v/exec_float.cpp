// Floating-point arithmetic on elements (section "Vector Floating-Point Instructions"), on soft float: the same results
// and flags as the scalar instructions. Inactive elements raise no flags.
#include <bit>
#include <limits>
#include <type_traits>

#include "base/fused.h"
#include "guest/riscv/v/elements.h"
#include "guest/riscv/v/float_estimates.h"

namespace dragoman::riscv::vector_functions {

namespace {

using softfloat::Format;

/// vd[i] = f(format, vs2[i], flags).
template <class F>
void unary(VectorRun& run, F f) {
    RaisedFlags flags;
    unary_elements(run, [&](auto a) { return f(format_of(run.sew()), u64{a}, flags.bits); });
}

/// vd[i] = f(format, vs2[i], second operand, flags).
template <class F>
void binary(VectorRun& run, F f) {
    RaisedFlags flags;
    binary_elements(run, [&](auto a, auto b) { return f(format_of(run.sew()), u64{a}, u64{b}, flags.bits); });
}

using Arithmetic = u64 (*)(Format, u64, u64, softfloat::Rounding, u32&);

/// Whether the host computes `run`'s elements as the guest does: while a helper runs, its FP environment is the
/// guest's.
bool host_computes(const VectorRun& run) { return run.sew() >= 2 && run.rounding() != softfloat::Rounding::RMM; }

template <class F>
F canonical(F value) {
    return value == value ? value : std::numeric_limits<F>::quiet_NaN();
}

/// The same on the host's float types. f(vs2[i], second operand).
template <class F, class Op>
void on_host(VectorRun& run, Op f) {
    F* const d = run.group<F>(run.vd());
    const F* const a = run.group<F>(run.vs2());
    if (run.vector_vector()) {
        const F* const b = run.group<F>(run.vs1());
        run.for_active([&](u64 i) { d[i] = canonical(f(a[i], b[i])); });
    } else {
        F b;
        std::memcpy(&b, &run.scalar, sizeof b);
        run.for_active([&](u64 i) { d[i] = canonical(f(a[i], b)); });
    }
}

template <class Op>
void arithmetic(VectorRun& run, Arithmetic soft, Op op) {
    if (!host_computes(run)) {
        binary(run, [&](Format format, u64 a, u64 b, u32& flags) { return soft(format, a, b, run.rounding(), flags); });
    } else if (run.sew() == 2) {
        on_host<float>(run, op);
    } else {
        on_host<double>(run, op);
    }
}
void reversed(VectorRun& run, Arithmetic op) {
    binary(run, [&](Format format, u64 a, u64 b, u32& flags) { return op(format, b, a, run.rounding(), flags); });
}

/// On the host, element by element. A NaN is left to soft float: the host does not raise all that it should for some.
template <class F, bool kNegateProduct, bool kNegateAddend, bool kSwap>
void fused_on_host(VectorRun& run) {
    constexpr Format kFormat = sizeof(F) == 4 ? Format::F32 : Format::F64;
    using T = std::conditional_t<sizeof(F) == 4, u32, u64>;
    const u64 sign = softfloat::sign_bit(kFormat);
    RaisedFlags flags;
    run.for_active([&](u64 i) {
        T& d = run.group<T>(run.vd())[i];
        T b = run.second<T>(i);
        const T a = run.group<T>(run.vs2())[i], factor = kSwap ? d : a;
        T addend = kSwap ? a : d;
        if (kNegateProduct) b = static_cast<T>(b ^ sign);
        if (kNegateAddend) addend = static_cast<T>(addend ^ sign);
        const F result = fpenv::fma(std::bit_cast<F>(b), std::bit_cast<F>(factor), std::bit_cast<F>(addend));
        d = result == result ? std::bit_cast<T>(result)
                             : static_cast<T>(softfloat::fma(kFormat, b, factor, addend, run.rounding(), flags.bits));
    });
}

/// vd[i] = +-(second operand * x) +- y, where x and y are vs2[i] and vd[i], or with kSwap vd[i] and vs2[i].
template <bool kNegateProduct, bool kNegateAddend, bool kSwap>
void fused(VectorRun& run) {
    if (host_computes(run) && fpenv::has_fma()) {
        return run.sew() == 2 ? fused_on_host<float, kNegateProduct, kNegateAddend, kSwap>(run)
                              : fused_on_host<double, kNegateProduct, kNegateAddend, kSwap>(run);
    }
    RaisedFlags flags;
    const Format format = format_of(run.sew());
    const u64 sign = softfloat::sign_bit(format);
    ternary_elements(run, [&](u64 d, u64 b, u64 a) {
        const u64 addend = kSwap ? a : d;
        return softfloat::fma(format, kNegateProduct ? b ^ sign : b, kSwap ? d : a,
                              kNegateAddend ? addend ^ sign : addend, run.rounding(), flags.bits);
    });
}

template <class F>
void compare(VectorRun& run, F f) {
    RaisedFlags flags;
    compare_elements(run, [&](auto a, auto b) { return f(format_of(run.sew()), u64{a}, u64{b}, flags.bits); });
}

template <class F>
void with_sign(VectorRun& run, F sign_of) {
    binary(run, [&](Format format, u64 a, u64 b, u32&) {
        const u64 sign = softfloat::sign_bit(format);
        return (a & ~sign) | (sign_of(a, b) & sign);
    });
}

/// Elements of SEW, results of twice that: f(a, b, d) in the wide format. kWideFirst: vs2 is that wide already.
template <bool kWideFirst, class F>
void widening(VectorRun& run, F f) {
    RaisedFlags flags;
    const Format narrow = format_of(run.sew()), wide = format_of(run.sew() + 1);
    auto go = [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        auto widen = [&](T value) { return softfloat::convert(wide, narrow, value, run.rounding(), flags.bits); };
        run.for_active([&](u64 i) {
            const u64 b = widen(run.second<T>(i));
            const u64 a = kWideFirst ? u64{run.group<W>(run.vs2())[i]} : widen(run.group<T>(run.vs2())[i]);
            W& d = run.group<W>(run.vd())[i];
            d = static_cast<W>(f(wide, a, b, u64{d}, flags.bits));
        });
    };
    if (run.sew() == 1) {
        go(u16{});
    } else {
        go(u32{});
    }
}

template <bool kNegateProduct, bool kNegateAddend>
void widening_fused(VectorRun& run) {
    widening<false>(run, [&](Format format, u64 a, u64 b, u64 d, u32& flags) {
        const u64 sign = softfloat::sign_bit(format);
        return softfloat::fma(format, kNegateProduct ? b ^ sign : b, a, kNegateAddend ? d ^ sign : d, run.rounding(),
                              flags);
    });
}

template <bool kWideFirst>
void widening_arithmetic(VectorRun& run, Arithmetic op) {
    widening<kWideFirst>(
        run, [&](Format format, u64 a, u64 b, u64, u32& flags) { return op(format, a, b, run.rounding(), flags); });
}

}  // namespace

void vfadd(VectorRun& run) {
    arithmetic(run, softfloat::add, [](auto a, auto b) { return a + b; });
}
void vfsub(VectorRun& run) {
    arithmetic(run, softfloat::sub, [](auto a, auto b) { return a - b; });
}
void vfrsub(VectorRun& run) { reversed(run, softfloat::sub); }
void vfmul(VectorRun& run) {
    arithmetic(run, softfloat::mul, [](auto a, auto b) { return a * b; });
}
void vfdiv(VectorRun& run) {
    arithmetic(run, softfloat::div, [](auto a, auto b) { return a / b; });
}
void vfrdiv(VectorRun& run) { reversed(run, softfloat::div); }
void vfsqrt(VectorRun& run) {
    unary(run, [&](Format format, u64 a, u32& flags) { return softfloat::sqrt(format, a, run.rounding(), flags); });
}
void vfrsqrt7(VectorRun& run) {
    unary(run, [](Format format, u64 a, u32& flags) { return estimate_rsqrt(format, a, flags); });
}
void vfrec7(VectorRun& run) {
    unary(run, [&](Format format, u64 a, u32& flags) { return estimate_reciprocal(format, a, run.rounding(), flags); });
}
void vfmin(VectorRun& run) { binary(run, softfloat::min); }
void vfmax(VectorRun& run) { binary(run, softfloat::max); }
void vfsgnj(VectorRun& run) {
    with_sign(run, [](u64, u64 b) { return b; });
}
void vfsgnjn(VectorRun& run) {
    with_sign(run, [](u64, u64 b) { return ~b; });
}
void vfsgnjx(VectorRun& run) {
    with_sign(run, [](u64 a, u64 b) { return a ^ b; });
}
void vfclass(VectorRun& run) {
    unary(run, [](Format format, u64 a, u32&) { return u64{softfloat::classify(format, a)}; });
}
void vfmacc(VectorRun& run) { fused<false, false, false>(run); }
void vfnmacc(VectorRun& run) { fused<true, true, false>(run); }
void vfmsac(VectorRun& run) { fused<false, true, false>(run); }
void vfnmsac(VectorRun& run) { fused<true, false, false>(run); }
void vfmadd(VectorRun& run) { fused<false, false, true>(run); }
void vfnmadd(VectorRun& run) { fused<true, true, true>(run); }
void vfmsub(VectorRun& run) { fused<false, true, true>(run); }
void vfnmsub(VectorRun& run) { fused<true, false, true>(run); }

void vmfeq(VectorRun& run) { compare(run, softfloat::eq); }
void vmfne(VectorRun& run) {
    compare(run, [](Format format, u64 a, u64 b, u32& flags) { return !softfloat::eq(format, a, b, flags); });
}
void vmflt(VectorRun& run) { compare(run, softfloat::lt); }
void vmfle(VectorRun& run) { compare(run, softfloat::le); }
void vmfgt(VectorRun& run) {
    compare(run, [](Format format, u64 a, u64 b, u32& flags) { return softfloat::lt(format, b, a, flags); });
}
void vmfge(VectorRun& run) {
    compare(run, [](Format format, u64 a, u64 b, u32& flags) { return softfloat::le(format, b, a, flags); });
}

void vfwadd(VectorRun& run) { widening_arithmetic<false>(run, softfloat::add); }
void vfwsub(VectorRun& run) { widening_arithmetic<false>(run, softfloat::sub); }
void vfwadd_w(VectorRun& run) { widening_arithmetic<true>(run, softfloat::add); }
void vfwsub_w(VectorRun& run) { widening_arithmetic<true>(run, softfloat::sub); }
void vfwmul(VectorRun& run) { widening_arithmetic<false>(run, softfloat::mul); }
void vfwmacc(VectorRun& run) { widening_fused<false, false>(run); }
void vfwnmacc(VectorRun& run) { widening_fused<true, true>(run); }
void vfwmsac(VectorRun& run) { widening_fused<false, true>(run); }
void vfwnmsac(VectorRun& run) { widening_fused<true, false>(run); }

}  // namespace dragoman::riscv::vector_functions
