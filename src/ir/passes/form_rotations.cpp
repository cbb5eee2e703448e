// Rotations. Without Zbb a rotation is two shifts, by n to the left and by w - n to the right, and an or; gcc makes it
// so. The W forms are two W shifts: the left one is sign-extended, the right one leaves zeros above.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// A value as one half of a rotation: `x` shifted by a constant or by a variable.
struct Half {
    ValueId x = 0;      ///< 0: it is none
    ValueId shift = 0;  ///< the shift of I32 or I64 itself; 0: `amount` is constant
    ValueId count = 0;  ///< what it is shifted by
    unsigned amount = 0;
    bool left = false, word = false;
};

/// The value that `id` agrees with in the low 32 bits.
ValueId low_source(const Rewriter& r, ValueId id) {
    for (const Insn* def = r.def_of(id); def != nullptr; def = r.def_of(id)) {
        const bool field = (def->op == Op::sextract || def->op == Op::extract) && def->imm[0] == 0 && def->imm[1] >= 32;
        if (!field && def->op != Op::trunc && def->op != Op::ext_s && def->op != Op::ext_u) break;
        id = r.value(id).in[0];
    }
    return id;
}

/// A shift by a constant or not, whose value is `id` (0: not yet computed).
Half shifted(const Rewriter& r, const Insn& def, const ValueId* in, ValueId id) {
    Half half;
    half.left = def.op == Op::shl;
    half.word = def.type == Type::I32;
    if (r.is_number(def.in(1))) {
        half.amount = static_cast<unsigned>(r.const_value(def.in(1)));
        const bool in_range = !half.word && half.amount > 0 && half.amount < 64;
        half.x = in_range ? in[0] : 0;
    } else if (id != 0) {
        half.x = half.word ? low_source(r, in[0]) : in[0];
        half.count = low_source(r, in[1]);
        half.shift = id;
    }
    return half;
}

/// What `def`, whose inputs have the values `in` and whose own value is `id`, computes.
Half half_of(const Rewriter& r, const Insn& def, const ValueId* in, ValueId id) {
    Half half;
    switch (def.op) {
        case Op::shl:
        case Op::shr: return def.type == Type::I64 ? shifted(r, def, in, id) : half;
        case Op::ext_s: {  // sllw, srlw
            const Insn* inner = r.def_of(in[0]);
            if (inner == nullptr || (inner->op != Op::shl && inner->op != Op::shr)) return half;
            return shifted(r, *inner, r.value(in[0]).in, in[0]);
        }
        case Op::sextract: {  // slliw
            if (def.type != Type::I64 || def.imm[0] != 0 || def.imm[1] != 32) return half;
            const Insn* inner = r.def_of(in[0]);
            if (inner == nullptr || inner->op != Op::shl || inner->type != Type::I64) return half;
            half = shifted(r, *inner, r.value(in[0]).in, 0);
            half.word = true;
            if (half.amount >= 32) half.x = 0;
            return half;
        }
        case Op::extract:  // srliw
            if (def.type != Type::I64 || def.imm[0] == 0 || def.imm[0] + def.imm[1] != 32) return half;
            half.x = in[0];
            half.amount = static_cast<unsigned>(def.imm[0]);
            half.word = true;
            return half;
        default: return half;
    }
}

Half half_of(const Rewriter& r, ValueId id) {
    const Insn* def = r.def_of(id);
    return def == nullptr ? Half{} : half_of(r, *def, r.value(id).in, id);
}

bool negates(const Rewriter& r, ValueId count, ValueId of) {
    const Insn* def = r.def_of(count);
    return def != nullptr && def->op == Op::neg && low_source(r, r.value(count).in[0]) == of;
}

bool complete(const Rewriter& r, const Half& a, const Half& b) {
    if (a.x == 0 || a.x != b.x || a.left == b.left || a.word != b.word) return false;
    if ((a.shift == 0) != (b.shift == 0)) return false;
    if (a.shift == 0) return a.amount + b.amount == (a.word ? 32 : 64);
    return negates(r, a.count, b.count) || negates(r, b.count, a.count);
}

/// Before `insn`, one half, overwrites what it shifts: when the other half has been computed, a copy for the rotation
/// to come. When none comes, nobody reads it.
void keep_source(Rewriter& r, const Insn& insn) {
    constexpr ValueId kNear = 24;
    const Var out = insn.out();
    // The shift of a temporary is slliw's first half.
    if (!r.is_global(out) || (out != insn.in(0) && !r.is_temp(insn.in(0)))) return;
    const ValueId in[4] = {r.value_of(insn.in(0))};
    const Half half = half_of(r, insn, in, 0);
    if (half.x == 0 || r.value_of(out) != half.x) return;
    const ValueId end = r.value_count();
    for (ValueId id = end; id-- > 1 && id + kNear > end;) {
        if (r.holder(id) == kNoVar || !complete(r, half, half_of(r, id))) continue;
        const Var copy = r.emit(Op::mov, Type::I64, {out});
        return r.set_home(half.x, copy);
    }
}

/// `op`.i32 of `a` and `count`, sign-extended.
void replace_by_word(Rewriter& r, Insn& insn, Op op, Var a, Var count) {
    const Var rotated = r.emit(op, Type::I32, {a, count});
    r.replace(insn, Op::ext_s, Type::I64, {rotated});
    insn.type2 = Type::I32;
}

Var low_word(Rewriter& r, Var x) {
    const Var word = r.emit(Op::trunc, Type::I32, {x});
    r.at(r.known(word).def).type2 = Type::I64;
    return word;
}

void join_halves(Rewriter& r, Insn& insn) {
    const Half a = half_of(r, r.value_of(insn.in(0)));
    if (a.x == 0) return;
    const Half b = half_of(r, r.value_of(insn.in(1)));
    if (!complete(r, a, b)) return;
    const Half& left = a.left ? a : b;
    if (a.shift == 0) {
        const Var x = r.holder(a.x);
        if (x == kNoVar) return;
        if (!a.word) return r.replace(insn, Op::rotl, Type::I64, {x, r.constant(Type::I64, left.amount)});
        return replace_by_word(r, insn, Op::rotl, low_word(r, x), r.constant(Type::I32, left.amount));
    }
    // By 0 both halves are all of x. Else the shift whose count is not the negated one says how far.
    if (insn.op != Op::or_) return;
    const Half& right = a.left ? b : a;
    const bool to_left = negates(r, right.count, left.count);
    const Value& shift = r.value(to_left ? left.shift : right.shift);
    const Var x = r.holder(shift.in[0]), count = r.holder(shift.in[1]);
    if (x == kNoVar || count == kNoVar) return;
    const Op op = to_left ? Op::rotl : Op::rotr;
    a.word ? replace_by_word(r, insn, op, x, count) : r.replace(insn, op, Type::I64, {x, count});
}

}  // namespace

bool form_rotations(Rewriter& r, Insn& insn) {
    switch (insn.op) {
        case Op::or_:
        case Op::xor_:
        case Op::add:
            if (insn.type == Type::I64 && !r.is_const(insn.in(1))) join_halves(r, insn);
            break;
        case Op::shl:
        case Op::shr:
        case Op::extract:
        case Op::sextract: keep_source(r, insn); break;
        default: break;
    }
    return true;
}

}  // namespace dragoman::ir
