// The extensions of T-Head (RISC-V ISA Extension specification of T-Head Semiconductor): XTheadBa, Bb, Bs, Cmo,
// CondMov, FMemIdx, Mac, MemIdx, MemPair, Sync. XTheadFmv has instructions on RV32 only. All are in the custom-0 space.
#include "guest/riscv/fp_shapes.h"
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

constexpr MemOp kB{.size_log2 = 0, .sign = true}, kBu{.size_log2 = 0}, kH{.size_log2 = 1, .sign = true},
    kHu{.size_log2 = 1}, kW{.size_log2 = 2, .sign = true}, kWu{.size_log2 = 2}, kD{.size_log2 = 3};

// --- XTheadBa ---

bool trans_addsl(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rd != 0) b.op_to(Op::add, a.rd, {ctx.gpr(a.rs1), b.shli(ctx.gpr(a.rs2), static_cast<unsigned>(a.imm))});
    return true;
}

// --- XTheadBb, XTheadBs ---

bool trans_srri(DisasContext& ctx, const Operands& a) { return gen_arith_imm(ctx, a, Op::rotr); }
bool trans_srriw(DisasContext& ctx, const Operands& a) { return gen_arith_imm_w(ctx, a, Op::rotr); }

/// The bits msb:lsb; nothing happens where there are none.
bool gen_field(DisasContext& ctx, const Operands& a, Op op) {
    const u64 msb = static_cast<u64>(a.imm) >> 6, lsb = a.imm & 63;
    if (a.rd != 0 && lsb <= msb) ctx.b->op_to(op, a.rd, {ctx.gpr(a.rs1)}, lsb, msb - lsb + 1);
    return true;
}
bool trans_ext(DisasContext& ctx, const Operands& a) { return gen_field(ctx, a, Op::sextract); }
bool trans_extu(DisasContext& ctx, const Operands& a) { return gen_field(ctx, a, Op::extract); }

bool trans_ff0(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::clz, a.rd, {ctx.b->not_(ctx.gpr(a.rs1))});
    return true;
}
bool trans_ff1(DisasContext& ctx, const Operands& a) { return gen_unary(ctx, a, Op::clz); }
bool trans_rev(DisasContext& ctx, const Operands& a) { return gen_unary(ctx, a, Op::bswap); }
bool trans_revw(DisasContext& ctx, const Operands& a) { return gen_unary_w(ctx, a, Op::bswap); }
bool trans_tstnbz(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rd != 0) b.op_to(Op::not_, a.rd, {b.op(Op::orc_b, Type::I64, {ctx.gpr(a.rs1)})});
    return true;
}
bool trans_tst(DisasContext& ctx, const Operands& a) {
    if (a.rd != 0) ctx.b->op_to(Op::extract, a.rd, {ctx.gpr(a.rs1)}, static_cast<u64>(a.imm), 1);
    return true;
}

// --- XTheadCondMov ---

bool gen_move_if(DisasContext& ctx, const Operands& a, Cond cond) {
    if (a.rd != 0) ctx.b->movcond_to(a.rd, cond, ctx.gpr(a.rs2), ctx.b->c64(0), ctx.gpr(a.rs1), ctx.gpr(a.rd));
    return true;
}
bool trans_mveqz(DisasContext& ctx, const Operands& a) { return gen_move_if(ctx, a, Cond::Eq); }
bool trans_mvnez(DisasContext& ctx, const Operands& a) { return gen_move_if(ctx, a, Cond::Ne); }

// --- XTheadMac ---

template <Op op>
bool trans_mac(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rd != 0) b.op_to(op, a.rd, {ctx.gpr(a.rd), b.mul(ctx.gpr(a.rs1), ctx.gpr(a.rs2))});
    return true;
}
/// Of the low words, or half-words.
template <Op op, bool halves>
bool trans_mac_w(DisasContext& ctx, const Operands& a) {
    if (a.rd == 0) return true;
    Builder& b = *ctx.b;
    Var x = ctx.gpr_w(a.rs1), y = ctx.gpr_w(a.rs2);
    if (halves) x = b.sextract(x, 0, 16), y = b.sextract(y, 0, 16);
    ctx.set_gpr_w(a.rd, b.op(op, Type::I32, {ctx.gpr_w(a.rd), b.mul(x, y)}));
    return true;
}

// --- XTheadMemIdx: an address that is stepped by imm5 << imm2, before or behind the access, or one with an index ---

i64 step(const Operands& a) { return static_cast<i64>(static_cast<u64>(sign_extend(a.imm & 31, 5)) << (a.imm >> 5)); }

template <MemOp m, bool before>
bool trans_load_step(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var value = b.temp(Type::I64);
    ctx.guest_ld(value, ctx.gpr(a.rs1), m, before ? step(a) : 0);
    ctx.set_gpr(a.rs1, b.addi(ctx.gpr(a.rs1), step(a)));
    ctx.set_gpr(a.rd, value);
    return true;
}
template <MemOp m, bool before>
bool trans_store_step(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.gpr(a.rs3), ctx.gpr(a.rs1), m, before ? step(a) : 0);
    ctx.set_gpr(a.rs1, ctx.b->addi(ctx.gpr(a.rs1), step(a)));
    return true;
}

/// rs1 + (rs2 << imm2), of rs2 the whole or the zero-extended low word.
template <bool word>
Var indexed(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    Var index = word ? b.extract(ctx.gpr(a.rs2), 0, 32) : ctx.gpr(a.rs2);
    return b.add(ctx.gpr(a.rs1), b.shli(index, static_cast<unsigned>(a.imm)));
}
template <MemOp m, bool word>
bool trans_load_indexed(DisasContext& ctx, const Operands& a) {
    ctx.guest_ld(ctx.gpr_dest(a.rd), indexed<word>(ctx, a), m);
    return true;
}
template <MemOp m, bool word>
bool trans_store_indexed(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.gpr(a.rs3), indexed<word>(ctx, a), m);
    return true;
}

// --- XTheadFMemIdx ---

template <bool word>
bool trans_flrw(DisasContext& ctx, const Operands& a) {
    Var value = ctx.b->temp(Type::F32);
    ctx.guest_ld(value, indexed<word>(ctx, a), kWu);
    write_fpr(ctx, Format::F32, a.rd, value);
    return true;
}
template <bool word>
bool trans_flrd(DisasContext& ctx, const Operands& a) {
    ctx.guest_ld(ctx.fpr(a.rd), indexed<word>(ctx, a), kD);
    return true;
}
template <MemOp m, bool word>
bool trans_fsr(DisasContext& ctx, const Operands& a) {
    ctx.guest_st(ctx.fpr(a.rs3), indexed<word>(ctx, a), m);
    return true;
}

// --- XTheadMemPair: two neighbours in memory ---

template <MemOp m>
bool trans_load_pair(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    const i64 offset = a.imm * 2 * m.bytes();
    Var first = b.temp(Type::I64), second = b.temp(Type::I64);
    ctx.guest_ld(first, ctx.gpr(a.rs1), m, offset);
    ctx.guest_ld(second, ctx.gpr(a.rs1), m, offset + m.bytes());
    ctx.set_gpr(a.rd, first);
    ctx.set_gpr(a.rs2, second);
    return true;
}
template <MemOp m>
bool trans_store_pair(DisasContext& ctx, const Operands& a) {
    const i64 offset = a.imm * 2 * m.bytes();
    ctx.guest_st(ctx.gpr(a.rs3), ctx.gpr(a.rs1), m, offset);
    ctx.guest_st(ctx.gpr(a.rs2), ctx.gpr(a.rs1), m, offset + m.bytes());
    return true;
}

// --- XTheadCmo: there are no caches to manage ---

bool trans_cache_any(DisasContext&, const Operands&) { return true; }
/// By physical address, by set and way, or of whole caches: not for user mode.
bool trans_cache_privileged(DisasContext& ctx, const Operands&) { return ctx.mode() != Privilege::User; }

// --- XTheadSync ---

bool trans_sync(DisasContext& ctx, const Operands&) {
    ctx.b->mb(static_cast<u8>(Barrier::Full));
    return true;
}
bool trans_sync_i(DisasContext& ctx, const Operands&) {
    ctx.b->mb(static_cast<u8>(Barrier::Full));
    ctx.call_helper(Helper::fence_i, ir::kNoVar, {ctx.b->env()});
    ctx.end_with_lookup();
    return true;
}
/// sfence.vma on all harts of a cluster; translations of addresses are not shared between harts.
bool trans_sfence_vmas(DisasContext& ctx, const Operands& a) {
    if (ctx.mode() == Privilege::User) return false;
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::sfence_vma, ir::kNoVar, {b.env(), b.c32(ctx.bits), ctx.gpr(a.rs1), ctx.gpr(a.rs2)});
    ctx.end_with_lookup();
    return true;
}

using enum Extension;
constexpr ImmFormat kScale{"1:0", false}, kStep{"6:5|4:0", false}, kField{"11:6|5:0", false};
constexpr Reserved kPair = Reserved::RdIsRs1 | Reserved::RdIsRs2 | Reserved::Rs1IsRs2;

#define CACHE(function, rs2, name, trans) \
    { #function " " #rs2 " 00000 000 00000 0001011", name, "", Xtheadcmo, trans }
#define CACHE_LINE(rs2, name, trans) \
    { "0000001 " #rs2 " sssss 000 00000 0001011", name, "rs1", Xtheadcmo, trans }
#define LOAD_STEP(f, name, m)                                                                          \
    {f "11 ii iiiii sssss 100 ddddd 0001011",                                                          \
     "th." name "ia",                                                                                  \
     "rd,(rs1),step,scale",                                                                            \
     Xtheadmemidx,                                                                                     \
     trans_load_step<m, false>,                                                                        \
     kStep,                                                                                            \
     Reserved::RdIsRs1},                                                                               \
    {                                                                                                  \
        f "01 ii iiiii sssss 100 ddddd 0001011", "th." name "ib", "rd,(rs1),step,scale", Xtheadmemidx, \
            trans_load_step<m, true>, kStep, Reserved::RdIsRs1                                         \
    }
#define STORE_STEP(f, name, m)                                                                          \
    {f "11 ii iiiii sssss 101 uuuuu 0001011",                                                           \
     "th." name "ia",                                                                                   \
     "rs3,(rs1),step,scale",                                                                            \
     Xtheadmemidx,                                                                                      \
     trans_store_step<m, false>,                                                                        \
     kStep},                                                                                            \
    {                                                                                                   \
        f "01 ii iiiii sssss 101 uuuuu 0001011", "th." name "ib", "rs3,(rs1),step,scale", Xtheadmemidx, \
            trans_store_step<m, true>, kStep                                                            \
    }
#define LOAD_INDEXED(f, size, m)                                                                \
    {f "00 ii ttttt sssss 100 ddddd 0001011",                                                   \
     "th.lr" size,                                                                              \
     "rd,rs1,rs2,imm",                                                                          \
     Xtheadmemidx,                                                                              \
     trans_load_indexed<m, false>,                                                              \
     kScale},                                                                                   \
    {                                                                                           \
        f "10 ii ttttt sssss 100 ddddd 0001011", "th.lur" size, "rd,rs1,rs2,imm", Xtheadmemidx, \
            trans_load_indexed<m, true>, kScale                                                 \
    }
#define STORE_INDEXED(f, size, m)                                                                \
    {f "00 ii ttttt sssss 101 uuuuu 0001011", "th.sr" size, "rs3,rs1,rs2,imm", Xtheadmemidx,     \
     trans_store_indexed<m, false>,           kScale},                                           \
    {                                                                                            \
        f "10 ii ttttt sssss 101 uuuuu 0001011", "th.sur" size, "rs3,rs1,rs2,imm", Xtheadmemidx, \
            trans_store_indexed<m, true>, kScale                                                 \
    }
#define FLOAT_INDEXED(f, funct3, reg, name, syntax, trans) \
    { f " ii ttttt sssss " funct3 " " reg " 0001011", name, syntax ",rs1,rs2,imm", Xtheadfmemidx, trans, kScale }

// clang-format off
constexpr InsnRow kRows[] = {
    {"00000 ii ttttt sssss 001 ddddd 0001011", "th.addsl", "rd,rs1,rs2,imm", Xtheadba, trans_addsl, kScale},

    {"000100 iiiiii sssss 001 ddddd 0001011", "th.srri", "rd,rs1,imm", Xtheadbb, trans_srri, kShamt6},
    {"0001010 iiiii sssss 001 ddddd 0001011", "th.srriw", "rd,rs1,imm", Xtheadbb, trans_srriw, kShamt5},
    {"iiiiii iiiiii sssss 010 ddddd 0001011", "th.ext", "rd,rs1,msb,lsb", Xtheadbb, trans_ext, kField},
    {"iiiiii iiiiii sssss 011 ddddd 0001011", "th.extu", "rd,rs1,msb,lsb", Xtheadbb, trans_extu, kField},
    {"1000010 00000 sssss 001 ddddd 0001011", "th.ff0", "rd,rs1", Xtheadbb, trans_ff0},
    {"1000011 00000 sssss 001 ddddd 0001011", "th.ff1", "rd,rs1", Xtheadbb, trans_ff1},
    {"1000001 00000 sssss 001 ddddd 0001011", "th.rev", "rd,rs1", Xtheadbb, trans_rev},
    {"1001000 00000 sssss 001 ddddd 0001011", "th.revw", "rd,rs1", Xtheadbb, trans_revw},
    {"1000000 00000 sssss 001 ddddd 0001011", "th.tstnbz", "rd,rs1", Xtheadbb, trans_tstnbz},
    {"100010 iiiiii sssss 001 ddddd 0001011", "th.tst", "rd,rs1,imm", Xtheadbs, trans_tst, kShamt6},

    {"0100000 ttttt sssss 001 ddddd 0001011", "th.mveqz", "rd,rs1,rs2", Xtheadcondmov, trans_mveqz},
    {"0100001 ttttt sssss 001 ddddd 0001011", "th.mvnez", "rd,rs1,rs2", Xtheadcondmov, trans_mvnez},

    {"0010000 ttttt sssss 001 ddddd 0001011", "th.mula", "rd,rs1,rs2", Xtheadmac, trans_mac<Op::add>},
    {"0010001 ttttt sssss 001 ddddd 0001011", "th.muls", "rd,rs1,rs2", Xtheadmac, trans_mac<Op::sub>},
    {"0010010 ttttt sssss 001 ddddd 0001011", "th.mulaw", "rd,rs1,rs2", Xtheadmac, trans_mac_w<Op::add, false>},
    {"0010011 ttttt sssss 001 ddddd 0001011", "th.mulsw", "rd,rs1,rs2", Xtheadmac, trans_mac_w<Op::sub, false>},
    {"0010100 ttttt sssss 001 ddddd 0001011", "th.mulah", "rd,rs1,rs2", Xtheadmac, trans_mac_w<Op::add, true>},
    {"0010101 ttttt sssss 001 ddddd 0001011", "th.mulsh", "rd,rs1,rs2", Xtheadmac, trans_mac_w<Op::sub, true>},

    LOAD_STEP("000", "lb", kB), LOAD_STEP("001", "lh", kH), LOAD_STEP("010", "lw", kW), LOAD_STEP("011", "ld", kD),
    LOAD_STEP("100", "lbu", kBu), LOAD_STEP("101", "lhu", kHu), LOAD_STEP("110", "lwu", kWu),
    STORE_STEP("000", "sb", kBu), STORE_STEP("001", "sh", kHu), STORE_STEP("010", "sw", kWu), STORE_STEP("011", "sd", kD),
    LOAD_INDEXED("000", "b", kB), LOAD_INDEXED("001", "h", kH), LOAD_INDEXED("010", "w", kW), LOAD_INDEXED("011", "d", kD),
    LOAD_INDEXED("100", "bu", kBu), LOAD_INDEXED("101", "hu", kHu), LOAD_INDEXED("110", "wu", kWu),
    STORE_INDEXED("000", "b", kBu), STORE_INDEXED("001", "h", kHu), STORE_INDEXED("010", "w", kWu), STORE_INDEXED("011", "d", kD),

    FLOAT_INDEXED("01000", "110", "ddddd", "th.flrw", "fd", trans_flrw<false>), FLOAT_INDEXED("01010", "110", "ddddd", "th.flurw", "fd", trans_flrw<true>),
    FLOAT_INDEXED("01100", "110", "ddddd", "th.flrd", "fd", trans_flrd<false>), FLOAT_INDEXED("01110", "110", "ddddd", "th.flurd", "fd", trans_flrd<true>),
    FLOAT_INDEXED("01000", "111", "uuuuu", "th.fsrw", "fs3", (trans_fsr<kWu, false>)), FLOAT_INDEXED("01010", "111", "uuuuu", "th.fsurw", "fs3", (trans_fsr<kWu, true>)),
    FLOAT_INDEXED("01100", "111", "uuuuu", "th.fsrd", "fs3", (trans_fsr<kD, false>)), FLOAT_INDEXED("01110", "111", "uuuuu", "th.fsurd", "fs3", (trans_fsr<kD, true>)),

    {"11100 ii ttttt sssss 100 ddddd 0001011", "th.lwd", "rd,rs2,(rs1),imm,3", Xtheadmempair, trans_load_pair<kW>, kScale, kPair},
    {"11110 ii ttttt sssss 100 ddddd 0001011", "th.lwud", "rd,rs2,(rs1),imm,3", Xtheadmempair, trans_load_pair<kWu>, kScale, kPair},
    {"11111 ii ttttt sssss 100 ddddd 0001011", "th.ldd", "rd,rs2,(rs1),imm,4", Xtheadmempair, trans_load_pair<kD>, kScale, kPair},
    {"11100 ii ttttt sssss 101 uuuuu 0001011", "th.swd", "rs3,rs2,(rs1),imm,3", Xtheadmempair, trans_store_pair<kWu>, kScale},
    {"11111 ii ttttt sssss 101 uuuuu 0001011", "th.sdd", "rs3,rs2,(rs1),imm,4", Xtheadmempair, trans_store_pair<kD>, kScale},

    CACHE(0000000, 00001, "th.dcache.call", trans_cache_privileged), CACHE(0000000, 00011, "th.dcache.ciall", trans_cache_privileged),
    CACHE(0000000, 00010, "th.dcache.iall", trans_cache_privileged), CACHE(0000000, 10000, "th.icache.iall", trans_cache_privileged),
    CACHE(0000000, 10001, "th.icache.ialls", trans_cache_privileged), CACHE(0000000, 10101, "th.l2cache.call", trans_cache_privileged),
    CACHE(0000000, 10111, "th.l2cache.ciall", trans_cache_privileged), CACHE(0000000, 10110, "th.l2cache.iall", trans_cache_privileged),
    CACHE_LINE(01001, "th.dcache.cpa", trans_cache_privileged), CACHE_LINE(01011, "th.dcache.cipa", trans_cache_privileged),
    CACHE_LINE(01010, "th.dcache.ipa", trans_cache_privileged), CACHE_LINE(00001, "th.dcache.csw", trans_cache_privileged),
    CACHE_LINE(00011, "th.dcache.cisw", trans_cache_privileged), CACHE_LINE(00010, "th.dcache.isw", trans_cache_privileged),
    CACHE_LINE(01000, "th.dcache.cpal1", trans_cache_privileged), CACHE_LINE(11000, "th.icache.ipa", trans_cache_privileged),
    CACHE_LINE(00101, "th.dcache.cva", trans_cache_any), CACHE_LINE(00111, "th.dcache.civa", trans_cache_any),
    CACHE_LINE(00110, "th.dcache.iva", trans_cache_any), CACHE_LINE(00100, "th.dcache.cval1", trans_cache_any),
    CACHE_LINE(10000, "th.icache.iva", trans_cache_any),

    {"0000010 ttttt sssss 000 00000 0001011", "th.sfence.vmas", "rs1,rs2", Xtheadsync, trans_sfence_vmas},
    {"0000000 11000 00000 000 00000 0001011", "th.sync", "", Xtheadsync, trans_sync},
    {"0000000 11001 00000 000 00000 0001011", "th.sync.s", "", Xtheadsync, trans_sync},
    {"0000000 11010 00000 000 00000 0001011", "th.sync.i", "", Xtheadsync, trans_sync_i},
    {"0000000 11011 00000 000 00000 0001011", "th.sync.is", "", Xtheadsync, trans_sync_i},
};
// clang-format on

}  // namespace

InsnSet rows_xthead() { return kRows; }

}  // namespace dragoman::riscv
