// softfloat in all formats and all five rounding modes against a slow reference: the exact result, as a binary128
// with the inexactness jammed into its last bit, is rounded by definition.
#include <gtest/gtest.h>

#include <cstring>

#include "base/fpenv.h"
#include "unit/base/softfloat_inputs.h"

namespace dragoman::softfloat {
namespace {

using test::Layout;
using test::layout;
using test::Random;
using Quad = __float128;

constexpr Format kFormats[] = {Format::F16, Format::BF16, Format::F32, Format::F64};
constexpr Rounding kModes[] = {Rounding::RNE, Rounding::RTZ, Rounding::RDN, Rounding::RUP, Rounding::RMM};

u128 quad_bits(Quad q) {
    u128 bits;
    std::memcpy(&bits, &q, sizeof bits);
    return bits;
}
Quad quad_from_bits(u128 bits) {
    Quad q;
    std::memcpy(&q, &bits, sizeof q);
    return q;
}
/// 2^n, |n| < 16000.
Quad power2(int n) { return quad_from_bits(static_cast<u128>(n + 16383) << 112); }
Quad magnitude(Quad q) { return q < 0 ? -q : q; }
/// `q` with `inexact` jammed into its last bit.
Quad jam(Quad q, bool inexact) { return quad_from_bits(quad_bits(q) | inexact); }
/// `q` cut to its first `bits` significant bits.
Quad cut(Quad q, int bits) { return quad_from_bits(quad_bits(q) >> (113 - bits) << (113 - bits)); }

bool is_finite(Format f, u64 a) {
    return extract(a, layout(f).frac_bits, layout(f).exp_bits) != low_mask(layout(f).exp_bits);
}

Quad exact_value(Format f, u64 a) {
    Layout l = layout(f);
    u64 exp = extract(a, l.frac_bits, l.exp_bits), frac = extract(a, 0, l.frac_bits);
    if (exp) frac |= u64{1} << l.frac_bits;
    Quad value = Quad(frac) * power2(static_cast<int>(exp ? exp : 1) - l.bias() - l.frac_bits);
    return a & sign_bit(f) ? -value : value;
}

struct Outcome {
    u64 bits;
    u32 flags;
    bool operator==(const Outcome&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << std::hex << "{0x" << o.bits << ", flags 0x" << o.flags << "}" << std::dec;
}

/// `value` rounded to a multiple of `unit`; `unit` is a power of two and the quotient fits in 64 bits.
u64 round_to_multiple(Quad value, Quad unit, bool sign, Rounding rm, bool& inexact) {
    Quad quotient = value / unit;
    u64 whole = static_cast<u64>(quotient);
    Quad rest = quotient - Quad(whole);
    inexact = rest != 0;
    bool up = false;
    switch (rm) {
        case Rounding::RNE: up = rest > 0.5 || (rest == 0.5 && (whole & 1)); break;
        case Rounding::RTZ: break;
        case Rounding::RDN: up = sign && inexact; break;
        case Rounding::RUP: up = !sign && inexact; break;
        case Rounding::RMM: up = rest >= 0.5; break;
    }
    return whole + up;
}

int exponent_of(Quad value) { return static_cast<int>(static_cast<u64>(quad_bits(value) >> 112) & 0x7fff) - 16383; }

/// A non-zero value rounded into `f` by the definition of IEEE 754-2019 section 4.3 and 7.
Outcome round_into(Format f, Quad value, Rounding rm) {
    Layout l = layout(f);
    bool sign = value < 0, inexact = false, ignored = false;
    value = magnitude(value);
    int emin = 1 - l.bias(), exp = exponent_of(value);
    u64 unbounded = round_to_multiple(value, power2(exp - l.frac_bits), sign, rm, ignored);
    bool tiny = exp < emin - 1 || (exp == emin - 1 && unbounded < u64{2} << l.frac_bits);
    int unit = (exp < emin ? emin : exp) - l.frac_bits;
    u64 count = round_to_multiple(value, power2(unit), sign, rm, inexact);
    u64 bits = count;
    if (count >> l.frac_bits) bits = count + (static_cast<u64>(unit + l.frac_bits + l.bias() - 1) << l.frac_bits);
    u64 infinity = low_mask(l.exp_bits) << l.frac_bits;
    u32 flags = inexact ? (tiny ? fpenv::UF | fpenv::NX : u32{fpenv::NX}) : 0;
    if (bits >= infinity) {
        flags = fpenv::OF | fpenv::NX;
        bool to_infinity = rm == Rounding::RNE || rm == Rounding::RMM || rm == (sign ? Rounding::RDN : Rounding::RUP);
        bits = to_infinity ? infinity : infinity - 1;
    }
    return {bits | (sign ? sign_bit(f) : 0), flags};
}

Quad sum(Quad a, Quad b) {
    Quad s = a + b, bb = s - a;
    Quad error = (a - (s - bb)) + (b - bb);
    // Truncate, then jam.
    if (error != 0 && (error < 0) != (s < 0)) s = quad_from_bits(quad_bits(s) - 1);
    return jam(s, error != 0);
}
Quad quotient(Quad a, Quad b) {
    Quad q = cut(a / b, 57);
    // Cutting may have kept a quotient that was rounded up: then it is exact to far more than 57 bits or too great by
    // one.
    if (magnitude(q * b) > magnitude(a)) q = cut(quad_from_bits(quad_bits(q) - 1), 57);
    return jam(q, q * b != a);
}
Quad root(Quad a) {
    // Bit by bit on the integer a * 2^-2k, 56 bits of root.
    int exp = exponent_of(a), scale = (exp - 110) / 2;
    Quad n = a * power2(-2 * scale), r = 0;
    for (int bit = 57; bit >= 0; --bit) {
        Quad next = r + power2(bit);
        if (next * next <= n) r = next;
    }
    return jam(r * power2(scale), r * r != n);
}

/// Calls check(a, b, rm) for pairs of finite values.
template <class Check>
void for_pairs(Format f, unsigned random_cases, Check check) {
    auto specials = test::special_values(f);
    for (u64 a : specials) {
        for (u64 b : specials) {
            for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, b, rm));
        }
    }
    Random random(11);
    for (unsigned i = 0; i < random_cases; ++i) {
        ASSERT_NO_FATAL_FAILURE(check(random.value(f), random.value(f), kModes[i % 5]));
    }
}

class SoftfloatExact : public testing::TestWithParam<Format> {
protected:
    Format f = GetParam();

    template <class Soft, class Exact>
    void check_binary(Soft soft, Exact exact, bool nonzero_divisor = false) {
        for_pairs(f, 200000, [&](u64 a, u64 b, Rounding rm) {
            if (!is_finite(f, a) || !is_finite(f, b)) return;
            Quad y = exact_value(f, b);
            if (nonzero_divisor && y == 0) return;
            Quad value = exact(exact_value(f, a), y);
            if (value == 0) return;  // signs of zeros: softfloat_host_test
            Outcome got{0, 0};
            got.bits = soft(f, a, b, rm, got.flags);
            ASSERT_EQ(got, round_into(f, value, rm)) << std::hex << a << " " << b << " rm " << int(rm);
        });
    }
};

TEST_P(SoftfloatExact, Add) { check_binary(add, sum); }
TEST_P(SoftfloatExact, Sub) {
    check_binary(sub, [](Quad a, Quad b) { return sum(a, -b); });
}
TEST_P(SoftfloatExact, Mul) {
    check_binary(mul, [](Quad a, Quad b) { return a * b; });
}
TEST_P(SoftfloatExact, Div) { check_binary(div, quotient, true); }

TEST_P(SoftfloatExact, Sqrt) {
    auto check = [&](u64 a, Rounding rm) {
        a &= ~sign_bit(f);
        if (!is_finite(f, a) || a == 0) return;
        Outcome got{0, 0};
        got.bits = sqrt(f, a, rm, got.flags);
        ASSERT_EQ(got, round_into(f, root(exact_value(f, a)), rm)) << std::hex << a << " rm " << int(rm);
    };
    if (f == Format::F16) {
        for (u64 a = 0; a < 0x8000; ++a) ASSERT_NO_FATAL_FAILURE(check(a, kModes[a % 5]));
    }
    for (u64 a : test::special_values(f)) {
        for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
    }
    Random random(12);
    for (unsigned i = 0; i < 5000; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(f), kModes[i % 5]));
}

TEST_P(SoftfloatExact, Fma) {
    Random random(13);
    auto check = [&](u64 a, u64 b, u64 c, Rounding rm) {
        if (!is_finite(f, a) || !is_finite(f, b) || !is_finite(f, c)) return;
        Quad value = sum(exact_value(f, a) * exact_value(f, b), exact_value(f, c));
        if (value == 0) return;
        Outcome got{0, 0};
        got.bits = fma(f, a, b, c, rm, got.flags);
        ASSERT_EQ(got, round_into(f, value, rm)) << std::hex << a << " " << b << " " << c << " rm " << int(rm);
    };
    for_pairs(f, 200000, [&](u64 a, u64 b, Rounding rm) {
        ASSERT_NO_FATAL_FAILURE(check(a, b, random.value(f), rm));
        u32 none = 0;
        u64 product = mul(f, a, b, Rounding::RNE, none);
        ASSERT_NO_FATAL_FAILURE(check(a, b, product ^ sign_bit(f), rm));
        ASSERT_NO_FATAL_FAILURE(check(a, b, product ^ (random.next() & 3), rm));
    });
}

TEST_P(SoftfloatExact, Convert) {
    for (Format to : kFormats) {
        auto check = [&](u64 a, Rounding rm) {
            Outcome got{0, 0};
            got.bits = convert(to, f, a, rm, got.flags);
            u64 sign = a & sign_bit(f) ? sign_bit(to) : 0;
            Outcome expected;
            if (is_nan(f, a)) {
                expected = {canonical_nan(to), is_signalling_nan(f, a) * u32{fpenv::NV}};
            } else if (!is_finite(f, a)) {
                expected = {sign | low_mask(layout(to).exp_bits) << layout(to).frac_bits, 0};
            } else if (exact_value(f, a) == 0) {
                expected = {sign, 0};
            } else {
                expected = round_into(to, exact_value(f, a), rm);
            }
            ASSERT_EQ(got, expected) << std::hex << a << " to " << int(to) << " rm " << int(rm);
        };
        if (f == Format::F16) {
            for (u64 a = 0; a < 0x10000; ++a) ASSERT_NO_FATAL_FAILURE(check(a, kModes[a % 5]));
        }
        for (u64 a : test::special_values(f)) {
            for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
        }
        Random random(14);
        for (unsigned i = 0; i < 200000; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(f), kModes[i % 5]));
    }
}

struct IntLimits {
    IntType type;
    Quad low, high;
    unsigned bits;
};

TEST_P(SoftfloatExact, ToInt) {
    const IntLimits kTypes[] = {{IntType::I32, -power2(31), power2(31) - 1, 32},
                                {IntType::U32, 0, power2(32) - 1, 32},
                                {IntType::I64, -power2(63), power2(63) - 1, 64},
                                {IntType::U64, 0, power2(64) - 1, 64}};
    auto check = [&](u64 a, const IntLimits& t, Rounding rm) {
        Outcome got{0, 0}, expected{0, fpenv::NV};
        got.bits = to_int(f, a, t.type, rm, got.flags);
        bool sign = a & sign_bit(f), inexact = false;
        u64 mask = low_mask(t.bits), low = sign && t.low < 0 ? u64{1} << (t.bits - 1) : 0;
        u64 high = t.low < 0 ? mask >> 1 : mask;
        if (is_nan(f, a)) {
            expected.bits = high;
        } else if (!is_finite(f, a) || magnitude(exact_value(f, a)) >= power2(64)) {
            expected.bits = sign ? low : high;
        } else {
            Quad rounded = Quad(round_to_multiple(magnitude(exact_value(f, a)), 1, sign, rm, inexact));
            if (sign) rounded = -rounded;
            if (rounded < t.low || rounded > t.high) expected.bits = sign ? low : high;
            else
                expected = {(sign ? -static_cast<u64>(-rounded) : static_cast<u64>(rounded)) & mask,
                            inexact * u32{fpenv::NX}};
        }
        ASSERT_EQ(got, expected) << std::hex << a << " type " << int(t.type) << " rm " << int(rm);
    };
    auto check_all = [&](u64 a) {
        for (const IntLimits& t : kTypes) {
            for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, t, rm));
        }
    };
    if (f == Format::F16) {
        for (u64 a = 0; a < 0x10000; ++a) ASSERT_NO_FATAL_FAILURE(check_all(a));
    }
    for (u64 a : test::special_values(f)) ASSERT_NO_FATAL_FAILURE(check_all(a));
    Random random(15);
    for (unsigned i = 0; i < 50000; ++i) ASSERT_NO_FATAL_FAILURE(check_all(random.value(f)));
}

TEST_P(SoftfloatExact, FromInt) {
    Random random(16);
    for (unsigned i = 0; i < 100000; ++i) {
        u64 a = random.next() >> (random.next() & 63);
        if (i % 3 == 1) a = ~u64{0} << (a & 63) ^ (random.next() & 3);
        for (Rounding rm : kModes) {
            auto check = [&](IntType type, Quad value) {
                Outcome got{0, 0};
                got.bits = from_int(f, a, type, rm, got.flags);
                ASSERT_EQ(got, (value == 0 ? Outcome{0, 0} : round_into(f, value, rm)))
                    << std::hex << a << " rm " << int(rm);
            };
            ASSERT_NO_FATAL_FAILURE(check(IntType::I64, Quad(static_cast<i64>(a))));
            ASSERT_NO_FATAL_FAILURE(check(IntType::U64, Quad(a)));
            ASSERT_NO_FATAL_FAILURE(check(IntType::I32, Quad(static_cast<i32>(a))));
            ASSERT_NO_FATAL_FAILURE(check(IntType::U32, Quad(static_cast<u32>(a))));
        }
    }
}

TEST_P(SoftfloatExact, RoundToIntegral) {
    auto check = [&](u64 a, Rounding rm) {
        if (!is_finite(f, a)) return;
        bool sign = a & sign_bit(f), inexact = false;
        Outcome expected{a, 0};
        if (magnitude(exact_value(f, a)) < power2(60)) {
            u64 rounded = round_to_multiple(magnitude(exact_value(f, a)), 1, sign, rm, inexact);
            expected = rounded ? round_into(f, Quad(rounded), rm) : Outcome{0, 0};
            expected.bits |= sign ? sign_bit(f) : 0;
            expected.flags = inexact * u32{fpenv::NX};
        }
        Outcome got{0, 0};
        got.bits = round_to_integral(f, a, rm, true, got.flags);
        ASSERT_EQ(got, expected) << std::hex << a << " rm " << int(rm);
    };
    for (u64 a : test::special_values(f)) {
        for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
    }
    if (f == Format::F16) {
        for (u64 a = 0; a < 0x10000; ++a) ASSERT_NO_FATAL_FAILURE(check(a, kModes[a % 5]));
    }
    Random random(17);
    for (unsigned i = 0; i < 200000; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(f), kModes[i % 5]));
}

TEST_P(SoftfloatExact, Classify) {
    Layout l = layout(f);
    u64 inf = low_mask(l.exp_bits) << l.frac_bits, min_normal = u64{1} << l.frac_bits, sign = sign_bit(f);
    auto one = [&](u64 a) { return std::countr_zero(classify(f, a)) + 100 * (std::popcount(classify(f, a)) != 1); };
    EXPECT_EQ(one(sign | inf), 0);
    EXPECT_EQ(one(sign | min_normal), 1);
    EXPECT_EQ(one(sign | (inf - 1)), 1);
    EXPECT_EQ(one(sign | 1), 2);
    EXPECT_EQ(one(sign | (min_normal - 1)), 2);
    EXPECT_EQ(one(sign), 3);
    EXPECT_EQ(one(0), 4);
    EXPECT_EQ(one(1), 5);
    EXPECT_EQ(one(min_normal - 1), 5);
    EXPECT_EQ(one(min_normal), 6);
    EXPECT_EQ(one(inf - 1), 6);
    EXPECT_EQ(one(inf), 7);
    EXPECT_EQ(one(inf + 1), 8);
    EXPECT_EQ(one(sign | (inf + 1)), 8);
    EXPECT_EQ(one(canonical_nan(f)), 9);
    EXPECT_EQ(one(sign | canonical_nan(f) | 1), 9);
}

INSTANTIATE_TEST_SUITE_P(Formats, SoftfloatExact, testing::ValuesIn(kFormats), [](const auto& info) {
    switch (info.param) {
        case Format::F16: return std::string("F16");
        case Format::BF16: return std::string("BF16");
        case Format::F32: return std::string("F32");
        default: return std::string("F64");
    }
});

TEST(Softfloat, ToInt32Modular) {
    auto check = [](u64 a) {
        u32 flags = 0, expected_flags = 0;
        u64 got = to_int32_modular(a, flags);
        to_int(Format::F64, a, IntType::I32, Rounding::RTZ, expected_flags);
        u64 expected = 0;
        if (is_finite(Format::F64, a) && magnitude(exact_value(Format::F64, a)) < power2(110)) {
            u64 low = static_cast<u64>(static_cast<u128>(magnitude(exact_value(Format::F64, a))));
            expected = static_cast<u64>(sign_extend(a >> 63 ? -low : low, 32));
        }
        ASSERT_EQ(got, expected) << std::hex << a;
        ASSERT_EQ(flags, expected_flags) << std::hex << a;
    };
    for (u64 a : test::special_values(Format::F64)) ASSERT_NO_FATAL_FAILURE(check(a));
    Random random(18);
    for (unsigned i = 0; i < 1000000; ++i) {
        u64 a = random.value(Format::F64);
        if (i & 1) a = deposit(a, 52, 11, 1023 + extract(a, 52, 11) % 100);
        ASSERT_NO_FATAL_FAILURE(check(a));
    }
}

}  // namespace
}  // namespace dragoman::softfloat
