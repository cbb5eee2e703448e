// M: multiplication and division (Unprivileged specification, chapter "M"). The IR's division ops have
// RISC-V's results for zero divisors and overflow.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

bool trans_mul(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::mul); }
static bool trans_mulh(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::mulh_s); }
static bool trans_mulhsu(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::mulh_su); }
static bool trans_mulhu(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::mulh_u); }
static bool trans_div(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::div_s); }
static bool trans_divu(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::div_u); }
static bool trans_rem(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::rem_s); }
static bool trans_remu(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::rem_u); }
static bool trans_mulw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::mul); }
static bool trans_divw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::div_s); }
static bool trans_divuw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::div_u); }
static bool trans_remw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::rem_s); }
static bool trans_remuw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::rem_u); }

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"0000001 ttttt sssss 000 ddddd 0110011", "mul", "rd,rs1,rs2", Zmmul, trans_mul},
    {"0000001 ttttt sssss 001 ddddd 0110011", "mulh", "rd,rs1,rs2", Zmmul, trans_mulh},
    {"0000001 ttttt sssss 010 ddddd 0110011", "mulhsu", "rd,rs1,rs2", Zmmul, trans_mulhsu},
    {"0000001 ttttt sssss 011 ddddd 0110011", "mulhu", "rd,rs1,rs2", Zmmul, trans_mulhu},
    {"0000001 ttttt sssss 100 ddddd 0110011", "div", "rd,rs1,rs2", M, trans_div},
    {"0000001 ttttt sssss 101 ddddd 0110011", "divu", "rd,rs1,rs2", M, trans_divu},
    {"0000001 ttttt sssss 110 ddddd 0110011", "rem", "rd,rs1,rs2", M, trans_rem},
    {"0000001 ttttt sssss 111 ddddd 0110011", "remu", "rd,rs1,rs2", M, trans_remu},
    {"0000001 ttttt sssss 000 ddddd 0111011", "mulw", "rd,rs1,rs2", Zmmul&& Rv64, trans_mulw},
    {"0000001 ttttt sssss 100 ddddd 0111011", "divw", "rd,rs1,rs2", M&& Rv64, trans_divw},
    {"0000001 ttttt sssss 101 ddddd 0111011", "divuw", "rd,rs1,rs2", M&& Rv64, trans_divuw},
    {"0000001 ttttt sssss 110 ddddd 0111011", "remw", "rd,rs1,rs2", M&& Rv64, trans_remw},
    {"0000001 ttttt sssss 111 ddddd 0111011", "remuw", "rd,rs1,rs2", M&& Rv64, trans_remuw},
};

InsnSet rows_m() { return kRows; }

}  // namespace dragoman::riscv
