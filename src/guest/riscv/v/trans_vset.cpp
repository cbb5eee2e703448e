// vsetvli, vsetivli, vsetvl (section "Configuration-Setting Instructions"). The TB state flags hold vtype and whether
// vl is VLMAX, so that the instructions behind are translated for it. Where the new ones are known, the TB goes on: it
// predicts that vl is VLMAX again if it was so before, and is left where that is wrong (finish_vectors).
#include <algorithm>

#include "guest/riscv/insn_sets.h"
#include "guest/riscv/v/inline_vector.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

/// The requested length.
enum class Avl { Register, Immediate, Greatest, Present };

struct Request {
    Avl avl;
    unsigned rd, rs1;  ///< rs1: the register, or the immediate
};

Request request_of(const Operands& a) {
    return {a.rs1 != 0 ? Avl::Register : a.rd != 0 ? Avl::Greatest : Avl::Present, a.rd, a.rs1};
}

/// By the helper: whatever comes of it.
void set_by_helper(DisasContext& ctx, const Request& r, Var vtype) {
    Builder& b = *ctx.b;
    Var vl = b.temp(Type::I64);
    const bool keep = r.avl == Avl::Present;
    const Var avl = keep                      ? b.c64(0)
                    : r.avl == Avl::Greatest  ? b.c64(~u64{0})
                    : r.avl == Avl::Immediate ? b.c64(r.rs1)
                                              : ctx.gpr(r.rs1);
    ctx.call_helper(Helper::vsetvl, vl, {b.env(), avl, vtype, b.c32(keep)});
    ctx.set_gpr(r.rd, vl);
    ctx.end_with_lookup();
}

/// The value of register `reg` where this TB has set it to a constant just before.
bool constant_register(const DisasContext& ctx, unsigned reg, u64& value) {
    constexpr std::size_t kWindow = 128;
    const ir::Function& f = ctx.b->function();
    const std::size_t count = f.insns.size();
    for (std::size_t i = count; i-- > 0 && i + kWindow >= count;) {
        const ir::Insn& insn = f.insns[i];
        if (insn.op == Op::label || ir::writes_any_global(f, insn)) return false;
        if (insn.outputs == 0 || insn.out() != ctx.gpr(reg)) continue;
        if (insn.op != Op::mov || !f.is_const(insn.in(0))) return false;
        value = f.vars[insn.in(0)].value;
        return true;
    }
    return false;
}

bool is_unchanged_since(const DisasContext& ctx, std::size_t at, unsigned reg) {
    const ir::Function& f = ctx.b->function();
    for (std::size_t i = at; i < f.insns.size(); ++i) {
        const ir::Insn& insn = f.insns[i];
        if (insn.op == Op::label || ir::writes_any_global(f, insn)) return false;
        for (unsigned a = 0; a < insn.outputs; ++a) {
            if (insn.args[a] == ctx.gpr(reg)) return false;
        }
    }
    return true;
}

/// What a vset with a length in a register makes of vl.
struct Length {
    Var vl;
    u64 known;  ///< 0: not known
};

/// Of a register that has a constant, or that an earlier vset has looked at.
bool length_without_look(DisasContext& ctx, unsigned reg, u64 vlmax, Length& length) {
    Builder& b = *ctx.b;
    u64 avl;
    if (constant_register(ctx, reg, avl)) {
        length.known = std::min(avl, vlmax);
        length.vl = b.c64(length.known);
        return true;
    }
    for (const CheckedLength& c : ctx.checked_lengths) {
        if (c.reg != reg || (c.at_least && c.length < vlmax) || !is_unchanged_since(ctx, c.at, reg)) continue;
        length.known = std::min(c.length, vlmax);
        length.vl = b.c64(length.known);
        return true;
    }
    return false;
}

/// Any other register: predicts that vl is VLMAX again if it was so before, the same if that was known, else that it is
/// less.
bool predict_length(DisasContext& ctx, const Request& r, u64 vtype, u32 common, Length& length) {
    constexpr unsigned kSlotsOfExit = 2;
    if (ctx.vector_exit_count == DisasContext::kMaxVectorExits) return false;
    if (!ctx.has_slots((ctx.vector_exit_count + 1) * kSlotsOfExit)) return false;
    Builder& b = *ctx.b;
    const unsigned vlenb = ctx.cpu().vector_bytes();
    const u64 vlmax = VectorType::unpack(vtype).vlmax(vlenb);
    VectorType old;
    const bool known = vector_type(ctx, old);
    const u64 old_vl = known && vl_fraction(ctx) != 0 ? old.vlmax(vlenb) >> vl_fraction(ctx) : 0;
    const bool full = !known || (ctx.flags_now & kFlagVlmax) != 0 || old_vl >= vlmax;
    const bool same = !full && old_vl != 0;
    const u32 label = b.new_label();
    if (same) {
        b.brcond(Cond::Ne, ctx.gpr(r.rs1), b.c64(old_vl), label);
        length = {b.c64(old_vl), old_vl};
    } else {
        b.brcond(full ? Cond::Ltu : Cond::Geu, ctx.gpr(r.rs1), b.c64(vlmax), label);
        length = full ? Length{b.c64(vlmax), vlmax} : Length{ctx.gpr(r.rs1), 0};
    }
    if (length.known != 0) {
        ctx.checked_lengths[ctx.vector_exit_count % std::size(ctx.checked_lengths)] = {
            b.function().insns.size(), length.known, static_cast<u8>(r.rs1), full};
    }
    ctx.vector_exits[ctx.vector_exit_count++] = {.label = label,
                                                 .flags = common,
                                                 .target = ctx.next_pc(),
                                                 .vtype = vtype,
                                                 .may_be_full = !full,
                                                 .may_be_less = full || same,
                                                 .rd = static_cast<u8>(r.rd),
                                                 .rs1 = static_cast<u8>(r.rs1)};
    ctx.go_on();
    return true;
}

/// To a legal vtype. @returns false, without having emitted anything, when it is not inline
bool set_inline(DisasContext& ctx, const Request& r, u64 vtype) {
    if (!inlines_vectors(ctx) || !is_legal_vtype(vtype)) return false;
    Builder& b = *ctx.b;
    const unsigned vlenb = ctx.cpu().vector_bytes();
    const u64 vlmax = VectorType::unpack(vtype).vlmax(vlenb);
    VectorType old;
    const bool known = vector_type(ctx, old);
    const u64 old_vlmax = known ? old.vlmax(vlenb) : 0;
    const u64 old_vl = known && vl_is_known(ctx) ? old_vlmax >> vl_fraction(ctx) : 0;
    const u32 common = (ctx.flags_now & ~kFlagVectorMask) | vtype_flags(vtype);

    Length length{b.c64(vlmax), vlmax};
    switch (r.avl) {
        case Avl::Greatest: break;
        case Avl::Present:
            if (!known || old_vlmax != vlmax) return false;
            length.known = old_vl;
            break;
        case Avl::Immediate:
            length.known = std::min<u64>(r.rs1, vlmax);
            length.vl = b.c64(length.known);
            break;
        case Avl::Register:
            if (length_without_look(ctx, r.rs1, vlmax, length)) break;
            if (!predict_length(ctx, r, vtype, common, length)) return false;
            break;
    }
    const bool same_vl = r.avl == Avl::Present || (length.known != 0 && length.known == old_vl);
    const u32 flags = common | (length.known != 0 ? length_flags(VectorType::unpack(vtype), length.known, vlenb) : 0);
    constexpr MemOp kDouble{.size_log2 = 3}, kWord{.size_log2 = 2};
    if (!known) b.env_st(b.c32(1), DRAGOMAN_HART_OFFSET(vector.used), kWord);
    if (!same_vl) {
        b.env_st(length.vl, DRAGOMAN_HART_OFFSET(vector.vl), kDouble);
        ctx.vector_length.checked = b.function().insns.size();
        ctx.vector_length.forget();
        if (b.function().is_const(length.vl)) ctx.vector_length.vl = length.vl;
    }
    if (flags != ctx.flags_now || (flags & kFlagAgnostic) == 0) {
        b.env_st(b.c64(vtype), DRAGOMAN_HART_OFFSET(vector.vtype), kDouble);
    }
    if (flags != ctx.flags_now) {
        b.env_st(b.c32(flags), offsetof(ir::Env, tb_flags), kWord);
        ctx.flags_now = flags;
    }
    b.function().overwrites_env = true;
    if (r.avl != Avl::Present) ctx.set_gpr(r.rd, length.vl);
    return true;
}

void set_vector_type(DisasContext& ctx, const Request& r, u64 vtype) {
    if (!set_inline(ctx, r, vtype)) set_by_helper(ctx, r, ctx.b->c64(vtype));
}

bool trans_vsetvli(DisasContext& ctx, const Operands& a) {
    set_vector_type(ctx, request_of(a), static_cast<u64>(a.imm));
    return true;
}
bool trans_vsetivli(DisasContext& ctx, const Operands& a) {
    set_vector_type(ctx, {Avl::Immediate, a.rd, a.rs1}, static_cast<u64>(a.imm));
    return true;
}
bool trans_vsetvl(DisasContext& ctx, const Operands& a) {
    set_by_helper(ctx, request_of(a), ctx.gpr(a.rs2));
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
