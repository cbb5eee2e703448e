// The hypervisor extension: loads and stores in a guest, fences of its translations (Privileged specification,
// "Hypervisor Instructions"; Svinval). Which modes may use them is known when they run.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

bool trans_hlv(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var value = b.temp(Type::I64);
    ctx.call_helper(Helper::hlv, value, {b.env(), b.c32(ctx.bits), ctx.gpr(a.rs1)});
    ctx.set_gpr(a.rd, value);
    return true;
}

bool trans_hsv(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::hsv, ir::kNoVar, {b.env(), b.c32(ctx.bits), ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    return true;
}

bool trans_hfence(DisasContext& ctx, const Operands& a) {
    if (ctx.virtualised()) return ctx.deny();
    if (ctx.mode() == Privilege::User) return false;
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::hfence, ir::kNoVar, {b.env(), b.c32(ctx.bits), ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    ctx.end_with_lookup();
    return true;
}

using enum Extension;

constexpr InsnRow kRows[] = {
    {"0110000 00000 sssss 100 ddddd 1110011", "hlv.b", "rd,(rs1)", H, trans_hlv},
    {"0110000 00001 sssss 100 ddddd 1110011", "hlv.bu", "rd,(rs1)", H, trans_hlv},
    {"0110010 00000 sssss 100 ddddd 1110011", "hlv.h", "rd,(rs1)", H, trans_hlv},
    {"0110010 00001 sssss 100 ddddd 1110011", "hlv.hu", "rd,(rs1)", H, trans_hlv},
    {"0110010 00011 sssss 100 ddddd 1110011", "hlvx.hu", "rd,(rs1)", H, trans_hlv},
    {"0110100 00000 sssss 100 ddddd 1110011", "hlv.w", "rd,(rs1)", H, trans_hlv},
    {"0110100 00001 sssss 100 ddddd 1110011", "hlv.wu", "rd,(rs1)", H, trans_hlv},
    {"0110100 00011 sssss 100 ddddd 1110011", "hlvx.wu", "rd,(rs1)", H, trans_hlv},
    {"0110110 00000 sssss 100 ddddd 1110011", "hlv.d", "rd,(rs1)", H, trans_hlv},
    {"0110001 ttttt sssss 100 00000 1110011", "hsv.b", "rs2,(rs1)", H, trans_hsv},
    {"0110011 ttttt sssss 100 00000 1110011", "hsv.h", "rs2,(rs1)", H, trans_hsv},
    {"0110101 ttttt sssss 100 00000 1110011", "hsv.w", "rs2,(rs1)", H, trans_hsv},
    {"0110111 ttttt sssss 100 00000 1110011", "hsv.d", "rs2,(rs1)", H, trans_hsv},
    {"0010001 ttttt sssss 000 00000 1110011", "hfence.vvma", "rs1,rs2", H, trans_hfence},
    {"0110001 ttttt sssss 000 00000 1110011", "hfence.gvma", "rs1,rs2", H, trans_hfence},
    {"0010011 ttttt sssss 000 00000 1110011", "hinval.vvma", "rs1,rs2", H&& Svinval, trans_hfence},
    {"0110011 ttttt sssss 000 00000 1110011", "hinval.gvma", "rs1,rs2", H&& Svinval, trans_hfence},
};

}  // namespace

InsnSet rows_h() { return kRows; }

}  // namespace dragoman::riscv
