// What the parts of softfloat share: taking values apart into sign, exponent and normalised
// significand, and rounding such a triple back into a format. Private to src/base/softfloat_*.cpp.
#pragma once

#include "base/fpenv.h"
#include "base/softfloat.h"

namespace dragoman::softfloat {

/// Layout of an interchange format.
template <Format F>
struct Traits;
template <>
struct Traits<Format::F16> {
    static constexpr int kExpBits = 5, kFracBits = 10;
};
template <>
struct Traits<Format::F32> {
    static constexpr int kExpBits = 8, kFracBits = 23;
};
template <>
struct Traits<Format::F64> {
    static constexpr int kExpBits = 11, kFracBits = 52;
};

template <>
struct Traits<Format::BF16> {
    static constexpr int kExpBits = 8, kFracBits = 7;
};

template <Format F>
struct Bits : Traits<F> {
    using Traits<F>::kExpBits;
    using Traits<F>::kFracBits;
    static constexpr int kWidth = 1 + kExpBits + kFracBits;
    static constexpr int kPrecision = kFracBits + 1;
    static constexpr int kBias = (1 << (kExpBits - 1)) - 1;
    static constexpr int kExpMax = (1 << kExpBits) - 1;  ///< biased exponent of infinities and NaNs
    static constexpr u64 kMask = low_mask(kWidth);
    static constexpr u64 kSign = u64{1} << (kWidth - 1);
    static constexpr u64 kFracMask = low_mask(kFracBits);
    static constexpr u64 kInfinity = u64{kExpMax} << kFracBits;
    static constexpr u64 kMaxFinite = kInfinity - 1;
    static constexpr u64 kQuiet = u64{1} << (kFracBits - 1);
    static constexpr u64 kNan = kInfinity | kQuiet;

    static constexpr bool is_nan(u64 a) { return (a & ~kSign & kMask) > kInfinity; }
    static constexpr bool is_signalling(u64 a) { return is_nan(a) && !(a & kQuiet); }
    static constexpr bool is_infinite(u64 a) { return (a & ~kSign & kMask) == kInfinity; }
    static constexpr bool is_zero(u64 a) { return (a & ~kSign & kMask) == 0; }
    static constexpr bool sign(u64 a) { return (a & kSign) != 0; }
    static constexpr u64 zero(bool sign) { return sign ? kSign : 0; }
    static constexpr u64 infinity(bool sign) { return zero(sign) | kInfinity; }
};

enum class Class : u8 { Zero, Finite, Infinite, Nan };

/// A value taken apart. Finite: (-1)^sign * sig * 2^(exp - 63), with bit 63 of sig set.
struct Unpacked {
    Class cls;
    bool sign;
    int exp;
    u64 sig;
};

template <Format F>
constexpr Unpacked unpack(u64 a) {
    using B = Bits<F>;
    bool sign = B::sign(a);
    int biased = static_cast<int>(extract(a, B::kFracBits, B::kExpBits));
    u64 frac = a & B::kFracMask;
    if (biased == B::kExpMax) return {frac ? Class::Nan : Class::Infinite, sign, 0, 0};
    if (biased == 0) {
        if (frac == 0) return {Class::Zero, sign, 0, 0};
        int shift = std::countl_zero(frac);
        return {Class::Finite, sign, 1 - B::kBias - (shift - (63 - B::kFracBits)), frac << shift};
    }
    u64 sig = (frac | u64{1} << B::kFracBits) << (63 - B::kFracBits);
    return {Class::Finite, sign, biased - B::kBias, sig};
}

/// `v` shifted right; bits that are lost are or'ed into bit 0 ("jammed"), so that rounding still sees them.
constexpr u64 shift_right_jam(u64 v, unsigned n) {
    if (n == 0) return v;
    if (n >= 64) return v != 0;
    return v >> n | ((v & low_mask(n)) != 0);
}
constexpr u128 shift_right_jam(u128 v, unsigned n) {
    if (n == 0) return v;
    if (n >= 128) return v != 0;
    return v >> n | ((v & ((u128{1} << n) - 1)) != 0);
}
/// The upper half of v, with the lower half jammed.
constexpr u64 high_jam(u128 v) { return static_cast<u64>(v >> 64) | (static_cast<u64>(v) != 0); }

/// What rounding adds to a magnitude below whose last kept bit lie bits up to `mask` (2^n - 1). For RNE the caller
/// must also clear the last bit after a tie.
constexpr u64 round_increment(Rounding rm, bool sign, u64 mask) {
    switch (rm) {
        case Rounding::RNE:
        case Rounding::RMM: return (mask >> 1) + 1;
        case Rounding::RTZ: return 0;
        case Rounding::RDN: return sign ? mask : 0;
        case Rounding::RUP: return sign ? 0 : mask;
    }
    return 0;
}

/// Rounds (-1)^sign * sig * 2^(exp - 63), bit 63 of sig set and inexactness jammed into bit 0, into F.
template <Format F>
u64 round_pack(bool sign, int exp, u64 sig, Rounding rm, u32& flags) {
    using B = Bits<F>;
    constexpr int kDropped = 64 - B::kPrecision;
    constexpr u64 kMask = low_mask(kDropped);
    u64 increment = round_increment(rm, sign, kMask);
    int biased = exp + B::kBias;
    bool tiny = false;
    if (biased <= 0) {
        // Tiny unless rounding to full precision, with an unbounded exponent, reaches the least normal.
        u64 rounded;
        tiny = biased < 0 || !__builtin_add_overflow(sig, increment, &rounded);
        sig = shift_right_jam(sig, static_cast<unsigned>(1 - biased));
        biased = 0;
    }
    u64 lost = sig & kMask;
    u64 kept;
    bool carry = __builtin_add_overflow(sig, increment, &kept);
    kept = kept >> kDropped | u64{carry} << (64 - kDropped);
    if (rm == Rounding::RNE && lost == (kMask >> 1) + 1) kept &= ~u64{1};
    if (lost) flags |= tiny ? fpenv::UF | fpenv::NX : u32{fpenv::NX};
    // `kept` holds the leading bit, which adds one to the exponent field (also from the subnormals up).
    u64 magnitude = (static_cast<u64>(biased ? biased - 1 : 0) << B::kFracBits) + kept;
    if (biased >= B::kExpMax || magnitude >= B::kInfinity) {
        flags |= fpenv::OF | fpenv::NX;
        // Overflow goes to infinity where rounding is away from zero for this sign.
        return B::zero(sign) | (increment ? B::kInfinity : B::kMaxFinite);
    }
    return B::zero(sign) | magnitude;
}

/// Normalises a non-zero sig, then round_pack.
template <Format F>
u64 normalise_round_pack(bool sign, int exp, u64 sig, Rounding rm, u32& flags) {
    int shift = std::countl_zero(sig);
    return round_pack<F>(sign, exp - shift, sig << shift, rm, flags);
}

template <Format F>
u64 invalid(u32& flags) {
    flags |= fpenv::NV;
    return Bits<F>::kNan;
}

/// The result of an operation with at least one NaN operand.
template <Format F, class... A>
u64 propagate_nan(u32& flags, A... operands) {
    if ((Bits<F>::is_signalling(operands) || ...)) flags |= fpenv::NV;
    return Bits<F>::kNan;
}

/// Calls `f` with the format as a constant: dispatch([&]<Format F>() { ... }).
template <class Fn>
auto dispatch(Format format, Fn&& f) {
    switch (format) {
        case Format::BF16: return f.template operator()<Format::BF16>();
        case Format::F16: return f.template operator()<Format::F16>();
        case Format::F32: return f.template operator()<Format::F32>();
        case Format::F64: break;
    }
    return f.template operator()<Format::F64>();
}

}  // namespace dragoman::softfloat
