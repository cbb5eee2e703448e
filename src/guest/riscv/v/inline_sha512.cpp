// SHA-512 (FIPS 180-4) of Zvknhb as IR ops on 128 bits each: of a group of four words, the lower and the upper two.
// What is of one word is computed in the upper 64 bits of them; the lower ones are what happens to be there.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;

class Sha512 {
public:
    explicit Sha512(InlineVector& v)
        : v_(v), b_(v.b), ternary_(v.has(Op::v_ternary, kType, kLong)), rotr_(v.has(Op::v_rotr_x, kType, kLong)) {}

    bool run();

private:
    static constexpr Type kType = Type::V128;
    static constexpr Element kLong = Element::I64;

    /// Words 0 and 1 of a group (0 lowest), and 2 and 3.
    struct Halves {
        Var low, high;
    };

    Halves group(unsigned reg, unsigned i);
    bool written_halves(Var global, Halves& halves) const;
    Var source_of(std::size_t& at, Op op, Var value, unsigned input) const;
    Var op(Op o, Var x, Var y) { return b_.vector_op(o, kType, kLong, {x, y}); }
    Var add(Var x, Var y) { return op(Op::v_add, x, y); }
    Var shift_right(Var x, unsigned n) { return b_.vector_op(Op::v_shr_x, kType, kLong, {x, b_.c64(n)}); }
    Var rotate_right(Var x, unsigned n);
    Var ternary(Var x, Var y, Var z, u64 table) { return b_.vector_op(Op::v_ternary, kType, kLong, {x, y, z}, table); }
    Var sum(Var x, Var y, Var z);
    /// The upper word of `low`, and above it the lower one of `high`.
    Var middle(Var low, Var high) { return b_.op(Op::v_align, kType, {low, high}, 8); }
    Var swapped(Var x) { return middle(x, x); }

    Var rotations(Var x, unsigned n0, unsigned n1, unsigned n2) {
        return sum(rotate_right(x, n0), rotate_right(x, n1), rotate_right(x, n2));
    }
    // The functions of section 4.1.3.
    Var big_sigma0(Var x) { return rotations(x, 28, 34, 39); }
    Var big_sigma1(Var x) { return rotations(x, 14, 18, 41); }
    Var small_sigma0(Var x) { return sum(rotate_right(x, 1), rotate_right(x, 8), shift_right(x, 7)); }
    Var small_sigma1(Var x) { return sum(rotate_right(x, 19), rotate_right(x, 61), shift_right(x, 6)); }
    Var choose(Var x, Var y, Var z);
    Var majority(Var x, Var y, Var z);

    Halves rounds(const Halves& efab, const Halves& ghcd, Var words);
    Halves schedule(const Halves& from0, const Halves& from4, const Halves& from12);

    InlineVector& v_;
    Builder& b_;
    const bool ternary_, rotr_;
};

/// The input of the instruction before `at` (which becomes its place) that has made `value`, if that is an `op`; else
/// kNoVar.
Var Sha512::source_of(std::size_t& at, Op op, Var value, unsigned input) const {
    constexpr std::size_t kWindow = 512;
    const ir::InsnList& insns = b_.function().insns;
    while (at-- > 0 && at + kWindow >= insns.size()) {
        const ir::Insn& insn = insns[at];
        if (insn.op == Op::label || ir::writes_any_global(b_.function(), insn)) return ir::kNoVar;
        if (insn.outputs != 0 && insn.out() == value) return insn.op == op ? insn.in(input) : ir::kNoVar;
    }
    return ir::kNoVar;
}

/// The halves that the register was joined from: what comes next need not wait for that.
bool Sha512::written_halves(Var global, Halves& halves) const {
    std::size_t at = b_.function().insns.size();
    const Var whole = source_of(at, Op::mov, global, 0);
    if (whole == ir::kNoVar) return false;
    std::size_t join = at, low = at, high = at;
    const Var wide_low = source_of(join, Op::v_join, whole, 0);
    if (wide_low == ir::kNoVar) return false;
    low = high = join;
    halves.low = source_of(low, Op::v_low, wide_low, 0);
    halves.high = source_of(high, Op::v_low, b_.function().insns[join].in(1), 0);
    return halves.low != ir::kNoVar && halves.high != ir::kNoVar && b_.function().vars[halves.low].type == kType &&
           b_.function().vars[halves.high].type == kType;
}

/// The i-th group of those that begin at register `reg`: half of each of two registers, or a register's halves.
Sha512::Halves Sha512::group(unsigned reg, unsigned i) {
    if (v_.type == kType) return {v_.reg(reg + 2 * i), v_.reg(reg + 2 * i + 1)};
    Halves halves;
    if (written_halves(v_.reg(reg + i), halves)) return halves;
    const Var whole = v_.source(reg + i, v_.lmul);
    const Var part = v_.part(Type::V256, whole);
    return {b_.convert(Op::v_low, kType, part),
            b_.convert(Op::v_low, kType, b_.op(Op::v_align, Type::V256, {part, part}, 16))};
}

Var Sha512::rotate_right(Var x, unsigned n) {
    if (rotr_) return b_.vector_op(Op::v_rotr_x, kType, kLong, {x, b_.c64(n)});
    return op(Op::v_or, shift_right(x, n), b_.vector_op(Op::v_shl_x, kType, kLong, {x, b_.c64(64 - n)}));
}

Var Sha512::sum(Var x, Var y, Var z) {
    constexpr u64 kOddNumberOfOnes = 0x96;
    return ternary_ ? ternary(x, y, z, kOddNumberOfOnes) : op(Op::v_xor, op(Op::v_xor, x, y), z);
}

Var Sha512::choose(Var x, Var y, Var z) {
    constexpr u64 kFirstChooses = 0xca;
    return ternary_ ? ternary(x, y, z, kFirstChooses) : op(Op::v_xor, op(Op::v_and, op(Op::v_xor, y, z), x), z);
}

Var Sha512::majority(Var x, Var y, Var z) {
    constexpr u64 kTwoOnes = 0xe8;
    if (ternary_) return ternary(x, y, z, kTwoOnes);
    return op(Op::v_xor, op(Op::v_and, op(Op::v_xor, x, y), op(Op::v_xor, y, z)), y);
}

/// Two rounds of section 6.4.2: of f, e, b, a and h, g, d, c (lowest first), with two sums of message word and
/// constant. Of the first round h and d are in the lower words, as its sum is.
Sha512::Halves Sha512::rounds(const Halves& efab, const Halves& ghcd, Var words) {
    const Var e0 = efab.low, f0 = swapped(e0), a0 = efab.high, b0 = swapped(a0);
    const Var h_words = add(ghcd.low, words), d_h_words = add(h_words, ghcd.high);

    const Var part1 = add(big_sigma1(e0), choose(e0, f0, ghcd.low));
    const Var e1 = add(part1, swapped(d_h_words));
    const Var a1 = add(add(big_sigma0(a0), majority(a0, b0, ghcd.high)), add(part1, swapped(h_words)));

    const Var part2 = add(big_sigma1(e1), choose(e1, e0, f0));
    const Var e2 = add(part2, d_h_words);
    const Var a2 = add(add(big_sigma0(a1), majority(a1, a0, b0)), add(part2, h_words));
    auto upper = [&](Var x, Var y) { return b_.vector_op(Op::v_zip, kType, kLong, {x, y}, 1); };
    return {upper(e1, e2), upper(a1, a2)};
}

/// Four words of the message schedule (section 6.4.2), from words 0 to 3; 4, 9 to 11; 12, any, 14, 15.
Sha512::Halves Sha512::schedule(const Halves& from0, const Halves& from4, const Halves& from12) {
    auto without_last = [&](Var word, Var next, Var word9) { return add(add(word, small_sigma0(next)), word9); };
    const Var low = without_last(from0.low, middle(from0.low, from0.high), middle(from4.low, from4.high));
    const Var high = without_last(from0.high, middle(from0.high, from4.low), middle(from4.high, from12.low));
    const Var first = add(low, small_sigma1(from12.high));
    return {first, add(high, small_sigma1(first))};
}

bool Sha512::run() {
    const unsigned bytes = v_.bytes_used(v_.lmul);
    if (!v_.full() || bytes > 32 || (v_.type == kType ? v_.lmul < 1 : bytes != 32)) return false;
    for (Op o : {Op::v_add, Op::v_xor, Op::v_and, Op::v_or, Op::v_shr_x, Op::v_shl_x, Op::v_zip, Op::v_align}) {
        if (!v_.has(o, kType, kLong)) return false;
    }
    const bool pairs = v_.type == kType;
    const unsigned groups = v_.registers(v_.lmul) / (pairs ? 2 : 1);
    for (unsigned i = 0; i < groups; ++i) {
        const Halves d = group(v_.vd(), i), x = group(v_.vs2(), i), y = group(v_.vs1(), i);
        const Halves to =
            v_.op == VectorOp::vsha2ms ? schedule(d, x, y) : rounds(x, d, v_.op == VectorOp::vsha2cl ? y.low : y.high);
        if (pairs) {
            b_.mov_to(v_.reg(v_.vd() + 2 * i), to.low);
            b_.mov_to(v_.reg(v_.vd() + 2 * i + 1), to.high);
            continue;
        }
        const Var whole =
            b_.op(Op::v_join, Type::V256,
                  {b_.convert(Op::v_low, Type::V256, to.low), b_.convert(Op::v_low, Type::V256, to.high)});
        v_.write(i, v_.type == Type::V256 ? whole : b_.convert(Op::v_low, v_.type, whole), v_.lmul);
    }
    return true;
}

}  // namespace

bool inline_sha512(InlineVector& v) { return Sha512(v).run(); }

}  // namespace dragoman::riscv
