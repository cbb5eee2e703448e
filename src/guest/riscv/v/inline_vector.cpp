#include "guest/riscv/v/inline_vector.h"

#include "guest/riscv/csr.h"
#include "guest/riscv/v/vector.h"

namespace dragoman::riscv {

namespace {

Type type_of_register(unsigned bytes) {
    switch (bytes) {
        case 16: return Type::V128;
        case 32: return Type::V256;
        case 64: return Type::V512;
        default: return Type::None;
    }
}

}  // namespace

void init_vectors(DisasContext& ctx) {
    ctx.vector_exit_count = 0;
    for (CheckedLength& c : ctx.checked_lengths) c.reg = 0;
    ctx.vector_length.checked = 0;
    ctx.vector_length.forget();
    ctx.vector_type = Type::None;
    if (!ctx.has(Extension::Zve32x) || ctx.vectors == nullptr) return;
    const Type type = type_of_register(ctx.cpu().vector_bytes());
    if (type == Type::None) return;
    if (!ctx.vectors->has_vector_op(Op::v_add, type, {ir::Element::I32, false})) return;
    ctx.vector_type = type;
    ctx.b->function().marks_flags = true;
}

/// Leaves with vl of VLMAX, of half of it, or as the register has it.
static void emit_exit(DisasContext& ctx, const VectorExit& exit) {
    Builder& b = *ctx.b;
    const unsigned vlenb = ctx.cpu().vector_bytes();
    const VectorType type = VectorType::unpack(exit.vtype);
    const u64 vlmax = type.vlmax(vlenb), half = vlmax / 2;
    auto leave = [&](Var vl, u32 length) {
        const u32 flags = exit.flags | length;
        b.env_st(b.c32(1), DRAGOMAN_HART_OFFSET(vector.used), {.size_log2 = 2});
        b.env_st(vl, DRAGOMAN_HART_OFFSET(vector.vl), {.size_log2 = 3});
        b.env_st(b.c64(exit.vtype), DRAGOMAN_HART_OFFSET(vector.vtype), {.size_log2 = 3});
        b.env_st(b.c32(flags), offsetof(ir::Env, tb_flags), {.size_log2 = 2});
        ctx.set_gpr(exit.rd, vl);
        ctx.exit_to(exit.target, flags);
    };
    b.exit_label(exit.label);
    if (!exit.may_be_less) return leave(b.c64(vlmax), kFlagVlmax);
    // Loops of as many elements as half a group: of those that have a length for registers of 128 bits.
    const u32 half_flags = length_flags(type, half, vlenb);
    const bool looks_for_full = exit.may_be_full, looks_for_half = !looks_for_full && half_flags != 0;
    const u32 less = b.new_label();
    if (looks_for_full) {
        b.brcond(Cond::Ltu, ctx.gpr(exit.rs1), b.c64(vlmax), less);
        leave(b.c64(vlmax), kFlagVlmax);
        b.exit_label(less);
    } else if (looks_for_half) {
        b.brcond(Cond::Ne, ctx.gpr(exit.rs1), b.c64(half), less);
        leave(b.c64(half), half_flags);
        b.exit_label(less);
    }
    leave(ctx.gpr(exit.rs1), 0);
}

void finish_vectors(DisasContext& ctx) {
    for (unsigned i = 0; i < ctx.vector_exit_count; ++i) emit_exit(ctx, ctx.vector_exits[i]);
}

Var first_element(DisasContext& ctx, unsigned reg, unsigned sew, bool sign) {
    Builder& b = *ctx.b;
    if (ctx.vector_type != Type::None) {
        return b.vector_op(Op::v_extract, ctx.vector_type, integer_element(sew), {DisasContext::vreg(reg)}, 0, sign);
    }
    Var value = b.temp(Type::I64);
    b.env_ld(value, DRAGOMAN_HART_OFFSET(vector.regs) + static_cast<u32>(reg * ctx.cpu().vector_bytes()),
             {.size_log2 = static_cast<u8>(sew), .sign = sign});
    return value;
}

void clear_vstart(DisasContext& ctx) {
    if (!is_vector_slow(ctx)) return;
    Builder& b = *ctx.b;
    b.env_st(b.c64(0), DRAGOMAN_HART_OFFSET(vector.vstart), {.size_log2 = 3});
    ctx.flags_now &= ~kFlagVectorSlow;
    b.env_st(b.c32(ctx.flags_now), offsetof(ir::Env, tb_flags), {.size_log2 = 2});
}

Var read_vector_csr(DisasContext& ctx, unsigned number) {
    Builder& b = *ctx.b;
    if (number == kCsrVlenb) return b.c64(ctx.cpu().vector_bytes());
    VectorType type;
    const bool known = vector_type(ctx, type);
    if (number == kCsrVl && known && vl_is_known(ctx)) {
        return b.c64(type.vlmax(ctx.cpu().vector_bytes()) >> vl_fraction(ctx));
    }
    Var value = b.temp(Type::I64);
    b.env_ld(value, number == kCsrVl ? DRAGOMAN_HART_OFFSET(vector.vl) : DRAGOMAN_HART_OFFSET(vector.vtype),
             {.size_log2 = 3});
    return value;
}

VectorLength& known_length(DisasContext& ctx) {
    VectorLength& known = ctx.vector_length;
    const ir::InsnList& insns = ctx.b->function().insns;
    for (; known.checked < insns.size(); ++known.checked) {
        if (has(ir::info(insns[known.checked].op).flags, ir::OpFlags::EndsEbb)) known.forget();
    }
    return known;
}

Var vector_length(DisasContext& ctx) {
    VectorLength& known = known_length(ctx);
    VectorType type;
    if (known.vl == ir::kNoVar && vl_is_known(ctx) && vector_type(ctx, type)) {
        known.vl = ctx.b->c64(type.vlmax(ctx.cpu().vector_bytes()) >> vl_fraction(ctx));
    }
    if (known.vl == ir::kNoVar) {
        known.vl = ctx.b->temp(Type::I64);
        ctx.b->env_ld(known.vl, DRAGOMAN_HART_OFFSET(vector.vl), {.size_log2 = 3});
    }
    return known.vl;
}

Var vector_length_mask(DisasContext& ctx, unsigned first, unsigned count) {
    Builder& b = *ctx.b;
    VectorLength& known = known_length(ctx);
    for (unsigned i = 0; i < known.made_count; ++i) {
        const VectorLength::Made& made = known.made[i];
        if (made.first == first && made.count == count) return made.mask;
    }
    const Var vl = vector_length(ctx);
    const Var left = first == 0 ? vl : b.op(Op::max_s, Type::I64, {b.addi(vl, -i64{first}), b.c64(0)});
    const Var mask = b.convert(Op::v_mask_first, Type::Mask, left, count);
    if (known.made_count < VectorLength::kMaxMasks) known.made[known.made_count++] = {mask, first, count};
    return mask;
}

Var InlineVector::mask(unsigned r, unsigned count, bool with_v0) {
    Var result = ir::kNoVar;
    if (!full()) {
        result = vector_length_mask(ctx, r * count, count);
    }
    if (masked() && with_v0) {
        const Var bits = mask_bits(0, r, count);
        result = result == ir::kNoVar ? bits : b.op(Op::v_mask_and, Type::Mask, {result, bits});
    }
    return result;
}

Var InlineVector::known_bits(unsigned n, u64 pos, u64 len) const {
    constexpr unsigned kWindow = 64;
    const ir::Function& f = b.function();
    Var value = reg(n);
    const std::size_t count = f.insns.size();
    for (std::size_t i = count; i-- > 0 && i + kWindow >= count;) {
        const ir::Insn& insn = f.insns[i];
        if (insn.op == Op::label || ir::writes_any_global(f, insn)) return ir::kNoVar;
        if (insn.outputs == 0 || insn.out() != value) continue;
        if (insn.op == Op::mov) {
            value = insn.in(0);
        } else if (insn.op == Op::v_mask_put) {
            if (insn.imm[0] == pos && insn.imm[1] == len) return insn.in(0);
            value = insn.in(1);
        } else {
            return ir::kNoVar;
        }
    }
    return ir::kNoVar;
}

Var InlineVector::low_bytes(unsigned n, unsigned bytes) const {
    constexpr unsigned kWindow = 64;
    const ir::Function& f = b.function();
    auto is_temporary = [&f](Var v) { return f.vars[v].kind == ir::VarKind::Ebb; };
    Var value = reg(n);
    const std::size_t count = f.insns.size();
    for (std::size_t i = count; i-- > 0 && i + kWindow >= count;) {
        const ir::Insn& insn = f.insns[i];
        if (insn.op == Op::label || ir::writes_any_global(f, insn)) break;
        if (insn.outputs == 0 || insn.out() != value) continue;
        const bool blends = insn.op == Op::v_blend_low && insn.imm[0] >= bytes;
        if ((!blends && insn.op != Op::mov) || !is_temporary(insn.in(0))) break;
        value = insn.in(0);
    }
    return value;
}

void InlineVector::write(unsigned r, Var value, int log2) {
    const unsigned bytes = bytes_used(log2);
    const Var d = reg(vd() + r);
    if (bytes != register_bytes()) value = b.op(Op::v_blend_low, type, {value, d}, bytes);
    b.mov_to(d, value);
}

void InlineVector::write_active(unsigned r, Var value) {
    if (!has_mask()) return write(r, value, lmul);
    const Var d = reg(vd() + r), active = mask(r, bytes_used(lmul) >> sew);
    b.mov_to(d, b.vector_op(Op::v_select, type, integer_element(sew), {active, value, d}));
}

Var InlineVector::splat(ir::Element e) {
    if (!float_scalar()) return b.splat(type, e, scalar);
    const Var f = DisasContext::fpr(vs1());
    return b.splat(type, e, sew == 3 ? f : b.convert(Op::funbox, Type::F32, f));
}

/// Elements of the source behind vl are moved to places below it.
static bool reads_behind_vl(VectorOp op) {
    return op == VectorOp::vslidedown || op == VectorOp::vrgather || op == VectorOp::vrgatherei16;
}

bool gen_inline(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar) {
    if (!inlines_vectors(ctx)) return false;
    const InlineVector::Reach reach = reads_behind_vl(op) ? InlineVector::Reach::Group : InlineVector::Reach::Length;
    InlineVector v(ctx, op, sew, lmul, scalar, reach);
    if (v.float_scalar() && sew < 2) return false;  // half precision
    return inline_integer(v) || inline_float(v) || inline_mask(v) || inline_permute(v) || inline_fixed(v) ||
           inline_crypto(v);
}

}  // namespace dragoman::riscv
