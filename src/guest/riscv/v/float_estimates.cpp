// The specification's tables list the seven bits of the result for each seven bits of the operand. They are those of
// the exact function at the middle of the operand's interval, rounded to nearest; so they are computed here.
#include "guest/riscv/v/float_estimates.h"

#include <array>
#include <bit>

#include "base/fpenv.h"

namespace dragoman::riscv {

namespace {

using softfloat::Format;
using softfloat::Rounding;

/// By the seven highest bits of the significand: 256 / (1 + (i + 1/2) / 128) - 128, rounded.
constexpr std::array<u8, 128> kReciprocal = [] {
    std::array<u8, 128> table{};
    for (u32 i = 0; i < 128; ++i) {
        const u32 denominator = 257 + 2 * i;  // of 256ths
        table[i] = static_cast<u8>((2 * 65536 + denominator) / (2 * denominator) - 128);
    }
    return table;
}();

/// By the lowest bit of the exponent and the six highest of the significand. Bit 0 of the biased exponent clear: the
/// operand is in [2, 4), else in [1, 2). 256 / sqrt(x) - 128, rounded.
constexpr std::array<u8, 128> kRsqrt = [] {
    std::array<u8, 128> table{};
    for (u32 i = 0; i < 128; ++i) {
        const u64 x = (i < 64 ? 2 : 1) * u64{129 + 2 * (i % 64)};  // 128ths
        // The greatest r with (2 r - 1)^2 x / 128 <= 4 * 256^2.
        u64 r = 128;
        while ((2 * r + 1) * (2 * r + 1) * x <= u64{4} * 65536 * 128) ++r;
        table[i] = static_cast<u8>(r - 128);
    }
    return table;
}();

struct Layout {
    unsigned exponent_bits, fraction_bits;
    constexpr unsigned sign_shift() const { return exponent_bits + fraction_bits; }
    constexpr u64 exponent_mask() const { return low_mask(exponent_bits); }
    constexpr i64 bias() const { return static_cast<i64>(exponent_mask() >> 1); }
};

constexpr Layout layout_of(Format format) {
    switch (format) {
        case Format::F16: return {5, 10};
        case Format::F32: return {8, 23};
        default: return {11, 52};
    }
}

enum Class : u32 {
    kMinusInfinity = 1,
    kMinusNormal = 2,
    kMinusSubnormal = 4,
    kMinusZero = 8,
    kPlusZero = 16,
    kPlusInfinity = 128,
    kSignallingNan = 256,
    kQuietNan = 512,
};

/// Exponent and fraction of a finite number, subnormal ones shifted so that the leading bit is implied.
struct Parts {
    i64 exponent;
    u64 fraction;
};
Parts normalise(const Layout& l, u64 value) {
    Parts p{static_cast<i64>(value >> l.fraction_bits & l.exponent_mask()), value & low_mask(l.fraction_bits)};
    if (p.exponent != 0) return p;
    const auto shift = static_cast<unsigned>(std::countl_zero(p.fraction)) - (64 - l.fraction_bits);
    p.exponent = -static_cast<i64>(shift);
    p.fraction = p.fraction << (shift + 1) & low_mask(l.fraction_bits);
    return p;
}

}  // namespace

u64 estimate_rsqrt(Format format, u64 value, u32& flags) {
    const Layout l = layout_of(format);
    const u64 sign = u64{1} << l.sign_shift(), infinity = l.exponent_mask() << l.fraction_bits;
    switch (softfloat::classify(format, value)) {
        case kMinusInfinity:
        case kMinusNormal:
        case kMinusSubnormal:
        case kSignallingNan: flags |= fpenv::NV; [[fallthrough]];
        case kQuietNan: return softfloat::canonical_nan(format);
        case kMinusZero: flags |= fpenv::DZ; return infinity | sign;
        case kPlusZero: flags |= fpenv::DZ; return infinity;
        case kPlusInfinity: return 0;
        default: break;
    }
    const Parts p = normalise(l, value);
    const u64 index = static_cast<u64>(p.exponent & 1) << 6 | p.fraction >> (l.fraction_bits - 6);
    const u64 fraction = u64{kRsqrt[index]} << (l.fraction_bits - 7);
    const u64 exponent = static_cast<u64>((3 * l.bias() - 1 - p.exponent) >> 1);
    return exponent << l.fraction_bits | fraction;
}

u64 estimate_reciprocal(Format format, u64 value, Rounding rm, u32& flags) {
    const Layout l = layout_of(format);
    const u64 sign = value & u64{1} << l.sign_shift(), infinity = l.exponent_mask() << l.fraction_bits;
    switch (softfloat::classify(format, value)) {
        case kMinusInfinity: return sign;
        case kPlusInfinity: return 0;
        case kMinusZero:
        case kPlusZero: flags |= fpenv::DZ; return infinity | sign;
        case kSignallingNan: flags |= fpenv::NV; [[fallthrough]];
        case kQuietNan: return softfloat::canonical_nan(format);
        default: break;
    }
    const Parts p = normalise(l, value);
    // Of the smallest subnormals the reciprocal is too large.
    if (p.exponent < -1) {
        flags |= fpenv::OF | fpenv::NX;
        const bool largest =
            rm == Rounding::RTZ || (rm == Rounding::RDN && sign == 0) || (rm == Rounding::RUP && sign != 0);
        return sign | (largest ? infinity - 1 : infinity);
    }
    i64 exponent = 2 * l.bias() - 1 - p.exponent;
    u64 fraction = u64{kReciprocal[p.fraction >> (l.fraction_bits - 7)]} << (l.fraction_bits - 7);
    if (exponent <= 0) {
        // The result is subnormal: its leading bit becomes part of the fraction.
        fraction = (fraction >> 1) | u64{1} << (l.fraction_bits - 1);
        if (exponent == -1) fraction >>= 1;
        exponent = 0;
    }
    return sign | static_cast<u64>(exponent) << l.fraction_bits | fraction;
}

}  // namespace dragoman::riscv
