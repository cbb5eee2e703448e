// Fixed-point instructions as IR ops (section "Vector Fixed-Point Arithmetic Instructions"). The rounding mode is not
// part of the TB state: it is taken apart into constants that make all four modes the same arithmetic.
#include <algorithm>

#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;

class FixedPoint {
public:
    explicit FixedPoint(InlineVector& v)
        : v_(v), b_(v.b), e_(integer_element(v.sew)), count_(v.bytes_used(v.lmul) >> v.sew), bits_(8u << v.sew) {}

    bool saturating(bool is_signed, bool subtracts);
    bool averaging(bool is_signed, bool subtracts);
    bool scaling_shift(bool is_signed);
    bool clip(bool is_signed);
    bool multiply();

private:
    /// What a shift right by a number of bits adds to what is shifted out: `bias`, and `odd` where the result is odd.
    struct Rounding {
        Var bias, odd;
    };

    bool selects() const { return !v_.has_mask() || v_.has(Op::v_select, e_); }
    bool compares(Element e) const { return v_.has(Op::v_cmp, e) && v_.has(Op::v_select, e); }
    Var op(Op o, Element e, Var x, Var y) { return b_.vector_op(o, v_.type, e, {x, y}); }
    Var op(Op o, Var x, Var y) { return op(o, e_, x, y); }
    Var compare(Cond cond, Element e, Var x, Var y) {
        return b_.vector_op(Op::v_cmp, v_.type, e, {x, y}, static_cast<u64>(cond));
    }
    Var select(Element e, Var mask, Var x, Var y) { return b_.vector_op(Op::v_select, v_.type, e, {mask, x, y}); }
    Var all(Element e, u64 value) { return b_.splat(v_.type, e, b_.c64(value)); }
    Var word(Var mask) { return b_.convert(Op::bitcast, Type::I64, mask); }
    Var first_operand(unsigned r) { return v_.source(v_.vs2() + r, v_.lmul); }
    Var second_operand(unsigned r) {
        if (v_.vector_vector()) return v_.source(v_.vs1() + r, v_.lmul);
        if (one_ == ir::kNoVar) one_ = v_.splat(e_);
        return one_;
    }
    /// Half of a register of `from`, extended.
    Var widened(Var from, unsigned part, bool sign) {
        return b_.vector_op(sign ? Op::v_ext_s : Op::v_ext_u, v_.type, integer_element(v_.sew + 1), {from}, v_.sew,
                            part);
    }

    Var rounding_mode() {
        Var mode = b_.temp(Type::I64);
        b_.env_ld(mode, DRAGOMAN_HART_OFFSET(vector.vxrm), {.size_log2 = 2});
        return mode;
    }
    Rounding rounding(unsigned shift);
    Var shift_right(Element e, Var a, unsigned shift, bool is_signed, const Rounding& how);
    Var narrowed(unsigned r, const Var* halves, bool is_signed, const Rounding& how, unsigned shift);

    /// Bits of the elements of the r-th register that are active, from `first` on.
    Var active_bits(unsigned r, unsigned first, unsigned count) {
        if (!v_.has_mask()) return b_.c64(low_mask(std::min(count, count_ - std::min(count_, first))));
        return b_.andi(b_.shri(word(v_.mask(r, count_)), first), low_mask(count));
    }
    void saturated(Var bits) { any_ = any_ == ir::kNoVar ? bits : b_.or_(any_, bits); }
    void set_vxsat() {
        Var old = b_.temp(Type::I64);
        b_.env_ld(old, DRAGOMAN_HART_OFFSET(vector.vxsat), {.size_log2 = 2});
        const Var now = b_.or_(old, b_.setcond(Cond::Ne, any_, b_.c64(0)));
        b_.env_st(b_.convert(Op::trunc, Type::I32, now), DRAGOMAN_HART_OFFSET(vector.vxsat), {.size_log2 = 2});
    }

    InlineVector& v_;
    Builder& b_;
    const Element e_;
    const unsigned count_, bits_;
    Var one_ = ir::kNoVar;
    Var any_ = ir::kNoVar;  ///< not 0 where something was saturated
};

/// Overflow shows in the sign of the result, or in the order of unsigned values.
bool FixedPoint::saturating(bool is_signed, bool subtracts) {
    if (!compares(e_)) return false;
    for (unsigned r = 0; r < v_.registers(v_.lmul); ++r) {
        const Var x = first_operand(r), y = second_operand(r);
        const Var sum = op(subtracts ? Op::v_sub : Op::v_add, x, y);
        Var overflow, limit;
        if (is_signed) {
            // Of a sum, operands of one sign and a result of the other; of a difference, the second one inverted.
            const Var changed = op(Op::v_xor, x, sum);
            const Var other = subtracts ? op(Op::v_xor, x, y) : op(Op::v_xor, y, sum);
            const Var zero = all(e_, 0);
            overflow = compare(Cond::Lt, e_, op(Op::v_and, changed, other), zero);
            limit = select(e_, compare(Cond::Lt, e_, x, zero), all(e_, u64{1} << (bits_ - 1)),
                           all(e_, low_mask(bits_ - 1)));
        } else {
            overflow = subtracts ? compare(Cond::Ltu, e_, x, y) : compare(Cond::Ltu, e_, sum, x);
            limit = all(e_, subtracts ? 0 : ~u64{0});
        }
        saturated(b_.and_(word(overflow), active_bits(r, 0, count_)));
        v_.write_active(r, select(e_, overflow, limit, sum));
    }
    set_vxsat();
    return true;
}

/// The mean, rounded down, and the bit that was lost: that of a and b is (a & b) + ((a ^ b) >> 1). A difference is the
/// sum with the complement and one, whose mean is (a | ~b) - ((a ^ ~b) >> 1); unsigned ones have a sign bit above.
bool FixedPoint::averaging(bool is_signed, bool subtracts) {
    const Op shift = is_signed ? Op::v_sar_x : Op::v_shr_x;
    if (!selects() || !v_.has(shift, e_)) return false;
    const Var mode = rounding_mode();
    // What the lost bit is multiplied by: (mean & odd) ^ always.
    const Var odd = b_.splat(v_.type, e_, b_.andi(mode, 1));
    const Var always = b_.splat(v_.type, e_, b_.andi(b_.xor_(b_.xor_(mode, b_.shri(mode, 1)), b_.c64(1)), 1));
    const Var ones = all(e_, ~u64{0}), one = all(e_, 1);
    for (unsigned r = 0; r < v_.registers(v_.lmul); ++r) {
        const Var x = first_operand(r);
        Var y = second_operand(r);
        const Var lost = op(Op::v_and, op(Op::v_xor, x, y), one);
        if (subtracts) y = op(Op::v_xor, y, ones);
        const Var half = op(shift, op(Op::v_xor, x, y), b_.c64(1));
        Var mean = subtracts ? op(Op::v_sub, op(Op::v_or, x, y), half) : op(Op::v_add, op(Op::v_and, x, y), half);
        if (subtracts && !is_signed) mean = op(Op::v_xor, mean, all(e_, u64{1} << (bits_ - 1)));
        const Var up = op(Op::v_and, lost, op(Op::v_xor, op(Op::v_and, mean, odd), always));
        v_.write_active(r, op(Op::v_add, mean, up));
    }
    return true;
}

/// rnu adds a half; rne nearly a half, and one where the result is odd; rdn nothing; rod nearly one where it is even.
FixedPoint::Rounding FixedPoint::rounding(unsigned shift) {
    if (shift == 0) return {ir::kNoVar, ir::kNoVar};
    const u64 half = u64{1} << (shift - 1), most = low_mask(shift);
    const Var mode = rounding_mode();
    auto by_mode = [&](u64 rnu, u64 rne, u64 rdn, u64 rod) {
        const Var low = b_.movcond(Cond::Eq, mode, b_.c64(0), b_.c64(rnu), b_.c64(rne));
        const Var high = b_.movcond(Cond::Eq, mode, b_.c64(2), b_.c64(rdn), b_.c64(rod));
        return b_.movcond(Cond::Ltu, mode, b_.c64(2), low, high);
    };
    return {by_mode(half, half - 1, 0, most), by_mode(0, 1, 0, ~most + 1)};
}

Var FixedPoint::shift_right(Element e, Var a, unsigned shift, bool is_signed, const Rounding& how) {
    if (shift == 0) return a;
    const Var n = b_.c64(shift);
    const Var down = op(is_signed ? Op::v_sar_x : Op::v_shr_x, e, a, n);
    const Var lost = op(Op::v_and, e, a, all(e, low_mask(shift)));
    const Var is_odd = op(Op::v_sub, e, all(e, 0), op(Op::v_and, e, down, all(e, 1)));
    const Var bias =
        op(Op::v_add, e, b_.splat(v_.type, e, how.bias), op(Op::v_and, e, is_odd, b_.splat(v_.type, e, how.odd)));
    return op(Op::v_add, e, down, op(Op::v_shr_x, e, op(Op::v_add, e, lost, bias), n));
}

bool FixedPoint::scaling_shift(bool is_signed) {
    if (v_.vector_vector() || !b_.function().is_const(v_.scalar)) return false;
    if (!selects() || !v_.has(Op::v_shr_x, e_) || (is_signed && !v_.has(Op::v_sar_x, e_))) return false;
    const unsigned shift = static_cast<unsigned>(b_.function().vars[v_.scalar].value) & (bits_ - 1);
    const Rounding how = rounding(shift);
    for (unsigned r = 0; r < v_.registers(v_.lmul); ++r) {
        v_.write_active(r, shift_right(e_, first_operand(r), shift, is_signed, how));
    }
    return true;
}

/// The r-th register of what two of twice the width become, shifted and saturated.
Var FixedPoint::narrowed(unsigned r, const Var* halves, bool is_signed, const Rounding& how, unsigned shift) {
    const Element wide = integer_element(v_.sew + 1);
    const unsigned half = (v_.register_bytes() >> v_.sew) / 2;
    Var parts[2];
    const unsigned count = v_.lmul < 0 ? 1 : 2;
    for (unsigned part = 0; part < count; ++part) {
        const Var x = shift_right(wide, halves[part], shift, is_signed, how);
        Var kept =
            op(is_signed ? Op::v_min_s : Op::v_min_u, wide, x, all(wide, low_mask(is_signed ? bits_ - 1 : bits_)));
        if (is_signed) kept = op(Op::v_max_s, wide, kept, all(wide, ~low_mask(bits_ - 1)));
        saturated(b_.and_(word(compare(Cond::Ne, wide, x, kept)), active_bits(r, part * half, half)));
        parts[part] = b_.vector_op(Op::v_narrow, v_.type, e_, {kept});
    }
    return count == 1 ? parts[0] : b_.op(Op::v_join, v_.type, {parts[0], parts[1]});
}

bool FixedPoint::clip(bool is_signed) {
    if (v_.vector_vector() || !b_.function().is_const(v_.scalar)) return false;
    const Element wide = integer_element(v_.sew + 1);
    if (!selects() || !v_.has(Op::v_narrow, e_) || !v_.has(Op::v_cmp, wide) || !v_.has(Op::v_min_s, wide)) return false;
    if (!v_.has(Op::v_shr_x, wide) || (is_signed && !v_.has(Op::v_sar_x, wide))) return false;
    const unsigned shift = static_cast<unsigned>(b_.function().vars[v_.scalar].value) & (bits_ * 2 - 1);
    const Rounding how = rounding(shift);
    for (unsigned r = 0; r < v_.registers(v_.lmul); ++r) {
        Var halves[2];
        for (unsigned part = 0; part < (v_.lmul < 0 ? 1u : 2u); ++part) {
            halves[part] = v_.source(v_.vs2() + r * 2 + part, v_.lmul + 1);
        }
        v_.write_active(r, narrowed(r, halves, is_signed, how, shift));
    }
    set_vxsat();
    return true;
}

/// vsmul: the product of fractions is clipped as by vnclip; only that of the two least numbers is out of range.
bool FixedPoint::multiply() {
    if (v_.sew == 3) return false;
    const Element wide = integer_element(v_.sew + 1);
    if (!selects() || !v_.has(Op::v_narrow, e_) || !v_.has(Op::v_cmp, wide) || !v_.has(Op::v_min_s, wide)) return false;
    if (!v_.has(Op::v_mul, wide) || !v_.has(Op::v_sar_x, wide) || !v_.has(Op::v_ext_s, wide)) return false;
    const unsigned shift = bits_ - 1;
    const Rounding how = rounding(shift);
    for (unsigned r = 0; r < v_.registers(v_.lmul); ++r) {
        const Var x = first_operand(r), y = second_operand(r);
        Var halves[2];
        for (unsigned part = 0; part < (v_.lmul < 0 ? 1u : 2u); ++part) {
            halves[part] = op(Op::v_mul, wide, widened(x, part, true), widened(y, part, true));
        }
        v_.write_active(r, narrowed(r, halves, true, how, shift));
    }
    set_vxsat();
    return true;
}

}  // namespace

bool inline_fixed(InlineVector& v) {
    switch (v.op) {
        case VectorOp::vsaddu: return FixedPoint(v).saturating(false, false);
        case VectorOp::vsadd: return FixedPoint(v).saturating(true, false);
        case VectorOp::vssubu: return FixedPoint(v).saturating(false, true);
        case VectorOp::vssub: return FixedPoint(v).saturating(true, true);
        case VectorOp::vaaddu: return FixedPoint(v).averaging(false, false);
        case VectorOp::vaadd: return FixedPoint(v).averaging(true, false);
        case VectorOp::vasubu: return FixedPoint(v).averaging(false, true);
        case VectorOp::vasub: return FixedPoint(v).averaging(true, true);
        case VectorOp::vssrl: return FixedPoint(v).scaling_shift(false);
        case VectorOp::vssra: return FixedPoint(v).scaling_shift(true);
        case VectorOp::vnclipu: return FixedPoint(v).clip(false);
        case VectorOp::vnclip: return FixedPoint(v).clip(true);
        case VectorOp::vsmul: return FixedPoint(v).multiply();
        default: return false;
    }
}

}  // namespace dragoman::riscv
