// x64 back end against the interpreter: random IR over all integer ops, types and operand places gives the same
// registers and memory in both.
#include "unit/host/harness.h"

#include <random>

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::Cond;
using ir::MemOp;
using ir::Op;
using ir::Type;
using ir::Var;

alignas(64) u8 guest_memory[256];
u8 results[2][256];

u64 helper_mix(u64 a, u32 b, u64 c, u64 d, u32 e, u64 f) {
    return a + 3 * u64{b} + 5 * c + 7 * d + 11 * u64{e} + 13 * f;
}
u32 helper_small(u32 a) { return a ^ 0x5a5a5a5a; }
u64 helper_globals(ir::Env* env, u64 a) {
    auto* t = static_cast<TestEnv*>(env);
    t->x[2] += a;
    t->x[13] ^= t->x[3];
    return t->x[0] + t->x[12];
}
double helper_float(double a, float b, u64 c, double d) {
    return a + static_cast<double>(b) + static_cast<double>(c & 0xff) - d;
}

const ir::GuestLayout& random_layout() {
    static ir::GuestLayout layout = [] {
        ir::GuestLayout l = test_layout();
        using F = ir::HelperFlags;
        l.helpers.push_back(ir::make_helper("mix", helper_mix, F::NoReadGlobals | F::NoSideEffects));
        l.helpers.push_back(ir::make_helper("small", helper_small, F::NoWriteGlobals));
        l.helpers.push_back(ir::make_helper("globals", helper_globals, F::None));
        l.helpers.push_back(ir::make_helper("float", helper_float, F::NoReadGlobals));
        return l;
    }();
    return layout;
}

/// Builds a function from a seed. Global kBase holds the address of guest memory; nothing writes it.
class Generator {
public:
    Generator(u32 seed, ir::Function& fn) : rng_(seed), b_(fn) {}

    void build() {
        b_.insn_start(0x1000);
        for (unsigned i = 0; i < 3; ++i) {
            tb_.push_back(b_.tb_temp(pick(2) ? Type::I64 : Type::I32));
            b_.mov_to(tb_.back(), constant(b_.type(tb_.back())));
        }
        unsigned blocks = 1 + pick(4);
        for (unsigned block = 0; block < blocks; ++block) {
            u32 label = b_.new_label();
            bool taken = false;
            unsigned ops = 3 + pick(25);
            for (unsigned i = 0; i < ops; ++i) {
                b_.insn_start(0x1000 + block * 64 + i);
                op();
                if (pick(12) == 0) {
                    Type t = int_type();
                    b_.brcond(static_cast<Cond>(pick(12)), value(t), value(t), label);
                    taken = true;
                }
            }
            if (pick(6) == 0) {
                b_.br(label);
                taken = true;
            }
            if (taken || pick(2)) {
                b_.label(label);
                ebb_.clear();
            }
        }
        // Everything that is left over becomes visible.
        for (Var v : tb_) store_visible(v);
        for (Var v : ebb_) store_visible(v);
        b_.exit_tb(static_cast<u32>(ir::ExitReason::Syscall), b_.address(0x2000));
    }

private:
    u32 pick(u32 n) { return static_cast<u32>(rng_() % n); }
    Type int_type() { return pick(3) ? Type::I64 : Type::I32; }

    Var constant(Type t) {
        // clang-format off
        static constexpr u64 kValues[] = {0, 1, 2, 3, 7, 8, 63, 64, 0x7f, 0x80, 0xff, 0x100, 0xffff, 0x7fffffff, 0x80000000,
                                          0xffffffff, ~u64{0}, u64{1} << 63, (u64{1} << 63) - 1, u64{1} << 40,
                                          ~(u64{1} << 40), 0xffffffff80000000, 0x123456789abcdef0, ~u64{0} << 12};
        // clang-format on
        u64 v = pick(4) ? kValues[pick(std::size(kValues))] : rng_();
        return t == Type::I32 ? b_.c32(static_cast<u32>(v)) : b_.c64(v);
    }

    static constexpr unsigned kBase = 10;  ///< pinned global with the address of guest memory
    unsigned any_global() {
        unsigned g = pick(kInts);
        return g == kBase ? 0 : g;
    }

    /// An input of type `t`: a global, a temporary, a constant.
    Var value(Type t) {
        for (unsigned tries = 0; tries < 6; ++tries) {
            switch (pick(5)) {
                case 0:
                case 1:
                    if (t == Type::I64) return x(any_global());
                    if (pick(2)) return keep(b_.trunc(x(any_global())));
                    break;
                case 2:
                    if (pick(3) == 0) return constant(t);
                    break;
                case 3:
                    for (unsigned i = 0; i < 4 && !ebb_.empty(); ++i) {
                        Var v = ebb_[pick(static_cast<u32>(ebb_.size()))];
                        if (b_.type(v) == t) return v;
                    }
                    break;
                default: {
                    Var v = tb_[pick(static_cast<u32>(tb_.size()))];
                    if (b_.type(v) == t) return v;
                }
            }
        }
        return t == Type::I64 ? x(any_global()) : constant(t);
    }

    Var keep(Var v) {
        ebb_.push_back(v);
        if (ebb_.size() > 10) ebb_.erase(ebb_.begin());
        return v;
    }

    /// An output of type `t`.
    Var output(Type t) {
        switch (pick(4)) {
            case 0:
            case 1:
                if (t == Type::I64) return x(any_global());
                break;
            case 2:
                for (Var v : tb_) {
                    if (b_.type(v) == t && pick(2)) return v;
                }
                break;
        }
        return keep_later(b_.temp(t));
    }
    /// Not an input before the op that makes it.
    Var keep_later(Var v) { return pending_ = v; }

    void finish() {
        if (pending_ != ir::kNoVar) keep(pending_);
        pending_ = ir::kNoVar;
    }

    void op() {
        static constexpr Op kBinary[] = {
            Op::add,   Op::sub,   Op::mul,   Op::mulh_s, Op::mulh_u, Op::mulh_su, Op::div_s,  Op::div_u,
            Op::rem_s, Op::rem_u, Op::and_,  Op::or_,    Op::xor_,   Op::andc,    Op::orc,    Op::eqv,
            Op::shl,   Op::shr,   Op::sar,   Op::rotl,   Op::rotr,   Op::clmul,   Op::clmulh, Op::min_s,
            Op::min_u, Op::max_s, Op::max_u, Op::add,    Op::add,    Op::and_,    Op::shl,    Op::sub};
        static constexpr Op kUnary[] = {Op::mov,    Op::neg,   Op::not_,  Op::clz, Op::ctz,
                                        Op::popcnt, Op::bswap, Op::orc_b, Op::mov};
        static constexpr Op kTwoResults[] = {Op::mul2_s, Op::mul2_u, Op::divrem_s, Op::divrem_u};
        Type t = int_type();
        switch (pick(16)) {
            case 0: {
                Var a = value(t);
                b_.op_to(kUnary[pick(std::size(kUnary))], output(t), {a});
                break;
            }
            case 1: {
                Var a = value(t);
                unsigned bits = ir::type_bits(t), pos = pick(bits), len = 1 + pick(bits - pos);
                if (pick(3) == 0) pos = 0, len = 8u << pick(t == Type::I64 ? 3 : 2);
                b_.op_to(pick(2) ? Op::extract : Op::sextract, output(t), {a}, pos, len);
                break;
            }
            case 2: {
                Var a = value(t), c = value(t);
                unsigned bits = ir::type_bits(t), pos = pick(bits), len = 1 + pick(bits - pos);
                b_.op_to(Op::deposit, output(t), {a, c}, pos, len);
                break;
            }
            case 3: {
                Var a = value(Type::I32);
                b_.convert_to(pick(2) ? Op::ext_s : Op::ext_u, output(Type::I64), a);
                break;
            }
            case 4: {
                Var a = value(Type::I64);
                b_.convert_to(Op::trunc, output(Type::I32), a);
                break;
            }
            case 5: {
                Var a = value(t), c = value(t);
                b_.emit(Op::setcond, t, {output(Type::I64)}, {a, c}, pick(12));
                break;
            }
            case 6: {
                Type s = int_type();
                Var a = value(s), c = value(s), v1 = value(t), v2 = value(t);
                b_.movcond_to(output(t), static_cast<Cond>(pick(12)), a, c, v1, v2);
                break;
            }
            case 7: memory_op(t); break;
            case 8: atomic_op(t); break;
            case 9: env_op(t); break;
            case 10: call_op(); break;
            case 11: shift_add(t); break;
            case 12: {
                const Var a = value(t), c = value(t), first = output(t);
                finish();
                Var second = output(t);
                if (second == first) second = pending_ = b_.temp(t);
                b_.emit(kTwoResults[pick(std::size(kTwoResults))], t, {first, second}, {a, c});
                break;
            }
            default: {
                Var a = value(t), c = value(t);
                b_.op_to(kBinary[pick(std::size(kBinary))], output(t), {a, c});
            }
        }
        finish();
    }

    /// a << n, then an add of it: what address arithmetic looks like.
    void shift_add(Type t) {
        Var a = value(t);
        Var shifted = output(t);
        b_.op_to(Op::shl, shifted, {a, b_.function().constant(t, pick(5))});
        finish();
        if (pick(2)) b_.insn_start(0x1800);
        Var other = value(t);
        Var out = pick(2) ? shifted : output(t);
        if (pick(2)) {
            b_.op_to(Op::add, out, {shifted, other});
        } else {
            b_.op_to(Op::add, out, {other, shifted});
        }
    }

    MemOp mem_op(Type t) {
        MemOp m;
        m.size_log2 = static_cast<u8>(pick(t == Type::I64 ? 4 : 3));
        m.sign = pick(2);
        return m;
    }

    void memory_op(Type t) {
        MemOp m = mem_op(t);
        m.big_endian = pick(4) == 0;
        i64 displacement = pick(100);
        Var base = pick(2) ? x(kBase) : b_.addi(x(kBase), 8);
        if (pick(20) == 0) {  // displacements beyond 32 bits
            base = b_.addi(base, -(i64{5} << 32));
            displacement += i64{5} << 32;
        }
        Var index = ir::kNoVar;
        if (pick(3) == 0) {
            index = keep(b_.andi(value(Type::I64), 15));
            m.scale = static_cast<u8>(pick(4));
        }
        if (pick(2)) {
            b_.emit(Op::guest_ld, t, {output(t)}, {base, index}, m.pack(), static_cast<u64>(displacement));
        } else {
            b_.emit(Op::guest_st, t, {}, {value(t), base, index}, m.pack(), static_cast<u64>(displacement));
        }
    }

    void atomic_op(Type t) {
        static constexpr Op kOps[] = {Op::atomic_xchg,  Op::atomic_add,   Op::atomic_and,
                                      Op::atomic_or,    Op::atomic_xor,   Op::atomic_min_s,
                                      Op::atomic_min_u, Op::atomic_max_s, Op::atomic_max_u};
        MemOp m = mem_op(t);
        m.aligned = pick(2);
        Var address = pick(2) ? x(kBase) : keep(b_.addi(x(kBase), pick(12) * 8));
        if (pick(4) == 0) {
            Var expected = value(t), desired = value(t);
            if (pick(2)) b_.guest_ld(expected = keep(b_.temp(t)), address, m);
            b_.atomic_cmpxchg(output(t), address, expected, desired, m);
        } else {
            Var v = value(t);
            b_.atomic(kOps[pick(std::size(kOps))], output(t), address, v, m);
        }
    }

    void env_op(Type t) {
        MemOp m = mem_op(t);
        u32 offset = plain_offset() + pick(7) * 8;
        if (pick(2)) {
            b_.env_ld(output(t), offset, m);
        } else {
            b_.env_st(value(t), offset, m);
        }
    }

    static u32 plain_offset() { return static_cast<u32>(test_layout().globals[kInts + kFloats - 1].offset + 8); }

    void call_op() {
        switch (pick(4)) {
            case 0: {
                Var a = value(Type::I64), c = value(Type::I32), d = value(Type::I64), e = value(Type::I64),
                    g = value(Type::I32), h = value(Type::I64);
                b_.call(0, output(Type::I64), {a, c, d, e, g, h});
                break;
            }
            case 1: {
                Var a = value(Type::I32);
                b_.call(1, output(Type::I32), {a});
                break;
            }
            case 2: {
                Var a = value(Type::I64);
                b_.call(2, output(Type::I64), {b_.env(), a});
                break;
            }
            default: {
                Var single = b_.temp(Type::F32);
                b_.mov_to(single, b_.function().constant(Type::F32, 0x40200000));
                Var out = pick(2) ? f(pick(kFloats)) : b_.temp(Type::F64);
                Var a = f(pick(kFloats)),
                    d = pick(2) ? f(pick(kFloats)) : b_.function().constant(Type::F64, 0x4000000000000000);
                b_.call(3, out, {a, single, value(Type::I64), d});
                b_.mov_to(f(pick(kFloats)), out);
            }
        }
    }

    void store_visible(Var v) {
        u32 offset = plain_offset() + pick(8) * 8;
        MemOp m;
        m.size_log2 = b_.type(v) == Type::I64 ? 3 : 2;
        b_.env_st(v, offset, m);
    }

    std::mt19937_64 rng_;
    Builder b_;
    std::vector<Var> tb_, ebb_;
    Var pending_ = ir::kNoVar;
};

void fill(Machine& m, u32 seed, u8* memory) {
    std::mt19937_64 rng(seed * 31 + 7);
    for (u64& v : m.env->x) {
        v = rng();
        if (rng() % 4 == 0) v = static_cast<u64>(static_cast<i64>(v) >> (rng() % 64));
    }
    for (unsigned i = 0; i < kFloats; ++i) {
        double d = static_cast<double>(static_cast<i64>(rng() % 1000));
        std::memcpy(&m.env->f[i], &d, 8);
    }
    for (u64& v : m.env->plain) v = rng();
    for (unsigned i = 0; i < 256; ++i) memory[i] = static_cast<u8>(rng());
    m.env->x[10] = reinterpret_cast<u64>(memory);
}

void compare(u32 first, u32 count, const host::Options& options) {
    Machine fast(host::make_x64(), options, random_layout());
    Machine slow(host::make_interp(), {}, random_layout());
    for (u32 seed = first; seed < first + count; ++seed) {
        Machine* machines[] = {&fast, &slow};
        Machine::Tb tb[2];
        for (unsigned i = 0; i < 2; ++i) {
            Machine& m = *machines[i];
            m.rewind();
            fill(m, seed, guest_memory);
            ir::Function fn(random_layout());
            fn.guest_pc = 0x1000;
            Generator(seed, fn).build();
            tb[i] = m.compile(fn);
            m.run(tb[i]);
            ASSERT_EQ(m.env->exit_reason, ir::ExitReason::Syscall);
            std::memcpy(results[i], guest_memory, sizeof guest_memory);
        }
        for (unsigned i = 0; i < kInts; ++i) {
            ASSERT_EQ(fast.env->x[i], slow.env->x[i]) << "x" << i << " seed " << seed << "\n" << fast.listing(tb[0]);
        }
        for (unsigned i = 0; i < kFloats; ++i) {
            ASSERT_EQ(fast.env->f[i], slow.env->f[i]) << "f" << i << " seed " << seed << "\n" << fast.listing(tb[0]);
        }
        for (unsigned i = 0; i < 8; ++i) {
            ASSERT_EQ(fast.env->plain[i], slow.env->plain[i]) << "plain" << i << " seed " << seed << "\n"
                                                              << fast.listing(tb[0]);
        }
        ASSERT_EQ(std::memcmp(results[0], results[1], 256), 0) << "memory, seed " << seed << "\n"
                                                               << fast.listing(tb[0]);
    }
}

u32 count() {
    const char* n = getenv("DRAGOMAN_TEST_RANDOM");
    return n != nullptr ? static_cast<u32>(atoi(n)) : 3000;
}

TEST(X64Random, AllFeatures) { compare(1, count(), {}); }

TEST(X64Random, Baseline) {
    host::Options options;
    host::disable_features(options, "sse41,avx,avx2,bmi,fma,avx512");
    compare(1000000, count(), options);
}

TEST(X64Random, WithoutAvx512) {
    host::Options options;
    host::disable_features(options, "avx512,bmi");
    compare(2000000, count(), options);
}

}  // namespace
}  // namespace dragoman::test
