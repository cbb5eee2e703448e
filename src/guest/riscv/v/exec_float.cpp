// Floating-point arithmetic on elements (section "Vector Floating-Point Instructions"), on soft float: the same results
// and flags as the scalar instructions. Inactive elements raise no flags.
#include <bit>

#include "base/fpenv.h"
#include "guest/riscv/v/execute.h"
#include "guest/riscv/v/float_estimates.h"

namespace dragoman::riscv::vector_functions {

namespace {

using softfloat::Format;

constexpr Format format_of(unsigned sew) { return sew == 1 ? Format::F16 : sew == 2 ? Format::F32 : Format::F64; }

/// Elements that can be floats: 16 to 64 bits.
template <class F>
void by_float(unsigned sew, F f) {
    switch (sew) {
        case 1: return f(u16{});
        case 2: return f(u32{});
        default: return f(u64{});
    }
}

/// Flags of one instruction: raised when it is done.
struct Flags {
    u32 bits = 0;
    ~Flags() {
        if (bits != 0) fpenv::raise(bits);
    }
};

template <class F>
void unary(VectorRun& run, F f) {
    Flags flags;
    const Format format = format_of(run.sew());
    by_float(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        run.for_active([&](u64 i) {
            run.group<T>(run.vd())[i] = static_cast<T>(f(format, u64{run.group<T>(run.vs2())[i]}, flags.bits));
        });
    });
}

/// vd[i] = f(vs2[i], second operand).
template <class F>
void binary(VectorRun& run, F f) {
    Flags flags;
    const Format format = format_of(run.sew());
    by_float(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            const T b = vector ? run.group<T>(run.vs1())[i] : static_cast<T>(run.scalar);
            run.group<T>(run.vd())[i] = static_cast<T>(f(format, u64{run.group<T>(run.vs2())[i]}, u64{b}, flags.bits));
        });
    });
}

using Arithmetic = u64 (*)(Format, u64, u64, softfloat::Rounding, u32&);

void arithmetic(VectorRun& run, Arithmetic op) {
    binary(run, [&](Format format, u64 a, u64 b, u32& flags) { return op(format, a, b, run.rounding(), flags); });
}
void reversed(VectorRun& run, Arithmetic op) {
    binary(run, [&](Format format, u64 a, u64 b, u32& flags) { return op(format, b, a, run.rounding(), flags); });
}

/// vd[i] = +-(second operand * x) +- y, where x and y are vs2[i] and vd[i], or with kSwap vd[i] and vs2[i].
template <bool kNegateProduct, bool kNegateAddend, bool kSwap>
void fused(VectorRun& run) {
    Flags flags;
    const Format format = format_of(run.sew());
    const u64 sign = softfloat::sign_bit(format);
    by_float(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            T& d = run.group<T>(run.vd())[i];
            u64 b = vector ? run.group<T>(run.vs1())[i] : static_cast<T>(run.scalar);
            const u64 a = run.group<T>(run.vs2())[i];
            const u64 factor = kSwap ? u64{d} : a;
            u64 addend = kSwap ? a : u64{d};
            if (kNegateProduct) b ^= sign;
            if (kNegateAddend) addend ^= sign;
            d = static_cast<T>(softfloat::fma(format, b, factor, addend, run.rounding(), flags.bits));
        });
    });
}

template <class F>
void compare(VectorRun& run, F f) {
    Flags flags;
    const Format format = format_of(run.sew());
    by_float(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const bool vector = run.vector_vector();
        run.for_active([&](u64 i) {
            const T b = vector ? run.group<T>(run.vs1())[i] : static_cast<T>(run.scalar);
            run.set_mask_bit(run.vd(), i, f(format, u64{run.group<T>(run.vs2())[i]}, u64{b}, flags.bits));
        });
    });
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
    Flags flags;
    const Format narrow = format_of(run.sew()), wide = format_of(run.sew() + 1);
    auto go = [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        const bool vector = run.vector_vector();
        auto widen = [&](T value) { return softfloat::convert(wide, narrow, value, run.rounding(), flags.bits); };
        run.for_active([&](u64 i) {
            const u64 b = widen(vector ? run.group<T>(run.vs1())[i] : static_cast<T>(run.scalar));
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

void vfadd(VectorRun& run) { arithmetic(run, softfloat::add); }
void vfsub(VectorRun& run) { arithmetic(run, softfloat::sub); }
void vfrsub(VectorRun& run) { reversed(run, softfloat::sub); }
void vfmul(VectorRun& run) { arithmetic(run, softfloat::mul); }
void vfdiv(VectorRun& run) { arithmetic(run, softfloat::div); }
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
void vfmerge(VectorRun& run) {
    by_float(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        run.for_body([&](u64 i) {
            run.group<T>(run.vd())[i] = run.mask_bit(0, i) ? static_cast<T>(run.scalar) : run.group<T>(run.vs2())[i];
        });
    });
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
