// F: single-precision floating point (Unprivileged specification, chapter "F").
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

static constexpr Format kFormat = Format::F32;

bool trans_flw(DisasContext& ctx, const Operands& a) {
    Var value = ctx.b->temp(Type::F32);
    ctx.guest_ld(value, ctx.gpr(a.rs1), {.size_log2 = 2}, a.imm);
    write_fpr(ctx, kFormat, a.rd, value);
    return true;
}
/// Stores the low word of the image, boxed or not.
bool trans_fsw(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.fpr(a.rs2), ctx.gpr(a.rs1), {.size_log2 = 2}, a.imm);
    return true;
}

static bool trans_fsgnj_s(DisasContext& ctx, const Operands& a) {
    if (a.rs1 != a.rs2) return gen_fp_select(ctx, a, kFormat, Op::fsgnj, Helper::fsgnj);
    // fmv.s still turns an improperly boxed operand into the canonical NaN.
    write_fpr(ctx, kFormat, a.rd, read_fpr(ctx, kFormat, a.rs1));
    return true;
}

/// The low word of the image, boxed or not.
static bool trans_fmv_x_w(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Var image = ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(a.rs1));
    ctx.b->op_to(Op::sextract, a.rd, {image}, 0, 32);
    return true;
}
static bool trans_fmv_w_x(DisasContext& ctx, const Operands& a) {
    write_fpr(ctx, kFormat, a.rd, ctx.b->convert(Op::bitcast, Type::F32, ctx.gpr_w(a.rs1)));
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiii sssss 010 ddddd 0000111", "flw", "fd,imm(rs1)", F, trans_flw, kImmI},
    {"iiiiiii ttttt sssss 010 iiiii 0100111", "fsw", "fs2,imm(rs1)", F, trans_fsw, kImmS},
    {"uuuuu 00 ttttt sssss mmm ddddd 1000011", "fmadd.s", "fd,fs1,fs2,fs3,rm", F, trans_fp_fma<kFormat, Op::fmadd>},
    {"uuuuu 00 ttttt sssss mmm ddddd 1000111", "fmsub.s", "fd,fs1,fs2,fs3,rm", F, trans_fp_fma<kFormat, Op::fmsub>},
    {"uuuuu 00 ttttt sssss mmm ddddd 1001011", "fnmsub.s", "fd,fs1,fs2,fs3,rm", F, trans_fp_fma<kFormat, Op::fnmsub>},
    {"uuuuu 00 ttttt sssss mmm ddddd 1001111", "fnmadd.s", "fd,fs1,fs2,fs3,rm", F, trans_fp_fma<kFormat, Op::fnmadd>},
    {"0000000 ttttt sssss mmm ddddd 1010011", "fadd.s", "fd,fs1,fs2,rm", F, trans_fp_arith<kFormat, Op::fadd>},
    {"0000100 ttttt sssss mmm ddddd 1010011", "fsub.s", "fd,fs1,fs2,rm", F, trans_fp_arith<kFormat, Op::fsub>},
    {"0001000 ttttt sssss mmm ddddd 1010011", "fmul.s", "fd,fs1,fs2,rm", F, trans_fp_arith<kFormat, Op::fmul>},
    {"0001100 ttttt sssss mmm ddddd 1010011", "fdiv.s", "fd,fs1,fs2,rm", F, trans_fp_arith<kFormat, Op::fdiv>},
    {"0101100 00000 sssss mmm ddddd 1010011", "fsqrt.s", "fd,fs1,rm", F, trans_fp_sqrt<kFormat>},
    {"0010000 ttttt sssss 000 ddddd 1010011", "fsgnj.s", "fd,fs1,fs2", F, trans_fsgnj_s},
    {"0010000 ttttt sssss 001 ddddd 1010011", "fsgnjn.s", "fd,fs1,fs2", F, trans_fp_select<kFormat, Op::fsgnjn>},
    {"0010000 ttttt sssss 010 ddddd 1010011", "fsgnjx.s", "fd,fs1,fs2", F, trans_fp_select<kFormat, Op::fsgnjx>},
    {"0010100 ttttt sssss 000 ddddd 1010011", "fmin.s", "fd,fs1,fs2", F, trans_fp_select<kFormat, Op::fmin>},
    {"0010100 ttttt sssss 001 ddddd 1010011", "fmax.s", "fd,fs1,fs2", F, trans_fp_select<kFormat, Op::fmax>},
    {"1010000 ttttt sssss 010 ddddd 1010011", "feq.s", "rd,fs1,fs2", F, trans_fp_compare<kFormat, Op::feq>},
    {"1010000 ttttt sssss 001 ddddd 1010011", "flt.s", "rd,fs1,fs2", F, trans_fp_compare<kFormat, Op::flt>},
    {"1010000 ttttt sssss 000 ddddd 1010011", "fle.s", "rd,fs1,fs2", F, trans_fp_compare<kFormat, Op::fle>},
    {"1110000 00000 sssss 001 ddddd 1010011", "fclass.s", "rd,fs1", F, trans_fp_class<kFormat>},
    {"1100000 00000 sssss mmm ddddd 1010011", "fcvt.w.s", "rd,fs1,rm", F, trans_fp_to_int<kFormat, IntType::I32>},
    {"1100000 00001 sssss mmm ddddd 1010011", "fcvt.wu.s", "rd,fs1,rm", F, trans_fp_to_int<kFormat, IntType::U32>},
    {"1100000 00010 sssss mmm ddddd 1010011", "fcvt.l.s", "rd,fs1,rm", F&& Rv64,
     trans_fp_to_int<kFormat, IntType::I64>},
    {"1100000 00011 sssss mmm ddddd 1010011", "fcvt.lu.s", "rd,fs1,rm", F&& Rv64,
     trans_fp_to_int<kFormat, IntType::U64>},
    {"1101000 00000 sssss mmm ddddd 1010011", "fcvt.s.w", "fd,rs1,rm", F, trans_fp_from_int<kFormat, IntType::I32>},
    {"1101000 00001 sssss mmm ddddd 1010011", "fcvt.s.wu", "fd,rs1,rm", F, trans_fp_from_int<kFormat, IntType::U32>},
    {"1101000 00010 sssss mmm ddddd 1010011", "fcvt.s.l", "fd,rs1,rm", F&& Rv64,
     trans_fp_from_int<kFormat, IntType::I64>},
    {"1101000 00011 sssss mmm ddddd 1010011", "fcvt.s.lu", "fd,rs1,rm", F&& Rv64,
     trans_fp_from_int<kFormat, IntType::U64>},
    {"1110000 00000 sssss 000 ddddd 1010011", "fmv.x.w", "rd,fs1", F, trans_fmv_x_w},
    {"1111000 00000 sssss 000 ddddd 1010011", "fmv.w.x", "fd,rs1", F, trans_fmv_w_x},
};

InsnSet rows_f() { return kRows; }

}  // namespace dragoman::riscv
