// BFloat16 in vectors: Zvfbfmin, Zvfbfwma (Unprivileged specification, chapter "BF16").
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/v/trans_vector.h"

namespace dragoman::riscv {

namespace {

using enum VectorOp;
using enum Extension;

/// Whether elements have 16 bits, and rounding and vd are as they may be: singles where they are wide, not the mask.
bool begin(const DisasContext& ctx, const Operands& o, VectorType& type) {
    constexpr u32 kLastRounding = 4;
    return vector_type(ctx, type) && type.sew == 1 && ctx.frm() <= kLastRounding &&
           !(is_masked(ctx.bits) && o.rd == 0) && is_emul(type.lmul + 1);
}

template <VectorOp op, bool widens>
bool trans_convert(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!begin(ctx, o, type)) return false;
    const VectorGroup narrow{widens ? o.rs2 : o.rd, type.lmul, 1}, wide{widens ? o.rd : o.rs2, type.lmul + 1, 2};
    const VectorGroup &d = widens ? wide : narrow, &a = widens ? narrow : wide;
    if (!d.aligned() || !a.aligned() || !may_overwrite(d, a)) return false;
    if (!has_one_width(a, nullptr, is_masked(ctx.bits), false)) return false;
    gen_vector(ctx, op, type.sew, type.lmul, ctx.b->c64(0));
    return true;
}

/// vd is read, too: it overlaps no operand.
template <bool vector_vector>
bool trans_vfwmaccbf16(DisasContext& ctx, const Operands& o) {
    VectorType type;
    if (!begin(ctx, o, type)) return false;
    const VectorGroup d{o.rd, type.lmul + 1, 2}, a{o.rs2, type.lmul, 1}, b{o.rs1, type.lmul, 1};
    if (!d.aligned() || !a.aligned() || d.overlaps(a)) return false;
    if (vector_vector && (!b.aligned() || d.overlaps(b))) return false;
    if (!has_one_width(a, vector_vector ? &b : nullptr, is_masked(ctx.bits), false)) return false;
    Var scalar = vector_vector ? ctx.b->c64(0) : ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(o.rs1));
    gen_vector(ctx, vfwmaccbf16, type.sew, type.lmul, scalar);
    return true;
}

constexpr InsnRow kRows[] = {
    {"010010 - ttttt 01101 001 ddddd 1010111", "vfwcvtbf16.f.f.v", "vd,vs2,vm", Zvfbfmin,
     trans_convert<vfwcvtbf16_f_f, true>},
    {"010010 - ttttt 11101 001 ddddd 1010111", "vfncvtbf16.f.f.w", "vd,vs2,vm", Zvfbfmin,
     trans_convert<vfncvtbf16_f_f, false>},
    {"111011 - ttttt sssss 001 ddddd 1010111", "vfwmaccbf16.vv", "vd,vs1,vs2,vm", Zvfbfwma, trans_vfwmaccbf16<true>},
    {"111011 - ttttt sssss 101 ddddd 1010111", "vfwmaccbf16.vf", "vd,fs1,vs2,vm", Zvfbfwma, trans_vfwmaccbf16<false>},
};

}  // namespace

InsnSet rows_vbf16() { return kRows; }

}  // namespace dragoman::riscv
