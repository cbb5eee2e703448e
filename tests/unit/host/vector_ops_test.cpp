// Vector ops in the back ends, against their evaluation element by element: results, masks, accrued flags.
#include <random>

#include "unit/host/harness.h"

#include "base/fpenv.h"
#include "host/vector_ops.h"
#include "ir/effects.h"
#include "ir/typing.h"
#include "ir/verifier.h"

namespace dragoman::test {
namespace {

using ir::Builder;
using ir::Element;
using ir::MemOp;
using ir::Op;
using ir::OpTyping;
using ir::Type;
using ir::Var;

/// The usual guest with vector registers: back ends keep registers for these.
ir::GuestLayout& vector_layout() {
    static ir::GuestLayout layout = [] {
        ir::GuestLayout l = test_layout();
        l.globals.push_back({"v0", Type::V128, static_cast<u32>(offsetof(TestEnv, plain)), 0});
        return l;
    }();
    return layout;
}

struct Kind {
    const char* name;
    const char* without;  ///< CPU features; null: the interpreter
};

class VectorOps : public testing::TestWithParam<Kind> {
protected:
    static std::unique_ptr<Machine> make_machine() {
        const Kind& kind = GetParam();
        if (kind.without == nullptr)
            return std::make_unique<Machine>(host::make_interp(), host::Options{}, vector_layout());
        host::Options options;
        EXPECT_EQ(host::disable_features(options, kind.without), "");
        return std::make_unique<Machine>(host::make_x64(), options, vector_layout());
    }
};

INSTANTIATE_TEST_SUITE_P(BackEnds, VectorOps,
                         testing::Values(Kind{"x64", ""}, Kind{"x64_avx2", "avx512"}, Kind{"interp", nullptr}),
                         [](const auto& info) { return std::string(info.param.name); });

constexpr unsigned kMaxInputs = 5;
constexpr Type kVectors[] = {Type::V128, Type::V256, Type::V512};

/// Random bytes with many special values of every element type.
void fill(std::mt19937_64& rng, u8* to, Element e) {
    static constexpr u32 kSingles[] = {0,          0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000,
                                       0x7fc00000, 0xffc12345, 0x7f812345, 1,          0x7f7fffff, 0x00800000};
    static constexpr u64 kDoubles[] = {0,
                                       u64{1} << 63,
                                       0x3ff0000000000000,
                                       0xbff8000000000000,
                                       0x7ff0000000000000,
                                       0xfff0000000000000,
                                       0x7ff8000000000000,
                                       0xfff8000012345678,
                                       0x7ff0000012345678,
                                       1,
                                       0x7fefffffffffffff,
                                       0x3fd5555555555555};
    for (unsigned i = 0; i < 8; ++i) {
        u64 v = rng();
        if (rng() % 4 == 0) v = rng() % 2 != 0 ? 0x8000000080008080 : 0x7fffffff7fff7f01;
        if (e == Element::F32) {
            for (unsigned half = 0; half < 2; ++half) {
                if (rng() % 2 != 0) continue;
                const u64 single = kSingles[rng() % std::size(kSingles)];
                v = half != 0 ? (v & 0xffffffff) | single << 32 : (v & ~u64{0xffffffff}) | single;
            }
        }
        if (e == Element::F64 && rng() % 2 != 0) v = kDoubles[rng() % std::size(kDoubles)];
        std::memcpy(to + i * 8, &v, 8);
    }
}

struct Case {
    Op op;
    Type type, type2 = Type::None;
    Element element = Element::None;
    bool masked = false;
    u64 imm[2] = {};
};

class Runner {
public:
    Runner(Machine& m, std::mt19937_64& rng) : m_(m), rng_(rng) {}

    void run(const Case& c) {
        ir::Function f(m_.layout);
        f.guest_pc = 0x1000;
        Builder b(f);
        b.insn_start(0x1000);
        ir::Insn insn{};
        insn.op = c.op;
        insn.type = c.type;
        insn.type2 = c.type2;
        insn.outputs = 1;
        insn.inputs = static_cast<u8>(info(c.op).inputs + (c.masked ? 2 : 0));
        const bool elements = has(info(c.op).flags, ir::OpFlags::Vector);
        if (elements) insn.attributes = ir::VectorRules{c.element, c.masked}.pack();
        insn.imm[0] = c.imm[0];
        insn.imm[1] = c.imm[1];
        const void* in[kMaxInputs];
        for (unsigned i = 0; i < insn.inputs; ++i) {
            const Type t = ir::operand_type(f, insn, 1 + i);
            fill(rng_, memory_[i], c.element);
            if (t == Type::Mask && elements) {  // one bit per element
                u64 mask;
                std::memcpy(&mask, memory_[i], sizeof mask);
                mask &= low_mask(ir::type_bits(c.type) / ir::element_bits(c.element));
                std::memcpy(memory_[i], &mask, sizeof mask);
            }
            if (c.op == Op::v_permute && i == 1) limit_indices(memory_[i], c);
            in[i] = memory_[i];
            const Var v = insn.args[1 + i] = b.temp(t);
            b.emit(Op::env_ld, t, {v}, {x(0)}, i * 64, access(t));
        }
        const Type out_type = ir::operand_type(f, insn, 0);
        const Var out = insn.args[0] = b.temp(out_type);
        f.insns.push_back(insn);
        b.emit(Op::env_st, out_type, {}, {out, x(0)}, kMaxInputs * 64, access(out_type));
        b.exit_tb(static_cast<u32>(ir::ExitReason::Syscall), b.address(0x2000));
        ASSERT_EQ(ir::verify(f), "");
        m_.env->x[0] = reinterpret_cast<u64>(memory_);
        m_.env->fp_control = 0x1f80;
        m_.rewind();
        const Machine::Tb tb = m_.compile(f);
        m_.run(tb);
        const u32 flags = fpenv::flags_of(m_.env->fp_control & 0x3f);

        u8 expected[64] = {};
        fpenv::set_flags(0);
        host::evaluate({c.op, c.type, c.type2, ir::VectorRules::unpack(insn.attributes), {c.imm[0], c.imm[1]}},
                       expected, in);
        const u32 expected_flags = fpenv::flags();
        fpenv::set_flags(0);
        const std::string what = describe(c);
        EXPECT_EQ(hex(memory_[kMaxInputs], ir::type_bytes(out_type)), hex(expected, ir::type_bytes(out_type)))
            << what << inputs(insn.inputs) << m_.listing(tb);
        EXPECT_EQ(flags, expected_flags) << what << inputs(insn.inputs) << m_.listing(tb);
    }

private:
    /// Most indices are those of elements, or a little more.
    void limit_indices(u8* indices, const Case& c) {
        const unsigned bytes = ir::element_bits(c.element) / 8, count = ir::type_bytes(c.type) / bytes;
        for (unsigned i = 0; i < count; ++i) {
            if (rng_() % 8 == 0) continue;
            const u64 index = rng_() % (count * 2);
            std::memcpy(indices + i * bytes, &index, bytes);
        }
    }
    static u64 access(Type t) {
        return MemOp{.size_log2 = static_cast<u8>(std::countr_zero(ir::type_bytes(t)))}.pack();
    }
    static std::string hex(const u8* p, unsigned bytes) {
        std::string s;
        char text[4];
        for (unsigned i = 0; i < bytes; ++i) {
            std::snprintf(text, sizeof text, "%02x%s", p[i], i % 8 == 7 ? " " : "");
            s += text;
        }
        return s;
    }
    std::string inputs(unsigned count) const {
        std::string s = "\n";
        for (unsigned i = 0; i < count; ++i) s += hex(memory_[i], 64) + "\n";
        return s;
    }
    static std::string describe(const Case& c) {
        return std::string(info(c.op).name) + "." + ir::type_name(c.type) + " " + ir::element_name(c.element) +
               (c.masked ? " masked" : "") + " #" + std::to_string(c.imm[0]) + " #" + std::to_string(c.imm[1]);
    }

    Machine& m_;
    std::mt19937_64& rng_;
    alignas(64) u8 memory_[kMaxInputs + 1][64];
};

/// The constants that an op is tried with.
std::vector<std::pair<u64, u64>> constants(Op op, Type t, Element e) {
    const unsigned bits = std::max(ir::element_bits(e), 8u), count = ir::type_bits(t) / bits;
    std::vector<std::pair<u64, u64>> all;
    switch (op) {
        case Op::v_blend_low:
            for (u64 n : {1, 2, 4, 8, 16, 32}) {
                if (n < ir::type_bytes(t)) all.push_back({n, 0});
            }
            break;
        case Op::v_mask_first:
            for (u64 n : {1, 2, 4, 8, 16, 32, 64}) all.push_back({n, 0});
            break;
        case Op::v_mask_get:
        case Op::v_mask_put:
            for (u64 len : {1, 2, 4, 8, 16, 32, 64}) {
                for (u64 pos : {u64{0}, len, len * 3, 64 + len}) {
                    if (pos % 64 + len <= 64 && pos + len <= ir::type_bits(t)) all.push_back({pos, len});
                }
            }
            break;
        case Op::v_iota: all = {{0, 1}, {count, 1}, {3, 0}, {0, 3}, {5, 0xab}, {0xfffffffb, 0xabcdef01}}; break;
        case Op::v_align:
            for (u64 n = 0; n <= ir::type_bytes(t); ++n) all.push_back({n, 0});
            break;
        case Op::v_extract:
            for (u64 i : {u64{0}, u64{1}, u64{count} - 1}) {
                all.push_back({i, 0});
                all.push_back({i, 1});
            }
            break;
        case Op::v_insert: all = {{0, 0}, {count - 1, 0}}; break;
        case Op::v_ext_s:
        case Op::v_ext_u:
            for (u64 from = 0; (8u << from) < bits; ++from) {
                for (u64 part = 0; part < bits / (8u << from); ++part) all.push_back({from, part});
            }
            break;
        case Op::v_cmp:
            for (u64 c = 0; c < 10; ++c) all.push_back({c, 0});
            break;
        case Op::v_fcmp: all = {{0, 0}, {1, 0}, {2, 0}}; break;
        case Op::v_reduce:
            for (u64 r = 0; r < ir::kReductionCount; ++r) all.push_back({r, 0});
            break;
        case Op::v_ternary: all = {{0x96, 0}, {0xca, 0}, {0xe8, 0}, {0, 0}, {0xff, 0}, {0x1b, 0}}; break;
        case Op::v_fcvt_if_widen:
        case Op::v_fcvt_i_narrow:
        case Op::v_fcvt_i: all = {{0, 0}, {1, 0}, {0, 1}, {1, 1}}; break;
        case Op::v_fcvt_widen:
        case Op::v_clmul:
        case Op::v_sha256_rounds:
        case Op::v_fcvt_if: all = {{0, 0}, {1, 0}}; break;
        case Op::v_aes:
            for (u64 round = 0; round < ir::kAesRoundCount; ++round) all.push_back({round, 0});
            break;
        default: all = {{0, 0}};
    }
    return all;
}

bool is_float_op(Op op) { return ir::accrues_fp_flags(op); }

TEST_P(VectorOps, AgreeWithElements) {
    auto m = make_machine();
    std::mt19937_64 rng(1);
    Runner runner(*m, rng);
    unsigned ops = 0;
    for (unsigned number = static_cast<unsigned>(Op::v_low); number < ir::kOpCount; ++number) {
        const Op op = static_cast<Op>(number);
        if (has(info(op).flags, ir::OpFlags::MayFault)) continue;
        const bool elements = has(info(op).flags, ir::OpFlags::Vector);
        for (Type t : kVectors) {
            for (unsigned number_of = 1; number_of < ir::kElementCount; ++number_of) {
                const Element e = static_cast<Element>(number_of);
                const bool is_float = e >= Element::F16;
                if (e == Element::F16 || is_float != is_float_op(op) || (!elements && e != Element::I8)) continue;
                if (op == Op::v_fcvt_narrow && e != Element::F32) continue;
                const bool doubles = op == Op::v_fcvt_widen || op == Op::v_fcvt_if_widen || op == Op::v_fcvt_i_narrow;
                if (doubles && e != Element::F64) continue;
                if (op == Op::v_narrow && e == Element::I64) continue;
                for (const bool masked : {false, true}) {
                    if (masked && (!elements || op == Op::v_compress)) continue;
                    if (!m->backend->has_vector_op(op, t, {e, masked})) continue;
                    for (auto [imm0, imm1] : constants(op, t, e)) {
                        const bool min_max = op == Op::v_reduce && imm0 >= static_cast<u64>(ir::Reduction::MinU);
                        if (min_max && !m->backend->has_vector_op(Op::v_min_s, t, {e, false})) continue;
                        Case c{op, t, Type::None, e, masked, {imm0, imm1}};
                        if (op == Op::v_splat || op == Op::v_from_bits) c.type2 = Type::I64;
                        if (op == Op::v_mask_first) c.type = Type::Mask, c.type2 = Type::I64;
                        if (op == Op::v_mask_and || op == Op::v_mask_or || op == Op::v_mask_xor ||
                            op == Op::v_mask_andc) {
                            c.type = Type::Mask;
                        }
                        if (op == Op::v_prefix_count) c.type2 = Type::Mask;
                        if (op == Op::v_low) c.type2 = t == Type::V128 ? Type::V256 : Type::V128;
                        ++ops;
                        for (unsigned round = 0; round < (is_float ? 40u : 6u); ++round) runner.run(c);
                        if (HasFailure()) return;
                    }
                }
            }
        }
    }
    EXPECT_GT(ops, 100u);
}

}  // namespace
}  // namespace dragoman::test
