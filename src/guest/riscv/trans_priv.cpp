// Privileged instructions (Privileged specification, "Environment Call and Breakpoint" to "Supervisor Memory-Management
// Fence Instruction"; Svinval). User mode has none of them.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

/// mret, sret: the helper changes the mode and returns the pc to go on at.
bool gen_trap_return(DisasContext& ctx, Helper helper) {
    Builder& b = *ctx.b;
    if (ctx.records_transfers()) b.env_st(b.address(ctx.pc), DRAGOMAN_HART_OFFSET(priv.return_pc), {.size_log2 = 3});
    Var pc = b.temp(Type::I64);
    ctx.call_helper(helper, pc, {b.env(), b.c32(ctx.bits)});
    ctx.jump_indirect(pc);
    return true;
}
bool trans_mret(DisasContext& ctx, const Operands&) {
    return ctx.mode() == Privilege::Machine && gen_trap_return(ctx, Helper::mret);
}
bool trans_sret(DisasContext& ctx, const Operands&) {
    if (ctx.mode() == Privilege::User) return ctx.deny();
    return gen_trap_return(ctx, Helper::sret);
}

bool trans_mnret(DisasContext& ctx, const Operands&) {
    return ctx.mode() == Privilege::Machine && gen_trap_return(ctx, Helper::mnret);
}

bool trans_sctrclr(DisasContext& ctx, const Operands&) {
    if (ctx.mode() == Privilege::User) return ctx.deny();
    ctx.call_helper(Helper::sctrclr, ir::kNoVar, {ctx.b->env(), ctx.b->c32(ctx.bits)});
    return true;
}

bool trans_wfi(DisasContext& ctx, const Operands&) {
    if (ctx.mode() == Privilege::User && !ctx.virtualised()) return false;
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::wfi, ir::kNoVar, {b.env(), b.c32(ctx.bits)});
    b.exit_tb(static_cast<u32>(ExitReason::Halt), b.address(ctx.next_pc()));
    ctx.state = DisasState::NoReturn;
    return true;
}

bool trans_sfence_vma(DisasContext& ctx, const Operands& a) {
    if (ctx.mode() == Privilege::User) return ctx.deny();
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::sfence_vma, ir::kNoVar, {b.env(), b.c32(ctx.bits), ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    ctx.end_with_lookup();
    return true;
}

/// Invalidations are done at once, and page-table accesses wait for nothing: there is nothing left to order.
bool trans_sfence_order(DisasContext& ctx, const Operands&) { return ctx.mode() != Privilege::User || ctx.deny(); }

using enum Extension;

constexpr InsnRow kRows[] = {
    {"001100000010 00000 000 00000 1110011", "mret", "", I, trans_mret},
    {"000100000010 00000 000 00000 1110011", "sret", "", S, trans_sret},
    {"011100000010 00000 000 00000 1110011", "mnret", "", Smrnmi, trans_mnret},
    {"000100000100 00000 000 00000 1110011", "sctrclr", "", Ssctr, trans_sctrclr},
    {"000100000101 00000 000 00000 1110011", "wfi", "", I, trans_wfi},
    {"0001001 ttttt sssss 000 00000 1110011", "sfence.vma", "rs1,rs2", S, trans_sfence_vma},
    {"0001011 ttttt sssss 000 00000 1110011", "sinval.vma", "rs1,rs2", Svinval, trans_sfence_vma},
    {"000110000000 00000 000 00000 1110011", "sfence.w.inval", "", Svinval, trans_sfence_order},
    {"000110000001 00000 000 00000 1110011", "sfence.inval.ir", "", Svinval, trans_sfence_order},
};

}  // namespace

InsnSet rows_priv() { return kRows; }

}  // namespace dragoman::riscv
