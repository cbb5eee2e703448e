// Bit manipulation: Zba, Zbb, Zbc, Zbs and the scalar-cryptography sets Zbkb, Zbkc, Zbkx (Unprivileged
// specification, chapters "B" and "Cryptography Extensions: Scalar").
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

// --- Zba: address generation ---

/// rd = (index << shift) + rs2.
static bool gen_shift_add(DisasContext& ctx, const Operands& a, Var index, unsigned shift) {
    if (a.rd == 0) return true;
    if (shift != 0) index = ctx.b->shli(index, shift);
    ctx.op_to_x(Op::add, a.rd, {index, ctx.gpr_x(a.rs2)});
    return true;
}
static Var low_word(DisasContext& ctx, unsigned reg) { return ctx.b->extract(ctx.gpr(reg), 0, 32); }

static bool trans_sh1add(DisasContext& ctx, const Operands& a) { return gen_shift_add(ctx, a, ctx.gpr_x(a.rs1), 1); }
static bool trans_sh2add(DisasContext& ctx, const Operands& a) { return gen_shift_add(ctx, a, ctx.gpr_x(a.rs1), 2); }
static bool trans_sh3add(DisasContext& ctx, const Operands& a) { return gen_shift_add(ctx, a, ctx.gpr_x(a.rs1), 3); }
static bool trans_sh1add_uw(DisasContext& ctx, const Operands& a) {
    return gen_shift_add(ctx, a, low_word(ctx, a.rs1), 1);
}
static bool trans_sh2add_uw(DisasContext& ctx, const Operands& a) {
    return gen_shift_add(ctx, a, low_word(ctx, a.rs1), 2);
}
static bool trans_sh3add_uw(DisasContext& ctx, const Operands& a) {
    return gen_shift_add(ctx, a, low_word(ctx, a.rs1), 3);
}
bool trans_add_uw(DisasContext& ctx, const Operands& a) {
    if (a.rs2 != 0) return gen_shift_add(ctx, a, low_word(ctx, a.rs1), 0);
    if (a.rd != 0) ctx.b->op_to(Op::extract, a.rd, {ctx.gpr(a.rs1)}, 0, 32);  // zext.w
    return true;
}
static bool trans_slli_uw(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::shl, a.rd, {low_word(ctx, a.rs1), ctx.b->c64(static_cast<u64>(a.imm))});
    return true;
}

// --- Zbb and Zbkb: logic, counting, extension, rotation ---

static bool trans_andn(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::andc); }
static bool trans_orn(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::orc); }
static bool trans_xnor(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::eqv); }
static bool trans_clz(DisasContext& ctx, const Operands& a) { return gen_unary_x(ctx, a, Op::clz); }
static bool trans_ctz(DisasContext& ctx, const Operands& a) { return gen_unary_x(ctx, a, Op::ctz); }
static bool trans_cpop(DisasContext& ctx, const Operands& a) { return gen_unary_x(ctx, a, Op::popcnt); }
static bool trans_clzw(DisasContext& ctx, const Operands& a) { return gen_unary_w(ctx, a, Op::clz); }
static bool trans_ctzw(DisasContext& ctx, const Operands& a) { return gen_unary_w(ctx, a, Op::ctz); }
static bool trans_cpopw(DisasContext& ctx, const Operands& a) { return gen_unary_w(ctx, a, Op::popcnt); }
static bool trans_max(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::max_s); }
static bool trans_maxu(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::max_u); }
static bool trans_min(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::min_s); }
static bool trans_minu(DisasContext& ctx, const Operands& a) { return gen_arith(ctx, a, Op::min_u); }
static bool trans_rol(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::rotl); }
static bool trans_ror(DisasContext& ctx, const Operands& a) { return gen_arith_x(ctx, a, Op::rotr); }
static bool trans_rori(DisasContext& ctx, const Operands& a) { return gen_arith_imm_x(ctx, a, Op::rotr); }
static bool trans_rolw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::rotl); }
static bool trans_rorw(DisasContext& ctx, const Operands& a) { return gen_arith_w(ctx, a, Op::rotr); }
static bool trans_roriw(DisasContext& ctx, const Operands& a) { return gen_arith_imm_w(ctx, a, Op::rotr); }
static bool trans_orc_b(DisasContext& ctx, const Operands& a) { return gen_unary_x(ctx, a, Op::orc_b); }
static bool trans_rev8(DisasContext& ctx, const Operands& a) { return gen_unary_x(ctx, a, Op::bswap); }

static bool gen_extend(DisasContext& ctx, const Operands& a, Op op, unsigned bits) {
    if (a.rd != 0) ctx.b->op_to(op, a.rd, {ctx.gpr(a.rs1)}, 0, bits);
    return true;
}
bool trans_sext_b(DisasContext& ctx, const Operands& a) { return gen_extend(ctx, a, Op::sextract, 8); }
bool trans_sext_h(DisasContext& ctx, const Operands& a) { return gen_extend(ctx, a, Op::sextract, 16); }
bool trans_zext_h(DisasContext& ctx, const Operands& a) { return gen_extend(ctx, a, Op::extract, 16); }

static bool trans_pack(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::deposit, a.rd, {low_word(ctx, a.rs1), ctx.gpr(a.rs2)}, 32, 32);
    return true;
}
static bool trans_packh(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var high = b.shli(b.extract(ctx.gpr(a.rs2), 0, 8), 8);
    b.op_to(Op::or_, a.rd, {b.extract(ctx.gpr(a.rs1), 0, 8), high});
    return true;
}
static bool trans_packw(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Var low = ctx.b->extract(ctx.gpr_w(a.rs1), 0, 16);
    ctx.set_gpr_w(a.rd, ctx.b->op(Op::deposit, Type::I32, {low, ctx.gpr_w(a.rs2)}, 16, 16));
    return true;
}
/// Writes what the helper makes of registers that are zero-extended where XLEN is 32.
static bool gen_bits_helper(DisasContext& ctx, unsigned rd, Helper helper, std::initializer_list<Var> inputs) {
    if (rd == 0) return true;
    Var result = ctx.rv32 ? ctx.b->temp(Type::I64) : Var{rd};
    ctx.call_helper(helper, result, inputs);
    if (ctx.rv32) ctx.set_gpr_w(rd, ctx.b->trunc(result));
    return true;
}
static Var zero_extended(DisasContext& ctx, unsigned reg) { return ctx.rv32 ? low_word(ctx, reg) : ctx.gpr(reg); }

static bool trans_brev8(DisasContext& ctx, const Operands& a) {
    return gen_bits_helper(ctx, a.rd, Helper::brev8, {ctx.gpr(a.rs1)});
}
static bool trans_zip(DisasContext& ctx, const Operands& a) {
    return gen_bits_helper(ctx, a.rd, Helper::zip, {ctx.gpr(a.rs1)});
}
static bool trans_unzip(DisasContext& ctx, const Operands& a) {
    return gen_bits_helper(ctx, a.rd, Helper::unzip, {ctx.gpr(a.rs1)});
}

// --- Zbkx: permutations ---

static bool gen_permute(DisasContext& ctx, const Operands& a, Helper helper) {
    return gen_bits_helper(ctx, a.rd, helper, {zero_extended(ctx, a.rs1), zero_extended(ctx, a.rs2)});
}
static bool trans_xperm4(DisasContext& ctx, const Operands& a) { return gen_permute(ctx, a, Helper::xperm4); }
static bool trans_xperm8(DisasContext& ctx, const Operands& a) { return gen_permute(ctx, a, Helper::xperm8); }

// --- Zbc and Zbkc: carry-less multiplication ---

/// Bits [low, low + XLEN) of the product.
static bool gen_clmul(DisasContext& ctx, const Operands& a, unsigned low) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    if (ctx.rv32) {  // the whole product fits a register of the IR
        Var product = b.op(Op::clmul, Type::I64, {low_word(ctx, a.rs1), low_word(ctx, a.rs2)});
        b.op_to(Op::sextract, a.rd, {product}, low, 32);
        return true;
    }
    Var x = ctx.gpr(a.rs1), y = ctx.gpr(a.rs2);
    if (low == 0) return gen_arith(ctx, a, Op::clmul);
    if (low == 64) return gen_arith(ctx, a, Op::clmulh);
    Var low_half = b.op(Op::clmul, Type::I64, {x, y}), high_half = b.op(Op::clmulh, Type::I64, {x, y});
    b.op_to(Op::or_, a.rd, {b.shli(high_half, 1), b.shri(low_half, 63)});
    return true;
}
static bool trans_clmul(DisasContext& ctx, const Operands& a) { return gen_clmul(ctx, a, 0); }
static bool trans_clmulh(DisasContext& ctx, const Operands& a) { return gen_clmul(ctx, a, ctx.rv32 ? 32 : 64); }
static bool trans_clmulr(DisasContext& ctx, const Operands& a) { return gen_clmul(ctx, a, ctx.rv32 ? 31 : 63); }

// --- Zbs: single bits ---

static Var bit_mask(DisasContext& ctx, const Operands& a) { return ctx.b->shl(ctx.const_x(1), ctx.gpr_x(a.rs2)); }
static bool gen_bit_op(DisasContext& ctx, const Operands& a, Op op, Var mask) {
    ctx.op_to_x(op, a.rd, {ctx.gpr_x(a.rs1), mask});
    return true;
}
static Var imm_mask(DisasContext& ctx, const Operands& a) { return ctx.const_x(u64{1} << a.imm); }
static bool trans_bclr(DisasContext& ctx, const Operands& a) { return gen_bit_op(ctx, a, Op::andc, bit_mask(ctx, a)); }
static bool trans_bset(DisasContext& ctx, const Operands& a) { return gen_bit_op(ctx, a, Op::or_, bit_mask(ctx, a)); }
static bool trans_binv(DisasContext& ctx, const Operands& a) { return gen_bit_op(ctx, a, Op::xor_, bit_mask(ctx, a)); }
static bool trans_bext(DisasContext& ctx, const Operands& a) {
    ctx.op_to_x(Op::and_, a.rd, {ctx.b->shr(ctx.gpr_x(a.rs1), ctx.gpr_x(a.rs2)), ctx.const_x(1)});
    return true;
}
static bool trans_bclri(DisasContext& ctx, const Operands& a) {
    return gen_bit_op(ctx, a, Op::and_, ctx.const_x(~(u64{1} << a.imm)));
}
static bool trans_bseti(DisasContext& ctx, const Operands& a) { return gen_bit_op(ctx, a, Op::or_, imm_mask(ctx, a)); }
static bool trans_binvi(DisasContext& ctx, const Operands& a) { return gen_bit_op(ctx, a, Op::xor_, imm_mask(ctx, a)); }
static bool trans_bexti(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::extract, a.rd, {ctx.gpr(a.rs1)}, static_cast<u64>(a.imm), 1);
    return true;
}

using enum Extension;

static constexpr InsnRow kRows[] = {
    {"0010000 ttttt sssss 010 ddddd 0110011", "sh1add", "rd,rs1,rs2", Zba, trans_sh1add},
    {"0010000 ttttt sssss 100 ddddd 0110011", "sh2add", "rd,rs1,rs2", Zba, trans_sh2add},
    {"0010000 ttttt sssss 110 ddddd 0110011", "sh3add", "rd,rs1,rs2", Zba, trans_sh3add},
    {"0010000 ttttt sssss 010 ddddd 0111011", "sh1add.uw", "rd,rs1,rs2", Zba&& Rv64, trans_sh1add_uw},
    {"0010000 ttttt sssss 100 ddddd 0111011", "sh2add.uw", "rd,rs1,rs2", Zba&& Rv64, trans_sh2add_uw},
    {"0010000 ttttt sssss 110 ddddd 0111011", "sh3add.uw", "rd,rs1,rs2", Zba&& Rv64, trans_sh3add_uw},
    {"0000100 ttttt sssss 000 ddddd 0111011", "add.uw", "rd,rs1,rs2", Zba&& Rv64, trans_add_uw},
    {"000010 iiiiii sssss 001 ddddd 0011011", "slli.uw", "rd,rs1,uimm", Zba&& Rv64, trans_slli_uw, kShamt6},

    {"0100000 ttttt sssss 111 ddddd 0110011", "andn", "rd,rs1,rs2", Zbb || Zbkb, trans_andn},
    {"0100000 ttttt sssss 110 ddddd 0110011", "orn", "rd,rs1,rs2", Zbb || Zbkb, trans_orn},
    {"0100000 ttttt sssss 100 ddddd 0110011", "xnor", "rd,rs1,rs2", Zbb || Zbkb, trans_xnor},
    {"0110000 ttttt sssss 001 ddddd 0110011", "rol", "rd,rs1,rs2", Zbb || Zbkb, trans_rol},
    {"0110000 ttttt sssss 101 ddddd 0110011", "ror", "rd,rs1,rs2", Zbb || Zbkb, trans_ror},
    {"011000 iiiiii sssss 101 ddddd 0010011", "rori", "rd,rs1,uimm", (Zbb || Zbkb) && Rv64, trans_rori, kShamt6},
    {"0110000 ttttt sssss 001 ddddd 0111011", "rolw", "rd,rs1,rs2", (Zbb || Zbkb) && Rv64, trans_rolw},
    {"0110000 ttttt sssss 101 ddddd 0111011", "rorw", "rd,rs1,rs2", (Zbb || Zbkb) && Rv64, trans_rorw},
    {"0110000 iiiii sssss 101 ddddd 0011011", "roriw", "rd,rs1,uimm", (Zbb || Zbkb) && Rv64, trans_roriw, kShamt5},
    {"011010111000 sssss 101 ddddd 0010011", "rev8", "rd,rs1", (Zbb || Zbkb) && Rv64, trans_rev8},
    {"0110000 iiiii sssss 101 ddddd 0010011", "rori", "rd,rs1,uimm", (Zbb || Zbkb) && Rv32, trans_rori, kShamt5},
    {"011010011000 sssss 101 ddddd 0010011", "rev8", "rd,rs1", (Zbb || Zbkb) && Rv32, trans_rev8},
    {"011000000000 sssss 001 ddddd 0010011", "clz", "rd,rs1", Zbb, trans_clz},
    {"011000000001 sssss 001 ddddd 0010011", "ctz", "rd,rs1", Zbb, trans_ctz},
    {"011000000010 sssss 001 ddddd 0010011", "cpop", "rd,rs1", Zbb, trans_cpop},
    {"011000000000 sssss 001 ddddd 0011011", "clzw", "rd,rs1", Zbb&& Rv64, trans_clzw},
    {"011000000001 sssss 001 ddddd 0011011", "ctzw", "rd,rs1", Zbb&& Rv64, trans_ctzw},
    {"011000000010 sssss 001 ddddd 0011011", "cpopw", "rd,rs1", Zbb&& Rv64, trans_cpopw},
    {"011000000100 sssss 001 ddddd 0010011", "sext.b", "rd,rs1", Zbb, trans_sext_b},
    {"011000000101 sssss 001 ddddd 0010011", "sext.h", "rd,rs1", Zbb, trans_sext_h},
    {"000010000000 sssss 100 ddddd 0111011", "zext.h", "rd,rs1", Zbb&& Rv64, trans_zext_h},
    {"000010000000 sssss 100 ddddd 0110011", "zext.h", "rd,rs1", Zbb&& Rv32, trans_zext_h},
    {"001010000111 sssss 101 ddddd 0010011", "orc.b", "rd,rs1", Zbb, trans_orc_b},
    {"0000101 ttttt sssss 110 ddddd 0110011", "max", "rd,rs1,rs2", Zbb, trans_max},
    {"0000101 ttttt sssss 111 ddddd 0110011", "maxu", "rd,rs1,rs2", Zbb, trans_maxu},
    {"0000101 ttttt sssss 100 ddddd 0110011", "min", "rd,rs1,rs2", Zbb, trans_min},
    {"0000101 ttttt sssss 101 ddddd 0110011", "minu", "rd,rs1,rs2", Zbb, trans_minu},

    {"0000100 ttttt sssss 100 ddddd 0110011", "pack", "rd,rs1,rs2", Zbkb&& Rv64, trans_pack},
    {"0000100 ttttt sssss 100 ddddd 0110011", "pack", "rd,rs1,rs2", Zbkb&& Rv32, trans_packw},
    {"000010001111 sssss 001 ddddd 0010011", "zip", "rd,rs1", Zbkb&& Rv32, trans_zip},
    {"000010001111 sssss 101 ddddd 0010011", "unzip", "rd,rs1", Zbkb&& Rv32, trans_unzip},
    {"0000100 ttttt sssss 111 ddddd 0110011", "packh", "rd,rs1,rs2", Zbkb, trans_packh},
    {"0000100 ttttt sssss 100 ddddd 0111011", "packw", "rd,rs1,rs2", Zbkb&& Rv64, trans_packw},
    {"011010000111 sssss 101 ddddd 0010011", "brev8", "rd,rs1", Zbkb, trans_brev8},
    {"0010100 ttttt sssss 010 ddddd 0110011", "xperm4", "rd,rs1,rs2", Zbkx, trans_xperm4},
    {"0010100 ttttt sssss 100 ddddd 0110011", "xperm8", "rd,rs1,rs2", Zbkx, trans_xperm8},

    {"0000101 ttttt sssss 001 ddddd 0110011", "clmul", "rd,rs1,rs2", Zbc || Zbkc, trans_clmul},
    {"0000101 ttttt sssss 011 ddddd 0110011", "clmulh", "rd,rs1,rs2", Zbc || Zbkc, trans_clmulh},
    {"0000101 ttttt sssss 010 ddddd 0110011", "clmulr", "rd,rs1,rs2", Zbc, trans_clmulr},

    {"0100100 ttttt sssss 001 ddddd 0110011", "bclr", "rd,rs1,rs2", Zbs, trans_bclr},
    {"0100100 ttttt sssss 101 ddddd 0110011", "bext", "rd,rs1,rs2", Zbs, trans_bext},
    {"0110100 ttttt sssss 001 ddddd 0110011", "binv", "rd,rs1,rs2", Zbs, trans_binv},
    {"0010100 ttttt sssss 001 ddddd 0110011", "bset", "rd,rs1,rs2", Zbs, trans_bset},
    {"010010 iiiiii sssss 001 ddddd 0010011", "bclri", "rd,rs1,uimm", Zbs&& Rv64, trans_bclri, kShamt6},
    {"010010 iiiiii sssss 101 ddddd 0010011", "bexti", "rd,rs1,uimm", Zbs&& Rv64, trans_bexti, kShamt6},
    {"011010 iiiiii sssss 001 ddddd 0010011", "binvi", "rd,rs1,uimm", Zbs&& Rv64, trans_binvi, kShamt6},
    {"001010 iiiiii sssss 001 ddddd 0010011", "bseti", "rd,rs1,uimm", Zbs&& Rv64, trans_bseti, kShamt6},
    {"0100100 iiiii sssss 001 ddddd 0010011", "bclri", "rd,rs1,uimm", Zbs&& Rv32, trans_bclri, kShamt5},
    {"0100100 iiiii sssss 101 ddddd 0010011", "bexti", "rd,rs1,uimm", Zbs&& Rv32, trans_bexti, kShamt5},
    {"0110100 iiiii sssss 001 ddddd 0010011", "binvi", "rd,rs1,uimm", Zbs&& Rv32, trans_binvi, kShamt5},
    {"0010100 iiiii sssss 001 ddddd 0010011", "bseti", "rd,rs1,uimm", Zbs&& Rv32, trans_bseti, kShamt5},
};

InsnSet rows_b() { return kRows; }

}  // namespace dragoman::riscv
