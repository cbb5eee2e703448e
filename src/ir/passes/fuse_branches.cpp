// Compare-and-branch fusion: a branch or select on a computed truth value (or on anything compared with
// zero) compares what that was computed from. The guest register that held the truth value is still written;
// only the branch no longer waits for it.
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

struct Comparison {
    Cond cond;
    Type type;
    Var a;
    Var b;
};

bool is_zero(Rewriter& r, Var v) { return r.is_number(v) && r.const_value(v) == 0; }
bool fits_immediate(Rewriter& r, Var v) {
    return !r.is_const(v) ||
           (r.is_number(v) && (r.type(v) == Type::I32 || fits_i32(static_cast<i64>(r.const_value(v)))));
}

Cond equal_or_not(bool equal) { return equal ? Cond::Eq : Cond::Ne; }

/// a == 0 or a != 0 where `a` was computed by `def`.
bool fuse_zero_test(Rewriter& r, Comparison& c, const Insn& def) {
    const bool equal = c.cond == Cond::Eq;
    const ValueId id = r.value_of(c.a);
    const ValueId in0 = r.value(id).in[0];
    const ValueId in1 = r.value(id).in[1];
    Var x = r.holder(in0);
    Var y = def.inputs > 1 ? r.holder(in1) : kNoVar;
    if (x == kNoVar || !r.better_source(x, c.a)) return false;
    // What has just been computed, and must be, has set the flags.
    const bool sets_flags = def.op == Op::and_ || def.op == Op::xor_ || def.op == Op::sub;
    if (sets_flags && r.is_global(c.a) && r.as_cheap(c.a, x) && r.distance(id) <= 1) return false;
    if (def.inputs > 1 && (y == kNoVar || !fits_immediate(r, y) || !r.better_source(y, c.a))) return false;

    switch (def.op) {
        case Op::setcond: {
            auto cond = static_cast<Cond>(def.imm[0]);
            c = {equal ? invert(cond) : cond, def.type, x, y};
            return true;
        }
        case Op::and_: c = {equal ? Cond::TstEq : Cond::TstNe, c.type, x, y}; return true;
        case Op::xor_:
        case Op::sub: c = {equal_or_not(equal), c.type, x, y}; return true;
        case Op::add:
            if (!r.is_number(y)) return false;
            c = {equal_or_not(equal), c.type, x, r.constant(c.type, -r.const_value(y))};
            return fits_immediate(r, c.b);
        case Op::extract: {
            u64 mask = low_mask(static_cast<unsigned>(def.imm[1])) << def.imm[0];
            if (mask > 0x7fffffff) return false;
            c = {equal ? Cond::TstEq : Cond::TstNe, c.type, x, r.constant(c.type, mask)};
            return true;
        }
        default: return false;
    }
}

/// a < 0 or a >= 0 where `a` is a left shift: a bit test.
bool fuse_sign_test(Rewriter& r, Comparison& c, const Insn& def) {
    if (def.op != Op::shl || def.type != c.type || !r.is_number(def.in(1))) return false;
    u64 shift = r.const_value(def.in(1));
    unsigned top = type_bits(c.type) - 1;
    Var x = r.def_input(c.a, 0);
    if (shift > top || top - shift > 30 || x == kNoVar || !r.better_source(x, c.a)) return false;
    c = {c.cond == Cond::Lt ? Cond::TstNe : Cond::TstEq, c.type, x, r.constant(c.type, u64{1} << (top - shift))};
    return true;
}

bool fuse(Rewriter& r, Comparison& c) {
    const Insn* found = r.def(c.a);
    if (found == nullptr) return false;
    const Insn def = *found;
    const bool equality = c.cond == Cond::Eq || c.cond == Cond::Ne;
    // A truth value compared with 1 is one compared with 0.
    if (equality && def.op == Op::setcond && r.is_number(c.b) && r.const_value(c.b) == 1) {
        Comparison zero = {c.cond == Cond::Eq ? Cond::Ne : Cond::Eq, c.type, c.a, r.constant(c.type, 0)};
        if (!fuse_zero_test(r, zero, def)) return false;
        c = zero;
        return true;
    }
    if (!is_zero(r, c.b)) return false;
    if (equality) {
        Comparison fused = c;
        if (!fuse_zero_test(r, fused, def)) return false;
        c = fused;
        return true;
    }
    return (c.cond == Cond::Lt || c.cond == Cond::Ge) && fuse_sign_test(r, c, def);
}

/// Fuses as often as it goes: a branch on the negation of a comparison takes two steps.
bool fuse_all(Rewriter& r, Comparison& c) {
    bool any = false;
    for (unsigned i = 0; i < 3 && fuse(r, c); ++i) any = true;
    return any;
}

/// The negation of a truth value: xor with 1.
void fuse_negation(Rewriter& r, Insn& insn) {
    if (!r.is_number(insn.in(1)) || r.const_value(insn.in(1)) != 1) return;
    const Insn* found = r.def(insn.in(0));
    if (found == nullptr || found->op != Op::setcond) return;
    const Insn def = *found;
    Var x = r.def_input(insn.in(0), 0);
    Var y = r.def_input(insn.in(0), 1);
    if (x == kNoVar || y == kNoVar) return;
    if (!r.better_source(x, insn.in(0)) || !r.better_source(y, insn.in(0))) return;
    r.replace(insn, Op::setcond, def.type, {x, y}, static_cast<u64>(invert(static_cast<Cond>(def.imm[0]))));
}

}  // namespace

bool fuse_branches(Rewriter& r, Insn& insn) {
    switch (insn.op) {
        case Op::brcond: {
            Comparison c = {static_cast<Cond>(insn.imm[1]), insn.type, insn.in(0), insn.in(1)};
            if (!fuse_all(r, c)) break;
            insn.type = c.type;
            insn.args[0] = c.a;
            insn.args[1] = c.b;
            insn.imm[1] = static_cast<u64>(c.cond);
            break;
        }
        case Op::movcond: {
            Comparison c = {static_cast<Cond>(insn.imm[0]), insn.type2, insn.in(0), insn.in(1)};
            if (!fuse_all(r, c)) break;
            insn.type2 = c.type;
            insn.args[1] = c.a;
            insn.args[2] = c.b;
            insn.imm[0] = static_cast<u64>(c.cond);
            break;
        }
        case Op::setcond: {
            Comparison c = {static_cast<Cond>(insn.imm[0]), insn.type, insn.in(0), insn.in(1)};
            if (!fuse_all(r, c)) break;
            insn.type = c.type;
            insn.args[1] = c.a;
            insn.args[2] = c.b;
            insn.imm[0] = static_cast<u64>(c.cond);
            break;
        }
        case Op::xor_: fuse_negation(r, insn); break;
        default: break;
    }
    return true;
}

}  // namespace dragoman::ir
