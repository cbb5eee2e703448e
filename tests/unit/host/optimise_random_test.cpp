// Property of the IR passes: an optimised function leaves the same registers, memory, exception flags and
// helper arguments as the unoptimised one. Functions are random, and rich in the patterns that the passes
// look for. DRAGOMAN_RANDOM_ROUNDS sets how many are tried.
#include <random>

#include "ir/passes/passes.h"
#include "ir/printer.h"
#include "unit/host/host_fixture.h"

namespace dragoman::host_test {
namespace {

constexpr unsigned kBufferBytes = 512;
alignas(64) u8 g_buffer[kBufferBytes];
u64 g_log;  // hash of all that the observing helpers saw

void log_value(u64 v) { g_log = (g_log ^ v) * 0x9e3779b97f4a7c15 + 1; }

/// Looks at all globals, which therefore must be precise.
u64 observe(TestEnv* env, u64 v) {
    for (unsigned i = 1; i < 32; ++i) log_value(env->x[i]);
    for (u64 image : env->f) log_value(image);
    log_value(v);
    return g_log;
}
void change(TestEnv* env, u64 v) {
    env->x[1 + v % 6] ^= v;
    env->f[v % 4] = v;
}
u64 mix(u64 v) { return v * 3 + 1; }
void note(u64 v) { log_value(v); }
TestEnv* g_env;
void observe_and_change() {
    observe(g_env, 0);
    change(g_env, g_log);
}

enum HelperId : unsigned { kObserve, kChange, kMix, kNote, kObserveAndChange };

std::vector<ir::HelperInfo> helpers() {
    using enum ir::HelperFlags;
    return {ir::make_helper("observe", observe, NoWriteGlobals), ir::make_helper("change", change, None),
            ir::make_helper("mix", mix, NoReadGlobals | NoSideEffects), ir::make_helper("note", note, NoReadGlobals),
            ir::make_helper("observe_and_change", observe_and_change, None)};
}

class Generator {
public:
    Generator(ir::Function& f, u64 seed) : b_(f), random_(seed) {}

    void run(unsigned steps) {
        for (unsigned i = 0; i < 3; ++i) {
            tb_.push_back(b_.tb_temp(Type::I64));
            b_.mov_to(tb_.back(), gpr());
        }
        u64 pc = 0x1000;
        for (unsigned i = 0; i < steps; ++i) {
            if (pick(3) == 0) b_.insn_start(pc += 4);
            step();
        }
        while (!open_.empty()) place_label();
        b_.exit_tb(static_cast<u32>(ExitReason::Syscall), b_.address(0x1004));
    }

private:
    unsigned pick(unsigned n) { return static_cast<unsigned>(random_() % n); }
    bool chance(unsigned percent) { return pick(100) < percent; }

    // Few registers, so that they are overwritten and read often; x25 and up are not pinned.
    Var gpr() { return x(chance(80) ? 1 + pick(6) : 25 + pick(3)); }
    Var fpr() { return f(pick(4)); }

    u64 number() {
        switch (pick(9)) {
            case 0: return 0;
            case 1: return 1;
            case 2: return ~u64{0};
            case 3: return pick(64);
            case 4: return u64{1} << pick(64);
            case 5: return low_mask(pick(65));
            case 6: return static_cast<u64>(i64{static_cast<i32>(random_())});
            case 7: return -static_cast<u64>(pick(64));
            default: return random_();
        }
    }
    Var i64_value() {
        switch (pick(8)) {
            case 0: return b_.c64(number());
            case 1: return tb_[pick(3)];
            case 2:
            case 3: return gpr();
            default:
                return temps64_.empty() ? gpr()
                                        : temps64_[temps64_.size() - 1 -
                                                   pick(std::min<unsigned>(4, static_cast<unsigned>(temps64_.size())))];
        }
    }
    Var i32_value() {
        if (chance(15)) return b_.c32(static_cast<u32>(number()));
        if (temps32_.empty() || chance(40)) return keep(b_.trunc(chance(80) ? gpr() : i64_value()));
        return temps32_[temps32_.size() - 1 - pick(std::min<unsigned>(3, static_cast<unsigned>(temps32_.size())))];
    }
    Var int_value(Type t) { return t == Type::I32 ? i32_value() : i64_value(); }
    Var f32_value() {
        if (floats_.empty() || chance(60)) {
            Var v = b_.convert(Op::funbox, Type::F32, fpr());
            floats_.push_back(v);
        }
        return floats_[floats_.size() - 1 - pick(std::min<unsigned>(3, static_cast<unsigned>(floats_.size())))];
    }
    Var keep(Var v) {
        (b_.type(v) == Type::I32 ? temps32_ : temps64_).push_back(v);
        return v;
    }
    /// Puts an I64 value into a register, mostly, as an instruction would.
    void finish(Var v) {
        if (chance(4)) other();
        if (chance(75)) b_.mov_to(chance(90) ? gpr() : tb_[pick(3)], v);
        if (chance(50)) keep(v);
    }
    void finish32(Var v) {
        switch (pick(4)) {
            case 0: keep(v); break;
            case 1: finish(b_.ext_u(v)); break;
            default: b_.convert_to(Op::ext_s, gpr(), v);
        }
    }
    void finish(Type t, Var v) { t == Type::I32 ? finish32(v) : finish(v); }
    Cond cond() { return static_cast<Cond>(pick(12)); }
    Type int_type() { return chance(40) ? Type::I32 : Type::I64; }

    void arithmetic() {
        static constexpr Op kOps[] = {Op::add,     Op::add,   Op::add,   Op::sub,   Op::mul,   Op::mulh_s, Op::mulh_u,
                                      Op::mulh_su, Op::div_s, Op::div_u, Op::rem_s, Op::rem_u, Op::and_,   Op::and_,
                                      Op::or_,     Op::xor_,  Op::andc,  Op::orc,   Op::eqv,   Op::shl,    Op::shl,
                                      Op::shr,     Op::sar,   Op::rotl,  Op::rotr,  Op::clmul, Op::clmulh, Op::min_s,
                                      Op::min_u,   Op::max_s, Op::max_u};
        static constexpr Op kUnary[] = {Op::neg, Op::not_, Op::clz, Op::ctz, Op::popcnt, Op::bswap, Op::orc_b};
        Type t = int_type();
        if (chance(12)) return finish(t, b_.op(kUnary[pick(std::size(kUnary))], t, {int_value(t)}));
        Op op = kOps[pick(std::size(kOps))];
        bool shift = op == Op::shl || op == Op::shr || op == Op::sar;
        Var a = int_value(t);
        Var b = shift && chance(80) ? b_.function().constant(t, pick(type_bits(t) + 2)) : int_value(t);
        Var out = t == Type::I64 && chance(30) ? gpr() : b_.temp(t);
        b_.op_to(op, out, {a, b});
        if (!b_.function().is_global(out)) finish(t, out);
    }
    /// Both halves of a product, or quotient and remainder, of the same operands.
    void pair() {
        static constexpr Op kPairs[][2] = {{Op::mulh_u, Op::mul},  {Op::mul, Op::mulh_s},  {Op::mulh_s, Op::mul},
                                           {Op::div_s, Op::rem_s}, {Op::rem_u, Op::div_u}, {Op::mulh_su, Op::mul},
                                           {Op::div_u, Op::rem_s}};
        const auto& ops = kPairs[pick(std::size(kPairs))];
        const Type t = chance(80) ? Type::I64 : Type::I32;
        const Var a = int_value(t), b = int_value(t);
        for (unsigned i = 0; i < 2; ++i) {
            const Var out = t == Type::I64 && chance(70) ? gpr() : b_.temp(t);
            if (i == 1 && chance(20)) {
                b_.op_to(ops[i], out, {b, a});
            } else {
                b_.op_to(ops[i], out, {a, b});
            }
            if (!b_.function().is_global(out)) finish(t, out);
            if (chance(20)) other();
        }
    }
    void fields() {
        Type t = int_type();
        unsigned pos = chance(40) ? 0 : pick(type_bits(t));
        unsigned len = 1 + pick(type_bits(t) - pos);
        if (chance(50) && pos + 32 <= type_bits(t)) len = 32;
        switch (pick(3)) {
            case 0: return finish(t, b_.op(Op::extract, t, {int_value(t)}, pos, len));
            case 1: return finish(t, b_.op(Op::sextract, t, {int_value(t)}, pos, len));
            default: return finish(t, b_.op(Op::deposit, t, {int_value(t), int_value(t)}, pos, len));
        }
    }
    /// Shift pairs and masks on one register.
    void in_place() {
        Var r = gpr();
        unsigned n = pick(64);
        b_.op_to(Op::shl, r, {chance(70) ? r : gpr(), b_.c64(n)});
        if (chance(15)) other();
        b_.op_to(chance(50) ? Op::shr : Op::sar, r, {r, b_.c64(std::min(63u, n + pick(8)))});
    }
    /// A rotation of two shifts, or nearly one.
    void rotation() {
        const bool word = chance(50), variable = chance(40);
        const Type t = word ? Type::I32 : Type::I64;
        auto read = [&](Var v) { return word ? b_.trunc(v) : v; };
        auto write = [&](Var out, Var v) { word ? b_.convert_to(Op::ext_s, out, v) : b_.mov_to(out, v); };
        const Var x = gpr(), count = gpr(), negated = gpr(), left = gpr(), right = chance(50) ? x : gpr();
        const unsigned bits = type_bits(t), n = 1 + pick(bits - 1);
        if (variable) write(negated, b_.op(Op::sub, t, {b_.function().constant(t, 0), read(count)}));
        const bool to_left = chance(50);
        auto half = [&](bool is_left) {
            Var by = variable ? read(is_left == to_left ? count : negated)
                              : b_.function().constant(t, is_left      ? n
                                                          : chance(90) ? bits - n
                                                                       : pick(bits));
            write(is_left ? left : right, b_.op(is_left ? Op::shl : Op::shr, t, {read(x), by}));
        };
        const bool left_first = chance(50);
        half(left_first);
        if (chance(15)) other();
        half(!left_first);
        static constexpr Op kOps[] = {Op::or_, Op::or_, Op::xor_, Op::add};
        const Var out = chance(50) ? left : chance(50) ? right : gpr();
        b_.op_to(kOps[pick(std::size(kOps))], out, {left, right});
        if (word && chance(50)) b_.convert_to(Op::ext_s, gpr(), b_.op(Op::add, t, {b_.trunc(out), i32_value()}));
    }
    /// A branch around one instruction.
    void skip() {
        const u32 over = b_.new_label();
        b_.brcond(cond(), gpr(), chance(30) ? b_.c64(number()) : gpr(), over);
        b_.insn_start(0x1800);
        if (chance(40)) {
            b_.convert_to(Op::ext_s, gpr(), b_.op(Op::add, Type::I32, {b_.trunc(gpr()), b_.trunc(gpr())}));
        } else {
            static constexpr Op kOps[] = {Op::mov, Op::add, Op::xor_, Op::shl, Op::div_u};
            const Op op = kOps[pick(std::size(kOps))];
            op == Op::mov ? b_.mov_to(gpr(), gpr())
                          : b_.op_to(op, gpr(), {gpr(), chance(50) ? b_.c64(number()) : gpr()});
        }
        b_.label(over);
        forget_temporaries();
    }
    /// Two ways that mostly assign the same to the same register, then what may be simpler because of it.
    void either() {
        const u32 second = b_.new_label(), both = b_.new_label();
        const Var out = gpr(), source = gpr();
        const u64 value = number();
        const unsigned kind = pick(3);
        auto assign = [&] {
            const unsigned k = chance(90) ? kind : pick(3);
            if (chance(20)) b_.mov_to(gpr(), gpr());
            if (chance(10)) other();
            if (k == 0) b_.mov_to(out, b_.c64(chance(90) ? value : number()));
            else if (k == 1) b_.mov_to(out, chance(90) ? source : gpr());
            else b_.op_to(chance(50) ? Op::extract : Op::sextract, out, {gpr()}, 0, 8u << pick(3));
            if (chance(10)) b_.mov_to(gpr(), gpr());
        };
        b_.brcond(cond(), gpr(), gpr(), second);
        assign();
        b_.br(both);
        forget_temporaries();
        b_.label(second);
        assign();
        if (chance(20)) b_.brcond(cond(), gpr(), gpr(), both), assign();
        b_.label(both);
        forget_temporaries();
        if (chance(50)) b_.op_to(chance(50) ? Op::extract : Op::sextract, gpr(), {out}, 0, 8u << pick(3));
        else b_.op_to(Op::add, gpr(), {out, source});
    }
    /// Arithmetic on values of known width, then what may be dropped because of it.
    void narrow() {
        Type t = int_type();
        const unsigned common = 1 + pick(type_bits(t) - 1);
        auto value = [&] {
            unsigned bits = chance(60) ? common : 1 + pick(type_bits(t) - 1);
            Op op = chance(60) ? Op::extract : Op::sextract;
            return b_.op(op, t, {int_value(t)}, pick(type_bits(t) - bits + 1), bits);
        };
        static constexpr Op kOps[] = {Op::add,  Op::add,   Op::sub,   Op::mul,   Op::and_,  Op::or_,
                                      Op::xor_, Op::min_u, Op::max_s, Op::rem_u, Op::rem_s, Op::div_s,
                                      Op::andc, Op::shl,   Op::sar,   Op::shr};
        Var a = value();
        Var v = b_.op(kOps[pick(std::size(kOps))], t, {a, chance(70) ? value() : b_.function().constant(t, pick(5))});
        if (chance(30)) v = b_.movcond(cond(), int_value(t), int_value(t), v, a);
        if (t == Type::I32 && chance(50)) return finish(b_.convert(chance(60) ? Op::ext_s : Op::ext_u, Type::I64, v));
        unsigned len = chance(60) ? common : 1 + pick(type_bits(t));
        switch (pick(3)) {
            case 0: return finish(t, b_.andi(v, low_mask(len)));
            case 1: return finish(t, b_.extract(v, 0, len));
            default: return finish(t, b_.sextract(v, 0, len));
        }
    }
    void conversion() {
        if (chance(50)) return finish(b_.convert(chance(60) ? Op::ext_s : Op::ext_u, Type::I64, i32_value()));
        keep(b_.trunc(i64_value()));
    }
    void condition() {
        Type t = int_type();
        Var a = int_value(t);
        Var b = chance(40) ? b_.function().constant(t, pick(2)) : int_value(t);
        if (chance(60)) return finish(b_.setcond(cond(), a, b));
        Type v = int_type();
        finish(v, b_.movcond(cond(), a, b, int_value(v), int_value(v)));
    }
    /// x20 holds the buffer's address and is never written.
    Var address(i64& displacement) {
        unsigned scale = pick(4);
        Var index = b_.andi(i64_value(), 31);
        if (chance(30)) b_.mov_to(gpr(), index);
        Var scaled = chance(80) ? b_.shli(index, scale) : index;
        Var sum = chance(50) ? b_.add(x(20), scaled) : b_.add(scaled, x(20));
        if (chance(50)) sum = b_.addi(sum, 8 * pick(4));
        if (chance(40)) {
            Var r = gpr();
            b_.mov_to(r, sum);
            sum = r;
        }
        displacement = 8 * pick(4);
        return sum;
    }
    void memory() {
        MemOp m{.size_log2 = static_cast<u8>(pick(4)), .sign = chance(50)};
        i64 displacement;
        Var a = address(displacement);
        if (chance(40)) {
            b_.guest_st(m.size_log2 < 3 && chance(30) ? i32_value() : i64_value(), a, m, displacement);
        } else if (m.size_log2 < 3 && chance(30)) {
            Var v = b_.temp(Type::I32);
            b_.guest_ld(v, a, m, displacement);
            finish32(v);
        } else {
            Var v = chance(40) ? gpr() : b_.temp(Type::I64);
            b_.guest_ld(v, a, m, displacement);
            if (!b_.function().is_global(v)) finish(v);
        }
    }
    void helper() {
        switch (pick(5)) {
            case 4: return b_.call(kObserveAndChange, ir::kNoVar, {});
            case 0: {
                Var v = b_.temp(Type::I64);
                b_.call(kObserve, v, {b_.env(), i64_value()});
                return finish(v);
            }
            case 1: return b_.call(kChange, ir::kNoVar, {b_.env(), i64_value()});
            case 2: {
                Var v = b_.temp(Type::I64);
                b_.call(kMix, v, {i64_value()});
                return finish(v);
            }
            default: return b_.call(kNote, ir::kNoVar, {i64_value()});
        }
    }
    void floating() {
        switch (pick(8)) {
            case 0: return b_.op_to(Op::fadd, fpr(), {fpr(), fpr()});
            case 1: return b_.convert_to(Op::bitcast, fpr(), i64_value());
            case 2: return finish(b_.convert(Op::bitcast, Type::I64, fpr()));
            case 3: return b_.mov_to(fpr(), fpr());
            case 4: {
                Var v = f32_value();
                return b_.convert_to(Op::fbox, fpr(), b_.op(Op::fsgnj, Type::F32, {v, chance(60) ? v : f32_value()}));
            }
            case 5: return keep(b_.convert(Op::bitcast, Type::I32, f32_value())), void();
            case 6: return b_.convert_to(Op::fbox, fpr(), b_.convert(Op::bitcast, Type::F32, i32_value()));
            default: {
                Var v = b_.op(chance(50) ? Op::fadd : Op::fmul, Type::F32, {f32_value(), f32_value()});
                b_.convert_to(Op::fbox, fpr(), v);
            }
        }
    }
    void branch() {
        const u32 l = chance(30) && !open_.empty() ? open_.back() : b_.new_label();
        if (open_.empty() || open_.back() != l) open_.push_back(l);
        Type t = int_type();
        if (chance(60)) {
            Var truth = b_.setcond(cond(), int_value(t), int_value(t));
            if (chance(60)) {
                Var r = gpr();
                b_.mov_to(r, truth);
                truth = r;
            }
            return b_.brcond(chance(50) ? Cond::Ne : Cond::Eq, truth, b_.c64(chance(80) ? 0 : 1), l);
        }
        b_.brcond(cond(), int_value(t), chance(40) ? b_.function().constant(t, 0) : int_value(t), l);
    }
    void place_label() {
        b_.label(open_.back());
        open_.pop_back();
        forget_temporaries();
    }
    /// They do not survive labels.
    void forget_temporaries() {
        temps32_.clear();
        temps64_.clear();
        floats_.clear();
    }
    void other() { chance(50) ? memory() : helper(); }

    void step() {
        unsigned n = pick(100);
        if (n < 27) return arithmetic();
        if (n < 30) return pair();
        if (n < 33) return rotation();
        if (n < 34) return skip();
        if (n < 35) return either();
        if (n < 38) return fields();
        if (n < 43) return narrow();
        if (n < 48) return in_place();
        if (n < 56) return conversion();
        if (n < 64) return condition();
        if (n < 74) return memory();
        if (n < 78) return helper();
        if (n < 90) return floating();
        if (n < 93) return finish(b_.c64(number()));
        if (n < 95) return b_.mov_to(gpr(), b_.address(0x1000 + pick(4096)));
        if (n < 97) return branch();
        if (!open_.empty()) place_label();
    }

    Builder b_;
    std::mt19937_64 random_;
    std::vector<Var> tb_, temps64_, temps32_, floats_;
    std::vector<u32> open_;
};

/// All that a function can change.
struct Outcome {
    u64 x[32];
    u64 f[32];
    u8 memory[kBufferBytes];
    u64 log;
    u32 fflags;
    bool operator==(const Outcome&) const = default;
};

Outcome execute(TestHost& host, const ir::Function& function, u64 seed) {
    host.reset_code();
    std::mt19937_64 random(seed);
    TestEnv& env = host.env();
    auto value = [&] {
        u64 v = random();
        return random() % 3 == 0 ? static_cast<u64>(i64{static_cast<i8>(v)}) : random() % 2 == 0 ? v & 0xffffffff : v;
    };
    for (u64& r : env.x) r = value();
    for (u64& r : env.f) r = random() % 2 == 0 ? random() : 0xffffffff'00000000 | (random() & 0x7fffffff);
    env.x[20] = reinterpret_cast<u64>(g_buffer);
    env.fp_control = fpenv::default_control();
    for (u8& byte : g_buffer) byte = static_cast<u8>(random());
    g_log = 0;
    g_env = &env;

    EXPECT_EQ(ExitReason::Syscall, host.run(host.compile(function)));
    Outcome o{};
    std::memcpy(o.x, env.x, sizeof o.x);
    std::memcpy(o.f, env.f, sizeof o.f);
    std::memcpy(o.memory, g_buffer, sizeof o.memory);
    o.log = g_log;
    o.fflags = host.fflags();
    return o;
}

/// Runs random functions unoptimised on the interpreter and optimised on `fast`.
void compare(TestHost& fast) {
    TestHost host(host::make_interp(), {}, helpers());
    const char* wanted = std::getenv("DRAGOMAN_RANDOM_ROUNDS");
    const u64 rounds = wanted != nullptr ? std::strtoull(wanted, nullptr, 0) : 6000;
    ir::PassContext context;
    for (unsigned i = 0; i < host.layout().globals.size(); ++i) {
        context.rewriter.set_pinned(i, host.layout().globals[i].pin_priority != 0);
    }
    ir::Function f(host.layout());
    for (u64 seed = 1; seed <= rounds; ++seed) {
        f.reset();
        f.guest_pc = 0x1000;
        f.guest_size = 4;
        Generator(f, seed).run(5 + seed % 60);
        ASSERT_EQ("", ir::verify(f)) << "seed " << seed << "\n" << ir::print(f);
        std::string before = ir::print(f);
        ir::liveness(f);
        Outcome plain = execute(host, f, seed);
        ir::optimise(f, context);
        ASSERT_EQ("", ir::verify(f)) << "seed " << seed << "\n" << before << "\n" << ir::print(f);
        Outcome optimised = execute(fast, f, seed);
        for (unsigned i = 1; i < 32; ++i) EXPECT_EQ(plain.x[i], optimised.x[i]) << "x" << i;
        for (unsigned i = 0; i < 32; ++i) EXPECT_EQ(plain.f[i], optimised.f[i]) << "f" << i;
        ASSERT_TRUE(plain == optimised) << "seed " << seed << "\n" << before << "\noptimised:\n" << ir::print(f);
    }
}

TEST(OptimiseRandom, SameOutcome) {
    TestHost fast(host::make_interp(), {}, helpers());
    compare(fast);
}

TEST(OptimiseRandom, SameOutcomeOnX64) {
    TestHost fast(host::make_x64(), {}, helpers());
    compare(fast);
}

}  // namespace
}  // namespace dragoman::host_test
