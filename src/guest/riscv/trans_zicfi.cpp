// Zicfilp and Zicfiss: landing pads and shadow stacks (Unprivileged specification, chapter "Control-flow Integrity").
// Where they are not in force, their encodings are those of hints, Zimop and Zcmop.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

// --- landing pads ---

void set_pad_expected(DisasContext& ctx, bool expected) {
    constexpr MemOp kWord{.size_log2 = 2};
    const u32 flags = (ctx.flags_now & ~kFlagPadExpected) | (expected ? kFlagPadExpected : 0);
    ctx.b->env_st(ctx.b->c32(flags), offsetof(ir::Env, tb_flags), kWord);
    ctx.flags_now = flags;
}

/// The label, unless it is 0, is compared with bits 31:12 of x7.
bool trans_lpad(DisasContext& ctx, const Operands& a) {
    if ((ctx.flags_now & kFlagPadExpected) == 0) return true;
    Builder& b = *ctx.b;
    const u64 label = static_cast<u64>(a.imm) & 0xffff'f000;
    if (label != 0) {
        constexpr unsigned kLabelRegister = 7;
        const u32 matches = b.new_label();
        b.brcond(Cond::Eq, b.andi(ctx.gpr(kLabelRegister), 0xffff'f000), b.c64(label), matches);
        ctx.raise(Cause::SoftwareCheck, kLandingPadFault);
        b.label(matches);
        ctx.go_on();
    }
    set_pad_expected(ctx, false);
    return true;
}

namespace {

// --- shadow stacks ---

bool has_shadow_stack(const DisasContext& ctx) { return (ctx.flags & kFlagShadowStack) != 0; }

bool gen_push(DisasContext& ctx, unsigned reg) {
    if (has_shadow_stack(ctx)) ctx.call_helper(Helper::sspush, ir::kNoVar, {ctx.b->env(), ctx.gpr(reg)});
    return true;
}
bool gen_pop_check(DisasContext& ctx, unsigned reg) {
    if (has_shadow_stack(ctx)) ctx.call_helper(Helper::sspopchk, ir::kNoVar, {ctx.b->env(), ctx.gpr(reg)});
    return true;
}

constexpr unsigned kRa = 1, kT0 = 5;
bool trans_sspush_ra(DisasContext& ctx, const Operands&) { return gen_push(ctx, kRa); }
bool trans_sspush_t0(DisasContext& ctx, const Operands&) { return gen_push(ctx, kT0); }
bool trans_sspopchk_ra(DisasContext& ctx, const Operands&) { return gen_pop_check(ctx, kRa); }
bool trans_sspopchk_t0(DisasContext& ctx, const Operands&) { return gen_pop_check(ctx, kT0); }

bool trans_ssrdp(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (!has_shadow_stack(ctx)) return ctx.set_gpr(a.rd, b.c64(0)), true;
    Var ssp = b.temp(Type::I64);
    b.env_ld(ssp, DRAGOMAN_HART_OFFSET(priv.ssp), {.size_log2 = 3});
    ctx.set_gpr(a.rd, ssp);
    return true;
}

/// Machine mode has it, too, for the memory of other modes (MPRV).
bool trans_ssamoswap(DisasContext& ctx, const Operands& a) {
    if (!ctx.system && !has_shadow_stack(ctx)) return false;
    Builder& b = *ctx.b;
    Var old = b.temp(Type::I64);
    ctx.call_helper(Helper::ssamoswap, old, {b.env(), ctx.pointer(ctx.gpr(a.rs1)), ctx.gpr(a.rs2), b.c32(ctx.bits)});
    ctx.set_gpr(a.rd, old);
    return true;
}

using enum Extension;

// clang-format off
constexpr InsnRow kRows[] = {
    {"iiiiiiiiiiiiiiiiiiii 00000 0010111", "lpad", "uimm20", Zicfilp, trans_lpad, kImmU},

    {"1100111 00001 00000 100 00000 1110011", "sspush", "ra", Zicfiss, trans_sspush_ra},
    {"1100111 00101 00000 100 00000 1110011", "sspush", "t0", Zicfiss, trans_sspush_t0},
    {"110011011100 00001 100 00000 1110011", "sspopchk", "ra", Zicfiss, trans_sspopchk_ra},
    {"110011011100 00101 100 00000 1110011", "sspopchk", "t0", Zicfiss, trans_sspopchk_t0},
    {"110011011100 00000 100 ddddd 1110011", "ssrdp", "rd", Zicfiss, trans_ssrdp, kNoImm, Reserved::RdZero},
    {"01001 al ttttt sssss 010 ddddd 0101111", "ssamoswap.w", "aqrl rd,rs2,(rs1)", Zicfiss, trans_ssamoswap},
    {"01001 al ttttt sssss 011 ddddd 0101111", "ssamoswap.d", "aqrl rd,rs2,(rs1)", Zicfiss&& Rv64, trans_ssamoswap},
    {"011 0 00001 00000 01", "c.sspush", "ra", Zicfiss&& Zcmop, trans_sspush_ra},
    {"011 0 00101 00000 01", "c.sspopchk", "t0", Zicfiss&& Zcmop, trans_sspopchk_t0},
};
// clang-format on

}  // namespace

InsnSet rows_zicfi() { return kRows; }

}  // namespace dragoman::riscv
