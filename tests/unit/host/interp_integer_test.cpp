// The interpreter's integer ops, op by op, with the corner cases that make them total.
#include "unit/host/host_fixture.h"

namespace dragoman::host_test {
namespace {

class InterpInteger : public ::testing::Test {
protected:
    TestHost host{host::make_interp()};

    u64 eval(Op op, Type type, u64 a, u64 b, u64 imm0 = 0, u64 imm1 = 0) {
        host.reset_code();
        host.env().x[1] = a;
        host.env().x[2] = b;
        host.run_code([&](Builder& c) {
            Var in1 = x(1), in2 = x(2);
            if (type == Type::I32) {
                in1 = c.trunc(in1);
                in2 = c.trunc(in2);
            }
            Var out =
                ir::info(op).inputs == 2 ? c.op(op, type, {in1, in2}, imm0, imm1) : c.op(op, type, {in1}, imm0, imm1);
            if (c.type(out) == Type::I32) {
                c.convert_to(Op::ext_u, x(3), out);
            } else {
                c.mov_to(x(3), out);
            }
        });
        return host.env().x[3];
    }
};

constexpr u64 kMin64 = u64{1} << 63;
constexpr u64 kOnes = ~u64{0};
constexpr u64 kMin32 = 0x80000000;
constexpr u64 kOnes32 = 0xffffffff;

struct Case {
    Op op;
    Type type;
    u64 a, b, expected;
    u64 imm0 = 0, imm1 = 0;
};

TEST_F(InterpInteger, Table) {
    constexpr Type I32 = Type::I32, I64 = Type::I64;
    const Case cases[] = {
        {Op::mov, I64, 5, 0, 5},
        {Op::add, I64, kOnes, 2, 1},
        {Op::add, I32, kOnes32, 2, 1},
        {Op::sub, I64, 1, 2, kOnes},
        {Op::sub, I32, 1, 2, kOnes32},
        {Op::neg, I64, 1, 0, kOnes},
        {Op::neg, I32, kMin32, 0, kMin32},
        {Op::mul, I64, 1ull << 33, 1ull << 32 | 3, 3ull << 33},
        {Op::mul, I32, 0x10001, 0x10001, 0x20001},
        {Op::mulh_s, I64, kOnes, kOnes, 0},
        {Op::mulh_s, I64, kMin64, kMin64, 1ull << 62},
        {Op::mulh_s, I32, kMin32, 2, kOnes32},
        {Op::mulh_u, I64, kOnes, kOnes, kOnes - 1},
        {Op::mulh_u, I32, kOnes32, kOnes32, kOnes32 - 1},
        {Op::mulh_su, I64, kOnes, kOnes, kOnes},
        {Op::mulh_su, I64, 3, kOnes, 2},
        {Op::mulh_su, I32, kOnes32, kOnes32, kOnes32},
        {Op::div_s, I64, 7, static_cast<u64>(-2), static_cast<u64>(-3)},
        {Op::div_s, I64, 7, 0, kOnes},
        {Op::div_s, I64, kMin64, kOnes, kMin64},
        {Op::div_s, I32, kMin32, kOnes32, kMin32},
        {Op::div_s, I32, 9, 0, kOnes32},
        {Op::div_u, I64, 7, 0, kOnes},
        {Op::div_u, I32, kOnes32, 2, 0x7fffffff},
        {Op::rem_s, I64, static_cast<u64>(-7), 2, kOnes},
        {Op::rem_s, I64, kMin64, kOnes, 0},
        {Op::rem_s, I64, 7, 0, 7},
        {Op::rem_s, I32, kMin32, kOnes32, 0},
        {Op::rem_u, I64, 7, 0, 7},
        {Op::rem_u, I32, kOnes32, 10, 5},
        {Op::and_, I64, 0xff0, 0x0ff, 0x0f0},
        {Op::or_, I64, 0xff0, 0x0ff, 0xfff},
        {Op::xor_, I64, 0xff0, 0x0ff, 0xf0f},
        {Op::not_, I64, 1, 0, kOnes - 1},
        {Op::not_, I32, 1, 0, kOnes32 - 1},
        {Op::andc, I64, 0xff0, 0x0ff, 0xf00},
        {Op::orc, I64, 1, kOnes - 1, 1},
        {Op::orc, I32, 2, kOnes32 - 1, 3},
        {Op::eqv, I64, 5, 5, kOnes},
        {Op::shl, I64, 1, 65, 2},
        {Op::shl, I32, 1, 33, 2},
        {Op::shr, I64, kMin64, 127, 1},
        {Op::shr, I32, kMin32, 63, 1},
        {Op::sar, I64, kMin64, 127, kOnes},
        {Op::sar, I32, kMin32, 63, kOnes32},
        {Op::rotl, I64, kMin64 | 1, 65, 3},
        {Op::rotl, I32, kMin32 | 1, 33, 3},
        {Op::rotr, I64, 3, 1, kMin64 | 1},
        {Op::rotr, I32, 3, 1, kMin32 | 1},
        {Op::clz, I64, 0, 0, 64},
        {Op::clz, I32, 0, 0, 32},
        {Op::clz, I32, 1, 0, 31},
        {Op::ctz, I64, 0, 0, 64},
        {Op::ctz, I32, 0, 0, 32},
        {Op::ctz, I64, kMin64, 0, 63},
        {Op::popcnt, I64, kOnes, 0, 64},
        {Op::popcnt, I32, kOnes, 0, 32},
        {Op::bswap, I64, 0x0102030405060708, 0, 0x0807060504030201},
        {Op::bswap, I32, 0x01020304, 0, 0x04030201},
        {Op::orc_b, I64, 0x0100000000800002, 0, 0xff00000000ff00ff},
        {Op::orc_b, I32, 0x00800002, 0, 0x00ff00ff},
        {Op::clmul, I64, 7, 7, 0x15},
        {Op::clmul, I64, kOnes, 2, kOnes - 1},
        {Op::clmulh, I64, kOnes, kMin64, kOnes >> 1},
        {Op::clmulh, I32, kOnes32, kMin32, kOnes32 >> 1},
        {Op::min_s, I64, kOnes, 1, kOnes},
        {Op::min_u, I64, kOnes, 1, 1},
        {Op::max_s, I32, kOnes32, 1, 1},
        {Op::max_u, I32, kOnes32, 1, kOnes32},
        {Op::extract, I64, 0xabcdef, 0, 0xbcd, 8, 12},
        {Op::extract, I64, kMin64, 0, 1, 63, 1},
        {Op::sextract, I64, 0xf00, 0, kOnes, 8, 4},
        {Op::sextract, I32, 0xf00, 0, kOnes32, 8, 4},
        {Op::deposit, I64, kOnes, 0, ~u64{0xff00}, 8, 8},
        {Op::deposit, I32, 0, 0x1ff, 0xff00, 8, 8},
        {Op::setcond, I64, kOnes, 1, 1, static_cast<u64>(Cond::Lt)},
        {Op::setcond, I64, kOnes, 1, 0, static_cast<u64>(Cond::Ltu)},
        {Op::setcond, I32, kOnes32, 1, 1, static_cast<u64>(Cond::Lt)},
        {Op::setcond, I32, 6, 8, 1, static_cast<u64>(Cond::TstEq)},
    };
    for (const Case& c : cases) {
        EXPECT_EQ(c.expected, eval(c.op, c.type, c.a, c.b, c.imm0, c.imm1))
            << ir::info(c.op).name << '.' << ir::type_name(c.type) << " 0x" << std::hex << c.a << ", 0x" << c.b;
    }
}

TEST_F(InterpInteger, Conversions) {
    host.env().x[1] = 0x1'8000'0001;
    host.run_code([](Builder& b) {
        Var low = b.trunc(x(1));
        b.convert_to(Op::ext_s, x(2), low);
        b.convert_to(Op::ext_u, x(3), low);
        b.convert_to(Op::bitcast, f(1), x(1));
        b.convert_to(Op::bitcast, x(4), f(1));
    });
    EXPECT_EQ(0xffff'ffff'8000'0001u, host.env().x[2]);
    EXPECT_EQ(0x8000'0001u, host.env().x[3]);
    EXPECT_EQ(0x1'8000'0001u, host.env().x[4]);
}

TEST_F(InterpInteger, MovcondComparesOneTypeAndSelectsAnother) {
    host.env().x[1] = 0x1'0000'0000;
    host.run_code([](Builder& b) {
        Var zero = b.trunc(x(1));
        b.movcond_to(x(2), Cond::Eq, zero, b.c32(0), b.c64(10), b.c64(20));
        b.movcond_to(x(3), Cond::Eq, x(1), b.c64(0), b.c64(10), b.c64(20));
    });
    EXPECT_EQ(10u, host.env().x[2]);
    EXPECT_EQ(20u, host.env().x[3]);
}

}  // namespace
}  // namespace dragoman::host_test
