// Instructions that make masks or compute with them.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;

struct Comparison {
    bool is_float;
    Cond cond;
    ir::FloatCond float_cond;
    bool swap, invert;
};

bool comparison(VectorOp op, Comparison& c) {
    using enum ir::FloatCond;
    auto integer = [&](Cond cond) {
        c = {false, cond, Eq, false, false};
        return true;
    };
    auto floats = [&](ir::FloatCond cond, bool swap = false, bool invert = false) {
        c = {true, Cond::Eq, cond, swap, invert};
        return true;
    };
    switch (op) {
        case VectorOp::vmseq: return integer(Cond::Eq);
        case VectorOp::vmsne: return integer(Cond::Ne);
        case VectorOp::vmsltu: return integer(Cond::Ltu);
        case VectorOp::vmslt: return integer(Cond::Lt);
        case VectorOp::vmsleu: return integer(Cond::Leu);
        case VectorOp::vmsle: return integer(Cond::Le);
        case VectorOp::vmsgtu: return integer(Cond::Gtu);
        case VectorOp::vmsgt: return integer(Cond::Gt);
        case VectorOp::vmfeq: return floats(Eq);
        case VectorOp::vmfne: return floats(Eq, false, true);
        case VectorOp::vmflt: return floats(Lt);
        case VectorOp::vmfle: return floats(Le);
        case VectorOp::vmfgt: return floats(Lt, true);
        case VectorOp::vmfge: return floats(Le, true);
        default: return false;
    }
}

unsigned count_of(const InlineVector& v) { return v.bytes_used(v.lmul) >> v.sew; }

/// All registers are compared before vd is written: it may be one of them.
bool compare(InlineVector& v, const Comparison& c) {
    const Element e = c.is_float ? float_element(v.sew) : integer_element(v.sew);
    const Op op = c.is_float ? Op::v_fcmp : Op::v_cmp;
    const unsigned count = count_of(v);
    // Others must raise nothing.
    const bool partial = v.has_mask() || (c.is_float && !v.fills_part(v.lmul));
    const Type t = partial ? v.type : v.part_type(v.lmul);
    if (c.is_float && v.sew < 2) return false;
    // Integers may be compared in all elements.
    const bool masks = partial && v.has(op, t, e, true);
    if (!masks && (!v.has(op, t, e) || (partial && c.is_float))) return false;
    if (partial && (!masks || c.invert) && !v.has(Op::v_mask_andc, Type::Mask, e)) return false;
    Builder& b = v.b;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(e);
    const u64 cond = c.is_float ? static_cast<u64>(c.float_cond) : static_cast<u64>(c.cond);
    const unsigned registers = v.registers(v.lmul);
    Var bits[8];
    for (unsigned r = 0; r < registers; ++r) {
        Var x = v.source(v.vs2() + r, v.lmul), y = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        if (c.swap) std::swap(x, y);
        if (partial) {
            const Var mask = v.has_mask() ? v.mask(r, count) : v.first(count);
            const Var old = v.mask_bits(v.vd(), r, count);
            if (masks) {
                bits[r] = b.masked_op(op, v.type, e, {x, y}, mask, old, cond);
            } else {
                const Var all = b.vector_op(op, v.type, e, {x, y}, cond);
                const Var active = b.op(Op::v_mask_and, Type::Mask, {all, mask});
                bits[r] = b.op(Op::v_mask_or, Type::Mask, {active, b.op(Op::v_mask_andc, Type::Mask, {old, mask})});
            }
            if (c.invert) bits[r] = b.op(Op::v_mask_xor, Type::Mask, {bits[r], mask});
        } else {
            bits[r] = b.vector_op(op, t, e, {v.part(t, x), v.part(t, y)}, cond);
            // A mask has no bits above those of its elements (InlineVector::mask_bits hands it on).
            if (!v.fills_part(v.lmul)) bits[r] = b.op(Op::v_mask_and, Type::Mask, {bits[r], v.first(count)});
        }
        if (c.invert && !partial) {
            const Var word = b.xor_(b.convert(Op::bitcast, Type::I64, bits[r]), b.c64(low_mask(count)));
            bits[r] = b.convert(Op::bitcast, Type::Mask, word);
        }
    }
    Var d = v.reg(v.vd());
    for (unsigned r = 0; r < registers; ++r) d = b.op(Op::v_mask_put, v.type, {bits[r], d}, u64{r} * count, count);
    b.mov_to(v.reg(v.vd()), d);
    return true;
}

/// vmadc, vmsbc: what a sum or a difference carries out, or borrows; v0 has what comes in, if vm says so.
bool carry_out(InlineVector& v, bool borrows) {
    const Element e = integer_element(v.sew);
    const unsigned count = count_of(v), registers = v.registers(v.lmul);
    if (!v.has(Op::v_cmp, e) || !v.has(Op::v_add, e) || !v.has(Op::v_mask_andc, Type::Mask, e)) return false;
    Builder& b = v.b;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(e);
    const Var ones = borrows || !v.masked() ? ir::kNoVar : b.splat(v.type, e, b.c64(~u64{0}));
    auto compare = [&](Var x, Var y, Cond cond) {
        return b.vector_op(Op::v_cmp, v.type, e, {x, y}, static_cast<u64>(cond));
    };
    auto mask_op = [&](Op op, Var x, Var y) { return b.op(op, Type::Mask, {x, y}); };
    Var bits[8];
    for (unsigned r = 0; r < registers; ++r) {
        const Var x = v.source(v.vs2() + r, v.lmul);
        const Var y = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        const Var sum = borrows ? ir::kNoVar : b.vector_op(Op::v_add, v.type, e, {x, y});
        Var out = borrows ? compare(x, y, Cond::Ltu) : compare(sum, x, Cond::Ltu);
        if (v.masked()) {
            const Var passes_on = borrows ? compare(x, y, Cond::Eq) : compare(sum, ones, Cond::Eq);
            out = mask_op(Op::v_mask_or, out, mask_op(Op::v_mask_and, passes_on, v.mask_bits(0, r, count)));
        }
        if (!v.full()) {
            const Var active = v.mask(r, count, false), old = v.mask_bits(v.vd(), r, count);
            out = mask_op(Op::v_mask_or, mask_op(Op::v_mask_and, out, active), mask_op(Op::v_mask_andc, old, active));
        } else if (v.bytes_used(v.lmul) != v.register_bytes()) {
            out = mask_op(Op::v_mask_and, out, v.first(count));
        }
        bits[r] = out;
    }
    Var d = v.reg(v.vd());
    for (unsigned r = 0; r < registers; ++r) d = b.op(Op::v_mask_put, v.type, {bits[r], d}, u64{r} * count, count);
    b.mov_to(v.reg(v.vd()), d);
    return true;
}

/// Bits of a group's elements.
unsigned vlmax(const InlineVector& v) { return count_of(v) * v.registers(v.lmul); }

/// The mask instructions' own ops, on words.
Var combine(Builder& b, VectorOp op, Var x, Var y) {
    switch (op) {
        case VectorOp::vmand: return b.and_(x, y);
        case VectorOp::vmnand: return b.not_(b.and_(x, y));
        case VectorOp::vmandn: return b.op(Op::andc, Type::I64, {x, y});
        case VectorOp::vmxor: return b.xor_(x, y);
        case VectorOp::vmor: return b.or_(x, y);
        case VectorOp::vmnor: return b.not_(b.or_(x, y));
        case VectorOp::vmorn: return b.op(Op::orc, Type::I64, {x, y});
        default: return b.op(Op::eqv, Type::I64, {x, y});
    }
}

Var word_of(InlineVector& v, unsigned reg, unsigned word, unsigned bits) {
    // Most are used where they have been made, register by register of what was compared.
    const unsigned count = count_of(v);
    Var known = ir::kNoVar;
    for (unsigned done = 0; done < bits; done += count) {
        const Var part = v.known_bits(reg, word * 64 + done, std::min(bits, count));
        if (part == ir::kNoVar) {
            known = part;
            break;
        }
        const Var low = v.b.convert(Op::bitcast, Type::I64, part);
        known = done == 0 ? low : v.b.or_(known, v.b.shli(low, done));
    }
    if (known != ir::kNoVar) return known;
    return v.b.convert(Op::bitcast, Type::I64, v.b.op(Op::v_mask_get, v.type, {v.reg(reg)}, u64{word} * 64, bits));
}

/// The bits of the word-th 64 elements that are active, all of them where there is no mask.
Var active_word(InlineVector& v, unsigned word, unsigned bits) {
    Builder& b = v.b;
    Var active = ir::kNoVar;
    if (!v.full()) {
        active = b.convert(Op::bitcast, Type::I64, vector_length_mask(v.ctx, word * 64, bits));
    }
    if (v.masked()) {
        const Var v0 = word_of(v, 0, word, bits);
        active = active == ir::kNoVar ? v0 : b.and_(active, v0);
    }
    return active;
}

/// The same on Masks: all bits in one, and none left out.
Var combine_masks(InlineVector& v, unsigned total) {
    Builder& b = v.b;
    const Var x = v.mask_bits(v.vs2(), 0, total), y = v.mask_bits(v.vs1(), 0, total);
    auto op = [&b](Op o, Var p, Var q) { return b.op(o, Type::Mask, {p, q}); };
    auto inverted = [&](Var p) { return op(Op::v_mask_xor, p, v.first(total)); };
    switch (v.op) {
        case VectorOp::vmand: return op(Op::v_mask_and, x, y);
        case VectorOp::vmnand: return inverted(op(Op::v_mask_and, x, y));
        case VectorOp::vmandn: return op(Op::v_mask_andc, x, y);
        case VectorOp::vmxor: return op(Op::v_mask_xor, x, y);
        case VectorOp::vmor: return op(Op::v_mask_or, x, y);
        case VectorOp::vmnor: return inverted(op(Op::v_mask_or, x, y));
        case VectorOp::vmorn: return inverted(op(Op::v_mask_andc, y, x));
        default: return inverted(op(Op::v_mask_xor, x, y));
    }
}

bool logical(InlineVector& v) {
    Builder& b = v.b;
    const unsigned total = vlmax(v);
    if (total <= 64 && v.full() && v.has(Op::v_mask_andc, Type::Mask, Element::I8)) {
        const Var d = v.reg(v.vd());
        b.mov_to(d, b.op(Op::v_mask_put, v.type, {combine_masks(v, total), d}, 0, total));
        return true;
    }
    Var d = v.reg(v.vd());
    for (unsigned word = 0; word * 64 < total; ++word) {
        const unsigned bits = std::min(total - word * 64, 64u);
        Var value = combine(b, v.op, word_of(v, v.vs2(), word, bits), word_of(v, v.vs1(), word, bits));
        if (!v.full()) {
            // These have no mask.
            const Var old = word_of(v, v.vd(), word, bits), active = active_word(v, word, bits);
            value = b.xor_(old, b.and_(b.xor_(old, value), active));
        }
        if (bits < 64) value = b.andi(value, low_mask(bits));
        d = b.op(Op::v_mask_put, v.type, {b.convert(Op::bitcast, Type::Mask, value), d}, u64{word} * 64, bits);
    }
    b.mov_to(v.reg(v.vd()), d);
    return true;
}

/// vmsbf, vmsif, vmsof, where one word has all bits.
bool set_before_first(InlineVector& v) {
    const unsigned total = vlmax(v);
    if (total > 64) return false;
    Builder& b = v.b;
    const Var active = v.has_mask() ? active_word(v, 0, total) : ir::kNoVar;
    Var x = word_of(v, v.vs2(), 0, total);
    if (v.has_mask()) x = b.and_(x, active);
    const Var less = b.addi(x, -1);
    Var value = v.op == VectorOp::vmsbf   ? b.op(Op::andc, Type::I64, {less, x})
                : v.op == VectorOp::vmsif ? b.xor_(x, less)
                                          : b.and_(x, b.neg(x));
    if (v.has_mask()) {
        const Var old = word_of(v, v.vd(), 0, total);
        value = b.xor_(old, b.and_(b.xor_(old, value), active));
    }
    if (total < 64) value = b.andi(value, low_mask(total));
    const Var mask = b.convert(Op::bitcast, Type::Mask, value);
    b.mov_to(v.reg(v.vd()), b.op(Op::v_mask_put, v.type, {mask, v.reg(v.vd())}, 0, total));
    return true;
}

}  // namespace

bool inline_mask(InlineVector& v) {
    Comparison c;
    if (comparison(v.op, c)) return compare(v, c);
    switch (v.op) {
        case VectorOp::vmand:
        case VectorOp::vmnand:
        case VectorOp::vmandn:
        case VectorOp::vmxor:
        case VectorOp::vmor:
        case VectorOp::vmnor:
        case VectorOp::vmorn:
        case VectorOp::vmxnor: return logical(v);
        case VectorOp::vmadc: return carry_out(v, false);
        case VectorOp::vmsbc: return carry_out(v, true);
        case VectorOp::vmsbf:
        case VectorOp::vmsif:
        case VectorOp::vmsof: return set_before_first(v);
        default: return false;
    }
}

/// vcpop.m, vfirst.m.
bool gen_inline_to_gpr(DisasContext& ctx, VectorOp op, unsigned sew, unsigned rd) {
    VectorType type;
    if (!inlines_vectors(ctx) || !vector_type(ctx, type)) return false;
    InlineVector v(ctx, op, sew, type.lmul, ir::kNoVar);
    Builder& b = v.b;
    const unsigned total = vlmax(v);
    const bool counts = op == VectorOp::vcpop;
    Var result = b.c64(counts ? 0 : ~u64{0});
    for (unsigned word = (total - 1) / 64 + 1; word-- > 0;) {
        const unsigned bits = std::min(total - word * 64, 64u);
        Var x = word_of(v, v.vs2(), word, bits);
        if (v.has_mask()) x = b.and_(x, active_word(v, word, bits));
        if (counts) {
            result = b.add(result, b.op(Op::popcnt, Type::I64, {x}));
        } else {
            const Var at = b.addi(b.op(Op::ctz, Type::I64, {x}), i64{word} * 64);
            result = b.movcond(Cond::Ne, x, b.c64(0), at, result);
        }
    }
    ctx.set_gpr(rd, result);
    return true;
}

}  // namespace dragoman::riscv
