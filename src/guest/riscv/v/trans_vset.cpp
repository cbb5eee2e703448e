// vsetvli, vsetivli, vsetvl (section "Configuration-Setting Instructions"). The TB state flags hold vtype, so that the
// instructions behind are translated for it: the TB ends where it changes.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/v/trans_vector.h"

namespace dragoman::riscv {

namespace {

/// With `vtype` known. `avl`: kNoVar: keep vl.
void set_vector_type(DisasContext& ctx, unsigned rd, Var avl, u64 vtype) {
    Builder& b = *ctx.b;
    Var vl = b.temp(Type::I64);
    const bool keep = avl == ir::kNoVar;
    ctx.call_helper(Helper::vsetvl, vl, {b.env(), keep ? b.c64(0) : avl, b.c64(vtype), b.c32(keep)});
    ctx.set_gpr(rd, vl);
    ctx.end_with_lookup();
}

/// The requested length: rs1, the greatest for x0, and for x0 with rd = x0 the present one.
Var requested(DisasContext& ctx, const Operands& a) {
    if (a.rs1 != 0) return ctx.gpr(a.rs1);
    return a.rd != 0 ? ctx.b->c64(~u64{0}) : ir::kNoVar;
}

bool trans_vsetvli(DisasContext& ctx, const Operands& a) {
    set_vector_type(ctx, a.rd, requested(ctx, a), static_cast<u64>(a.imm));
    return true;
}
bool trans_vsetivli(DisasContext& ctx, const Operands& a) {
    set_vector_type(ctx, a.rd, ctx.b->c64(a.rs1), static_cast<u64>(a.imm));
    return true;
}
bool trans_vsetvl(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var vl = b.temp(Type::I64);
    Var avl = requested(ctx, a);
    const bool keep = avl == ir::kNoVar;
    ctx.call_helper(Helper::vsetvl, vl, {b.env(), keep ? b.c64(0) : avl, ctx.gpr(a.rs2), b.c32(keep)});
    ctx.set_gpr(a.rd, vl);
    ctx.end_with_lookup();
    return true;
}

using enum Extension;
constexpr ImmFormat kVtype11{"10:0", false}, kVtype10{"9:0", false};

// clang-format off
constexpr InsnRow kRows[] = {
    {"0 iiiiiiiiiii sssss 111 ddddd 1010111", "vsetvli", "rd,rs1,vtype", Zve32x, trans_vsetvli, kVtype11},
    {"11 iiiiiiiiii sssss 111 ddddd 1010111", "vsetivli", "rd,zimm,vtype", Zve32x, trans_vsetivli, kVtype10},
    {"1000000 ttttt sssss 111 ddddd 1010111", "vsetvl", "rd,rs1,rs2", Zve32x, trans_vsetvl},
};
// clang-format on

}  // namespace

InsnSet rows_vset() { return kRows; }

}  // namespace dragoman::riscv
