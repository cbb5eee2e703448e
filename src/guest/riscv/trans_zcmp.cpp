// Zcmp and Zcmt: 16-bit instructions for prologues, epilogues and calls through a table (Unprivileged specification,
// chapter "Zc*"). They lie where c.fsdsp would: not together with Zcd.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

/// How many bytes a register takes on the stack.
unsigned slot_bytes(const DisasContext& ctx) { return ctx.rv32 ? 4 : 8; }
MemOp slot(const DisasContext& ctx) { return ctx.rv32 ? MemOp{.size_log2 = 2, .sign = true} : MemOp{.size_log2 = 3}; }
i64 slot_offset(const DisasContext& ctx, unsigned n) { return slot_bytes(ctx) * -static_cast<i64>(n + 1); }
constexpr unsigned kRa = 1, kSp = 2, kA0 = 10, kA1 = 11;

/// s0 to s11.
constexpr unsigned saved(unsigned n) { return n < 2 ? 8 + n : 16 + n; }

/// Operands of cm.push and its like: the immediate is rlist << 2 | spimm.
struct StackFrame {
    unsigned registers;  ///< ra, then s0, s1, ...
    i64 bytes;

    StackFrame(const DisasContext& ctx, const Operands& a) {
        constexpr unsigned kAll = 15;
        const unsigned list = static_cast<unsigned>(a.imm) >> 2;
        registers = list == kAll ? 13 : list - 3;  // s10 only comes with s11
        bytes = static_cast<i64>(align_up(registers * slot_bytes(ctx), 16u) + (static_cast<unsigned>(a.imm) & 3) * 16);
    }
    /// Register `n` from the top: the last one lies highest.
    unsigned from_top(unsigned n) const { return n + 1 == registers ? kRa : saved(registers - 2 - n); }
};

/// rlist 0 to 3 are reserved.
bool is_reserved(const Operands& a) { return a.imm >> 2 < 4; }

void move_sp(DisasContext& ctx, i64 bytes) {
    ctx.op_to_x(Op::add, kSp, {ctx.gpr_x(kSp), ctx.const_x(static_cast<u64>(bytes))});
}

bool trans_cm_push(DisasContext& ctx, const Operands& a) {
    if (is_reserved(a)) return false;
    const StackFrame frame(ctx, a);
    for (unsigned n = 0; n < frame.registers; ++n) {
        ctx.guest_st(ctx.gpr(frame.from_top(n)), ctx.gpr(kSp), slot(ctx), slot_offset(ctx, n));
    }
    move_sp(ctx, -frame.bytes);
    return true;
}

/// All is loaded before a register changes.
void gen_pop(DisasContext& ctx, const Operands& a) {
    const StackFrame frame(ctx, a);
    Builder& b = *ctx.b;
    Var values[13];
    for (unsigned n = 0; n < frame.registers; ++n) {
        values[n] = b.temp(Type::I64);
        ctx.guest_ld(values[n], ctx.gpr(kSp), slot(ctx), frame.bytes + slot_offset(ctx, n));
    }
    for (unsigned n = 0; n < frame.registers; ++n) ctx.set_gpr(frame.from_top(n), values[n]);
    move_sp(ctx, frame.bytes);
}
bool trans_cm_pop(DisasContext& ctx, const Operands& a) {
    if (is_reserved(a)) return false;
    gen_pop(ctx, a);
    return true;
}
void gen_ret(DisasContext& ctx) {
    Var target = ctx.jump_target(ctx.gpr(kRa));
    ctx.record_transfer(Transfer::Return, target);
    ctx.ret(target);
}
bool trans_cm_popret(DisasContext& ctx, const Operands& a) {
    if (is_reserved(a)) return false;
    gen_pop(ctx, a);
    gen_ret(ctx);
    return true;
}
bool trans_cm_popretz(DisasContext& ctx, const Operands& a) {
    if (is_reserved(a)) return false;
    gen_pop(ctx, a);
    ctx.set_gpr(kA0, ctx.b->c64(0));
    gen_ret(ctx);
    return true;
}

/// Two of s0 to s7: the immediate is their numbers.
bool trans_cm_mvsa01(DisasContext& ctx, const Operands& a) {
    const unsigned first = static_cast<unsigned>(a.imm) >> 3, second = a.imm & 7;
    if (first == second) return false;
    ctx.set_gpr(saved(first), ctx.gpr(kA0));
    ctx.set_gpr(saved(second), ctx.gpr(kA1));
    return true;
}
bool trans_cm_mva01s(DisasContext& ctx, const Operands& a) {
    ctx.set_gpr(kA0, ctx.gpr(saved(static_cast<unsigned>(a.imm) >> 3)));
    ctx.set_gpr(kA1, ctx.gpr(saved(a.imm & 7)));
    return true;
}

/// The helper reads the table's entry.
Var table_target(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var target = b.temp(Type::I64);
    ctx.call_helper(Helper::table_jump, target, {b.env(), b.c32(static_cast<u32>(a.imm)), b.c32(ctx.bits & 0xffff)});
    return ctx.jump_target(target);
}
bool trans_cm_jt(DisasContext& ctx, const Operands& a) {
    Var target = table_target(ctx, a);
    ctx.record_transfer(Transfer::DirectJump, target);
    ctx.jump_indirect(target);
    return true;
}
bool trans_cm_jalt(DisasContext& ctx, const Operands& a) {
    Var target = table_target(ctx, a);
    ctx.record_transfer(Transfer::DirectCall, target);
    ctx.set_gpr(kRa, ctx.address_value(ctx.next_pc()));
    ctx.call_indirect(target);
    return true;
}

using enum Extension;
constexpr ImmFormat kFrame{"5:2|1:0", false}, kSavedPair{"5:3|2:0", false}, kIndex{"4:0", false};
// Of cm.jalt, index 32 on: those of which one of bits 7 to 5 is set.
constexpr ImmFormat kIndex128{"6:0", false, 128}, kIndex64{"5:0", false, 64}, kIndex32{"4:0", false, 32};

constexpr InsnRow kRows[] = {
    {"101 11000 iiii ii 10", "cm.push", "rlist,-frame", Zcmp, trans_cm_push, kFrame},
    {"101 11010 iiii ii 10", "cm.pop", "rlist,frame", Zcmp, trans_cm_pop, kFrame},
    {"101 11100 iiii ii 10", "cm.popretz", "rlist,frame", Zcmp, trans_cm_popretz, kFrame},
    {"101 11110 iiii ii 10", "cm.popret", "rlist,frame", Zcmp, trans_cm_popret, kFrame},
    {"101 011 iii 01 iii 10", "cm.mvsa01", "saved1,saved2", Zcmp, trans_cm_mvsa01, kSavedPair},
    {"101 011 iii 11 iii 10", "cm.mva01s", "saved1,saved2", Zcmp, trans_cm_mva01s, kSavedPair},
    {"101 000 000 iiiii 10", "cm.jt", "imm", Zcmt, trans_cm_jt, kIndex},
    {"101 000 001 iiiii 10", "cm.jalt", "imm", Zcmt, trans_cm_jalt, kIndex32},
    {"101 000 01 iiiiii 10", "cm.jalt", "imm", Zcmt, trans_cm_jalt, kIndex64},
    {"101 000 1 iiiiiii 10", "cm.jalt", "imm", Zcmt, trans_cm_jalt, kIndex128},
};

}  // namespace

InsnSet rows_zcmp() { return kRows; }

}  // namespace dragoman::riscv
