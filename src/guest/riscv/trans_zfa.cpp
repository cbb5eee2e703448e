// Zfa: additional floating-point instructions (Unprivileged specification, chapter "Zfa").
#include <limits>

#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"

namespace dragoman::riscv {

/// fli's constants by the number in rs1; number 1 is the least normal value of the format.
static constexpr double kFliConstants[32] = {-1.0,
                                             0.0,
                                             0x1p-16,
                                             0x1p-15,
                                             0x1p-8,
                                             0x1p-7,
                                             0.0625,
                                             0.125,
                                             0.25,
                                             0.3125,
                                             0.375,
                                             0.4375,
                                             0.5,
                                             0.625,
                                             0.75,
                                             0.875,
                                             1.0,
                                             1.25,
                                             1.5,
                                             1.75,
                                             2.0,
                                             2.5,
                                             3.0,
                                             4.0,
                                             8.0,
                                             16.0,
                                             128.0,
                                             256.0,
                                             0x1p15,
                                             0x1p16,
                                             std::numeric_limits<double>::infinity(),
                                             std::numeric_limits<double>::quiet_NaN()};

static u64 fli_bits(Format f, unsigned number) {
    constexpr unsigned kLeastNormal = 1;
    if (number == kLeastNormal)
        return f == Format::F16 ? 0x0400 : f == Format::F32 ? 0x0080'0000 : 0x0010'0000'0000'0000;
    u32 ignored = 0;
    u64 bits = std::bit_cast<u64>(kFliConstants[number]);
    return softfloat::convert(f, Format::F64, bits, softfloat::Rounding::RNE, ignored);
}

template <Format f>
static bool trans_fli(DisasContext& ctx, const Operands& a) {
    u64 upper = f == Format::F16 ? ~u64{0xffff} : f == Format::F32 ? ~u64{0xffff'ffff} : 0;
    ctx.b->mov_to(ctx.fpr(a.rd), ctx.b->function().constant(Type::F64, fli_bits(f, a.rs1) | upper));
    return true;
}

static bool trans_fcvtmod_w_d(DisasContext& ctx, const Operands& a) {
    ctx.call_helper(Helper::fcvtmod_w_d, ctx.gpr_dest(a.rd), {ctx.fpr(a.rs1)});
    return true;
}

static bool trans_fmvh_x_d(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Var image = ctx.b->convert(Op::bitcast, Type::I64, ctx.fpr(a.rs1));
    ctx.b->op_to(Op::sextract, a.rd, {image}, 32, 32);
    return true;
}
static bool trans_fmvp_d_x(DisasContext& ctx, const Operands& a) {
    Var image = ctx.b->op(Op::deposit, Type::I64, {ctx.gpr(a.rs1), ctx.gpr(a.rs2)}, 32, 32);
    ctx.b->convert_to(Op::bitcast, ctx.fpr(a.rd), image);
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"1111000 00001 sssss 000 ddddd 1010011", "fli.s", "fd,fli", Zfa, trans_fli<Format::F32>},
    {"0010100 ttttt sssss 010 ddddd 1010011", "fminm.s", "fd,fs1,fs2", Zfa,
     trans_fp_helper<Format::F32, Helper::fminm>},
    {"0010100 ttttt sssss 011 ddddd 1010011", "fmaxm.s", "fd,fs1,fs2", Zfa,
     trans_fp_helper<Format::F32, Helper::fmaxm>},
    {"0100000 00100 sssss mmm ddddd 1010011", "fround.s", "fd,fs1,rm", Zfa, trans_fp_round<Format::F32, false>},
    {"0100000 00101 sssss mmm ddddd 1010011", "froundnx.s", "fd,fs1,rm", Zfa, trans_fp_round<Format::F32, true>},
    {"1010000 ttttt sssss 101 ddddd 1010011", "fltq.s", "rd,fs1,fs2", Zfa, trans_fp_compare<Format::F32, Op::fltq>},
    {"1010000 ttttt sssss 100 ddddd 1010011", "fleq.s", "rd,fs1,fs2", Zfa, trans_fp_compare<Format::F32, Op::fleq>},
    {"1111001 00001 sssss 000 ddddd 1010011", "fli.d", "fd,fli", Zfa&& D, trans_fli<Format::F64>},
    {"0010101 ttttt sssss 010 ddddd 1010011", "fminm.d", "fd,fs1,fs2", Zfa&& D,
     trans_fp_helper<Format::F64, Helper::fminm>},
    {"0010101 ttttt sssss 011 ddddd 1010011", "fmaxm.d", "fd,fs1,fs2", Zfa&& D,
     trans_fp_helper<Format::F64, Helper::fmaxm>},
    {"0100001 00100 sssss mmm ddddd 1010011", "fround.d", "fd,fs1,rm", Zfa&& D, trans_fp_round<Format::F64, false>},
    {"0100001 00101 sssss mmm ddddd 1010011", "froundnx.d", "fd,fs1,rm", Zfa&& D, trans_fp_round<Format::F64, true>},
    {"1010001 ttttt sssss 101 ddddd 1010011", "fltq.d", "rd,fs1,fs2", Zfa&& D, trans_fp_compare<Format::F64, Op::fltq>},
    {"1010001 ttttt sssss 100 ddddd 1010011", "fleq.d", "rd,fs1,fs2", Zfa&& D, trans_fp_compare<Format::F64, Op::fleq>},
    {"1100001 01000 sssss 001 ddddd 1010011", "fcvtmod.w.d", "rd,fs1,rtz", Zfa&& D, trans_fcvtmod_w_d},
    {"1110001 00001 sssss 000 ddddd 1010011", "fmvh.x.d", "rd,fs1", Zfa&& D&& Rv32, trans_fmvh_x_d},
    {"1011001 ttttt sssss 000 ddddd 1010011", "fmvp.d.x", "fd,rs1,rs2", Zfa&& D&& Rv32, trans_fmvp_d_x},
    {"1111010 00001 sssss 000 ddddd 1010011", "fli.h", "fd,fli", Zfa&& Zfh, trans_fli<Format::F16>},
    {"0010110 ttttt sssss 010 ddddd 1010011", "fminm.h", "fd,fs1,fs2", Zfa&& Zfh,
     trans_fp_helper<Format::F16, Helper::fminm>},
    {"0010110 ttttt sssss 011 ddddd 1010011", "fmaxm.h", "fd,fs1,fs2", Zfa&& Zfh,
     trans_fp_helper<Format::F16, Helper::fmaxm>},
    {"0100010 00100 sssss mmm ddddd 1010011", "fround.h", "fd,fs1,rm", Zfa&& Zfh, trans_fp_round<Format::F16, false>},
    {"0100010 00101 sssss mmm ddddd 1010011", "froundnx.h", "fd,fs1,rm", Zfa&& Zfh, trans_fp_round<Format::F16, true>},
    {"1010010 ttttt sssss 101 ddddd 1010011", "fltq.h", "rd,fs1,fs2", Zfa&& Zfh,
     trans_fp_compare<Format::F16, Op::fltq>},
    {"1010010 ttttt sssss 100 ddddd 1010011", "fleq.h", "rd,fs1,fs2", Zfa&& Zfh,
     trans_fp_compare<Format::F16, Op::fleq>},
};

InsnSet rows_zfa() { return kRows; }

}  // namespace dragoman::riscv
