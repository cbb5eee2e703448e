// vsetvli, vsetivli, vsetvl (section "Configuration-Setting Instructions"). The TB state flags hold vtype and whether
// vl is VLMAX, so that the instructions behind are translated for it. Where the new ones are known, the TB goes on: it
// predicts that vl is VLMAX again if it was so before, and is left where that is wrong (finish_vectors).
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

/// To a legal vtype. @returns false, without having emitted anything, when it is not inline
bool set_inline(DisasContext& ctx, const Request& r, u64 vtype) {
    if (!inlines_vectors(ctx) || !is_legal_vtype(vtype)) return false;
    Builder& b = *ctx.b;
    const unsigned vlenb = ctx.cpu().vector_bytes();
    const u64 vlmax = VectorType::unpack(vtype).vlmax(vlenb);
    VectorType old;
    const bool known = vector_type(ctx, old);
    const bool was_full = (ctx.flags_now & kFlagVlmax) != 0;
    const u64 old_vlmax = known ? old.vlmax(vlenb) : 0;
    const u32 common = (ctx.flags_now & ~kFlagVectorMask) | vtype_flags(vtype);

    bool full = true;
    Var vl = b.c64(vlmax);
    u64 known_vl = vlmax;  // 0: that is not known
    bool same_vl = was_full && old_vlmax == vlmax;
    switch (r.avl) {
        case Avl::Greatest: break;
        case Avl::Present:
            if (!known || old_vlmax != vlmax) return false;
            full = was_full;
            known_vl = vl_is_known(ctx) ? vlmax >> vl_fraction(ctx) : 0;
            same_vl = true;
            break;
        case Avl::Immediate:
            full = r.rs1 >= vlmax;
            known_vl = full ? vlmax : r.rs1;
            vl = b.c64(known_vl);
            same_vl = known && vl_is_known(ctx) && old_vlmax >> vl_fraction(ctx) == known_vl;
            break;
        case Avl::Register: {
            if (ctx.vector_exit_count == DisasContext::kMaxVectorExits) return false;
            if (!ctx.has_slots(ctx.vector_exit_count + 1)) return false;
            // A constant length that was less says nothing of this one.
            full = was_full || !known || vl_fraction(ctx) != 0;
            const u32 label = b.new_label();
            b.brcond(full ? Cond::Ltu : Cond::Geu, ctx.gpr(r.rs1), b.c64(vlmax), label);
            ctx.vector_exits[ctx.vector_exit_count++] = {label,
                                                         common | (full ? 0 : kFlagVlmax),
                                                         ctx.next_pc(),
                                                         vtype,
                                                         vlmax,
                                                         static_cast<u8>(r.rd),
                                                         static_cast<u8>(r.rs1)};
            if (!full) vl = ctx.gpr(r.rs1), known_vl = 0;
            same_vl = same_vl && full;
            break;
        }
    }
    const u32 flags = common | (known_vl != 0 ? length_flags(VectorType::unpack(vtype), known_vl, vlenb) : 0);
    constexpr MemOp kDouble{.size_log2 = 3}, kWord{.size_log2 = 2};
    if (!known) b.env_st(b.c32(1), DRAGOMAN_HART_OFFSET(vector.used), kWord);
    if (!same_vl) {
        b.env_st(vl, DRAGOMAN_HART_OFFSET(vector.vl), kDouble);
        ctx.vector_length.checked = b.function().insns.size();
        ctx.vector_length.forget();
        if (b.function().is_const(vl)) ctx.vector_length.vl = vl;
    }
    if (flags != ctx.flags_now || (flags & kFlagAgnostic) == 0) {
        b.env_st(b.c64(vtype), DRAGOMAN_HART_OFFSET(vector.vtype), kDouble);
    }
    if (flags != ctx.flags_now) {
        b.env_st(b.c32(flags), offsetof(ir::Env, tb_flags), kWord);
        ctx.flags_now = flags;
    }
    b.function().overwrites_env = true;
    if (r.avl != Avl::Present) ctx.set_gpr(r.rd, vl);
    if (r.avl == Avl::Register) ctx.go_on();
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
