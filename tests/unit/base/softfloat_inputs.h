// Operands for the softfloat tests: the special values of a format, and random values that meet often enough to
// cancel, to tie, to overflow and to underflow.
#pragma once

#include <vector>

#include "base/softfloat.h"

namespace dragoman::softfloat::test {

struct Layout {
    int exp_bits, frac_bits;
    int width() const { return 1 + exp_bits + frac_bits; }
    int bias() const { return (1 << (exp_bits - 1)) - 1; }
};

inline Layout layout(Format f) {
    switch (f) {
        case Format::F16: return {5, 10};
        case Format::BF16: return {8, 7};
        case Format::F32: return {8, 23};
        case Format::F64: break;
    }
    return {11, 52};
}

/// Zeros, subnormals, normals around 1 and around the limits of the format and of the integers, infinities, NaNs.
inline std::vector<u64> special_values(Format f) {
    Layout l = layout(f);
    u64 one = u64(l.bias()) << l.frac_bits, inf = low_mask(l.exp_bits) << l.frac_bits;
    u64 min_normal = u64{1} << l.frac_bits, frac = low_mask(l.frac_bits), quiet = u64{1} << (l.frac_bits - 1);
    std::vector<u64> values = {0,
                               1,
                               2,
                               3,
                               frac,
                               frac - 1,
                               quiet,
                               quiet + 1,
                               min_normal,
                               min_normal + 1,
                               min_normal * 2 - 1,
                               one,
                               one - 1,
                               one + 1,
                               one + quiet,
                               one - min_normal,
                               one + min_normal,
                               one + min_normal + quiet,
                               inf - 1,
                               inf - 2,
                               inf - min_normal,
                               inf,
                               inf + 1,
                               inf + quiet - 1,
                               inf + quiet,
                               inf + quiet + 1,
                               inf + frac};
    for (int exp : {-1, 6, 7, 8, 10, 11, 14, 15, 16, 23, 24, 30, 31, 32, 51, 52, 53, 62, 63, 64}) {
        u64 biased = u64(l.bias() + exp);
        if (biased >= low_mask(l.exp_bits)) continue;
        u64 power = biased << l.frac_bits;
        for (u64 delta : {u64{0}, u64{1}, quiet, ~u64{0}}) values.push_back(power + delta);
    }
    for (std::size_t i = 0, n = values.size(); i < n; ++i) values.push_back(values[i] | u64{1} << (l.width() - 1));
    return values;
}

/// xorshift64*: the same cases in every run.
class Random {
public:
    explicit Random(u64 seed) : state_(seed * 0x9e3779b97f4a7c15 + 1) {}
    u64 next() {
        state_ ^= state_ >> 12;
        state_ ^= state_ << 25;
        state_ ^= state_ >> 27;
        return state_ * 0x2545f4914f6cdd1d;
    }

    /// A value of `f`: sign random; exponent uniform, near 1 or near an end; fraction uniform or with few ones or
    /// zeros.
    u64 value(Format f) {
        Layout l = layout(f);
        u64 r = next(), frac = next() & low_mask(l.frac_bits), exp = next() & low_mask(l.exp_bits);
        switch (r & 7) {
            case 0: exp = u64(l.bias()) - 2 + (r >> 8) % 5; break;
            case 1: exp = (r >> 8) % 3; break;
            case 2: exp = low_mask(l.exp_bits) - (r >> 8) % 3; break;
            case 3:
            case 4: exp = u64(l.bias() - l.frac_bits) + (r >> 8) % u64(2 * l.frac_bits); break;
            default: break;
        }
        exp &= low_mask(l.exp_bits);
        if (r & 0x10) frac &= next() & next() & next();
        if (r & 0x20) frac = (frac >> (r >> 16) % l.frac_bits << (r >> 16) % l.frac_bits) & low_mask(l.frac_bits);
        if (r & 0x40) frac ^= low_mask(l.frac_bits);
        return u64{(r & 0x80) != 0} << (l.width() - 1) | exp << l.frac_bits | frac;
    }

private:
    u64 state_;
};

}  // namespace dragoman::softfloat::test
