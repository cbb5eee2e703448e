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
    {"iiiiiiiiiiii sssss 001 ddddd 0000111", "flh", "fd,imm(rs1)", Zfhmin || Zfbfmin, trans_flh, kImmI},
    {"iiiiiii ttttt sssss 001 iiiii 0100111", "fsh", "fs2,imm(rs1)", Zfhmin || Zfbfmin, trans_fsh, kImmS},
    {"uuuuu 10 ttttt sssss mmm ddddd 1000011", "fmadd.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fp_fma<kFormat, Op::fmadd>},
    {"uuuuu 10 ttttt sssss mmm ddddd 1000111", "fmsub.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fp_fma<kFormat, Op::fmsub>},
    {"uuuuu 10 ttttt sssss mmm ddddd 1001011", "fnmsub.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fp_fma<kFormat, Op::fnmsub>},
    {"uuuuu 10 ttttt sssss mmm ddddd 1001111", "fnmadd.h", "fd,fs1,fs2,fs3,rm", Zfh, trans_fp_fma<kFormat, Op::fnmadd>},
    {"0000010 ttttt sssss mmm ddddd 1010011", "fadd.h", "fd,fs1,fs2,rm", Zfh, trans_fp_arith<kFormat, Op::fadd>},
    {"0000110 ttttt sssss mmm ddddd 1010011", "fsub.h", "fd,fs1,fs2,rm", Zfh, trans_fp_arith<kFormat, Op::fsub>},
    {"0001010 ttttt sssss mmm ddddd 1010011", "fmul.h", "fd,fs1,fs2,rm", Zfh, trans_fp_arith<kFormat, Op::fmul>},
    {"0001110 ttttt sssss mmm ddddd 1010011", "fdiv.h", "fd,fs1,fs2,rm", Zfh, trans_fp_arith<kFormat, Op::fdiv>},
    {"0101110 00000 sssss mmm ddddd 1010011", "fsqrt.h", "fd,fs1,rm", Zfh, trans_fp_sqrt<kFormat>},
    {"0010010 ttttt sssss 000 ddddd 1010011", "fsgnj.h", "fd,fs1,fs2", Zfh, trans_fp_select<kFormat, Op::fsgnj>},
    {"0010010 ttttt sssss 001 ddddd 1010011", "fsgnjn.h", "fd,fs1,fs2", Zfh, trans_fp_select<kFormat, Op::fsgnjn>},
    {"0010010 ttttt sssss 010 ddddd 1010011", "fsgnjx.h", "fd,fs1,fs2", Zfh, trans_fp_select<kFormat, Op::fsgnjx>},
    {"0010110 ttttt sssss 000 ddddd 1010011", "fmin.h", "fd,fs1,fs2", Zfh, trans_fp_select<kFormat, Op::fmin>},
    {"0010110 ttttt sssss 001 ddddd 1010011", "fmax.h", "fd,fs1,fs2", Zfh, trans_fp_select<kFormat, Op::fmax>},
    {"1010010 ttttt sssss 010 ddddd 1010011", "feq.h", "rd,fs1,fs2", Zfh, trans_fp_compare<kFormat, Op::feq>},
    {"1010010 ttttt sssss 001 ddddd 1010011", "flt.h", "rd,fs1,fs2", Zfh, trans_fp_compare<kFormat, Op::flt>},
    {"1010010 ttttt sssss 000 ddddd 1010011", "fle.h", "rd,fs1,fs2", Zfh, trans_fp_compare<kFormat, Op::fle>},
    {"1110010 00000 sssss 001 ddddd 1010011", "fclass.h", "rd,fs1", Zfh, trans_fp_class<kFormat>},
    {"1100010 00000 sssss mmm ddddd 1010011", "fcvt.w.h", "rd,fs1,rm", Zfh, trans_fp_to_int<kFormat, IntType::I32>},
    {"1100010 00001 sssss mmm ddddd 1010011", "fcvt.wu.h", "rd,fs1,rm", Zfh, trans_fp_to_int<kFormat, IntType::U32>},
    {"1100010 00010 sssss mmm ddddd 1010011", "fcvt.l.h", "rd,fs1,rm", Zfh&& Rv64,
     trans_fp_to_int<kFormat, IntType::I64>},
    {"1100010 00011 sssss mmm ddddd 1010011", "fcvt.lu.h", "rd,fs1,rm", Zfh&& Rv64,
     trans_fp_to_int<kFormat, IntType::U64>},
    {"1101010 00000 sssss mmm ddddd 1010011", "fcvt.h.w", "fd,rs1,rm", Zfh, trans_fp_from_int<kFormat, IntType::I32>},
    {"1101010 00001 sssss mmm ddddd 1010011", "fcvt.h.wu", "fd,rs1,rm", Zfh, trans_fp_from_int<kFormat, IntType::U32>},
    {"1101010 00010 sssss mmm ddddd 1010011", "fcvt.h.l", "fd,rs1,rm", Zfh&& Rv64,
     trans_fp_from_int<kFormat, IntType::I64>},
    {"1101010 00011 sssss mmm ddddd 1010011", "fcvt.h.lu", "fd,rs1,rm", Zfh&& Rv64,
     trans_fp_from_int<kFormat, IntType::U64>},
    {"0100000 00010 sssss mmm ddddd 1010011", "fcvt.s.h", "fd,fs1,rm", Zfhmin,
     trans_fp_convert<Format::F32, Format::F16>},
    {"0100010 00000 sssss mmm ddddd 1010011", "fcvt.h.s", "fd,fs1,rm", Zfhmin,
     trans_fp_convert<Format::F16, Format::F32>},
    {"0100001 00010 sssss mmm ddddd 1010011", "fcvt.d.h", "fd,fs1,rm", Zfhmin&& D,
     trans_fp_convert<Format::F64, Format::F16>},
    {"0100010 00001 sssss mmm ddddd 1010011", "fcvt.h.d", "fd,fs1,rm", Zfhmin&& D,
     trans_fp_convert<Format::F16, Format::F64>},
    {"1110010 00000 sssss 000 ddddd 1010011", "fmv.x.h", "rd,fs1", Zfhmin || Zfbfmin, trans_fmv_x_h},
    {"1111010 00000 sssss 000 ddddd 1010011", "fmv.h.x", "fd,rs1", Zfhmin || Zfbfmin, trans_fmv_h_x},
};

InsnSet rows_zfh() { return kRows; }

}  // namespace dragoman::riscv
