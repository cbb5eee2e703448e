// Address folding: a guest load or store takes over the additions that computed its address: a constant
// becomes displacement, another register the index, a shift by 1 to 3 the scale.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// base = x + constant.
bool fold_displacement(Rewriter& r, Insn& insn, Var& base) {
    const Insn* def = r.def(base);
    if (def == nullptr || def->op != Op::add || !r.is_number(def->in(1))) return false;
    i64 displacement = static_cast<i64>(insn.imm[1] + r.const_value(def->in(1)));
    if (!fits_i32(displacement)) return false;
    Var source = r.def_input(base, 0);
    if (source == kNoVar || !r.better_source(source, base)) return false;
    if (r.is_const(source) && r.is_global(base) && !r.puts_right(insn)) return false;
    insn.imm[1] = static_cast<u64>(displacement);
    base = source;
    return true;
}

struct Index {
    Var var;
    u8 scale;
};

void set_index(Insn& insn, Index index) {
    MemOp m = insn.mem();
    m.scale = index.scale;
    insn.imm[0] = m.pack();
    insn.args[2] = index.var;
}

/// `v` as (var << scale).
Index as_index(Rewriter& r, Var v) {
    const Insn* def = r.def(v);
    if (def == nullptr || def->op != Op::shl || !r.is_number(def->in(1)) || r.const_value(def->in(1)) > 3)
        return {v, 0};
    u8 scale = static_cast<u8>(r.const_value(def->in(1)));
    Var source = r.def_input(v, 0);
    return source != kNoVar && r.better_source(source, v) ? Index{source, scale} : Index{v, 0};
}

/// base = x + y or x + (y << scale). A guest register that holds the sum is left alone unless its parts are registers,
/// too; by a store, also unless a shift is saved on the way to the address.
bool fold_index(Rewriter& r, Insn& insn, Var& base) {
    const Insn* def = r.def(base);
    if (def == nullptr || def->op != Op::add || r.is_const(def->in(0)) || r.is_const(def->in(1))) return false;
    const ValueId in0 = r.known(base).in[0];
    const ValueId in1 = r.known(base).in[1];
    Var x = r.holder(in0);
    Var y = r.holder(in1);
    // The shifted value may be gone while what was shifted is still there.
    auto part = [&](ValueId id, Var held) -> Index {
        if (held != kNoVar) return as_index(r, held);
        const Insn* shift = r.def_of(id);
        if (shift == nullptr || shift->op != Op::shl || !r.is_number(shift->in(1))) return {kNoVar, 0};
        u64 scale = r.const_value(shift->in(1));
        return scale <= 3 ? Index{r.holder(r.value(id).in[0]), static_cast<u8>(scale)} : Index{kNoVar, 0};
    };
    Index index = part(in1, y);
    if (index.scale == 0 || x == kNoVar) {
        if (Index other = part(in0, x); other.scale != 0 && y != kNoVar) {
            index = other;
            x = y;
        }
    }
    if (x == kNoVar || index.var == kNoVar || r.is_const(x) || r.is_const(index.var)) return false;
    if (r.is_global(base) && index.scale == 0 && !(insn.op == Op::guest_ld && r.free_index())) return false;
    if (!r.better_source(x, base) || !r.better_source(index.var, base)) return false;
    set_index(insn, index);
    base = x;
    return true;
}

/// The sum's register is overwritten by the load, which may put it right should it fault: an addition, or an addition
/// of a shifted value, that was computed in the same register is taken back.
void fold_in_place(Rewriter& r, Insn& insn, Var base) {
    const Insn* found = r.def(base);
    if (found == nullptr || found->op != Op::add || found->type != Type::I64) return;
    const Insn def = *found;
    const unsigned own = def.in(0) == base ? 0 : 1;
    if (def.in(own) != base || def.in(1 - own) == base) return;
    if (r.is_number(def.in(1 - own))) {
        const i64 displacement = static_cast<i64>(insn.imm[1] + r.const_value(def.in(1 - own)));
        if (fits_i32(displacement) && r.take_back(base, own)) insn.imm[1] = static_cast<u64>(displacement);
        return;
    }
    if (r.is_const(def.in(1 - own)) || insn.args[2] != kNoVar) return;
    Var other = r.holder(r.known(base).in[1 - own]);
    if (other == kNoVar || r.is_const(other) || !r.better_source(other, base) || !r.take_back(base, own)) return;
    const Insn* shift = r.def(base);
    if (shift != nullptr && shift->op == Op::shl && shift->type == Type::I64 && r.is_number(shift->in(1)) &&
        r.const_value(shift->in(1)) <= 3) {
        const Index index{base, static_cast<u8>(r.const_value(shift->in(1)))};
        if (r.take_back(base, 0)) {
            set_index(insn, index);
            insn.args[1] = other;
            return;
        }
    }
    set_index(insn, {other, 0});
}

}  // namespace

bool fold_addresses(Rewriter& r, Insn& insn) {
    if (insn.op != Op::guest_ld && insn.op != Op::guest_st) return true;
    // Of both ops, base and index are the second and third operand.
    Var& base = insn.args[1];
    for (unsigned i = 0; i < 3 && fold_displacement(r, insn, base); ++i) {
    }
    if (insn.args[2] == kNoVar && fold_index(r, insn, base)) fold_displacement(r, insn, base);
    if (base == insn.out() && insn.op == Op::guest_ld && r.puts_right(insn)) {
        Var c = r.constant_of(base);
        if (c != base && insn.args[2] == kNoVar && r.is_number(c) &&
            fits_i32(static_cast<i64>(r.const_value(c) + insn.imm[1])) &&
            fits_i32(static_cast<i64>(r.const_value(c)))) {
            base = c;
        } else {
            fold_in_place(r, insn, base);
        }
    }
    return true;
}

}  // namespace dragoman::ir
