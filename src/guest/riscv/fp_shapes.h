// Shapes that the floating-point instructions share. An instruction whose rounding mode is the one in force on the host
// becomes an inline IR op; any other case is a helper on soft float (docs/architecture.md, "Floating point").
#pragma once

#include "guest/riscv/context.h"
#include "guest/riscv/fp_control.h"

namespace dragoman::riscv {

using softfloat::Format;
using softfloat::IntType;

/// How an instruction rounds.
struct InsnRounding {
    bool reserved;  ///< an illegal instruction
    Rounding mode;  ///< never Env
    bool in_force;  ///< the host's FP environment rounds this way
    bool on_host;   ///< the host has this mode

    softfloat::Rounding soft() const { return static_cast<softfloat::Rounding>(mode); }
};
/// Rounding of an instruction with rounding-mode field `rm` under the TB's frm.
InsnRounding insn_rounding(const DisasContext& ctx, unsigned rm);

/// IR type of a format that has one.
constexpr Type ir_type(Format f) { return f == Format::F64 ? Type::F64 : Type::F32; }

/// The value of a float register / where an operation of format `f` (F32, F64) puts its result.
Var read_fpr(DisasContext& ctx, Format f, unsigned reg);
void write_fpr(DisasContext& ctx, Format f, unsigned reg, Var value);

// Arithmetic. `f` may be F16, which always takes the helper.

/// fd = op(fs1, fs2) with rounding.
bool gen_fp_arith(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow);
bool gen_fp_sqrt(DisasContext& ctx, const Operands& a, Format f);
/// fd = +-(fs1 * fs2) +- fs3.
bool gen_fp_fma(DisasContext& ctx, const Operands& a, Format f, Op op);
/// fd = op(fs1, fs2), exact: minimum, maximum, sign injection.
bool gen_fp_select(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow);
/// rd = op(fs1, fs2).
bool gen_fp_compare(DisasContext& ctx, const Operands& a, Format f, Op op, Helper slow);
bool gen_fp_class(DisasContext& ctx, const Operands& a, Format f);
/// fd = helper(fs1, fs2), whatever the format.
bool gen_fp_helper(DisasContext& ctx, const Operands& a, Format f, Helper helper);

// Conversions and rounding
bool gen_fp_to_int(DisasContext& ctx, const Operands& a, Format f, IntType type);
bool gen_fp_from_int(DisasContext& ctx, const Operands& a, Format f, IntType type);
bool gen_fp_convert(DisasContext& ctx, const Operands& a, Format to, Format from);
bool gen_fp_round(DisasContext& ctx, const Operands& a, Format f, bool raise_inexact);

// Translation functions, made by templates because the rows need functions with format and operation built in.

/// The helper that does in soft float what an IR op does.
constexpr Helper soft_helper(Op op) {
    switch (op) {
        case Op::fadd: return Helper::fadd;
        case Op::fsub: return Helper::fsub;
        case Op::fmul: return Helper::fmul;
        case Op::fdiv: return Helper::fdiv;
        case Op::fmin: return Helper::fmin;
        case Op::fmax: return Helper::fmax;
        case Op::fsgnj: return Helper::fsgnj;
        case Op::fsgnjn: return Helper::fsgnjn;
        case Op::fsgnjx: return Helper::fsgnjx;
        case Op::feq: return Helper::feq;
        case Op::flt: return Helper::flt;
        case Op::fle: return Helper::fle;
        case Op::fltq: return Helper::fltq;
        case Op::fleq: return Helper::fleq;
        default: throw "no helper does this";
    }
}

template <Format f, Op op>
bool trans_fp_arith(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, f, op, soft_helper(op));
}
template <Format f>
bool trans_fp_sqrt(DisasContext& ctx, const Operands& a) {
    return gen_fp_sqrt(ctx, a, f);
}
template <Format f, Op op>
bool trans_fp_fma(DisasContext& ctx, const Operands& a) {
    return gen_fp_fma(ctx, a, f, op);
}
template <Format f, Op op>
bool trans_fp_select(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, f, op, soft_helper(op));
}
template <Format f, Op op>
bool trans_fp_compare(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, f, op, soft_helper(op));
}
template <Format f>
bool trans_fp_class(DisasContext& ctx, const Operands& a) {
    return gen_fp_class(ctx, a, f);
}
template <Format f, Helper helper>
bool trans_fp_helper(DisasContext& ctx, const Operands& a) {
    return gen_fp_helper(ctx, a, f, helper);
}
template <Format f, IntType type>
bool trans_fp_to_int(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, f, type);
}
template <Format f, IntType type>
bool trans_fp_from_int(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, f, type);
}
template <Format to, Format from>
bool trans_fp_convert(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, to, from);
}
template <Format f, bool raise_inexact>
bool trans_fp_round(DisasContext& ctx, const Operands& a) {
    return gen_fp_round(ctx, a, f, raise_inexact);
}

}  // namespace dragoman::riscv
