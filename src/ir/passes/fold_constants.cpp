// Constant folding: evaluates ops on constants, applies the identities of ops with one constant or
// with equal inputs, and puts constants second. A constant that derives from the guest pc folds only into
// another such constant (address + number), so that it keeps its relocation.
#include "ir/passes/passes.h"

#include "ir/evaluate.h"

namespace dragoman::ir {

namespace {

bool same_value(Rewriter& r, Var a, Var b) { return a == b || r.value_of(a) == r.value_of(b); }

void put_constant_second(Rewriter& r, Insn& insn) {
    Var& a = insn.args[insn.outputs];
    Var& b = insn.args[insn.outputs + 1];
    if (!r.is_const(a) || r.is_const(b)) return;
    if (insn.op == Op::setcond || insn.op == Op::movcond || insn.op == Op::brcond) {
        u64& cond = insn.imm[insn.op == Op::brcond ? 1 : 0];
        cond = static_cast<u64>(swap_operands(static_cast<Cond>(cond)));
    } else if (!has(info(insn.op).flags, OpFlags::Commutative)) {
        return;
    }
    std::swap(a, b);
}

/// All inputs are numbers.
bool fold_all(Rewriter& r, Insn& insn) {
    u64 inputs[2] = {};
    for (unsigned i = 0; i < insn.inputs; ++i) {
        Var c = r.constant_of(insn.in(i));
        if (!r.is_number(c)) return false;
        inputs[i] = r.const_value(c);
    }
    r.replace_by_constant(insn, evaluate(insn.op, insn.type, inputs[0], inputs[1], insn.imm[0], insn.imm[1]));
    return true;
}

/// address + number, number + address, address - number.
bool fold_address(Rewriter& r, Insn& insn) {
    if (insn.op != Op::add && insn.op != Op::sub) return false;
    Var a = r.constant_of(insn.in(0));
    Var b = r.constant_of(insn.in(1));
    if (!r.is_const(a) || !r.is_const(b)) return false;
    bool foldable = r.is_number(b) || (insn.op == Op::add && r.is_number(a));
    if (!foldable) return false;
    r.replace_by_constant(insn, evaluate(insn.op, insn.type, r.const_value(a), r.const_value(b), 0, 0), true);
    return true;
}

/// Folds (x + c1) + c2 where x is still at hand, reading no dearer variable.
void reassociate(Rewriter& r, Insn& insn) {
    Var a = insn.in(0);
    const Insn* def = r.def(a);
    if (def == nullptr || def->op != Op::add || def->type != insn.type || !r.is_number(def->in(1))) return;
    u64 sum = r.const_value(def->in(1)) + r.const_value(insn.in(1));
    if (!fits_i32(sign_extend(sum, type_bits(insn.type)))) return;
    Var x = r.def_input(a, 0);
    if (x == kNoVar || !r.better_source(x, a)) return;
    r.replace(insn, Op::add, insn.type, {x, r.constant(insn.type, sum)});
}

void fold_multiply(Rewriter& r, Insn& insn, u64 c) {
    Var a = insn.in(0);
    if (c == 0) return r.replace_by_constant(insn, 0);
    if (c == 1) return r.replace_by(insn, a);
    if (!std::has_single_bit(c)) return;
    r.replace(insn, Op::shl, insn.type, {a, r.constant(insn.type, static_cast<u64>(std::countr_zero(c)))});
}

void fold_divide(Rewriter& r, Insn& insn, u64 c) {
    Var a = insn.in(0);
    bool quotient = insn.op == Op::div_u || insn.op == Op::div_s;
    if (c == 1) return quotient ? r.replace_by(insn, a) : r.replace_by_constant(insn, 0);
    if (!std::has_single_bit(c)) return;
    if (insn.op == Op::div_u) {
        r.replace(insn, Op::shr, insn.type, {a, r.constant(insn.type, static_cast<u64>(std::countr_zero(c)))});
    } else if (insn.op == Op::rem_u) {
        r.replace(insn, Op::and_, insn.type, {a, r.constant(insn.type, c - 1)});
    }
}

/// The second input is the number `c`, the first is not constant.
void fold_second(Rewriter& r, Insn& insn, u64 c) {
    const u64 ones = low_mask(type_bits(insn.type));
    Var a = insn.in(0);
    switch (insn.op) {
        case Op::add:
            if (c == 0) return r.replace_by(insn, a);
            return reassociate(r, insn);
        case Op::sub:
            if (c == 0) return r.replace_by(insn, a);
            r.replace(insn, Op::add, insn.type, {a, r.constant(insn.type, -c)});
            return reassociate(r, insn);
        case Op::xor_:
            if (c == ones) return r.replace(insn, Op::not_, insn.type, {a});
            if (c == 0) r.replace_by(insn, a);
            return;
        case Op::or_:
            if (c == ones) return r.replace_by_constant(insn, ones);
            if (c == 0) r.replace_by(insn, a);
            return;
        case Op::and_:
            if (c == 0) return r.replace_by_constant(insn, 0);
            if (c == ones) r.replace_by(insn, a);
            return;
        case Op::andc: return r.replace(insn, Op::and_, insn.type, {a, r.constant(insn.type, ~c)});
        case Op::orc: return r.replace(insn, Op::or_, insn.type, {a, r.constant(insn.type, ~c)});
        case Op::eqv: return r.replace(insn, Op::xor_, insn.type, {a, r.constant(insn.type, ~c)});
        case Op::shl:
        case Op::shr:
        case Op::sar:
        case Op::rotl:
        case Op::rotr: {
            u64 n = c & (type_bits(insn.type) - 1);
            if (n == 0) return r.replace_by(insn, a);
            if (n != c) insn.args[2] = r.constant(insn.type, n);
            return;
        }
        case Op::mul: return fold_multiply(r, insn, c);
        case Op::div_s:
        case Op::div_u:
        case Op::rem_s:
        case Op::rem_u: return fold_divide(r, insn, c);
        case Op::max_u:
        case Op::clmul:
            if (c == 0) {
                if (insn.op == Op::max_u) return r.replace_by(insn, a);
                r.replace_by_constant(insn, 0);
            }
            return;
        case Op::min_u:
            if (c == 0) r.replace_by_constant(insn, 0);
            return;
        default: return;
    }
}

/// The first input is the number `c`, the second is not constant.
void fold_first(Rewriter& r, Insn& insn, u64 c) {
    Var b = insn.in(1);
    switch (insn.op) {
        case Op::sub:
            if (c == 0) r.replace(insn, Op::neg, insn.type, {b});
            return;
        case Op::shl:
        case Op::shr:
        case Op::sar:
        case Op::rotl:
        case Op::rotr:
        case Op::andc:
            if (c == 0) r.replace_by_constant(insn, 0);
            return;
        default: return;
    }
}

void fold_equal(Rewriter& r, Insn& insn) {
    switch (insn.op) {
        case Op::sub:
        case Op::xor_:
        case Op::andc: return r.replace_by_constant(insn, 0);
        case Op::orc:
        case Op::eqv: return r.replace_by_constant(insn, ~u64{0});
        case Op::and_:
        case Op::or_:
        case Op::min_s:
        case Op::min_u:
        case Op::max_s:
        case Op::max_u: return r.replace_by(insn, insn.in(0));
        default: return;
    }
}

/// Simplest form of a comparison with the number `c`.
void canonical_condition(Rewriter& r, Cond& cond, Var& b, Type t) {
    u64 c = r.const_value(b);
    u64 ones = low_mask(type_bits(t));
    auto with_zero = [&](Cond simpler) {
        cond = simpler;
        b = r.constant(t, 0);
    };
    if (cond == Cond::Ltu && c == 1) with_zero(Cond::Eq);
    else if (cond == Cond::Geu && c == 1) with_zero(Cond::Ne);
    else if (cond == Cond::Leu && c == 0) cond = Cond::Eq;
    else if (cond == Cond::Gtu && c == 0) cond = Cond::Ne;
    else if (cond == Cond::Gt && c == ones) with_zero(Cond::Ge);
    else if (cond == Cond::Le && c == ones) with_zero(Cond::Lt);
    else if (cond == Cond::Lt && c == 1) with_zero(Cond::Le);
    else if (cond == Cond::Ge && c == 1) with_zero(Cond::Gt);
    else if (cond == Cond::TstEq && c == ones) with_zero(Cond::Eq);
    else if (cond == Cond::TstNe && c == ones) with_zero(Cond::Ne);
}

enum class Outcome { Unknown, False, True };

Outcome decide(bool b) { return b ? Outcome::True : Outcome::False; }

/// Whether the comparison of an instruction has a known outcome; brings it into its simplest form.
Outcome fold_condition(Rewriter& r, Insn& insn, Type t, u64& imm) {
    auto cond = static_cast<Cond>(imm);
    Var a = insn.in(0);
    Var& b = insn.args[insn.outputs + 1];
    Var ca = r.constant_of(a);
    Var cb = r.constant_of(b);
    if (r.is_number(ca) && r.is_number(cb)) return decide(evaluate(cond, t, r.const_value(ca), r.const_value(cb)));
    bool tests_bits = cond == Cond::TstEq || cond == Cond::TstNe;
    if (!tests_bits && same_value(r, a, b)) return decide(evaluate(cond, t, 0, 0));
    if (!r.is_number(b) || r.is_const(a)) return Outcome::Unknown;
    u64 c = r.const_value(b);
    if (c == 0 && (cond == Cond::Ltu || cond == Cond::TstNe)) return Outcome::False;
    if (c == 0 && (cond == Cond::Geu || cond == Cond::TstEq)) return Outcome::True;
    canonical_condition(r, cond, b, t);
    imm = static_cast<u64>(cond);
    return Outcome::Unknown;
}

bool fold_branch(Rewriter& r, Insn& insn) {
    switch (fold_condition(r, insn, insn.type, insn.imm[1])) {
        case Outcome::False: return false;
        case Outcome::True:
            insn.op = Op::br;
            insn.type = Type::None;
            insn.inputs = 0;
            insn.imm[1] = 0;
            return true;
        case Outcome::Unknown: break;
    }
    return true;
}

void fold_select(Rewriter& r, Insn& insn) {
    if (same_value(r, insn.in(2), insn.in(3))) return r.replace_by(insn, insn.in(2));
    Outcome outcome = fold_condition(r, insn, insn.type2, insn.imm[0]);
    if (outcome == Outcome::True) r.replace_by(insn, insn.in(2));
    if (outcome == Outcome::False) r.replace_by(insn, insn.in(3));
}

void fold_bits(Rewriter& r, Insn& insn) {
    if (insn.imm[0] == 0 && insn.imm[1] == type_bits(insn.type)) {
        r.replace_by(insn, insn.in(insn.op == Op::deposit ? 1 : 0));
    }
}

}  // namespace

bool fold_constants(Rewriter& r, Insn& insn) {
    if (insn.inputs == 0 || insn.op == Op::mov) return true;
    if (insn.inputs >= 2 && insn.in(1) != kNoVar) put_constant_second(r, insn);
    switch (insn.op) {
        case Op::brcond: return fold_branch(r, insn);
        case Op::movcond: fold_select(r, insn); return true;
        case Op::setcond: {
            Outcome outcome = fold_condition(r, insn, insn.type, insn.imm[0]);
            if (outcome != Outcome::Unknown) r.replace_by_constant(insn, outcome == Outcome::True);
            return true;
        }
        default: break;
    }
    if (insn.outputs != 1 || !has(info(insn.op).flags, OpFlags::Int) || has(info(insn.op).flags, OpFlags::SideEffects))
        return true;
    if (fold_all(r, insn) || fold_address(r, insn)) return true;
    if (insn.op == Op::extract || insn.op == Op::sextract || insn.op == Op::deposit) {
        fold_bits(r, insn);
    } else if (insn.inputs == 2) {
        Var a = insn.in(0);
        Var b = insn.in(1);
        if (same_value(r, a, b)) {
            fold_equal(r, insn);
        } else if (r.is_number(b) && !r.is_const(a)) {
            fold_second(r, insn, r.const_value(b));
        } else if (r.is_number(a) && !r.is_const(b)) {
            fold_first(r, insn, r.const_value(a));
        }
    }
    return true;
}

}  // namespace dragoman::ir
