// Shapes that many integer instructions share: they take the operation as an argument, so that an
// instruction which differs only in its operation is one line.
#pragma once

#include "guest/riscv/context.h"

namespace dragoman::riscv {

// The low bits of a result of add, sub, shl and the like depend on nothing above them; shifts to the right, counts,
// products and quotients do. All of these are done in the width of a register (_x). What is right for sign-extended
// words as it is (logic, comparisons, minimum and maximum) is done in 64 bits for both widths.

/// rd = op(rs1, rs2).
inline bool gen_arith(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd != 0) ctx.b->op_to(op, a.rd, {ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    return true;
}
/// rd = op(rs1, imm).
inline bool gen_arith_imm(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd != 0) ctx.b->op_to(op, a.rd, {ctx.gpr(a.rs1), ctx.b->c64(static_cast<u64>(a.imm))});
    return true;
}
/// rd = op(rs1).
inline bool gen_unary(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd != 0) ctx.b->op_to(op, a.rd, {ctx.gpr(a.rs1)});
    return true;
}
/// rd = sign-extended op(rs1, rs2) on words.
inline bool gen_arith_w(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd != 0) ctx.set_gpr_w(a.rd, ctx.b->op(op, Type::I32, {ctx.gpr_w(a.rs1), ctx.gpr_w(a.rs2)}));
    return true;
}
/// rd = sign-extended op(rs1, imm) on words.
inline bool gen_arith_imm_w(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd == 0) return true;
    Var imm = ctx.b->c32(static_cast<u32>(a.imm));
    ctx.set_gpr_w(a.rd, ctx.b->op(op, Type::I32, {ctx.gpr_w(a.rs1), imm}));
    return true;
}
/// rd = op(rs1) on words, sign-extended.
inline bool gen_unary_w(DisasContext& ctx, const Operands& a, Op op) {
    if (a.rd != 0) ctx.set_gpr_w(a.rd, ctx.b->op(op, Type::I32, {ctx.gpr_w(a.rs1)}));
    return true;
}
/// rd = op(rs1, rs2) in XLEN bits.
inline bool gen_arith_x(DisasContext& ctx, const Operands& a, Op op) {
    return ctx.rv32 ? gen_arith_w(ctx, a, op) : gen_arith(ctx, a, op);
}
/// rd = op(rs1, imm) in XLEN bits.
inline bool gen_arith_imm_x(DisasContext& ctx, const Operands& a, Op op) {
    return ctx.rv32 ? gen_arith_imm_w(ctx, a, op) : gen_arith_imm(ctx, a, op);
}
/// rd = op(rs1) in XLEN bits.
inline bool gen_unary_x(DisasContext& ctx, const Operands& a, Op op) {
    return ctx.rv32 ? gen_unary_w(ctx, a, op) : gen_unary(ctx, a, op);
}
/// rd = (rs1 cond rs2) ? 1 : 0.
inline bool gen_setcond(DisasContext& ctx, const Operands& a, Cond cond, Var rhs) {
    if (a.rd != 0) ctx.b->op_to(Op::setcond, a.rd, {ctx.gpr(a.rs1), rhs}, static_cast<u64>(cond));
    return true;
}
/// rd = memory[rs1 + imm].
inline bool gen_load(DisasContext& ctx, const Operands& a, MemOp m) {
    // In system mode the address of an access is no help to what comes before it, and of RV32 it has lost its sign.
    if (!ctx.system && !ctx.rv32 && a.rd == a.rs1 && a.rd != 0 && flags_pmlen(ctx.flags) == 0) {
        ctx.b->guest_ld_over_base(ctx.gpr(a.rd), ctx.load_mem(m), a.imm);
    } else {
        ctx.guest_ld(ctx.gpr_dest(a.rd), ctx.gpr(a.rs1), m, a.imm);
    }
    return true;
}
/// memory[rs1 + imm] = rs2.
inline bool gen_store(DisasContext& ctx, const Operands& a, MemOp m) {
    ctx.guest_st(ctx.gpr(a.rs2), ctx.gpr(a.rs1), m, a.imm);
    return true;
}

}  // namespace dragoman::riscv
