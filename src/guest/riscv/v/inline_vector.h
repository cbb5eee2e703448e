// Vector instructions as IR ops. A TB knows by its flags, and behind a vset by that, whether vl is the greatest there
// is (kFlagVlmax): then ops have no mask; else vl becomes one. What is not inline is a call of the instruction's
// helper, and so is everything where vstart may not be 0 (kFlagVectorSlow).
#pragma once

#include "guest/riscv/v/trans_vector.h"

namespace dragoman::riscv {

/// Before the first instruction, and behind the last one.
void init_vectors(DisasContext& ctx);
void finish_vectors(DisasContext& ctx);

inline bool is_vector_slow(const DisasContext& ctx) { return (ctx.flags_now & kFlagVectorSlow) != 0; }
/// Whether the flags tell vl: it is VLMAX >> vl_fraction(ctx).
inline bool vl_is_known(const DisasContext& ctx) {
    return (ctx.flags_now & (kFlagVlmax | kFlagVlFractionMask)) != 0 && !is_vector_slow(ctx);
}
inline unsigned vl_fraction(const DisasContext& ctx) {
    return (ctx.flags_now & kFlagVlFractionMask) >> kFlagVlFractionShift;
}
inline bool inlines_vectors(const DisasContext& ctx) { return ctx.vector_type != Type::None && !is_vector_slow(ctx); }

// As gen_vector and the like. False: nothing was emitted, as the instruction is not inline.
bool gen_inline(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar);
bool gen_inline_to_gpr(DisasContext& ctx, VectorOp op, unsigned sew, unsigned rd);
bool gen_inline_access(DisasContext& ctx, VectorOp op, unsigned eew, int emul, unsigned rs1);

/// Element 0 of register `reg`, extended to an I64.
Var first_element(DisasContext& ctx, unsigned reg, unsigned sew, bool sign);
/// Behind an instruction that leaves vstart at 0 without calling a helper.
void clear_vstart(DisasContext& ctx);
/// What is known of vl here.
VectorLength& known_length(DisasContext& ctx);
/// vl, read once in a stretch without joins.
Var vector_length(DisasContext& ctx);
/// The mask of those of the elements [first, first + count) of a group that vl has; made once in such a stretch.
Var vector_length_mask(DisasContext& ctx, unsigned first, unsigned count);
/// vl, vtype or vlenb.
Var read_vector_csr(DisasContext& ctx, unsigned number);

/// One instruction that is being translated to IR ops: its operands register by register, and its mask.
class InlineVector {
public:
    /// What an instruction may read of its sources: elements up to vl only, or of whole groups. In the first case one
    /// whose vl is known to be a fraction of VLMAX is the same as one of whole groups of as small an LMUL.
    enum class Reach { Length, Group };

    InlineVector(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar, Reach reach = Reach::Length)
        : ctx(ctx),
          b(*ctx.b),
          op(op),
          sew(sew),
          lmul(reach == Reach::Length ? lmul - static_cast<int>(vl_fraction(ctx)) : lmul),
          scalar(scalar),
          type(ctx.vector_type),
          full_((ctx.flags_now & kFlagVlmax) != 0 || (reach == Reach::Length && vl_fraction(ctx) != 0)) {}

    DisasContext& ctx;
    Builder& b;
    const VectorOp op;
    const unsigned sew;  ///< log2 of an element's bytes
    const int lmul;      ///< log2, less what vl is known to leave out
    const Var scalar;
    const Type type;  ///< of a register

    unsigned vd() const { return ctx.bits >> 7 & 31; }
    unsigned vs1() const { return ctx.bits >> 15 & 31; }
    unsigned vs2() const { return ctx.bits >> 20 & 31; }
    unsigned funct3() const { return ctx.bits >> 12 & 7; }
    bool vector_vector() const { return funct3() < 3; }
    bool float_scalar() const { return funct3() == 5; }
    /// Whether v0 is the mask.
    bool masked() const { return (ctx.bits >> 25 & 1) == 0; }
    bool full() const { return full_; }
    /// Whether some elements of the group are left out.
    bool has_mask() const { return masked() || !full(); }
    unsigned register_bytes() const { return ir::type_bytes(type); }
    /// Registers of a group of LMUL = 2^log2.
    static unsigned registers(int log2) { return log2 > 0 ? 1u << log2 : 1; }
    /// Bytes of the group's elements in each of its registers: all, unless LMUL is a fraction.
    unsigned bytes_used(int log2) const { return log2 < 0 ? register_bytes() >> -log2 : register_bytes(); }

    /// The narrowest type for the elements of a group in a register, and whether these fill it.
    Type part_type(int log2) const {
        const unsigned bytes = bytes_used(log2);
        return bytes <= 16 ? Type::V128 : bytes <= 32 ? Type::V256 : Type::V512;
    }
    bool fills_part(int log2) const { return ir::type_bytes(part_type(log2)) == bytes_used(log2); }
    /// `value` as far as `t` reaches.
    Var part(Type t, Var value) { return t == type ? value : b.convert(Op::v_low, t, value); }

    Var reg(unsigned n) const { return DisasContext::vreg(n); }
    /// Register `n` to be read as one of a group of LMUL = 2^log2: what lies above its elements may be anything. So
    /// where they have been written just before, nothing waits for what they were blended with.
    Var source(unsigned n, int log2) const { return log2 < 0 ? low_bytes(n, bytes_used(log2)) : reg(n); }
    bool has(Op o, ir::Element e, bool mask = false) const { return has(o, type, e, mask); }
    bool has(Op o, Type t, ir::Element e, bool mask = false) const {
        return ctx.vectors->has_vector_op(o, t, {e, mask});
    }

    /// Which elements of the r-th register of a group are computed, of `count` that a register has: by vl, and where
    /// `with_v0`, by v0. Only with has_mask.
    Var mask(unsigned r, unsigned count, bool with_v0 = true);
    /// The mask of the first `count` elements.
    Var first(unsigned count) { return b.convert(Op::v_mask_first, Type::Mask, b.c64(count), count); }
    /// Bits of the mask register `n` for the `count` elements of the r-th register.
    Var mask_bits(unsigned n, unsigned r, unsigned count) {
        const Var known = known_bits(n, r * count, count);
        return known != ir::kNoVar ? known : b.op(Op::v_mask_get, type, {reg(n)}, r * count, count);
    }

    /// vd + r becomes `value` as far as LMUL (of the destination) reaches.
    void write(unsigned r, Var value, int log2);
    /// The same, and of elements of the instruction's SEW and LMUL only those that are active. Needs v_select where
    /// there is a mask.
    void write_active(unsigned r, Var value);
    /// The scalar operand in all elements of `e`; of floats NaN-unboxed.
    Var splat(ir::Element e);

    /// The Mask that has been put at [pos, pos + len) of register `n`, as most masks are used where they were made;
    /// kNoVar: that is not known.
    Var known_bits(unsigned n, u64 pos, u64 len) const;

private:
    const bool full_;

    /// A variable with the low `bytes` of register `n`.
    Var low_bytes(unsigned n, unsigned bytes) const;
};

/// Integer and float elements of 2^sew bytes.
constexpr ir::Element integer_element(unsigned sew) { return static_cast<ir::Element>(1 + sew); }
constexpr ir::Element float_element(unsigned sew) {
    return sew == 1 ? ir::Element::F16 : sew == 2 ? ir::Element::F32 : ir::Element::F64;
}

// Each gives false, without having emitted anything, for what it does not know.
bool inline_integer(InlineVector& v);
bool inline_float(InlineVector& v);
bool inline_mask(InlineVector& v);
bool inline_permute(InlineVector& v);
bool inline_fixed(InlineVector& v);
bool inline_crypto(InlineVector& v);
bool inline_sha512(InlineVector& v);

}  // namespace dragoman::riscv
