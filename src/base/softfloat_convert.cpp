// softfloat: conversions between formats, to and from integers, and rounding to integral values.
#include "base/softfloat_core.h"

namespace dragoman::softfloat {

namespace {

/// A magnitude split at the binary point: integer part, and the fraction as a multiple of 2^-64 (jammed).
struct Split {
    u64 integer;
    u64 fraction;
};

/// `x` is finite with exp <= 63.
Split split(const Unpacked& x) {
    if (x.exp == 63) return {x.sig, 0};
    if (x.exp >= 0) return {x.sig >> (63 - x.exp), x.sig << (x.exp + 1)};
    return {0, shift_right_jam(x.sig, static_cast<unsigned>(-1 - x.exp))};
}

/// The integer part rounded by the fraction. Cannot overflow: a fraction implies an integer part below 2^63.
u64 round_split(const Split& s, bool sign, Rounding rm) {
    u64 rounded = s.integer + (u128{s.fraction} + round_increment(rm, sign, ~u64{0}) > ~u64{0});
    if (rm == Rounding::RNE && s.fraction == u64{1} << 63) rounded &= ~u64{1};
    return rounded;
}

struct IntRange {
    u64 max;       ///< greatest value
    u64 negative;  ///< greatest magnitude of a negative value
    u64 mask;
};

constexpr IntRange range_of(IntType type) {
    switch (type) {
        case IntType::I32: return {0x7fffffff, 0x80000000, 0xffffffff};
        case IntType::U32: return {0xffffffff, 0, 0xffffffff};
        case IntType::I64: return {~u64{0} >> 1, u64{1} << 63, ~u64{0}};
        case IntType::U64: break;
    }
    return {~u64{0}, 0, ~u64{0}};
}

template <Format F>
u64 to_int_impl(u64 a, IntType type, Rounding rm, u32& flags) {
    IntRange range = range_of(type);
    Unpacked x = unpack<F>(a);
    if (x.cls == Class::Zero) return 0;
    if (x.cls == Class::Finite && x.exp <= 63) {
        Split s = split(x);
        u64 magnitude = round_split(s, x.sign, rm);
        if (magnitude <= (x.sign ? range.negative : range.max)) {
            if (s.fraction) flags |= fpenv::NX;
            return (x.sign ? -magnitude : magnitude) & range.mask;
        }
    }
    flags |= fpenv::NV;
    return x.sign && x.cls != Class::Nan ? -range.negative & range.mask : range.max;
}

template <Format F>
u64 round_impl(u64 a, Rounding rm, bool raise_inexact, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a);
    if (x.cls == Class::Nan) return propagate_nan<F>(flags, a);
    if (x.cls != Class::Finite || x.exp >= B::kFracBits) return a & B::kMask;
    Split s = split(x);
    if (s.fraction == 0) return a & B::kMask;
    if (raise_inexact) flags |= fpenv::NX;
    u64 magnitude = round_split(s, x.sign, rm);
    if (magnitude == 0) return B::zero(x.sign);
    u32 none = 0;
    return normalise_round_pack<F>(x.sign, 63, magnitude, rm, none);
}

template <Format To, Format From>
u64 convert_impl(u64 a, Rounding rm, u32& flags) {
    using B = Bits<To>;
    Unpacked x = unpack<From>(a);
    switch (x.cls) {
        case Class::Zero: return B::zero(x.sign);
        case Class::Infinite: return B::infinity(x.sign);
        case Class::Nan:
            if (Bits<From>::is_signalling(a)) flags |= fpenv::NV;
            return B::kNan;
        case Class::Finite: break;
    }
    return round_pack<To>(x.sign, x.exp, x.sig, rm, flags);
}

}  // namespace

u64 convert(Format to, Format from, u64 a, Rounding rm, u32& flags) {
    return dispatch(to, [&]<Format To>() {
        return dispatch(from, [&]<Format From>() { return convert_impl<To, From>(a, rm, flags); });
    });
}

u64 to_int(Format f, u64 a, IntType type, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return to_int_impl<F>(a, type, rm, flags); });
}

u64 from_int(Format f, u64 a, IntType type, Rounding rm, u32& flags) {
    if (type == IntType::I32) a = static_cast<u64>(sign_extend(a, 32));
    if (type == IntType::U32) a &= 0xffffffff;
    bool is_signed = type == IntType::I32 || type == IntType::I64;
    bool sign = is_signed && static_cast<i64>(a) < 0;
    u64 magnitude = sign ? -a : a;
    if (magnitude == 0) return 0;
    return dispatch(f, [&]<Format F>() { return normalise_round_pack<F>(sign, 63, magnitude, rm, flags); });
}

u64 round_to_integral(Format f, u64 a, Rounding rm, bool raise_inexact, u32& flags) {
    return dispatch(f, [&]<Format F>() { return round_impl<F>(a, rm, raise_inexact, flags); });
}

u64 to_int32_modular(u64 a, u32& flags) {
    Unpacked x = unpack<Format::F64>(a);
    to_int_impl<Format::F64>(a, IntType::I32, Rounding::RTZ, flags);
    // From exponent 84 on, even the lowest of the 53 bits of the significand weighs 2^32 or more.
    if (x.cls != Class::Finite || x.exp < 0 || x.exp >= 84) return 0;
    u64 magnitude = x.exp <= 63 ? x.sig >> (63 - x.exp) : x.sig << (x.exp - 63);
    return static_cast<u64>(sign_extend(x.sign ? -magnitude : magnitude, 32));
}

}  // namespace dragoman::softfloat
