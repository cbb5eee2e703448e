// XVentanaCondOps of Ventana Micro Systems: conditional operations, in the custom-3 space.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

bool gen_mask_unless(DisasContext& ctx, const Operands& a, Cond cond) {
    if (a.rd == 0) return true;
    Var zero = ctx.b->c64(0);
    ctx.b->movcond_to(a.rd, cond, ctx.gpr(a.rs2), zero, zero, ctx.gpr(a.rs1));
    return true;
}
bool trans_maskc(DisasContext& ctx, const Operands& a) { return gen_mask_unless(ctx, a, Cond::Eq); }
bool trans_maskcn(DisasContext& ctx, const Operands& a) { return gen_mask_unless(ctx, a, Cond::Ne); }

using enum Extension;

constexpr InsnRow kRows[] = {
    {"0000000 ttttt sssss 110 ddddd 1111011", "vt.maskc", "rd,rs1,rs2", Xventanacondops, trans_maskc},
    {"0000000 ttttt sssss 111 ddddd 1111011", "vt.maskcn", "rd,rs1,rs2", Xventanacondops, trans_maskcn},
};

}  // namespace

InsnSet rows_xventana() { return kRows; }

}  // namespace dragoman::riscv
