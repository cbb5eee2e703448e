// The extensions of MIPS (MIPS P8700 Programmer's Guide): Xmipscbop, Xmipscmov, Xmipslsp, in the custom-0 space.
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

constexpr MemOp kW{.size_log2 = 2, .sign = true}, kD{.size_log2 = 3};

bool trans_pref(DisasContext&, const Operands&) { return true; }

bool trans_ccmov(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) {
        ctx.b->movcond_to(a.rd, Cond::Ne, ctx.gpr(a.rs2), ctx.b->c64(0), ctx.gpr(a.rs1), ctx.gpr(a.rs3));
    }
    return true;
}

/// With two equal destinations the second register's value stays.
template <MemOp m>
bool trans_load_pair(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var first = b.temp(Type::I64), second = b.temp(Type::I64);
    ctx.guest_ld(first, ctx.gpr(a.rs1), m, a.imm);
    ctx.guest_ld(second, ctx.gpr(a.rs1), m, a.imm + m.bytes());
    ctx.set_gpr(a.rd, first);
    ctx.set_gpr(a.rs3, second);
    return true;
}
template <MemOp m>
bool trans_store_pair(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.gpr(a.rs2), ctx.gpr(a.rs1), m, a.imm);
    ctx.guest_st(ctx.gpr(a.rs3), ctx.gpr(a.rs1), m, a.imm + m.bytes());
    return true;
}

using enum Extension;
constexpr ImmFormat kPrefetch{"8:0", false}, kLoadD{"6:3", false}, kLoadW{"6:2", false}, kStoreD{"6:5|4:3", false},
    kStoreW{"6:5|4:2", false};

// clang-format off
constexpr InsnRow kRows[] = {
    {"000 iiiiiiiii sssss 000 ----- 0001011", "mips.pref", "imm(rs1)", Xmipscbop, trans_pref, kPrefetch},
    {"uuuuu 11 ttttt sssss 011 ddddd 0001011", "mips.ccmov", "rd,rs2,rs1,rs3", Xmipscmov, trans_ccmov},
    {"uuuuu iiii 000 sssss 100 ddddd 0001011", "mips.ldp", "rd,rs3,imm(rs1)", Xmipslsp, trans_load_pair<kD>, kLoadD},
    {"uuuuu iiiii 01 sssss 100 ddddd 0001011", "mips.lwp", "rd,rs3,imm(rs1)", Xmipslsp, trans_load_pair<kW>, kLoadW},
    {"uuuuu ii ttttt sssss 101 ii 000 0001011", "mips.sdp", "rs2,rs3,imm(rs1)", Xmipslsp, trans_store_pair<kD>, kStoreD},
    {"uuuuu ii ttttt sssss 101 iii 01 0001011", "mips.swp", "rs2,rs3,imm(rs1)", Xmipslsp, trans_store_pair<kW>, kStoreW},
};
// clang-format on

}  // namespace

InsnSet rows_xmips() { return kRows; }

}  // namespace dragoman::riscv
