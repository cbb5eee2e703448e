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

static bool trans_fsgnj_d(DisasContext& ctx, const Operands& a) {
    if (a.rs1 != a.rs2) return gen_fp_select(ctx, a, kFormat, Op::fsgnj, Helper::fsgnj);
    ctx.b->mov_to(ctx.fpr(a.rd), ctx.fpr(a.rs1));
    return true;
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
    {"uuuuu 01 ttttt sssss mmm ddddd 1000011", "fmadd.d", "fd,fs1,fs2,fs3,rm", D, trans_fp_fma<kFormat, Op::fmadd>},
    {"uuuuu 01 ttttt sssss mmm ddddd 1000111", "fmsub.d", "fd,fs1,fs2,fs3,rm", D, trans_fp_fma<kFormat, Op::fmsub>},
    {"uuuuu 01 ttttt sssss mmm ddddd 1001011", "fnmsub.d", "fd,fs1,fs2,fs3,rm", D, trans_fp_fma<kFormat, Op::fnmsub>},
    {"uuuuu 01 ttttt sssss mmm ddddd 1001111", "fnmadd.d", "fd,fs1,fs2,fs3,rm", D, trans_fp_fma<kFormat, Op::fnmadd>},
    {"0000001 ttttt sssss mmm ddddd 1010011", "fadd.d", "fd,fs1,fs2,rm", D, trans_fp_arith<kFormat, Op::fadd>},
    {"0000101 ttttt sssss mmm ddddd 1010011", "fsub.d", "fd,fs1,fs2,rm", D, trans_fp_arith<kFormat, Op::fsub>},
    {"0001001 ttttt sssss mmm ddddd 1010011", "fmul.d", "fd,fs1,fs2,rm", D, trans_fp_arith<kFormat, Op::fmul>},
    {"0001101 ttttt sssss mmm ddddd 1010011", "fdiv.d", "fd,fs1,fs2,rm", D, trans_fp_arith<kFormat, Op::fdiv>},
    {"0101101 00000 sssss mmm ddddd 1010011", "fsqrt.d", "fd,fs1,rm", D, trans_fp_sqrt<kFormat>},
    {"0010001 ttttt sssss 000 ddddd 1010011", "fsgnj.d", "fd,fs1,fs2", D, trans_fsgnj_d},
    {"0010001 ttttt sssss 001 ddddd 1010011", "fsgnjn.d", "fd,fs1,fs2", D, trans_fp_select<kFormat, Op::fsgnjn>},
    {"0010001 ttttt sssss 010 ddddd 1010011", "fsgnjx.d", "fd,fs1,fs2", D, trans_fp_select<kFormat, Op::fsgnjx>},
    {"0010101 ttttt sssss 000 ddddd 1010011", "fmin.d", "fd,fs1,fs2", D, trans_fp_select<kFormat, Op::fmin>},
    {"0010101 ttttt sssss 001 ddddd 1010011", "fmax.d", "fd,fs1,fs2", D, trans_fp_select<kFormat, Op::fmax>},
    {"1010001 ttttt sssss 010 ddddd 1010011", "feq.d", "rd,fs1,fs2", D, trans_fp_compare<kFormat, Op::feq>},
    {"1010001 ttttt sssss 001 ddddd 1010011", "flt.d", "rd,fs1,fs2", D, trans_fp_compare<kFormat, Op::flt>},
    {"1010001 ttttt sssss 000 ddddd 1010011", "fle.d", "rd,fs1,fs2", D, trans_fp_compare<kFormat, Op::fle>},
    {"1110001 00000 sssss 001 ddddd 1010011", "fclass.d", "rd,fs1", D, trans_fp_class<kFormat>},
    {"1100001 00000 sssss mmm ddddd 1010011", "fcvt.w.d", "rd,fs1,rm", D, trans_fp_to_int<kFormat, IntType::I32>},
    {"1100001 00001 sssss mmm ddddd 1010011", "fcvt.wu.d", "rd,fs1,rm", D, trans_fp_to_int<kFormat, IntType::U32>},
    {"1100001 00010 sssss mmm ddddd 1010011", "fcvt.l.d", "rd,fs1,rm", D&& Rv64,
     trans_fp_to_int<kFormat, IntType::I64>},
    {"1100001 00011 sssss mmm ddddd 1010011", "fcvt.lu.d", "rd,fs1,rm", D&& Rv64,
     trans_fp_to_int<kFormat, IntType::U64>},
    {"1101001 00000 sssss mmm ddddd 1010011", "fcvt.d.w", "fd,rs1,rm", D, trans_fp_from_int<kFormat, IntType::I32>},
    {"1101001 00001 sssss mmm ddddd 1010011", "fcvt.d.wu", "fd,rs1,rm", D, trans_fp_from_int<kFormat, IntType::U32>},
    {"1101001 00010 sssss mmm ddddd 1010011", "fcvt.d.l", "fd,rs1,rm", D&& Rv64,
     trans_fp_from_int<kFormat, IntType::I64>},
    {"1101001 00011 sssss mmm ddddd 1010011", "fcvt.d.lu", "fd,rs1,rm", D&& Rv64,
     trans_fp_from_int<kFormat, IntType::U64>},
    {"0100000 00001 sssss mmm ddddd 1010011", "fcvt.s.d", "fd,fs1,rm", D, trans_fp_convert<Format::F32, Format::F64>},
    {"0100001 00000 sssss mmm ddddd 1010011", "fcvt.d.s", "fd,fs1,rm", D, trans_fp_convert<Format::F64, Format::F32>},
    {"1110001 00000 sssss 000 ddddd 1010011", "fmv.x.d", "rd,fs1", D&& Rv64, trans_fmv_x_d},
    {"1111001 00000 sssss 000 ddddd 1010011", "fmv.d.x", "fd,rs1", D&& Rv64, trans_fmv_d_x},
};

InsnSet rows_d() { return kRows; }

}  // namespace dragoman::riscv
