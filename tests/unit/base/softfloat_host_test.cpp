// softfloat against the host's SSE and FMA units, in the four rounding modes that they have: result bits (modulo the
// NaN rule) and exception flags.
#include <gtest/gtest.h>

#include <cstring>

#include "base/fpenv.h"
#include "unit/base/softfloat_inputs.h"

namespace dragoman::softfloat {
namespace {

using test::Random;

constexpr unsigned kRandomCases = 1000000;

template <class T>
struct FormatOf;
template <>
struct FormatOf<float> {
    static constexpr Format kFormat = Format::F32;
};
template <>
struct FormatOf<double> {
    static constexpr Format kFormat = Format::F64;
};

template <class T>
T from_bits(u64 bits) {
    T value;
    std::memcpy(&value, &bits, sizeof value);
    return value;
}
template <class T>
u64 to_bits(T value) {
    u64 bits = 0;
    std::memcpy(&bits, &value, sizeof value);
    return bits;
}

struct Outcome {
    u64 bits;
    u32 flags;
    bool operator==(const Outcome&) const = default;
};

std::ostream& operator<<(std::ostream& out, const Outcome& o) {
    return out << std::hex << "{0x" << o.bits << ", flags 0x" << o.flags << "}" << std::dec;
}

/// Runs `f` under rounding mode `rm` with clear flags.
template <class Fn>
Outcome on_host(Rounding rm, Fn&& f) {
    u32 saved = fpenv::control();
    fpenv::set_control(fpenv::with_rounding(fpenv::default_control(), static_cast<u32>(rm)));
    u64 bits = f();
    u32 flags = fpenv::flags();
    fpenv::set_control(saved);
    return {bits, flags};
}

template <class T>
u64 canonical(T value) {
    return value != value ? canonical_nan(FormatOf<T>::kFormat) : to_bits(value);
}

// The instruction itself, so that the compiler can neither move nor fold it.
#define HOST_BINARY(name, ss, sd)                                 \
    inline float name(float a, float b) {                         \
        asm volatile(ss " %1, %0" : "+x"(a) : "x"(b) : "memory"); \
        return a;                                                 \
    }                                                             \
    inline double name(double a, double b) {                      \
        asm volatile(sd " %1, %0" : "+x"(a) : "x"(b) : "memory"); \
        return a;                                                 \
    }
HOST_BINARY(host_add, "addss", "addsd")
HOST_BINARY(host_sub, "subss", "subsd")
HOST_BINARY(host_mul, "mulss", "mulsd")
HOST_BINARY(host_div, "divss", "divsd")
HOST_BINARY(host_sqrt, "sqrtss", "sqrtsd")  // of b
#undef HOST_BINARY

inline float host_fma(float a, float b, float c) {
    asm volatile("vfmadd213ss %2, %1, %0" : "+x"(a) : "x"(b), "x"(c) : "memory");
    return a;
}
inline double host_fma(double a, double b, double c) {
    asm volatile("vfmadd213sd %2, %1, %0" : "+x"(a) : "x"(b), "x"(c) : "memory");
    return a;
}

template <class T>
class SoftfloatHost : public testing::Test {
protected:
    static constexpr Format F = FormatOf<T>::kFormat;
    static constexpr Rounding kModes[] = {Rounding::RNE, Rounding::RTZ, Rounding::RDN, Rounding::RUP};

    template <class Host, class Soft>
    void check_binary(Host host, Soft soft) {
        auto check = [&](u64 a, u64 b, Rounding rm) {
            Outcome expected = on_host(rm, [&] { return canonical(host(from_bits<T>(a), from_bits<T>(b))); });
            Outcome got{0, 0};
            got.bits = soft(F, a, b, rm, got.flags);
            ASSERT_EQ(got, expected) << std::hex << "a 0x" << a << " b 0x" << b << " rm " << int(rm);
        };
        for (u64 a : test::special_values(F)) {
            for (u64 b : test::special_values(F)) {
                for (Rounding rm : kModes) ASSERT_NO_FATAL_FAILURE(check(a, b, rm));
            }
        }
        Random random(1);
        for (unsigned i = 0; i < kRandomCases; ++i) {
            u64 a = random.value(F), b = random.value(F);
            ASSERT_NO_FATAL_FAILURE(check(a, b, kModes[i & 3]));
        }
    }
};

using Types = testing::Types<float, double>;
TYPED_TEST_SUITE(SoftfloatHost, Types);

TYPED_TEST(SoftfloatHost, Add) {
    this->check_binary([](TypeParam a, TypeParam b) { return host_add(a, b); }, add);
}
TYPED_TEST(SoftfloatHost, Sub) {
    this->check_binary([](TypeParam a, TypeParam b) { return host_sub(a, b); }, sub);
}
TYPED_TEST(SoftfloatHost, Mul) {
    this->check_binary([](TypeParam a, TypeParam b) { return host_mul(a, b); }, mul);
}
TYPED_TEST(SoftfloatHost, Div) {
    this->check_binary([](TypeParam a, TypeParam b) { return host_div(a, b); }, div);
}
TYPED_TEST(SoftfloatHost, Sqrt) {
    this->check_binary([](TypeParam a, TypeParam b) { return host_sqrt(a, b); },
                       [](Format f, u64, u64 b, Rounding rm, u32& flags) { return sqrt(f, b, rm, flags); });
}

TYPED_TEST(SoftfloatHost, Fma) {
    if (!__builtin_cpu_supports("fma")) GTEST_SKIP() << "the host has no FMA";
    constexpr Format F = FormatOf<TypeParam>::kFormat;
    auto check = [&](u64 a, u64 b, u64 c, Rounding rm) {
        Outcome expected = on_host(rm, [&] {
            return canonical(host_fma(from_bits<TypeParam>(a), from_bits<TypeParam>(b), from_bits<TypeParam>(c)));
        });
        // The host lets a quiet NaN addend win over an invalid product; RISC-V raises invalid.
        u32 product_flags = 0;
        mul(F, a, b, rm, product_flags);
        expected.flags |= product_flags & fpenv::NV;
        Outcome got{0, 0};
        got.bits = fma(F, a, b, c, rm, got.flags);
        ASSERT_EQ(got, expected) << std::hex << "a 0x" << a << " b 0x" << b << " c 0x" << c << " rm " << int(rm);
    };
    auto specials = test::special_values(F);
    unsigned mode = 0;
    for (u64 a : specials) {
        for (u64 b : specials) {
            for (u64 c : specials) ASSERT_NO_FATAL_FAILURE(check(a, b, c, this->kModes[mode++ & 3]));
        }
        ++mode;
    }
    Random random(2);
    for (unsigned i = 0; i < kRandomCases; ++i) {
        u64 a = random.value(F), b = random.value(F), c = random.value(F);
        ASSERT_NO_FATAL_FAILURE(check(a, b, c, this->kModes[i & 3]));
        // An addend close to the negated product, so that they cancel.
        u32 none = 0;
        c = mul(F, a, b, Rounding::RNE, none) ^ sign_bit(F);
        ASSERT_NO_FATAL_FAILURE(check(a, b, c ^ (random.next() & 3), this->kModes[i & 3]));
    }
}

TYPED_TEST(SoftfloatHost, Compare) {
    constexpr Format F = FormatOf<TypeParam>::kFormat;
    auto check = [&](u64 a, u64 b) {
        TypeParam x = from_bits<TypeParam>(a), y = from_bits<TypeParam>(b);
        bool any_nan = x != x || y != y, any_snan = is_signalling_nan(F, a) || is_signalling_nan(F, b);
        u32 quiet = any_snan * fpenv::NV, signalling = any_nan * fpenv::NV;
        auto compare = [&](auto op, bool result, u32 expected_flags) {
            u32 flags = 0;
            ASSERT_EQ(op(F, a, b, flags), result) << std::hex << a << " " << b;
            ASSERT_EQ(flags, expected_flags) << std::hex << a << " " << b;
        };
        compare(eq, x == y, quiet);
        compare(lt, x < y, signalling);
        compare(le, x <= y, signalling);
        compare(lt_quiet, x < y, quiet);
        compare(le_quiet, x <= y, quiet);

        auto extreme = [&](auto op, u64 result) {
            u32 flags = 0;
            ASSERT_EQ(op(F, a, b, flags), result) << std::hex << a << " " << b;
            ASSERT_EQ(flags, quiet) << std::hex << a << " " << b;
        };
        u64 nan = canonical_nan(F);
        if (any_nan) {
            u64 number = x == x ? a : y == y ? b : nan;
            extreme(min, number), extreme(max, number), extreme(min_nan, nan), extreme(max_nan, nan);
        } else {
            bool first = x < y || (x == y && (a & sign_bit(F)));
            u64 low = first ? a : b, high = first ? b : a;
            extreme(min, low), extreme(max, high), extreme(min_nan, low), extreme(max_nan, high);
        }
    };
    for (u64 a : test::special_values(F)) {
        for (u64 b : test::special_values(F)) ASSERT_NO_FATAL_FAILURE(check(a, b));
    }
    Random random(3);
    for (unsigned i = 0; i < kRandomCases; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(F), random.value(F)));
}

TYPED_TEST(SoftfloatHost, ToSignedInt) {
    constexpr Format F = FormatOf<TypeParam>::kFormat;
    auto check = [&](u64 a, Rounding rm) {
        TypeParam x = from_bits<TypeParam>(a);
        Outcome host64 = on_host(rm, [&] {
            i64 result;
            if constexpr (sizeof(TypeParam) == 4) asm volatile("cvtss2si %1, %0" : "=r"(result) : "x"(x) : "memory");
            else asm volatile("cvtsd2si %1, %0" : "=r"(result) : "x"(x) : "memory");
            return static_cast<u64>(result);
        });
        Outcome host32 = on_host(rm, [&] {
            i32 result;
            if constexpr (sizeof(TypeParam) == 4) asm volatile("cvtss2si %1, %0" : "=r"(result) : "x"(x) : "memory");
            else asm volatile("cvtsd2si %1, %0" : "=r"(result) : "x"(x) : "memory");
            return u64{static_cast<u32>(result)};
        });
        // Where the host gives its integer indefinite, RISC-V saturates.
        bool low = x < 0;
        if (host64.flags & fpenv::NV) host64.bits = low ? u64{1} << 63 : ~u64{0} >> 1;
        if (host32.flags & fpenv::NV) host32.bits = low ? 0x80000000 : 0x7fffffff;
        Outcome got{0, 0};
        got.bits = to_int(F, a, IntType::I64, rm, got.flags);
        ASSERT_EQ(got, host64) << std::hex << "i64 a 0x" << a << " rm " << int(rm);
        got.flags = 0;
        got.bits = to_int(F, a, IntType::I32, rm, got.flags);
        ASSERT_EQ(got, host32) << std::hex << "i32 a 0x" << a << " rm " << int(rm);
    };
    for (u64 a : test::special_values(F)) {
        for (Rounding rm : this->kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
    }
    Random random(4);
    for (unsigned i = 0; i < kRandomCases; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(F), this->kModes[i & 3]));
}

TYPED_TEST(SoftfloatHost, FromInt) {
    constexpr Format F = FormatOf<TypeParam>::kFormat;
    auto check = [&](u64 a, Rounding rm) {
        auto host = [&](auto integer) {
            return on_host(rm, [&] {
                TypeParam result = 0;
                constexpr bool is64 = sizeof integer == 8;
                if constexpr (sizeof(TypeParam) == 4 && is64)
                    asm volatile("cvtsi2ssq %1, %0" : "+x"(result) : "r"(integer) : "memory");
                else if constexpr (sizeof(TypeParam) == 4)
                    asm volatile("cvtsi2ssl %1, %0" : "+x"(result) : "r"(integer) : "memory");
                else if constexpr (is64) asm volatile("cvtsi2sdq %1, %0" : "+x"(result) : "r"(integer) : "memory");
                else asm volatile("cvtsi2sdl %1, %0" : "+x"(result) : "r"(integer) : "memory");
                return to_bits(result);
            });
        };
        auto soft = [&](IntType type) {
            Outcome got{0, 0};
            got.bits = from_int(F, a, type, rm, got.flags);
            return got;
        };
        ASSERT_EQ(soft(IntType::I64), host(static_cast<i64>(a))) << std::hex << a << " rm " << int(rm);
        ASSERT_EQ(soft(IntType::I32), host(static_cast<i32>(a))) << std::hex << a << " rm " << int(rm);
        ASSERT_EQ(soft(IntType::U32), host(static_cast<i64>(a & 0xffffffff))) << std::hex << a << " rm " << int(rm);
        if (static_cast<i64>(a) >= 0) {
            ASSERT_EQ(soft(IntType::U64), host(static_cast<i64>(a))) << std::hex << a << " rm " << int(rm);
        } else {
            // Half the value with the lost bit jammed rounds alike; then the exponent goes up by one.
            Outcome expected = host(static_cast<i64>(a >> 1 | (a & 1)));
            expected.bits += u64{1} << test::layout(F).frac_bits;
            ASSERT_EQ(soft(IntType::U64), expected) << std::hex << a << " rm " << int(rm);
        }
    };
    Random random(5);
    for (unsigned i = 0; i < kRandomCases / 4; ++i) {
        u64 a = random.next() >> (random.next() & 63);
        if (i & 1) a = ~u64{0} << (a & 63) ^ (random.next() & 3);
        for (Rounding rm : this->kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
    }
}

TYPED_TEST(SoftfloatHost, RoundToIntegral) {
    if (!__builtin_cpu_supports("sse4.1")) GTEST_SKIP() << "the host has no SSE4.1";
    constexpr Format F = FormatOf<TypeParam>::kFormat;
    auto check = [&](u64 a, Rounding rm) {
        TypeParam x = from_bits<TypeParam>(a);
        Outcome expected = on_host(rm, [&] {
            TypeParam result = 0;
            if constexpr (sizeof(TypeParam) == 4) asm volatile("roundss $4, %1, %0" : "+x"(result) : "x"(x) : "memory");
            else asm volatile("roundsd $4, %1, %0" : "+x"(result) : "x"(x) : "memory");
            return canonical(result);
        });
        Outcome got{0, 0};
        got.bits = round_to_integral(F, a, rm, true, got.flags);
        ASSERT_EQ(got, expected) << std::hex << a << " rm " << int(rm);
        got.flags = 0;
        got.bits = round_to_integral(F, a, rm, false, got.flags);
        expected.flags &= ~u32{fpenv::NX};
        ASSERT_EQ(got, expected) << std::hex << a << " rm " << int(rm);
    };
    for (u64 a : test::special_values(F)) {
        for (Rounding rm : this->kModes) ASSERT_NO_FATAL_FAILURE(check(a, rm));
    }
    Random random(6);
    for (unsigned i = 0; i < kRandomCases; ++i) ASSERT_NO_FATAL_FAILURE(check(random.value(F), this->kModes[i & 3]));
}

template <class To, class From>
void check_convert(u64 a, Rounding rm) {
    Outcome expected = on_host(rm, [&] {
        To result = 0;
        From x = from_bits<From>(a);
        if constexpr (sizeof(To) == 4) asm volatile("cvtsd2ss %1, %0" : "+x"(result) : "x"(x) : "memory");
        else asm volatile("cvtss2sd %1, %0" : "+x"(result) : "x"(x) : "memory");
        return canonical(result);
    });
    Outcome got{0, 0};
    got.bits = convert(FormatOf<To>::kFormat, FormatOf<From>::kFormat, a, rm, got.flags);
    ASSERT_EQ(got, expected) << std::hex << a << " rm " << int(rm);
}

TYPED_TEST(SoftfloatHost, ConvertFormat) {
    using Other = std::conditional_t<sizeof(TypeParam) == 4, double, float>;
    for (u64 a : test::special_values(this->F)) {
        for (Rounding rm : this->kModes) ASSERT_NO_FATAL_FAILURE((check_convert<Other, TypeParam>(a, rm)));
    }
    Random random(7);
    for (unsigned i = 0; i < kRandomCases; ++i) {
        u64 a = random.value(this->F);
        if (sizeof(TypeParam) == 8 && (i & 1)) {
            // Into the exponent range of the narrower format, with its subnormals and just beyond its greatest values.
            a = deposit(a, 52, 11, 1023 - 152 + extract(a, 52, 11) % 282);
        }
        ASSERT_NO_FATAL_FAILURE((check_convert<Other, TypeParam>(a, this->kModes[i >> 1 & 3])));
    }
}

}  // namespace
}  // namespace dragoman::softfloat
