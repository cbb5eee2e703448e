// Known bits and sign extensions: drops extensions, masks and truncations of values that have that
// form already, does 32-bit arithmetic whose result is extended again (RISC-V's W instructions) in 64
// bits, and merges shift pairs into bit-field ops.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// A variable whose low 32 bits are those of the I32 value `id`, or kNoVar.
Var widened(Rewriter& r, ValueId id) {
    Var v = r.holder(id);
    if (v != kNoVar && r.is_const(v)) {
        return r.is_number(v) ? r.constant(Type::I64, static_cast<u64>(sign_extend(r.const_value(v), 32))) : kNoVar;
    }
    const Insn* def = r.def_of(id);
    return def != nullptr && def->op == Op::trunc ? r.holder(r.value(id).in[0]) : kNoVar;
}

void simplify_field(Rewriter& r, Insn& insn);

/// ext_s or ext_u of an I32 value: of a truncation, a shift of one, or arithmetic on some.
void simplify_extension(Rewriter& r, Insn& insn) {
    const bool is_signed = insn.op == Op::ext_s;
    const Op field_op = is_signed ? Op::sextract : Op::extract;
    const ValueId narrow = r.value_of(insn.in(0));
    const Insn* found = r.def_of(narrow);
    if (found == nullptr) return;
    const Insn def = *found;
    const ValueId in0 = r.value(narrow).in[0];
    const ValueId in1 = r.value(narrow).in[1];

    if (def.op == Op::trunc) {
        Var wide = r.holder(in0);
        if (wide == kNoVar) return;
        r.replace(insn, field_op, Type::I64, {wide}, 0, 32);
        return simplify_field(r, insn);
    }
    if ((def.op == Op::shr || def.op == Op::sar) && r.is_number(def.in(1)) && r.const_value(def.in(1)) < 32) {
        Var wide = widened(r, in0);
        u64 n = r.const_value(def.in(1));
        // The sign of the shifted value comes from bit 31 only in `sar`; `shr` by at least 1 clears it.
        bool one_field = def.op == Op::sar ? is_signed : n != 0;
        if (wide == kNoVar || !one_field) return;
        r.replace(insn, def.op == Op::sar ? Op::sextract : Op::extract, Type::I64, {wide}, n, 32 - n);
        return simplify_field(r, insn);
    }
    const bool constant_shl = def.op == Op::shl && r.is_number(def.in(1));
    if (!constant_shl && !low_half_depends_on_low_halves(def.op)) return;
    Var a = widened(r, in0);
    if (a == kNoVar) return;
    Var result;
    if (def.inputs == 1) {
        result = r.emit(def.op, Type::I64, {a});
    } else {
        Var b = constant_shl ? r.constant(Type::I64, r.const_value(def.in(1)) & 31) : widened(r, in1);
        if (b == kNoVar) return;
        result = r.emit(def.op, Type::I64, {a, b});
    }
    r.replace(insn, field_op, Type::I64, {result}, 0, 32);
    simplify_field(r, insn);
}

/// extract and sextract.
void simplify_field(Rewriter& r, Insn& insn) {
    const Var a = insn.in(0);
    const unsigned pos = static_cast<unsigned>(insn.imm[0]);
    const unsigned len = static_cast<unsigned>(insn.imm[1]);
    const bool is_signed = insn.op == Op::sextract;
    if (r.is_const(a)) return;
    if (pos == 0) {
        bool fits = is_signed ? r.known(a).width <= len : (~low_mask(len) & ~r.known(a).zeros) == 0;
        if (fits) return r.replace_by(insn, a);
    }
    // A field of a field, where the outer one lies inside the inner one.
    const Insn* def = r.def(a);
    if (def == nullptr || def->type != insn.type || (def->op != Op::extract && def->op != Op::sextract)) return;
    if (pos + len > def->imm[1]) return;
    u64 inner = def->imm[0];
    Var source = r.def_input(a, 0);
    if (source == kNoVar || !r.better_source(source, a)) return;
    r.replace(insn, insn.op, insn.type, {source}, inner + pos, len);
}

void simplify_trunc(Rewriter& r, Insn& insn) {
    const Insn* def = r.def(insn.in(0));
    if (def == nullptr) return;
    bool extension = def->op == Op::ext_s || def->op == Op::ext_u;
    bool field = (def->op == Op::sextract || def->op == Op::extract) && def->imm[0] == 0 && def->imm[1] >= 32;
    if (!extension && !field) return;
    Var source = r.def_input(insn.in(0), 0);
    // Of what was extended into a guest register the low half is at hand there.
    if (source == kNoVar || !r.better_source(source, insn.in(0))) return;
    if (extension) return r.replace_by(insn, source);
    insn.args[1] = source;
}

/// A variable that holds the first input of the instruction that computed input `i`, or kNoVar. When only
/// `insn` needs input `i`, which it overwrites, that instruction is undone.
Var first_input_of(Rewriter& r, const Insn& insn, unsigned i) {
    Var v = insn.in(i);
    Var source = r.def_input(v, 0);
    if (source != kNoVar) return r.better_source(source, v) ? source : kNoVar;
    u32 def = r.known(v).def;
    bool only_here = v == insn.out() && r.at(def).out() == v && r.unused_since_def(v) && r.no_barrier_since(def);
    return only_here ? r.undo(v) : kNoVar;
}

/// a & ~b.
void merge_not(Rewriter& r, Insn& insn) {
    for (unsigned i : {1u, 0u}) {
        const Insn* def = r.def(insn.in(i));
        Var other = insn.in(1 - i);
        if (def == nullptr || def->op != Op::not_ || other == insn.in(i)) continue;
        Var source = first_input_of(r, insn, i);
        if (source == kNoVar) continue;
        return r.replace(insn, Op::andc, insn.type, {other, source});
    }
}

void simplify_and(Rewriter& r, Insn& insn) {
    if (!r.is_number(insn.in(1))) return merge_not(r, insn);
    if (!r.is_number(insn.in(1)) || r.is_const(insn.in(0))) return;
    u64 mask = r.const_value(insn.in(1));
    u64 zeros = r.known(insn.in(0)).zeros;
    u64 type_mask = low_mask(type_bits(insn.type));
    u64 matters = ~zeros & type_mask;  // bits that the mask may clear
    if ((matters & ~mask) == 0) return r.replace_by(insn, insn.in(0));
    if ((matters & mask) == 0) r.replace_by_constant(insn, 0);
}

/// shr or sar of a shl, both by constants.
void merge_shifts(Rewriter& r, Insn& insn) {
    const unsigned bits = type_bits(insn.type);
    if (!r.is_number(insn.in(1))) return;
    const Insn* def = r.def(insn.in(0));
    if (def == nullptr || def->op != Op::shl || def->type != insn.type || !r.is_number(def->in(1))) return;
    unsigned left = static_cast<unsigned>(r.const_value(def->in(1))) & (bits - 1);
    unsigned right = static_cast<unsigned>(r.const_value(insn.in(1))) & (bits - 1);
    if (right < left) return;
    Var source = first_input_of(r, insn, 0);
    if (source == kNoVar) return;
    r.replace(insn, insn.op == Op::sar ? Op::sextract : Op::extract, insn.type, {source}, right - left, bits - right);
    simplify_field(r, insn);
}

}  // namespace

bool simplify_bits(Rewriter& r, Insn& insn) {
    switch (insn.op) {
        case Op::ext_s:
        case Op::ext_u: simplify_extension(r, insn); break;
        case Op::extract:
        case Op::sextract: simplify_field(r, insn); break;
        case Op::trunc: simplify_trunc(r, insn); break;
        case Op::and_: simplify_and(r, insn); break;
        case Op::shr:
        case Op::sar: merge_shifts(r, insn); break;
        default: break;
    }
    return true;
}

}  // namespace dragoman::ir
