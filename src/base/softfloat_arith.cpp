// softfloat: addition, subtraction, multiplication, division, square root and fused multiply-add.
#include <utility>

#include "base/softfloat_core.h"

namespace dragoman::softfloat {

namespace {

/// The sign of an exact zero sum of operands with different signs (IEEE 754-2019 section 6.3).
bool zero_sum_sign(Rounding rm) { return rm == Rounding::RDN; }

/// a + b. Significands have at most 53 bits, so at least 11 low bits are free for alignment.
template <Format F>
u64 add_impl(u64 a, u64 b, Rounding rm, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a), y = unpack<F>(b);
    if (x.cls == Class::Nan || y.cls == Class::Nan) return propagate_nan<F>(flags, a, b);
    if (x.cls == Class::Infinite) {
        if (y.cls == Class::Infinite && x.sign != y.sign) return invalid<F>(flags);
        return B::infinity(x.sign);
    }
    if (y.cls == Class::Infinite) return B::infinity(y.sign);
    if (x.cls == Class::Zero && y.cls == Class::Zero) {
        return B::zero(x.sign == y.sign ? x.sign : zero_sum_sign(rm));
    }
    if (x.cls == Class::Zero) return b & B::kMask;
    if (y.cls == Class::Zero) return a & B::kMask;
    if (x.exp < y.exp || (x.exp == y.exp && x.sig < y.sig)) std::swap(x, y);
    // Leading bit at 62, to leave room for the carry.
    u64 larger = x.sig >> 1;
    u64 smaller = shift_right_jam(y.sig >> 1, static_cast<unsigned>(x.exp - y.exp));
    if (x.sign == y.sign) return normalise_round_pack<F>(x.sign, x.exp + 1, larger + smaller, rm, flags);
    u64 difference = larger - smaller;
    if (difference == 0) return B::zero(zero_sum_sign(rm));
    return normalise_round_pack<F>(x.sign, x.exp + 1, difference, rm, flags);
}

template <Format F>
u64 mul_impl(u64 a, u64 b, Rounding rm, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a), y = unpack<F>(b);
    bool sign = x.sign != y.sign;
    if (x.cls == Class::Nan || y.cls == Class::Nan) return propagate_nan<F>(flags, a, b);
    if (x.cls == Class::Infinite || y.cls == Class::Infinite) {
        if (x.cls == Class::Zero || y.cls == Class::Zero) return invalid<F>(flags);
        return B::infinity(sign);
    }
    if (x.cls == Class::Zero || y.cls == Class::Zero) return B::zero(sign);
    return normalise_round_pack<F>(sign, x.exp + y.exp + 1, high_jam(u128{x.sig} * y.sig), rm, flags);
}

template <Format F>
u64 div_impl(u64 a, u64 b, Rounding rm, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a), y = unpack<F>(b);
    bool sign = x.sign != y.sign;
    if (x.cls == Class::Nan || y.cls == Class::Nan) return propagate_nan<F>(flags, a, b);
    if (x.cls == Class::Infinite) return y.cls == Class::Infinite ? invalid<F>(flags) : B::infinity(sign);
    if (y.cls == Class::Infinite) return B::zero(sign);
    if (y.cls == Class::Zero) {
        if (x.cls == Class::Zero) return invalid<F>(flags);
        flags |= fpenv::DZ;
        return B::infinity(sign);
    }
    if (x.cls == Class::Zero) return B::zero(sign);
    // Both significands are in [2^63, 2^64), so the quotient is in (2^62, 2^64).
    u128 numerator = u128{x.sig} << 63;
    u64 quotient = static_cast<u64>(numerator / y.sig);
    quotient |= numerator != u128{quotient} * y.sig;
    return normalise_round_pack<F>(sign, x.exp - y.exp, quotient, rm, flags);
}

/// floor(sqrt(n)) for n >= 2^62, digit by digit.
u64 isqrt64(u64 n) {
    u64 root = 0, rest = n;
    for (u64 bit = u64{1} << 62; bit; bit >>= 2) {
        bool fits = rest >= root + bit;
        if (fits) rest -= root + bit;
        root = root >> 1 | (fits ? bit : 0);
    }
    return root;
}

/// floor(sqrt(n)) for n >= 2^126, jammed with the remainder. The upper half of the root comes from the upper half
/// of n; one division gives the lower half, at most one too great ("Karatsuba square root", P. Zimmermann, 1999).
u64 isqrt128_jam(u128 n) {
    u64 high = static_cast<u64>(n >> 64), low = static_cast<u64>(n);
    u64 root_high = isqrt64(high);
    u128 numerator = u128{high - root_high * root_high} << 32 | low >> 32;
    u128 q = numerator / (2 * root_high), u = numerator % (2 * root_high);
    u128 root = (u128{root_high} << 32) + q;
    i128 rest = static_cast<i128>(u << 32 | (low & 0xffffffff)) - static_cast<i128>(q * q);
    if (rest < 0) {
        --root;
        rest += static_cast<i128>(2 * root + 1);
    }
    return static_cast<u64>(root) | (rest != 0);
}

template <Format F>
u64 sqrt_impl(u64 a, Rounding rm, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a);
    if (x.cls == Class::Nan) return propagate_nan<F>(flags, a);
    if (x.cls == Class::Zero) return a & B::kMask;
    if (x.sign) return invalid<F>(flags);
    if (x.cls == Class::Infinite) return B::kInfinity;
    // value = sig * 2^(exp - 63); radicand * 2^(even) with the radicand in [2^126, 2^128).
    bool odd = x.exp & 1;
    u64 root = isqrt128_jam(u128{x.sig} << (odd ? 64 : 63));
    return round_pack<F>(false, (x.exp - odd) / 2, root, rm, flags);
}

template <Format F>
u64 fma_impl(u64 a, u64 b, u64 c, Rounding rm, u32& flags) {
    using B = Bits<F>;
    Unpacked x = unpack<F>(a), y = unpack<F>(b), z = unpack<F>(c);
    bool sign = x.sign != y.sign;
    bool invalid_product =
        (x.cls == Class::Infinite && y.cls == Class::Zero) || (x.cls == Class::Zero && y.cls == Class::Infinite);
    if (invalid_product) return invalid<F>(flags);
    if (x.cls == Class::Nan || y.cls == Class::Nan || z.cls == Class::Nan) return propagate_nan<F>(flags, a, b, c);
    if (x.cls == Class::Infinite || y.cls == Class::Infinite) {
        if (z.cls == Class::Infinite && z.sign != sign) return invalid<F>(flags);
        return B::infinity(sign);
    }
    if (z.cls == Class::Infinite) return B::infinity(z.sign);
    if (x.cls == Class::Zero || y.cls == Class::Zero) {
        if (z.cls == Class::Zero) return B::zero(z.sign == sign ? sign : zero_sum_sign(rm));
        return c & B::kMask;
    }
    // The exact product has at most 106 bits: leading bit at 126 leaves at least 20 zero bits below it.
    u128 product = u128{x.sig} * y.sig;
    int product_exp = x.exp + y.exp + 1;
    if (product >> 127) {
        product >>= 1;
    } else {
        product_exp -= 1;
    }
    if (z.cls == Class::Zero) return normalise_round_pack<F>(sign, product_exp + 1, high_jam(product), rm, flags);
    u128 addend = u128{z.sig} << 63;
    int exp = product_exp;
    if (z.exp > exp) {
        product = shift_right_jam(product, static_cast<unsigned>(z.exp - exp));
        exp = z.exp;
    } else {
        addend = shift_right_jam(addend, static_cast<unsigned>(exp - z.exp));
    }
    u128 sum;
    if (z.sign == sign) {
        sum = product + addend;
    } else if (product >= addend) {
        sum = product - addend;
    } else {
        sum = addend - product;
        sign = !sign;
    }
    if (sum == 0) return B::zero(zero_sum_sign(rm));
    u64 high = static_cast<u64>(sum >> 64);
    int shift = high ? std::countl_zero(high) : 64 + std::countl_zero(static_cast<u64>(sum));
    return round_pack<F>(sign, exp + 1 - shift, high_jam(sum << shift), rm, flags);
}

}  // namespace

u64 add(Format f, u64 a, u64 b, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return add_impl<F>(a, b, rm, flags); });
}

u64 sub(Format f, u64 a, u64 b, Rounding rm, u32& flags) {
    // Flipping the sign of a NaN changes nothing that can be seen.
    return dispatch(f, [&]<Format F>() { return add_impl<F>(a, b ^ Bits<F>::kSign, rm, flags); });
}

u64 mul(Format f, u64 a, u64 b, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return mul_impl<F>(a, b, rm, flags); });
}

u64 div(Format f, u64 a, u64 b, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return div_impl<F>(a, b, rm, flags); });
}

u64 sqrt(Format f, u64 a, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return sqrt_impl<F>(a, rm, flags); });
}

u64 fma(Format f, u64 a, u64 b, u64 c, Rounding rm, u32& flags) {
    return dispatch(f, [&]<Format F>() { return fma_impl<F>(a, b, c, rm, flags); });
}

}  // namespace dragoman::softfloat
