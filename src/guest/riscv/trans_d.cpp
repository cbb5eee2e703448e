// D: double-precision floating point (Unprivileged specification, chapter "D").
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

static constexpr Format kFormat = Format::F64;

bool trans_fld(DisasContext& ctx, const Operands& a) {
    ctx.guest_ld(ctx.fpr(a.rd), ctx.gpr(a.rs1), {.size_log2 = 3}, a.imm);
    return true;
}
bool trans_fsd(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.fpr(a.rs2), ctx.gpr(a.rs1), {.size_log2 = 3}, a.imm);
    return true;
}

static bool trans_fadd_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fadd, Helper::fadd);
}
static bool trans_fsub_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fsub, Helper::fsub);
}
static bool trans_fmul_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fmul, Helper::fmul);
}
static bool trans_fdiv_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fdiv, Helper::fdiv);
}
static bool trans_fsqrt_d(DisasContext& ctx, const Operands& a) { return gen_fp_sqrt(ctx, a, kFormat); }
static bool trans_fmadd_d(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fmadd); }
static bool trans_fmsub_d(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fmsub); }
static bool trans_fnmsub_d(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fnmsub); }
static bool trans_fnmadd_d(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fnmadd); }

static bool trans_fsgnj_d(DisasContext& ctx, const Operands& a) {
    if (a.rs1 != a.rs2) return gen_fp_select(ctx, a, kFormat, Op::fsgnj, Helper::fsgnj);
    ctx.b->mov_to(ctx.fpr(a.rd), ctx.fpr(a.rs1));
    return true;
}
static bool trans_fsgnjn_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fsgnjn, Helper::fsgnjn);
}
static bool trans_fsgnjx_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fsgnjx, Helper::fsgnjx);
}
static bool trans_fmin_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fmin, Helper::fmin);
}
static bool trans_fmax_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fmax, Helper::fmax);
}
static bool trans_feq_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::feq, Helper::feq);
}
static bool trans_flt_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::flt, Helper::flt);
}
static bool trans_fle_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::fle, Helper::fle);
}
static bool trans_fclass_d(DisasContext& ctx, const Operands& a) { return gen_fp_class(ctx, a, kFormat); }

static bool trans_fcvt_w_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::I32);
}
static bool trans_fcvt_wu_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::U32);
}
static bool trans_fcvt_l_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::I64);
}
static bool trans_fcvt_lu_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::U64);
}
static bool trans_fcvt_d_w(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::I32);
}
static bool trans_fcvt_d_wu(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::U32);
}
static bool trans_fcvt_d_l(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::I64);
}
static bool trans_fcvt_d_lu(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::U64);
}
static bool trans_fcvt_s_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F32, Format::F64);
}
static bool trans_fcvt_d_s(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F64, Format::F32);
}

static bool trans_fmv_x_d(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->convert_to(Op::bitcast, a.rd, ctx.fpr(a.rs1));
    return true;
}
static bool trans_fmv_d_x(DisasContext& ctx, const Operands& a) {
    ctx.b->convert_to(Op::bitcast, ctx.fpr(a.rd), ctx.gpr(a.rs1));
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiii sssss 011 ddddd 0000111", "fld", "fd,imm(rs1)", D, trans_fld, kImmI},
    {"iiiiiii ttttt sssss 011 iiiii 0100111", "fsd", "fs2,imm(rs1)", D, trans_fsd, kImmS},
    {"uuuuu 01 ttttt sssss mmm ddddd 1000011", "fmadd.d", "fd,fs1,fs2,fs3,rm", D, trans_fmadd_d},
    {"uuuuu 01 ttttt sssss mmm ddddd 1000111", "fmsub.d", "fd,fs1,fs2,fs3,rm", D, trans_fmsub_d},
    {"uuuuu 01 ttttt sssss mmm ddddd 1001011", "fnmsub.d", "fd,fs1,fs2,fs3,rm", D, trans_fnmsub_d},
    {"uuuuu 01 ttttt sssss mmm ddddd 1001111", "fnmadd.d", "fd,fs1,fs2,fs3,rm", D, trans_fnmadd_d},
    {"0000001 ttttt sssss mmm ddddd 1010011", "fadd.d", "fd,fs1,fs2,rm", D, trans_fadd_d},
    {"0000101 ttttt sssss mmm ddddd 1010011", "fsub.d", "fd,fs1,fs2,rm", D, trans_fsub_d},
    {"0001001 ttttt sssss mmm ddddd 1010011", "fmul.d", "fd,fs1,fs2,rm", D, trans_fmul_d},
    {"0001101 ttttt sssss mmm ddddd 1010011", "fdiv.d", "fd,fs1,fs2,rm", D, trans_fdiv_d},
    {"0101101 00000 sssss mmm ddddd 1010011", "fsqrt.d", "fd,fs1,rm", D, trans_fsqrt_d},
    {"0010001 ttttt sssss 000 ddddd 1010011", "fsgnj.d", "fd,fs1,fs2", D, trans_fsgnj_d},
    {"0010001 ttttt sssss 001 ddddd 1010011", "fsgnjn.d", "fd,fs1,fs2", D, trans_fsgnjn_d},
    {"0010001 ttttt sssss 010 ddddd 1010011", "fsgnjx.d", "fd,fs1,fs2", D, trans_fsgnjx_d},
    {"0010101 ttttt sssss 000 ddddd 1010011", "fmin.d", "fd,fs1,fs2", D, trans_fmin_d},
    {"0010101 ttttt sssss 001 ddddd 1010011", "fmax.d", "fd,fs1,fs2", D, trans_fmax_d},
    {"1010001 ttttt sssss 010 ddddd 1010011", "feq.d", "rd,fs1,fs2", D, trans_feq_d},
    {"1010001 ttttt sssss 001 ddddd 1010011", "flt.d", "rd,fs1,fs2", D, trans_flt_d},
    {"1010001 ttttt sssss 000 ddddd 1010011", "fle.d", "rd,fs1,fs2", D, trans_fle_d},
    {"1110001 00000 sssss 001 ddddd 1010011", "fclass.d", "rd,fs1", D, trans_fclass_d},
    {"1100001 00000 sssss mmm ddddd 1010011", "fcvt.w.d", "rd,fs1,rm", D, trans_fcvt_w_d},
    {"1100001 00001 sssss mmm ddddd 1010011", "fcvt.wu.d", "rd,fs1,rm", D, trans_fcvt_wu_d},
    {"1100001 00010 sssss mmm ddddd 1010011", "fcvt.l.d", "rd,fs1,rm", D, trans_fcvt_l_d},
    {"1100001 00011 sssss mmm ddddd 1010011", "fcvt.lu.d", "rd,fs1,rm", D, trans_fcvt_lu_d},
    {"1101001 00000 sssss mmm ddddd 1010011", "fcvt.d.w", "fd,rs1,rm", D, trans_fcvt_d_w},
    {"1101001 00001 sssss mmm ddddd 1010011", "fcvt.d.wu", "fd,rs1,rm", D, trans_fcvt_d_wu},
    {"1101001 00010 sssss mmm ddddd 1010011", "fcvt.d.l", "fd,rs1,rm", D, trans_fcvt_d_l},
    {"1101001 00011 sssss mmm ddddd 1010011", "fcvt.d.lu", "fd,rs1,rm", D, trans_fcvt_d_lu},
    {"0100000 00001 sssss mmm ddddd 1010011", "fcvt.s.d", "fd,fs1,rm", D, trans_fcvt_s_d},
    {"0100001 00000 sssss mmm ddddd 1010011", "fcvt.d.s", "fd,fs1,rm", D, trans_fcvt_d_s},
    {"1110001 00000 sssss 000 ddddd 1010011", "fmv.x.d", "rd,fs1", D, trans_fmv_x_d},
    {"1111001 00000 sssss 000 ddddd 1010011", "fmv.d.x", "fd,rs1", D, trans_fmv_d_x},
};

InsnSet rows_d() { return kRows; }

}  // namespace dragoman::riscv
