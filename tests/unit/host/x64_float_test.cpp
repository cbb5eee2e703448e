// Every float op in generated code against the interpreter, which computes in soft float: results and accrued flags,
// for special values and random bit patterns, in all rounding modes, for various register assignments, with CPU
// features on and off.
#include <random>

#include "unit/host/host_fixture.h"

namespace dragoman::host_test {
namespace {

/// One op with its types and constants.
struct FloatCase {
    Op op;
    Type type;
    Type source = Type::None;  ///< of conversions
    u64 imm0 = 0, imm1 = 0;
};

std::string describe(const FloatCase& c) {
    return std::string(ir::info(c.op).name) + '.' + ir::type_name(c.type) +
           (c.source == Type::None ? "" : std::string(".") + ir::type_name(c.source)) + " #" + std::to_string(c.imm0) +
           " #" + std::to_string(c.imm1);
}

std::vector<FloatCase> all_cases() {
    std::vector<FloatCase> cases;
    const u64 roundings[] = {0, 1, 2, 3, 4, 7};
    for (Type t : {Type::F32, Type::F64}) {
        for (unsigned o = static_cast<unsigned>(Op::fadd); o <= static_cast<unsigned>(Op::fclass); ++o) {
            cases.push_back({static_cast<Op>(o), t});
        }
        for (u64 r : roundings) {
            for (u64 inexact : {0, 1}) cases.push_back({Op::fround, t, Type::None, r, inexact});
            for (Type i : {Type::I32, Type::I64}) {
                for (u64 is_unsigned : {0, 1}) cases.push_back({Op::fcvt_fi, i, t, r, is_unsigned});
            }
        }
        for (Type i : {Type::I32, Type::I64}) {
            for (u64 r : roundings) {
                for (u64 is_unsigned : {0, 1}) cases.push_back({Op::fcvt_if, t, i, is_unsigned, r});
            }
        }
    }
    cases.push_back({Op::fcvt_ff, Type::F64, Type::F32});
    cases.push_back({Op::fcvt_ff, Type::F32, Type::F64});
    return cases;
}

/// Registers of output and inputs.
struct Shape {
    unsigned out, in[3];
};
constexpr Shape kShapes[] = {{4, {1, 2, 3}},     {1, {1, 2, 3}},     {2, {1, 2, 3}},   {3, {1, 2, 3}},
                             {1, {1, 1, 1}},     {4, {1, 1, 2}},     {1, {2, 2, 1}},   {1, {1, 1, 2}},
                             {2, {1, 2, 1}},     {4, {1, 1, 1}},     {1, {2, 1, 1}},   {30, {29, 28, 27}},
                             {30, {30, 29, 28}}, {28, {30, 29, 28}}, {30, {1, 29, 30}}};

void build(Builder& b, const FloatCase& c, const Shape& s) {
    Type source = c.source == Type::None ? c.type : c.source;
    auto input = [&](unsigned i) {
        if (source == Type::F64) return f(s.in[i]);
        if (source == Type::F32) return b.convert(Op::funbox, Type::F32, f(s.in[i]));
        return source == Type::I32 ? b.trunc(x(s.in[i])) : x(s.in[i]);
    };
    unsigned inputs = ir::info(c.op).inputs;
    Var in[3] = {};
    for (unsigned i = 0; i < inputs; ++i) in[i] = input(i);
    bool compares = ir::info(c.op).typing == ir::OpTyping::Cmp;
    Type result = compares ? Type::I64 : c.type;
    bool in_place = result == Type::F64 || result == Type::I64;
    Var out = !in_place ? b.temp(result) : result == Type::F64 ? f(s.out) : x(s.out);
    switch (inputs) {
        case 1: b.emit(c.op, c.type, {out}, {in[0]}, c.imm0, c.imm1); break;
        case 2: b.emit(c.op, c.type, {out}, {in[0], in[1]}, c.imm0, c.imm1); break;
        default: b.emit(c.op, c.type, {out}, {in[0], in[1], in[2]}, c.imm0, c.imm1); break;
    }
    if (c.source != Type::None) b.function().insns.back().type2 = c.source;
    if (result == Type::F32) b.convert_to(Op::fbox, f(s.out), out);
    if (result == Type::I32) b.convert_to(Op::ext_u, x(s.out), out);
}

const u64 kSpecial64[] = {0,
                          1,
                          0x000fffffffffffff,
                          0x0010000000000000,
                          0x0010000000000001,
                          0x3ff0000000000000,
                          0x3ff0000000000001,
                          0x3fefffffffffffff,
                          0x3fe0000000000000,
                          0x3fdfffffffffffff,
                          0x432fffffffffffff,
                          0x433fffffffffffff,
                          0x3ff8000000000000,
                          0x4004000000000000,
                          0x41dfffffffc00000,
                          0x41dfffffffe00000,
                          0x41e0000000000000,
                          0x41efffffffe00000,
                          0x41efffffffffffff,
                          0x41f0000000000000,
                          0x43dfffffffffffff,
                          0x43e0000000000000,
                          0x43efffffffffffff,
                          0x43f0000000000000,
                          0x4340000000000001,
                          0x7fe0000000000000,
                          0x7fefffffffffffff,
                          0x7ff0000000000000,
                          0x7ff0000000000001,
                          0x7ff4000000000000,
                          0x7ff8000000000000,
                          0x7ff8000000000123,
                          0x7fffffffffffffff,
                          0x36a0000000000000,
                          0x380fffffe0000000,
                          0x3810000000000000,
                          0x47efffffe0000000,
                          0x47effffff0000000};
const u32 kSpecial32[] = {0,          1,          0x007fffff, 0x00800000, 0x00800001, 0x3f800000,
                          0x3f800001, 0x3f7fffff, 0x3effffff, 0x4affffff, 0x3f000000, 0x3fc00000,
                          0x40200000, 0x4effffff, 0x4f000000, 0x4f7fffff, 0x4f800000, 0x5effffff,
                          0x5f000000, 0x5f7fffff, 0x5f800000, 0x4b000001, 0x7f000000, 0x7f7fffff,
                          0x7f800000, 0x7f800001, 0x7fa00000, 0x7fc00000, 0x7fc00123, 0x7fffffff};
const u64 kSpecialInt[] = {0,
                           1,
                           2,
                           0x7fffffff,
                           0x80000000,
                           0x80000001,
                           0xffffffff,
                           0x100000000,
                           0x00ffffff,
                           0x01000000,
                           0x01000001,
                           0xfeffffff,
                           0xff000000,
                           0xffffffffff000000,
                           0xfffffffffeffffff,
                           0x1fffffffffffff,
                           0x20000000000000,
                           0x20000000000001,
                           0xffe0000000000000,
                           0xffdfffffffffffff,
                           0x7fffffffffffffff,
                           0x8000000000000000,
                           0x8000000000000401,
                           0xfffffffffffffbff,
                           0xffffffffffffffff,
                           0x8000008000000001};

std::vector<u64> special_values(Type t) {
    std::vector<u64> values;
    if (t == Type::F64) {
        for (u64 v : kSpecial64) values.insert(values.end(), {v, v | u64{1} << 63});
    } else if (t == Type::F32) {
        for (u64 v : kSpecial32) values.insert(values.end(), {v | ~u64{0} << 32, v | u64{1} << 31 | ~u64{0} << 32});
        values.insert(values.end(), {0x3f800000, 0xfffffffe3f800000});  // not boxed
    } else {
        values.assign(std::begin(kSpecialInt), std::end(kSpecialInt));
    }
    return values;
}

class X64Float : public ::testing::TestWithParam<const char*> {
protected:
    static host::Options options() {
        host::Options o;
        EXPECT_EQ("", host::disable_features(o, GetParam()));
        return o;
    }

    TestHost generated{host::make_x64(), options()}, oracle{host::make_interp()};
    std::mt19937_64 random{20240607};

    u64 random_value(Type t, const std::vector<u64>& special) {
        u64 r = random();
        switch (r % 8) {
            case 0: return special[random() % special.size()];
            case 1:
            case 2:  // near a special value
                return special[random() % special.size()] + (r >> 8) % 5 - 2;
            case 3:
            case 4: {  // moderate exponents, so that sums and products are finite
                if (t == Type::F64) return (random() & ~(u64{0x7ff} << 52)) | (u64{0x3ff} - 40 + r / 8 % 80) << 52;
                u64 single = (random() & 0x807fffff) | (u64{127} - 20 + r / 8 % 40) << 23;
                return t == Type::F32 ? single | ~u64{0} << 32 : single;
            }
            default: return t == Type::F32 ? random() | ~u64{0} << 32 : random();
        }
    }

    void set_inputs(TestHost& h, const Shape& s, const u64 (&values)[3], Type source, u32 rm) {
        for (unsigned i = 3; i-- > 0;) {
            (ir::is_float(source) ? h.env().f : h.env().x)[s.in[i]] = values[i];
        }
        h.env().fp_control = fpenv::with_rounding(fpenv::default_control(), rm);
    }

    /// @returns whether both agree
    bool compare(const FloatCase& c, const Shape& s, const TestHost::Tb& a, const TestHost::Tb& b,
                 const u64 (&values)[3], u32 rm) {
        Type source = c.source == Type::None ? c.type : c.source;
        set_inputs(generated, s, values, source, rm);
        set_inputs(oracle, s, values, source, rm);
        generated.run(a);
        oracle.run(b);
        bool same = std::memcmp(generated.env().f, oracle.env().f, sizeof(TestEnv::f)) == 0 &&
                    std::memcmp(generated.env().x, oracle.env().x, sizeof(TestEnv::x)) == 0 &&
                    generated.fflags() == oracle.fflags();
        EXPECT_TRUE(same) << describe(c) << " rm " << rm << " out " << s.out << " in " << s.in[0] << ',' << s.in[1]
                          << ',' << s.in[2] << std::hex << " inputs " << values[0] << ' ' << values[1] << ' '
                          << values[2] << "\n f " << generated.env().f[s.out] << " expected " << oracle.env().f[s.out]
                          << " x " << generated.env().x[s.out] << " expected " << oracle.env().x[s.out] << " flags "
                          << generated.fflags() << " expected " << oracle.fflags() << '\n'
                          << generated.backend().disassemble(a.code, a.info, a.pc);
        return same;
    }

    static void finish(Builder& b) { b.exit_tb(static_cast<u32>(ExitReason::Syscall), b.address(0x1004)); }

    void test_shape(const FloatCase& c, const Shape& s, unsigned rounds, bool all_pairs) {
        auto body = [&](Builder& b) {
            b.insn_start(0x1000);
            build(b, c, s);
            finish(b);
        };
        generated.reset_code();
        oracle.reset_code();
        TestHost::Tb a = generated.compile(body), b = oracle.compile(body);
        Type source = c.source == Type::None ? c.type : c.source;
        std::vector<u64> special = special_values(source);
        for (u32 rm = 0; rm < 4; ++rm) {
            if (all_pairs) {
                for (u64 first : special) {
                    for (u64 second : special) {
                        if (!compare(c, s, a, b, {first, second, special[random() % special.size()]}, rm)) return;
                        if (ir::info(c.op).inputs == 1) break;
                    }
                }
            }
            for (unsigned i = 0; i < rounds; ++i) {
                u64 values[3];
                for (u64& v : values) v = random_value(source, special);
                if (!compare(c, s, a, b, values, rm)) return;
            }
        }
    }
};

TEST_P(X64Float, EveryOpAgreesWithTheInterpreter) {
    for (const FloatCase& c : all_cases()) test_shape(c, kShapes[0], 200, true);
}

TEST_P(X64Float, RegisterAssignments) {
    for (const FloatCase& c : all_cases()) {
        for (const Shape& s : kShapes) test_shape(c, s, 40, false);
    }
}

/// Random straight-line code over all ops, so that the allocator sees pressure and temporaries of all types.
TEST_P(X64Float, Sequences) {
    std::vector<FloatCase> cases = all_cases();
    for (unsigned n = 0; n < 300; ++n) {
        u64 seed = random();
        auto body = [&](Builder& b) {
            std::mt19937_64 r(seed);
            b.insn_start(0x1000);
            std::vector<Var> singles, doubles;
            for (unsigned i = 0; i < 30; ++i) {
                const FloatCase& c = cases[r() % cases.size()];
                Type source = c.source == Type::None ? c.type : c.source;
                auto input = [&]() -> Var {
                    std::vector<Var>& pool = source == Type::F32 ? singles : doubles;
                    if (source == Type::I64) return x(1 + r() % 29);
                    if (source == Type::I32) return b.trunc(x(1 + r() % 29));
                    if (!pool.empty() && r() % 2)
                        return pool[pool.size() - 1 - r() % std::min<std::size_t>(4, pool.size())];
                    if (source == Type::F64) return f(static_cast<unsigned>(r() % 4 ? r() % 6 : r() % 32));
                    return b.convert(Op::funbox, Type::F32, f(static_cast<unsigned>(r() % 32)));
                };
                unsigned inputs = ir::info(c.op).inputs;
                Var in[3] = {};
                for (unsigned k = 0; k < inputs; ++k) in[k] = input();
                Type result = ir::info(c.op).typing == ir::OpTyping::Cmp ? Type::I64 : c.type;
                // Results in registers of the guest, some of them again and again, so that NaN tests wait and are
                // dropped.
                bool direct = result == Type::F64 && r() % 2;
                Var out = direct ? f(static_cast<unsigned>(r() % 4 ? r() % 6 : r() % 32)) : b.temp(result);
                if (inputs == 1) b.emit(c.op, c.type, {out}, {in[0]}, c.imm0, c.imm1);
                if (inputs == 2) b.emit(c.op, c.type, {out}, {in[0], in[1]}, c.imm0, c.imm1);
                if (inputs == 3) b.emit(c.op, c.type, {out}, {in[0], in[1], in[2]}, c.imm0, c.imm1);
                if (c.source != Type::None) b.function().insns.back().type2 = c.source;
                if (result == Type::F32) singles.push_back(out);
                if (result == Type::F64 && !direct) doubles.push_back(out);
                unsigned to = 1 + static_cast<unsigned>(r() % 30);
                if (!direct && (r() % 2 || ir::is_int(result))) {
                    if (result == Type::F64) b.mov_to(f(to), out);
                    if (result == Type::F32) b.convert_to(Op::fbox, f(to), out);
                    if (result == Type::I64) b.mov_to(x(to), out);
                    if (result == Type::I32) b.convert_to(Op::ext_u, x(to), out);
                }
                if (r() % 16 == 0) b.guest_st(f(r() % 6), b.addi(x(31), 8 * (r() % 8)), {});
                if (r() % 16 == 0) b.guest_ld(f(r() % 6), b.addi(x(31), 8 * (r() % 8)), {});
                if (r() % 16 == 0) b.mov_to(f(r() % 6), f(r() % 6));
                if (r() % 16 == 0) b.movcond_to(f(r() % 6), Cond::Lt, x(1), x(2), f(r() % 6), f(r() % 6));
                if (r() % 16 == 0) b.convert_to(Op::bitcast, x(3), f(r() % 6));
                if (r() % 16 == 0) b.convert_to(Op::bitcast, f(r() % 6), x(3));
                if (r() % 8 == 0) b.fflags_get(x(1 + r() % 30));
                if (r() % 8 == 0) b.fflags_set(x(1 + r() % 31));
            }
            finish(b);
        };
        generated.reset_code();
        oracle.reset_code();
        TestHost::Tb a = generated.compile(body), b = oracle.compile(body);
        for (unsigned i = 0; i < 4; ++i) {
            std::vector<u64> special32 = special_values(Type::F32), special64 = special_values(Type::F64);
            for (unsigned k = 0; k < 32; ++k) {
                u64 v = k % 2 ? random_value(Type::F64, special64) : random_value(Type::F32, special32);
                generated.env().f[k] = oracle.env().f[k] = v;
                if (k != 0) generated.env().x[k] = oracle.env().x[k] = random() >> random() % 64;
            }
            u64 cells[2][8];
            for (unsigned k = 0; k < 8; ++k) cells[0][k] = cells[1][k] = random_value(Type::F64, special64);
            generated.env().x[31] = reinterpret_cast<u64>(cells[0]);
            oracle.env().x[31] = reinterpret_cast<u64>(cells[1]);
            u32 control = fpenv::with_rounding(fpenv::default_control(), i);
            generated.env().fp_control = oracle.env().fp_control = control;
            generated.run(a);
            oracle.run(b);
            for (unsigned k = 0; k < 32; ++k) {
                ASSERT_EQ(oracle.env().f[k], generated.env().f[k]) << "f" << k << " seed " << seed;
                if (k == 31) continue;  // the address of the memory
                ASSERT_EQ(oracle.env().x[k], generated.env().x[k])
                    << "x" << k << " seed " << seed << '\n'
                    << generated.backend().disassemble(a.code, a.info, a.pc)
                    << oracle.backend().disassemble(b.code, b.info, b.pc);
            }
            ASSERT_EQ(0, std::memcmp(cells[0], cells[1], sizeof cells[0])) << "seed " << seed;
            ASSERT_EQ(oracle.fflags(), generated.fflags()) << "seed " << seed;
        }
    }
}

TEST_P(X64Float, SinglesFromMemoryAndGeneralRegistersAreBoxed) {
    for (TestHost* h : {&generated, &oracle}) {
        u32 cell = 0x3f800000;
        h->env().x[1] = reinterpret_cast<u64>(&cell);
        h->env().x[2] = 0x12345678'40000000;
        h->env().misc[0] = 0x40400000;
        h->run_code([](Builder& b) {
            Var loaded = b.temp(Type::F32), state = b.temp(Type::F32);
            b.guest_ld(loaded, x(1), {.size_log2 = 2});
            b.convert_to(Op::fbox, f(1), loaded);
            b.convert_to(Op::fbox, f(2), b.convert(Op::bitcast, Type::F32, b.trunc(x(2))));
            b.env_ld(state, misc_offset(0), {.size_log2 = 2});
            b.convert_to(Op::fbox, f(3), state);
            b.convert_to(Op::fbox, f(4), b.function().constant(Type::F32, 0));
        });
        EXPECT_EQ(0xffffffff3f800000u, h->env().f[1]);
        EXPECT_EQ(0xffffffff40000000u, h->env().f[2]);
        EXPECT_EQ(0xffffffff40400000u, h->env().f[3]);
        EXPECT_EQ(0xffffffff00000000u, h->env().f[4]);
    }
}

INSTANTIATE_TEST_SUITE_P(Features, X64Float, ::testing::Values("", "avx512", "avx512,fma", "avx", "avx,sse41"),
                         [](const auto& info) {
                             std::string name = *info.param ? std::string("no_") + info.param : "all";
                             std::replace(name.begin(), name.end(), ',', '_');
                             return name;
                         });

}  // namespace
}  // namespace dragoman::host_test
