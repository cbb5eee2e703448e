// Permutations as IR ops: slides, gathers, compression, viota. Elements of a group of registers are found register by
// register: an index less the number of the elements in front of a register is outside of it for all others, and what
// v_permute gives there is 0, so that the results are ored together.
#include <algorithm>

#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;

/// Longest group of which each register is looked for in each one.
constexpr unsigned kMaxPermuted = 4;

class Permutation {
public:
    explicit Permutation(InlineVector& v)
        : v_(v),
          b_(v.b),
          e_(integer_element(v.sew)),
          count_(v.bytes_used(v.lmul) >> v.sew),
          registers_(v.registers(v.lmul)) {}

    bool slide();
    bool gather(bool index16);
    bool compress();
    bool prefix_count();

private:
    bool selects() const { return !v_.has_mask() || v_.has(Op::v_select, e_); }
    bool permutes() const { return registers_ <= kMaxPermuted && selects() && v_.has(Op::v_permute, e_); }
    unsigned vlmax() const { return count_ * registers_; }
    unsigned element_size() const { return 1u << v_.sew; }
    Var zero() { return b_.splat(v_.type, e_, b_.c64(0)); }
    Var op(Op o, Var x, Var y) { return b_.vector_op(o, v_.type, e_, {x, y}); }
    Var align(Var low, Var high, unsigned bytes) { return b_.op(Op::v_align, v_.type, {low, high}, bytes); }

    /// The r-th register of vs2, above the elements of a fraction of one what `above` is.
    Var from(unsigned r, Var above) {
        const Var a = v_.reg(v_.vs2() + r);
        return v_.lmul < 0 ? b_.op(Op::v_blend_low, v_.type, {a, above}, v_.bytes_used(v_.lmul)) : a;
    }
    /// The same with zeros, also behind the group.
    Var from_or_zero(unsigned r) {
        if (r >= registers_) return zero();
        return v_.lmul < 0 ? from(r, zero()) : v_.reg(v_.vs2() + r);
    }
    Var splat_scalar() { return v_.float_scalar() ? v_.splat(float_element(v_.sew)) : v_.splat(e_); }
    /// The mask of those of the r-th register's elements that are among the first `n` of the group.
    Var first_of(Var n, unsigned r) {
        const Var left = r == 0 ? n : b_.op(Op::max_s, Type::I64, {b_.addi(n, -i64{r} * count_), b_.c64(0)});
        return b_.convert(Op::v_mask_first, Type::Mask, left, count_);
    }
    Var select(Var mask, Var x, Var y) { return b_.vector_op(Op::v_select, v_.type, e_, {mask, x, y}); }
    /// Scalar `x`, at most `limit`.
    Var at_most(Var x, u64 limit) { return b_.op(Op::min_u, Type::I64, {x, b_.c64(limit)}); }

    bool slide_up(u64 distance);
    bool slide_down(u64 distance);
    bool slide_up_one();
    bool slide_down_one();
    bool slide_by_scalar(bool up);
    Var gathered(Var indices);
    Var index_of(unsigned r, bool index16);
    bool gather_one();

    InlineVector& v_;
    Builder& b_;
    const Element e_;
    const unsigned count_, registers_;
};

// ---- Slides ---------------------------------------------------------------------------------------

bool Permutation::slide_up(u64 distance) {
    if (distance >= vlmax()) return true;
    const unsigned bytes = v_.register_bytes();
    const auto offset = static_cast<unsigned>(distance) * element_size();
    const unsigned whole = offset / bytes, rest = offset % bytes;
    if (rest != 0 && !v_.has(Op::v_select, e_)) return false;
    for (unsigned r = whole; r < registers_; ++r) {
        const Var high = v_.reg(v_.vs2() + r - whole);
        if (rest == 0) {
            v_.write_active(r, high);
            continue;
        }
        Var value = align(r == whole ? high : v_.reg(v_.vs2() + r - whole - 1), high, bytes - rest);
        if (r == whole) value = select(v_.first(rest / element_size()), v_.reg(v_.vd() + r), value);
        v_.write_active(r, value);
    }
    return true;
}

/// vd may be vs2: each register is written behind the last one that it is read for.
bool Permutation::slide_down(u64 distance) {
    const unsigned bytes = v_.register_bytes();
    const auto offset = static_cast<unsigned>(std::min<u64>(distance, vlmax())) * element_size();
    const unsigned whole = offset / bytes, rest = offset % bytes;
    for (unsigned r = 0; r < registers_; ++r) {
        const Var low = from_or_zero(r + whole);
        v_.write_active(r, rest == 0 ? low : align(low, from_or_zero(r + whole + 1), rest));
    }
    return true;
}

bool Permutation::slide_up_one() {
    Var below = splat_scalar();
    for (unsigned r = 0; r < registers_; ++r) {
        const Var a = v_.reg(v_.vs2() + r);
        v_.write_active(r, align(below, a, v_.register_bytes() - element_size()));
        below = a;
    }
    return true;
}

/// The scalar comes in from above, and where vl is not VLMAX, at its last element.
bool Permutation::slide_down_one() {
    const Var scalar = splat_scalar();
    const Var last = v_.full() ? ir::kNoVar : b_.addi(vector_length(v_.ctx), -1);
    for (unsigned r = 0; r < registers_; ++r) {
        const Var low = from(r, scalar);
        const Var high = r + 1 < registers_ ? v_.reg(v_.vs2() + r + 1) : scalar;
        Var value = align(low, high, element_size());
        if (!v_.full()) value = select(first_of(last, r), value, scalar);
        v_.write_active(r, value);
    }
    return true;
}

/// Indices are those of the elements, less or more the distance; they wrap to what is outside.
bool Permutation::slide_by_scalar(bool up) {
    // Twice VLMAX has to be an index.
    if (!permutes() || !v_.has(Op::v_select, e_) || (v_.sew == 0 && vlmax() > 128)) return false;
    const Var distance = at_most(v_.scalar, vlmax());
    const Var place = b_.vector_op(Op::v_iota, v_.type, e_, {}, 0, 1);
    Var values[kMaxPermuted] = {};
    for (unsigned r = 0; r < registers_; ++r) {
        Var value = ir::kNoVar;
        const unsigned first = up ? 0 : r, end = up ? r + 1 : registers_;
        for (unsigned s = first; s < end; ++s) {
            const unsigned between = (up ? r - s : s - r) * count_;
            const Var step = b_.splat(v_.type, e_, b_.addi(distance, -i64{between}));
            const Var part = op(Op::v_permute, from_or_zero(s), op(up ? Op::v_sub : Op::v_add, place, step));
            value = value == ir::kNoVar ? part : op(Op::v_or, value, part);
        }
        values[r] = up ? select(first_of(distance, r), v_.reg(v_.vd() + r), value) : value;
    }
    for (unsigned r = 0; r < registers_; ++r) v_.write_active(r, values[r]);
    return true;
}

bool Permutation::slide() {
    if (!selects() || !v_.has(Op::v_align, Element::I8)) return false;
    const bool known = b_.function().is_const(v_.scalar);
    const u64 distance = known ? b_.function().vars[v_.scalar].value : 0;
    switch (v_.op) {
        case VectorOp::vslideup: return known ? slide_up(distance) : slide_by_scalar(true);
        case VectorOp::vslidedown: return known ? slide_down(distance) : slide_by_scalar(false);
        case VectorOp::vslide1up: return slide_up_one();
        default: return (v_.full() || v_.has(Op::v_select, e_)) && slide_down_one();
    }
}

// ---- Gathers --------------------------------------------------------------------------------------

/// The group's elements at `indices`, 0 for those outside.
Var Permutation::gathered(Var indices) {
    Var value = ir::kNoVar;
    for (unsigned s = 0; s < registers_; ++s) {
        const Var own = s == 0 ? indices : op(Op::v_sub, indices, b_.splat(v_.type, e_, b_.c64(u64{s} * count_)));
        const Var part = op(Op::v_permute, from_or_zero(s), own);
        value = value == ir::kNoVar ? part : op(Op::v_or, value, part);
    }
    return value;
}

Var Permutation::index_of(unsigned r, bool index16) {
    if (!index16 || v_.sew == 1) return v_.reg(v_.vs1() + r);
    if (v_.sew > 1) {
        const unsigned ratio = element_size() / 2;
        return b_.vector_op(Op::v_ext_u, v_.type, e_, {v_.reg(v_.vs1() + r / ratio)}, 1, r % ratio);
    }
    // What is too large for a byte stays outside of any group that is permuted.
    const Var limit = b_.splat(v_.type, Element::I16, b_.c64(0xff));
    auto part = [&](unsigned i) {
        const Var wide = v_.reg(v_.vs1() + i);
        return b_.vector_op(Op::v_narrow, v_.type, e_,
                            {b_.vector_op(Op::v_min_u, v_.type, Element::I16, {wide, limit})});
    };
    if (v_.lmul < 0) return part(0);
    const Var low = part(r * 2), high = part(r * 2 + 1);
    return b_.op(Op::v_join, v_.type, {low, high});
}

/// vrgather.vx, vrgather.vi: the same element everywhere.
bool Permutation::gather_one() {
    if (!selects() || !v_.has(Op::v_permute, e_)) return false;
    Var value = ir::kNoVar;
    for (unsigned s = 0; s < registers_; ++s) {
        const Var index = at_most(b_.addi(v_.scalar, -i64{s} * count_), v_.register_bytes() >> v_.sew);
        const Var part = op(Op::v_permute, from_or_zero(s), b_.splat(v_.type, e_, index));
        value = value == ir::kNoVar ? part : op(Op::v_or, value, part);
    }
    for (unsigned r = 0; r < registers_; ++r) v_.write_active(r, value);
    return true;
}

/// vd is none of the sources.
bool Permutation::gather(bool index16) {
    if (!v_.vector_vector()) return gather_one();
    if (!permutes() || (v_.sew == 0 && vlmax() > 255)) return false;
    if (index16 && v_.sew == 0 && (!v_.has(Op::v_min_u, Element::I16) || !v_.has(Op::v_narrow, e_))) return false;
    for (unsigned r = 0; r < registers_; ++r) v_.write_active(r, gathered(index_of(r, index16)));
    return true;
}

// ---- Masks ----------------------------------------------------------------------------------------

/// Each register is compressed by itself; then what each gives moves down to where those before it end.
bool Permutation::compress() {
    if (!permutes() || !v_.has(Op::v_compress, e_) || !v_.has(Op::v_select, e_)) return false;
    if (v_.sew == 0 && vlmax() > 128) return false;
    Var parts[kMaxPermuted] = {}, starts[kMaxPermuted] = {};
    Var total = ir::kNoVar;
    for (unsigned r = 0; r < registers_; ++r) {
        Var mask = v_.mask_bits(v_.vs1(), r, count_);
        if (!v_.full()) mask = b_.op(Op::v_mask_and, Type::Mask, {mask, v_.mask(r, count_, false)});
        parts[r] = b_.vector_op(Op::v_compress, v_.type, e_, {mask, v_.reg(v_.vs2() + r)});
        starts[r] = total;
        const Var n = b_.op(Op::popcnt, Type::I64, {b_.convert(Op::bitcast, Type::I64, mask)});
        total = r == 0 ? n : b_.add(total, n);
    }
    for (unsigned r = 0; r < registers_; ++r) {
        Var value = r == 0 ? parts[0] : ir::kNoVar;
        for (unsigned s = std::max(r, 1u); s < registers_; ++s) {
            const Var place = b_.vector_op(Op::v_iota, v_.type, e_, {}, u64{r} * count_, 1);
            const Var own = op(Op::v_sub, place, b_.splat(v_.type, e_, starts[s]));
            const Var part = op(Op::v_permute, parts[s], own);
            value = value == ir::kNoVar ? part : op(Op::v_or, value, part);
        }
        const Var d = v_.reg(v_.vd() + r);
        b_.mov_to(d, select(first_of(total, r), value, d));
    }
    return true;
}

bool Permutation::prefix_count() {
    if (!selects() || !v_.has(Op::v_prefix_count, Element::I8) || !v_.has(Op::v_ext_u, e_)) return false;
    Var before = ir::kNoVar;
    for (unsigned r = 0; r < registers_; ++r) {
        Var mask = v_.mask_bits(v_.vs2(), r, count_);
        if (v_.has_mask()) mask = b_.op(Op::v_mask_and, Type::Mask, {mask, v_.mask(r, count_)});
        Var value = b_.convert(Op::v_prefix_count, v_.type, mask);
        if (v_.sew != 0) value = b_.vector_op(Op::v_ext_u, v_.type, e_, {value}, 0, 0);
        if (r != 0) value = op(Op::v_add, value, b_.splat(v_.type, e_, before));
        v_.write_active(r, value);
        if (r + 1 == registers_) break;
        const Var n = b_.op(Op::popcnt, Type::I64, {b_.convert(Op::bitcast, Type::I64, mask)});
        before = r == 0 ? n : b_.add(before, n);
    }
    return true;
}

}  // namespace

bool inline_permute(InlineVector& v) {
    switch (v.op) {
        case VectorOp::vslideup:
        case VectorOp::vslidedown:
        case VectorOp::vslide1up:
        case VectorOp::vslide1down: return Permutation(v).slide();
        case VectorOp::vrgather: return Permutation(v).gather(false);
        case VectorOp::vrgatherei16: return Permutation(v).gather(true);
        case VectorOp::vcompress: return Permutation(v).compress();
        case VectorOp::viota: return Permutation(v).prefix_count();
        default: return false;
    }
}

}  // namespace dragoman::riscv
