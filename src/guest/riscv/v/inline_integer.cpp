// Integer instructions as IR ops: element by element, widening and narrowing, reductions, moves.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;
using ir::Reduction;

/// The op of a plain two-operand instruction; Count_: it is none.
constexpr Op binary_op(VectorOp op) {
    switch (op) {
        case VectorOp::vadd: return Op::v_add;
        case VectorOp::vsub:
        case VectorOp::vrsub: return Op::v_sub;
        case VectorOp::vmul: return Op::v_mul;
        case VectorOp::vand: return Op::v_and;
        case VectorOp::vor: return Op::v_or;
        case VectorOp::vxor: return Op::v_xor;
        case VectorOp::vandn: return Op::v_andc;
        case VectorOp::vmin: return Op::v_min_s;
        case VectorOp::vminu: return Op::v_min_u;
        case VectorOp::vmax: return Op::v_max_s;
        case VectorOp::vmaxu: return Op::v_max_u;
        case VectorOp::vsll: return Op::v_shl;
        case VectorOp::vsrl: return Op::v_shr;
        case VectorOp::vsra: return Op::v_sar;
        default: return Op::Count_;
    }
}

/// The form of a shift with one count.
constexpr Op scalar_shift(Op op) {
    return op == Op::v_shl ? Op::v_shl_x : op == Op::v_shr ? Op::v_shr_x : op == Op::v_sar ? Op::v_sar_x : Op::Count_;
}

/// Elements of 2^sew bytes that the registers of a group of 2^log2 hold each.
unsigned count_of(const InlineVector& v, unsigned sew, int log2) { return v.bytes_used(log2) >> sew; }

/// Whether `op` can be done on elements `e`, with the instruction's mask if it has one: by itself or by selecting.
bool can_do(const InlineVector& v, Op op, Element e) {
    if (!v.has(op, e)) return false;
    return !v.has_mask() || v.has(op, e, true) || v.has(Op::v_select, e);
}

/// vd + r = op on `in`, where the mask says so. Integer ops have no side effects, so that one without a masked form is
/// done on all elements.
void masked_result(InlineVector& v, Op op, unsigned sew, int log2, unsigned r, std::initializer_list<Var> in,
                   u64 imm0 = 0, u64 imm1 = 0) {
    const Element e = integer_element(sew);
    if (!v.has_mask()) return v.write(r, v.b.vector_op(op, v.type, e, in, imm0, imm1), log2);
    const Var old = v.reg(v.vd() + r);
    const Var mask = v.mask(r, count_of(v, sew, log2));
    if (v.has(op, e, true)) {
        v.b.mov_to(old, v.b.masked_op(op, v.type, e, in, mask, old, imm0, imm1));
    } else {
        const Var all = v.b.vector_op(op, v.type, e, in, imm0, imm1);
        v.b.mov_to(old, v.b.vector_op(Op::v_select, v.type, e, {mask, all, old}));
    }
}

bool binary(InlineVector& v) {
    Op op = binary_op(v.op);
    const Element e = integer_element(v.sew);
    const bool swap = v.op == VectorOp::vrsub;
    const bool one_count = !v.vector_vector() && scalar_shift(op) != Op::Count_;
    if (one_count) op = scalar_shift(op);
    if (!can_do(v, op, e)) return false;
    const Var second = v.vector_vector() ? ir::kNoVar : one_count ? v.scalar : v.splat(e);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var a = v.source(v.vs2() + r, v.lmul), b = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        if (swap) {
            masked_result(v, op, v.sew, v.lmul, r, {b, a});
        } else {
            masked_result(v, op, v.sew, v.lmul, r, {a, b});
        }
    }
    return true;
}

/// vrol, vror by the host's rotation to the right.
bool rotate_right(InlineVector& v, bool left) {
    const Element e = integer_element(v.sew);
    const bool one_count = !v.vector_vector();
    const Op op = one_count ? Op::v_rotr_x : Op::v_rotr;
    if (!can_do(v, op, e)) return false;
    Builder& b = v.b;
    Var count = v.scalar;
    const Var none = one_count || !left ? ir::kNoVar : b.splat(v.type, e, b.c64(0));
    if (one_count && left) count = b.neg(count);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        if (!one_count) count = v.source(v.vs1() + r, v.lmul);
        if (!one_count && left) count = b.vector_op(Op::v_sub, v.type, e, {none, count});
        masked_result(v, op, v.sew, v.lmul, r, {v.source(v.vs2() + r, v.lmul), count});
    }
    return true;
}

/// The same by two shifts, whose counts are taken modulo the width.
bool rotate(InlineVector& v, bool left) {
    if (rotate_right(v, left)) return true;
    const Element e = integer_element(v.sew);
    const bool one_count = !v.vector_vector();
    Op first = left ? Op::v_shl : Op::v_shr, second = left ? Op::v_shr : Op::v_shl;
    if (one_count) first = scalar_shift(first), second = scalar_shift(second);
    if (!v.has(first, e) || !v.has(second, e) || !can_do(v, Op::v_or, e)) return false;
    Builder& b = v.b;
    Var count = ir::kNoVar, rest = ir::kNoVar;
    if (one_count) {
        count = v.scalar;
        rest = b.neg(count);
    }
    const Var none = one_count ? ir::kNoVar : b.splat(v.type, e, b.c64(0));
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var a = v.reg(v.vs2() + r);
        if (!one_count) {
            count = v.reg(v.vs1() + r);
            rest = b.vector_op(Op::v_sub, v.type, e, {none, count});
        }
        const Var x = b.vector_op(first, v.type, e, {a, count}), y = b.vector_op(second, v.type, e, {a, rest});
        masked_result(v, Op::v_or, v.sew, v.lmul, r, {x, y});
    }
    return true;
}

/// vmacc and the like: a product that is added to, or taken from, vd or vs2.
bool multiply_add(InlineVector& v) {
    const Element e = integer_element(v.sew);
    const bool subtracts = v.op == VectorOp::vnmsac || v.op == VectorOp::vnmsub;
    const bool overwrites_factor = v.op == VectorOp::vmadd || v.op == VectorOp::vnmsub;
    const Op sum = subtracts ? Op::v_sub : Op::v_add;
    if (!v.has(Op::v_mul, e) || !can_do(v, sum, e)) return false;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(e);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var b = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        const Var a = v.source(v.vs2() + r, v.lmul), d = v.source(v.vd() + r, v.lmul);
        const Var product = v.b.vector_op(Op::v_mul, v.type, e, {b, overwrites_factor ? d : a});
        masked_result(v, sum, v.sew, v.lmul, r, {overwrites_factor ? a : d, product});
    }
    return true;
}

/// vmv.v.*, vmerge: v0 is no mask of the first and selects of the second.
bool move(InlineVector& v) {
    const Element e = integer_element(v.sew);
    const bool merges = v.op == VectorOp::vmerge;
    if ((merges || !v.full()) && !v.has(Op::v_select, e)) return false;
    const Var one = v.vector_vector() ? ir::kNoVar : v.splat(e);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const unsigned count = count_of(v, v.sew, v.lmul);
        const Var d = v.reg(v.vd() + r);
        Var value = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : one;
        if (merges) {
            const Var other = v.source(v.vs2() + r, v.lmul);
            value = v.b.vector_op(Op::v_select, v.type, e, {v.mask_bits(0, r, count), value, other});
        }
        if (v.full()) {
            v.write(r, value, v.lmul);
        } else {
            v.b.mov_to(d, v.b.vector_op(Op::v_select, v.type, e, {v.mask(r, count, false), value, d}));
        }
    }
    return true;
}

bool unary(InlineVector& v, Op op) {
    if (!can_do(v, op, integer_element(v.sew))) return false;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        masked_result(v, op, v.sew, v.lmul, r, {v.source(v.vs2() + r, v.lmul)});
    }
    return true;
}

bool carryless(InlineVector& v, bool high) {
    const Element e = integer_element(v.sew);
    if (!can_do(v, Op::v_clmul, e)) return false;
    const Var one = v.vector_vector() ? ir::kNoVar : v.splat(e);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var b = v.vector_vector() ? v.reg(v.vs1() + r) : one;
        masked_result(v, Op::v_clmul, v.sew, v.lmul, r, {v.reg(v.vs2() + r), b}, high);
    }
    return true;
}

bool iota(InlineVector& v) {
    if (!can_do(v, Op::v_iota, integer_element(v.sew))) return false;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        masked_result(v, Op::v_iota, v.sew, v.lmul, r, {}, u64{r} * count_of(v, v.sew, v.lmul), 1);
    }
    return true;
}

/// vmv1r.v to vmv8r.v: as many registers as the rs1 field says.
bool whole_registers(InlineVector& v) {
    const unsigned registers = v.vs1() + 1;
    // In the order that an overlap permits: groups are aligned, so there is none but with themselves.
    for (unsigned r = 0; r < registers; ++r) v.b.mov_to(v.reg(v.vd() + r), v.reg(v.vs2() + r));
    return true;
}

/// Makes `value` element 0 of vd, unless vl is 0. The host has v_insert and v_extract.
void write_first(InlineVector& v, Element e, Var value) {
    Builder& b = v.b;
    const Var d = v.reg(v.vd());
    if (!v.full()) {
        const Var vl = vector_length(v.ctx);
        const Var old = b.vector_op(Op::v_extract, v.type, e, {d}, 0, 0);
        value = b.movcond(Cond::Ne, vl, b.c64(0), value, old);
    }
    b.mov_to(d, b.vector_op(Op::v_insert, v.type, e, {d, value}, 0));
}

/// vmv.s.x, vfmv.s.f.
bool set_first(InlineVector& v) {
    const Element e = integer_element(v.sew);
    if (!v.has(Op::v_insert, e) || !v.has(Op::v_extract, e)) return false;
    Builder& b = v.b;
    Var value = v.scalar;
    if (v.float_scalar() && v.sew < 3) {
        const Var single = b.convert(Op::funbox, Type::F32, DisasContext::fpr(v.vs1()));
        value = b.ext_u(b.convert(Op::bitcast, Type::I32, single));
    }
    write_first(v, e, value);
    return true;
}

// ---- Widening and narrowing -----------------------------------------------------------------------

/// Register `reg` + the register that the r-th one of a group of wider elements comes from, extended. LMUL of the
/// narrow ones is 2^log2.
Var extended(InlineVector& v, unsigned reg, int log2, unsigned r, unsigned from, unsigned to, bool sign) {
    const unsigned ratio = 1u << (to - from);
    return v.b.vector_op(sign ? Op::v_ext_s : Op::v_ext_u, v.type, integer_element(to),
                         {v.source(reg + r / ratio, log2)}, from, r % ratio);
}

bool extend(InlineVector& v, unsigned steps, bool sign) {
    const Op op = sign ? Op::v_ext_s : Op::v_ext_u;
    if (!can_do(v, op, integer_element(v.sew))) return false;
    const unsigned from = v.sew - steps, ratio = 1u << steps;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        masked_result(v, op, v.sew, v.lmul, r, {v.source(v.vs2() + r / ratio, v.lmul - static_cast<int>(steps))}, from,
                      r % ratio);
    }
    return true;
}

struct Widening {
    Op op;
    bool sign_a, sign_b;
    bool wide_a;       ///< vs2 is wide already
    bool accumulates;  ///< added to vd
};

bool widen(InlineVector& v, const Widening& w) {
    const unsigned wide = v.sew + 1;
    const int log2 = v.lmul + 1;
    const Element e = integer_element(wide);
    const Op last = w.accumulates ? Op::v_add : w.op;
    if (!v.has(Op::v_ext_s, e) || !v.has(w.op, e) || !can_do(v, last, e)) return false;
    Var second = ir::kNoVar;
    if (!v.vector_vector()) {
        const Var narrow = w.sign_b ? v.b.sextract(v.scalar, 0, 8u << v.sew) : v.b.extract(v.scalar, 0, 8u << v.sew);
        second = v.b.splat(v.type, e, narrow);
    }
    for (unsigned r = 0; r < v.registers(log2); ++r) {
        const Var a = w.wide_a ? v.source(v.vs2() + r, log2) : extended(v, v.vs2(), v.lmul, r, v.sew, wide, w.sign_a);
        const Var b = v.vector_vector() ? extended(v, v.vs1(), v.lmul, r, v.sew, wide, w.sign_b) : second;
        if (w.accumulates) {
            const Var product = v.b.vector_op(w.op, v.type, e, {a, b});
            masked_result(v, last, wide, log2, r, {v.reg(v.vd() + r), product});
        } else {
            masked_result(v, last, wide, log2, r, {a, b});
        }
    }
    return true;
}

/// vnsrl, vnsra: each register of the result comes from two of vs2.
bool narrow(InlineVector& v, Op shift, Op shift_all) {
    const unsigned wide = v.sew + 1;
    const Element e = integer_element(wide), narrow_element = integer_element(v.sew);
    const Op op = v.vector_vector() ? shift : shift_all;
    if (!v.has(op, e) || !v.has(Op::v_narrow, narrow_element)) return false;
    if (v.has_mask() && !v.has(Op::v_select, narrow_element)) return false;
    Builder& b = v.b;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        Var parts[2];
        const unsigned count = v.lmul < 0 ? 1 : 2;
        for (unsigned part = 0; part < count; ++part) {
            Var a = v.source(v.vs2() + r * 2 + part, v.lmul + 1);
            const bool shifts = v.vector_vector() || !b.function().is_const(v.scalar) ||
                                (b.function().vars[v.scalar].value & ((16u << v.sew) - 1)) != 0;
            if (v.vector_vector()) {
                const Var counts = extended(v, v.vs1(), v.lmul, r * 2 + part, v.sew, wide, false);
                a = b.vector_op(op, v.type, e, {a, counts});
            } else if (shifts) {
                a = b.vector_op(op, v.type, e, {a, v.scalar});
            }
            parts[part] = b.vector_op(Op::v_narrow, v.type, narrow_element, {a});
        }
        v.write_active(r, count == 1 ? parts[0] : b.op(Op::v_join, v.type, {parts[0], parts[1]}));
    }
    return true;
}

// ---- Carries and quotients ------------------------------------------------------------------------

/// vd + r becomes `value`, in all elements up to vl: v0 is no mask of the instruction.
void write_to_vl(InlineVector& v, unsigned r, Var value) {
    if (v.full()) return v.write(r, value, v.lmul);
    const Element e = integer_element(v.sew);
    const Var d = v.reg(v.vd() + r), mask = v.mask(r, count_of(v, v.sew, v.lmul), false);
    v.b.mov_to(d, v.b.vector_op(Op::v_select, v.type, e, {mask, value, d}));
}

/// vadc, vsbc: v0 has the carries.
bool add_carry(InlineVector& v, Op op) {
    const Element e = integer_element(v.sew);
    const bool masks = v.has(op, e, true);
    if (!v.has(op, e) || ((!masks || !v.full()) && !v.has(Op::v_select, e))) return false;
    Builder& b = v.b;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(e);
    const Var ones = b.splat(v.type, e, b.c64(1)), zeros = masks ? ir::kNoVar : b.splat(v.type, e, b.c64(0));
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var y = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        const Var carries = v.mask_bits(0, r, count_of(v, v.sew, v.lmul));
        const Var sum = b.vector_op(op, v.type, e, {v.source(v.vs2() + r, v.lmul), y});
        Var value;
        if (masks) {
            value = b.masked_op(op, v.type, e, {sum, ones}, carries, sum);
        } else {
            value = b.vector_op(op, v.type, e, {sum, b.vector_op(Op::v_select, v.type, e, {carries, ones, zeros})});
        }
        write_to_vl(v, r, value);
    }
    return true;
}

/// vdiv and the like, of few elements: one by one. None of them traps, so that all may be computed.
bool divide(InlineVector& v, Op op, bool sign) {
    constexpr unsigned kMaxElements = 32;
    const Element e = integer_element(v.sew);
    const unsigned registers = v.registers(v.lmul), count = count_of(v, v.sew, v.lmul), bits = 8u << v.sew;
    if (registers * count > kMaxElements || !v.has(Op::v_extract, e) || !v.has(Op::v_insert, e)) return false;
    if (v.has_mask() && !v.has(Op::v_select, e)) return false;
    Builder& b = v.b;
    Var second = v.scalar;
    if (!v.vector_vector() && v.sew < 3) second = sign ? b.sextract(second, 0, bits) : b.extract(second, 0, bits);
    for (unsigned r = 0; r < registers; ++r) {
        const Var x = v.source(v.vs2() + r, v.lmul);
        const Var y = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : ir::kNoVar;
        Var value = x;
        for (unsigned i = 0; i < count; ++i) {
            auto element = [&](Var from) { return b.vector_op(Op::v_extract, v.type, e, {from}, i, sign); };
            const Var result = b.op(op, Type::I64, {element(x), v.vector_vector() ? element(y) : second});
            value = b.vector_op(Op::v_insert, v.type, e, {value, result}, i);
        }
        v.write_active(r, value);
    }
    return true;
}

/// vmulh and the like: products of twice the width, of which the upper halves are joined.
bool multiply_high(InlineVector& v, bool sign_a, bool sign_b) {
    if (v.sew == 3) return false;
    const unsigned wide = v.sew + 1;
    const Element e = integer_element(wide), narrow_element = integer_element(v.sew);
    if (!v.has(Op::v_ext_s, e) || !v.has(Op::v_mul, e) || !v.has(Op::v_shr_x, e)) return false;
    if (!v.has(Op::v_narrow, narrow_element) || (v.has_mask() && !v.has(Op::v_select, narrow_element))) return false;
    Builder& b = v.b;
    Var second = ir::kNoVar;
    if (!v.vector_vector()) {
        const unsigned bits = 8u << v.sew;
        second = b.splat(v.type, e, sign_b ? b.sextract(v.scalar, 0, bits) : b.extract(v.scalar, 0, bits));
    }
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        Var halves[2];
        for (unsigned part = 0; part < (v.lmul < 0 ? 1u : 2u); ++part) {
            const Var x = extended(v, v.vs2(), v.lmul, r * 2 + part, v.sew, wide, sign_a);
            const Var y = v.vector_vector() ? extended(v, v.vs1(), v.lmul, r * 2 + part, v.sew, wide, sign_b) : second;
            const Var product = b.vector_op(Op::v_mul, v.type, e, {x, y});
            const Var high = b.vector_op(Op::v_shr_x, v.type, e, {product, b.c64(8u << v.sew)});
            halves[part] = b.vector_op(Op::v_narrow, v.type, narrow_element, {high});
        }
        const Var value = v.lmul < 0 ? halves[0] : b.op(Op::v_join, v.type, {halves[0], halves[1]});
        v.write_active(r, value);
    }
    return true;
}

// ---- Reductions -----------------------------------------------------------------------------------

/// What changes nothing in a reduction.
u64 neutral(Reduction how, unsigned bits) {
    switch (how) {
        case Reduction::And:
        case Reduction::MinU: return ~u64{0};
        case Reduction::MinS: return low_mask(bits - 1);
        case Reduction::MaxS: return u64{1} << (bits - 1);
        default: return 0;
    }
}

/// vwredsum, vwredsumu.
bool widening_sum(InlineVector& v, bool sign) {
    const unsigned wide = v.sew + 1;
    const Element e = integer_element(wide);
    if (v.has_mask() || !v.has(Op::v_ext_s, e) || !v.has(Op::v_reduce, e)) return false;
    Builder& b = v.b;
    const int log2 = v.lmul + 1;
    const Var zero = log2 < 0 ? b.splat(v.type, e, b.c64(0)) : ir::kNoVar;
    Var sum = ir::kNoVar;
    for (unsigned r = 0; r < v.registers(log2); ++r) {
        Var a = extended(v, v.vs2(), v.lmul, r, v.sew, wide, sign);
        if (log2 < 0) a = b.op(Op::v_blend_low, v.type, {a, zero}, v.bytes_used(log2));
        sum = sum == ir::kNoVar ? a : b.vector_op(Op::v_add, v.type, e, {sum, a});
    }
    const Var start = b.vector_op(Op::v_extract, v.type, e, {v.reg(v.vs1())}, 0, 0);
    const Var result = b.vector_op(Op::v_reduce, v.type, e, {sum, start}, static_cast<u64>(Reduction::Add));
    write_first(v, e, result);
    return true;
}

bool reduce(InlineVector& v, Reduction how, Op op) {
    const Element e = integer_element(v.sew);
    if (!v.has(Op::v_reduce, e) || !v.has(op, e)) return false;
    if (v.has_mask() && !v.has(Op::v_select, e)) return false;
    Builder& b = v.b;
    const bool part = v.has_mask() || v.lmul < 0;
    const Var others = part ? b.splat(v.type, e, b.c64(neutral(how, 8u << v.sew))) : ir::kNoVar;
    Var sum = ir::kNoVar;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        Var a = v.reg(v.vs2() + r);
        if (v.has_mask()) {
            a = b.vector_op(Op::v_select, v.type, e, {v.mask(r, count_of(v, v.sew, v.lmul)), a, others});
        } else if (v.lmul < 0) {
            a = b.op(Op::v_blend_low, v.type, {a, others}, v.bytes_used(v.lmul));
        }
        sum = sum == ir::kNoVar ? a : b.vector_op(op, v.type, e, {sum, a});
    }
    const Var start = b.vector_op(Op::v_extract, v.type, e, {v.reg(v.vs1())}, 0, 0);
    const Var result = b.vector_op(Op::v_reduce, v.type, e, {sum, start}, static_cast<u64>(how));
    write_first(v, e, result);
    return true;
}

}  // namespace

bool inline_integer(InlineVector& v) {
    switch (v.op) {
        case VectorOp::vmacc:
        case VectorOp::vnmsac:
        case VectorOp::vmadd:
        case VectorOp::vnmsub: return multiply_add(v);
        case VectorOp::vrol: return rotate(v, true);
        case VectorOp::vror: return rotate(v, false);
        case VectorOp::vmerge:
        case VectorOp::vmv: return move(v);
        case VectorOp::vid: return iota(v);
        case VectorOp::vrev8: return v.sew != 0 && unary(v, Op::v_bswap);
        case VectorOp::vclmul: return carryless(v, false);
        case VectorOp::vclmulh: return carryless(v, true);
        case VectorOp::vmvnr: return whole_registers(v);
        case VectorOp::vmv_s_x: return set_first(v);
        case VectorOp::vzext_vf2: return extend(v, 1, false);
        case VectorOp::vzext_vf4: return extend(v, 2, false);
        case VectorOp::vzext_vf8: return extend(v, 3, false);
        case VectorOp::vsext_vf2: return extend(v, 1, true);
        case VectorOp::vsext_vf4: return extend(v, 2, true);
        case VectorOp::vsext_vf8: return extend(v, 3, true);
        case VectorOp::vwaddu: return widen(v, {Op::v_add, false, false, false, false});
        case VectorOp::vwadd: return widen(v, {Op::v_add, true, true, false, false});
        case VectorOp::vwsubu: return widen(v, {Op::v_sub, false, false, false, false});
        case VectorOp::vwsub: return widen(v, {Op::v_sub, true, true, false, false});
        case VectorOp::vwaddu_w: return widen(v, {Op::v_add, false, false, true, false});
        case VectorOp::vwadd_w: return widen(v, {Op::v_add, true, true, true, false});
        case VectorOp::vwsubu_w: return widen(v, {Op::v_sub, false, false, true, false});
        case VectorOp::vwsub_w: return widen(v, {Op::v_sub, true, true, true, false});
        case VectorOp::vwmulu: return widen(v, {Op::v_mul, false, false, false, false});
        case VectorOp::vwmul: return widen(v, {Op::v_mul, true, true, false, false});
        case VectorOp::vwmulsu: return widen(v, {Op::v_mul, true, false, false, false});
        case VectorOp::vwmaccu: return widen(v, {Op::v_mul, false, false, false, true});
        case VectorOp::vwmacc: return widen(v, {Op::v_mul, true, true, false, true});
        case VectorOp::vwmaccsu: return widen(v, {Op::v_mul, false, true, false, true});
        case VectorOp::vwmaccus: return widen(v, {Op::v_mul, true, false, false, true});
        case VectorOp::vnsrl: return narrow(v, Op::v_shr, Op::v_shr_x);
        case VectorOp::vnsra: return narrow(v, Op::v_sar, Op::v_sar_x);
        case VectorOp::vmulh: return multiply_high(v, true, true);
        case VectorOp::vmulhu: return multiply_high(v, false, false);
        case VectorOp::vmulhsu: return multiply_high(v, true, false);
        case VectorOp::vadc: return add_carry(v, Op::v_add);
        case VectorOp::vsbc: return add_carry(v, Op::v_sub);
        case VectorOp::vdivu: return divide(v, Op::div_u, false);
        case VectorOp::vdiv: return divide(v, Op::div_s, true);
        case VectorOp::vremu: return divide(v, Op::rem_u, false);
        case VectorOp::vrem: return divide(v, Op::rem_s, true);
        case VectorOp::vwredsumu: return widening_sum(v, false);
        case VectorOp::vwredsum: return widening_sum(v, true);
        case VectorOp::vredsum: return reduce(v, Reduction::Add, Op::v_add);
        case VectorOp::vredand: return reduce(v, Reduction::And, Op::v_and);
        case VectorOp::vredor: return reduce(v, Reduction::Or, Op::v_or);
        case VectorOp::vredxor: return reduce(v, Reduction::Xor, Op::v_xor);
        case VectorOp::vredminu: return reduce(v, Reduction::MinU, Op::v_min_u);
        case VectorOp::vredmin: return reduce(v, Reduction::MinS, Op::v_min_s);
        case VectorOp::vredmaxu: return reduce(v, Reduction::MaxU, Op::v_max_u);
        case VectorOp::vredmax: return reduce(v, Reduction::MaxS, Op::v_max_s);
        default: return binary_op(v.op) != Op::Count_ && binary(v);
    }
}

}  // namespace dragoman::riscv
