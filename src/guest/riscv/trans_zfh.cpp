// Zfh and Zfhmin: half-precision floating point (Unprivileged specification, chapter "Zfh"). Arithmetic
// is soft float; loads, stores and moves are inline.
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"

namespace dragoman::riscv {

static constexpr Format kFormat = Format::F16;

/// Boxes the low 16 bits of an I64, the upper bits of which may be anything.
static void write_half(DisasContext& ctx, unsigned reg, Var bits) {
    Var boxed = ctx.b->or_(bits, ctx.b->c64(~u64{0xffff}));
    ctx.b->convert_to(Op::bitcast, ctx.fpr(reg), boxed);
}

static bool trans_flh(DisasContext& ctx, const Operands& a) {
    Var bits = ctx.b->temp(Type::I64);
    ctx.guest_ld(bits, ctx.gpr(a.rs1), {.size_log2 = 1}, a.imm);
    write_half(ctx, a.rd, bits);
    return true;
}
/// Stores the low half-word of the image, boxed or not.
static bool trans_fsh(DisasContext& ctx, const Operands& a) {
    Var image = ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(a.rs2));
    ctx.guest_st(image, ctx.gpr(a.rs1), {.size_log2 = 1}, a.imm);
    return true;
}

static bool trans_fadd_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fadd, Helper::fadd);
}
static bool trans_fsub_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fsub, Helper::fsub);
}
static bool trans_fmul_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fmul, Helper::fmul);
}
static bool trans_fdiv_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_arith(ctx, a, kFormat, Op::fdiv, Helper::fdiv);
}
static bool trans_fsqrt_h(DisasContext& ctx, const Operands& a) { return gen_fp_sqrt(ctx, a, kFormat); }
static bool trans_fmadd_h(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fmadd); }
static bool trans_fmsub_h(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fmsub); }
static bool trans_fnmsub_h(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fnmsub); }
static bool trans_fnmadd_h(DisasContext& ctx, const Operands& a) { return gen_fp_fma(ctx, a, kFormat, Op::fnmadd); }

static bool trans_fsgnj_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fsgnj, Helper::fsgnj);
}
static bool trans_fsgnjn_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fsgnjn, Helper::fsgnjn);
}
static bool trans_fsgnjx_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fsgnjx, Helper::fsgnjx);
}
static bool trans_fmin_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fmin, Helper::fmin);
}
static bool trans_fmax_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_select(ctx, a, kFormat, Op::fmax, Helper::fmax);
}
static bool trans_feq_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::feq, Helper::feq);
}
static bool trans_flt_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::flt, Helper::flt);
}
static bool trans_fle_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_compare(ctx, a, kFormat, Op::fle, Helper::fle);
}
static bool trans_fclass_h(DisasContext& ctx, const Operands& a) { return gen_fp_class(ctx, a, kFormat); }

static bool trans_fcvt_w_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::I32);
}
static bool trans_fcvt_wu_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::U32);
}
static bool trans_fcvt_l_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::I64);
}
static bool trans_fcvt_lu_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_to_int(ctx, a, kFormat, IntType::U64);
}
static bool trans_fcvt_h_w(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::I32);
}
static bool trans_fcvt_h_wu(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::U32);
}
static bool trans_fcvt_h_l(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::I64);
}
static bool trans_fcvt_h_lu(DisasContext& ctx, const Operands& a) {
    return gen_fp_from_int(ctx, a, kFormat, IntType::U64);
}
static bool trans_fcvt_s_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F32, Format::F16);
}
static bool trans_fcvt_h_s(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F16, Format::F32);
}
static bool trans_fcvt_d_h(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F64, Format::F16);
}
static bool trans_fcvt_h_d(DisasContext& ctx, const Operands& a) {
    return gen_fp_convert(ctx, a, Format::F16, Format::F64);
}

/// The low half-word of the image, boxed or not.
static bool trans_fmv_x_h(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Var image = ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(a.rs1));
    ctx.b->op_to(Op::sextract, a.rd, {image}, 0, 16);
    return true;
}
static bool trans_fmv_h_x(DisasContext& ctx, const Operands& a) {
    write_half(ctx, a.rd, ctx.gpr(a.rs1));
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiii sssss 001 ddddd 0000111", "flh", "fd,imm(rs1)", Zfhmin, trans_flh, kImmI},
    {"iiiiiii ttttt sssss 001 iiiii 0100111", "fsh", "fs2,imm(rs1)", Zfhmin, trans_fsh, kImmS},
    {"uuuuu 10 ttttt sssss mmm ddddd 1000011", "fmadd.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fmadd_h},
    {"uuuuu 10 ttttt sssss mmm ddddd 1000111", "fmsub.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fmsub_h},
    {"uuuuu 10 ttttt sssss mmm ddddd 1001011", "fnmsub.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fnmsub_h},
    {"uuuuu 10 ttttt sssss mmm ddddd 1001111", "fnmadd.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fnmadd_h},
    {"0000010 ttttt sssss mmm ddddd 1010011", "fadd.h", "fd,fs1,fs2,rm", Zfh, trans_fadd_h},
    {"0000110 ttttt sssss mmm ddddd 1010011", "fsub.h", "fd,fs1,fs2,rm", Zfh, trans_fsub_h},
    {"0001010 ttttt sssss mmm ddddd 1010011", "fmul.h", "fd,fs1,fs2,rm", Zfh, trans_fmul_h},
    {"0001110 ttttt sssss mmm ddddd 1010011", "fdiv.h", "fd,fs1,fs2,rm", Zfh, trans_fdiv_h},
    {"0101110 00000 sssss mmm ddddd 1010011", "fsqrt.h", "fd,fs1,rm", Zfh, trans_fsqrt_h},
    {"0010010 ttttt sssss 000 ddddd 1010011", "fsgnj.h", "fd,fs1,fs2", Zfh, trans_fsgnj_h},
    {"0010010 ttttt sssss 001 ddddd 1010011", "fsgnjn.h", "fd,fs1,fs2", Zfh, trans_fsgnjn_h},
    {"0010010 ttttt sssss 010 ddddd 1010011", "fsgnjx.h", "fd,fs1,fs2", Zfh, trans_fsgnjx_h},
    {"0010110 ttttt sssss 000 ddddd 1010011", "fmin.h", "fd,fs1,fs2", Zfh, trans_fmin_h},
    {"0010110 ttttt sssss 001 ddddd 1010011", "fmax.h", "fd,fs1,fs2", Zfh, trans_fmax_h},
    {"1010010 ttttt sssss 010 ddddd 1010011", "feq.h", "rd,fs1,fs2", Zfh, trans_feq_h},
    {"1010010 ttttt sssss 001 ddddd 1010011", "flt.h", "rd,fs1,fs2", Zfh, trans_flt_h},
    {"1010010 ttttt sssss 000 ddddd 1010011", "fle.h", "rd,fs1,fs2", Zfh, trans_fle_h},
    {"1110010 00000 sssss 001 ddddd 1010011", "fclass.h", "rd,fs1", Zfh, trans_fclass_h},
    {"1100010 00000 sssss mmm ddddd 1010011", "fcvt.w.h", "rd,fs1,rm", Zfh, trans_fcvt_w_h},
    {"1100010 00001 sssss mmm ddddd 1010011", "fcvt.wu.h", "rd,fs1,rm", Zfh, trans_fcvt_wu_h},
    {"1100010 00010 sssss mmm ddddd 1010011", "fcvt.l.h", "rd,fs1,rm", Zfh, trans_fcvt_l_h},
    {"1100010 00011 sssss mmm ddddd 1010011", "fcvt.lu.h", "rd,fs1,rm", Zfh, trans_fcvt_lu_h},
    {"1101010 00000 sssss mmm ddddd 1010011", "fcvt.h.w", "fd,rs1,rm", Zfh, trans_fcvt_h_w},
    {"1101010 00001 sssss mmm ddddd 1010011", "fcvt.h.wu", "fd,rs1,rm", Zfh, trans_fcvt_h_wu},
    {"1101010 00010 sssss mmm ddddd 1010011", "fcvt.h.l", "fd,rs1,rm", Zfh, trans_fcvt_h_l},
    {"1101010 00011 sssss mmm ddddd 1010011", "fcvt.h.lu", "fd,rs1,rm", Zfh, trans_fcvt_h_lu},
    {"0100000 00010 sssss mmm ddddd 1010011", "fcvt.s.h", "fd,fs1,rm", Zfhmin, trans_fcvt_s_h},
    {"0100010 00000 sssss mmm ddddd 1010011", "fcvt.h.s", "fd,fs1,rm", Zfhmin, trans_fcvt_h_s},
    {"0100001 00010 sssss mmm ddddd 1010011", "fcvt.d.h", "fd,fs1,rm", Zfhmin&& D, trans_fcvt_d_h},
    {"0100010 00001 sssss mmm ddddd 1010011", "fcvt.h.d", "fd,fs1,rm", Zfhmin&& D, trans_fcvt_h_d},
    {"1110010 00000 sssss 000 ddddd 1010011", "fmv.x.h", "rd,fs1", Zfhmin, trans_fmv_x_h},
    {"1111010 00000 sssss 000 ddddd 1010011", "fmv.h.x", "fd,rs1", Zfhmin, trans_fmv_h_x},
};

InsnSet rows_zfh() { return kRows; }

}  // namespace dragoman::riscv
