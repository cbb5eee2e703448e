// The small "Zi" sets: Zicond, Zicbom/Zicboz, Zimop, and the hints Zicbop, Zihintpause, Zihintntl, which
// are encoded inside base instructions.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"
#include "guest/riscv/trans_i.h"

namespace dragoman::riscv {

// --- Zicond ---

static bool gen_czero(DisasContext& ctx, const Operands& a, Cond cond) {
    if (a.rd == 0) return true;
    Var zero = ctx.b->c64(0);
    ctx.b->movcond_to(a.rd, cond, ctx.gpr(a.rs2), zero, zero, ctx.gpr(a.rs1));
    return true;
}
static bool trans_czero_eqz(DisasContext& ctx, const Operands& a) { return gen_czero(ctx, a, Cond::Eq); }
static bool trans_czero_nez(DisasContext& ctx, const Operands& a) { return gen_czero(ctx, a, Cond::Ne); }

// --- Zicbom, Zicboz: cache blocks ---

static bool trans_cbo_check(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (ctx.system) {
        ctx.call_helper(Helper::cbo_manage, ir::kNoVar, {b.env(), ctx.pointer(ctx.gpr(a.rs1)), b.c32(ctx.bits)});
    } else {
        ctx.call_helper(Helper::cbo_check, ir::kNoVar, {b.env(), ctx.pointer(ctx.gpr(a.rs1))});
    }
    return true;
}
/// Linux leaves senvcfg.CBIE 0: user mode may not drop cache blocks.
static bool trans_cbo_inval(DisasContext& ctx, const Operands& a) { return ctx.system && trans_cbo_check(ctx, a); }
/// Kernels clear pages with it: where nothing is in the way, it is plain stores.
static bool trans_cbo_zero(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if ((ctx.flags & kFlagCboZero) == 0) {
        ctx.call_helper(Helper::cbo_zero, ir::kNoVar, {b.env(), ctx.pointer(ctx.gpr(a.rs1)), b.c32(ctx.bits)});
        return true;
    }
    Var block = b.andi(ctx.pointer(ctx.gpr(a.rs1)), ~(kCacheBlock - 1)), zero = b.c64(0);
    for (unsigned offset = 0; offset < kCacheBlock; offset += 8) ctx.guest_st(zero, block, {.size_log2 = 3}, offset);
    return true;
}

// --- Zimop: may-be-operations, which write zero until an extension redefines them ---

bool trans_mop(DisasContext& ctx, const Operands& a) {
    ctx.set_gpr(a.rd, ctx.b->c64(0));
    return true;
}

// --- Zihintpause ---

static bool trans_pause(DisasContext& ctx, const Operands&) {
    ctx.call_helper(Helper::pause, ir::kNoVar, {ctx.b->env()});
    return true;
}

using enum Extension;

static constexpr InsnRow kHintRows[] = {
    {"0000000 00010 00000 000 00000 0110011", "ntl.p1", "", Zihintntl, trans_nop},
    {"0000000 00011 00000 000 00000 0110011", "ntl.pall", "", Zihintntl, trans_nop},
    {"0000000 00100 00000 000 00000 0110011", "ntl.s1", "", Zihintntl, trans_nop},
    {"0000000 00101 00000 000 00000 0110011", "ntl.all", "", Zihintntl, trans_nop},
    {"000000010000 00000 000 00000 0001111", "pause", "", Zihintpause, trans_pause},
    {"iiiiiii 00000 sssss 110 00000 0010011", "prefetch.i", "imm(rs1)", Zicbop, trans_nop, kImmPrefetch},
    {"iiiiiii 00001 sssss 110 00000 0010011", "prefetch.r", "imm(rs1)", Zicbop, trans_nop, kImmPrefetch},
    {"iiiiiii 00011 sssss 110 00000 0010011", "prefetch.w", "imm(rs1)", Zicbop, trans_nop, kImmPrefetch},
};

static constexpr InsnRow kCondRows[] = {
    {"0000111 ttttt sssss 101 ddddd 0110011", "czero.eqz", "rd,rs1,rs2", Zicond, trans_czero_eqz},
    {"0000111 ttttt sssss 111 ddddd 0110011", "czero.nez", "rd,rs1,rs2", Zicond, trans_czero_nez},
};

static constexpr InsnRow kCboRows[] = {
    {"000000000000 sssss 010 00000 0001111", "cbo.inval", "(rs1)", Zicbom, trans_cbo_inval},
    {"000000000001 sssss 010 00000 0001111", "cbo.clean", "(rs1)", Zicbom, trans_cbo_check},
    {"000000000010 sssss 010 00000 0001111", "cbo.flush", "(rs1)", Zicbom, trans_cbo_check},
    {"000000000100 sssss 010 00000 0001111", "cbo.zero", "(rs1)", Zicboz, trans_cbo_zero},
};

static constexpr InsnRow kMopRows[] = {
    {"1i00ii 0111 ii sssss 100 ddddd 1110011", "mop.r.#", "rd,rs1", Zimop, trans_mop, {"4|3:2|1:0", false}},
    {"1i00ii1 ttttt sssss 100 ddddd 1110011", "mop.rr.#", "rd,rs1,rs2", Zimop, trans_mop, {"2|1:0", false}},
};

InsnSet rows_hints() { return kHintRows; }
InsnSet rows_zicond() { return kCondRows; }
InsnSet rows_zicbo() { return kCboRows; }
InsnSet rows_zimop() { return kMopRows; }

}  // namespace dragoman::riscv
