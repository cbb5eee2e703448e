// Pairs of instructions that compute both results of one host instruction from the same operands: the halves of a
// product, quotient and remainder. The one that comes first computes both, the second becomes a copy.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// What `op` is a part of.
struct Part {
    Op whole;         ///< the op with both results
    Op other;         ///< the op that gives the other one
    unsigned output;  ///< of `whole`
};

bool find_part(Op op, Op other, Part& part) {
    switch (op) {
        case Op::mul:
            part = {other == Op::mulh_s ? Op::mul2_s : Op::mul2_u, other, 0};
            return other == Op::mulh_s || other == Op::mulh_u;
        case Op::mulh_s: part = {Op::mul2_s, Op::mul, 1}; break;
        case Op::mulh_u: part = {Op::mul2_u, Op::mul, 1}; break;
        case Op::div_s: part = {Op::divrem_s, Op::rem_s, 0}; break;
        case Op::div_u: part = {Op::divrem_u, Op::rem_u, 0}; break;
        case Op::rem_s: part = {Op::divrem_s, Op::div_s, 1}; break;
        case Op::rem_u: part = {Op::divrem_u, Op::div_u, 1}; break;
        default: return false;
    }
    return part.other == other;
}

/// The first result waits in a register meanwhile.
constexpr u32 kWindow = 8;

}  // namespace

bool pair_results(Rewriter& r, Insn& insn) {
    const bool product = insn.op == Op::mul || insn.op == Op::mulh_s || insn.op == Op::mulh_u;
    const bool division = insn.op == Op::div_s || insn.op == Op::div_u || insn.op == Op::rem_s || insn.op == Op::rem_u;
    if (!product && !division) return true;
    // A product of 32 bits is no dearer alone, and a constant factor goes into the instruction.
    if (product && (insn.type != Type::I64 || r.is_const(insn.in(1)))) return true;
    const ValueId a = r.value_of(insn.in(0)), b = r.value_of(insn.in(1));
    const u32 end = r.position();
    for (u32 p = end; p > 0 && p + kWindow > end; --p) {
        const Insn& before = r.at(p);
        Part part;
        if (before.op == Op::label) break;
        if (!find_part(before.op, insn.op, part) || before.type != insn.type) continue;
        const ValueId id = r.value_of(before.out());
        const Value& value = r.value(id);
        if (value.def != p) continue;  // overwritten
        const bool same = value.in[0] == a && value.in[1] == b;
        const bool swapped = product && value.in[0] == b && value.in[1] == a;
        if (!same && !swapped) continue;
        r.replace_by(insn, r.widen(p, part.whole, part.output));
        return true;
    }
    return true;
}

}  // namespace dragoman::ir
