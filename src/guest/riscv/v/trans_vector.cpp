#include "guest/riscv/v/trans_vector.h"

#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

bool vector_type(const DisasContext& ctx, VectorType& type) {
    if ((ctx.flags_now & kFlagVtypeLegal) == 0) return false;
    type = VectorType::unpack(ctx.flags_now >> kFlagVtypeShift & kFlagVtypeBits);
    return true;
}

static u32 control(const DisasContext& ctx, VectorOp op, unsigned sew, int lmul) {
    return VectorControl{op, static_cast<u8>(sew), static_cast<i8>(lmul), static_cast<u8>(ctx.frm())}.pack();
}

/// Where vstart may not be 0, it is afterwards.
static void end_helper(DisasContext& ctx) {
    if (is_vector_slow(ctx)) ctx.end_with_lookup();
}

void gen_vector(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar) {
    if (gen_inline(ctx, op, sew, lmul, scalar)) return;
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::vector, b.temp(Type::I64),
                    {b.env(), b.c32(ctx.bits), scalar, b.c32(control(ctx, op, sew, lmul))});
    end_helper(ctx);
}

void gen_vector_to_gpr(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, unsigned rd) {
    if (gen_inline_to_gpr(ctx, op, sew, rd)) return;
    Builder& b = *ctx.b;
    Var result = b.temp(Type::I64);
    ctx.call_helper(Helper::vector, result, {b.env(), b.c32(ctx.bits), b.c64(0), b.c32(control(ctx, op, sew, lmul))});
    ctx.set_gpr(rd, result);
    end_helper(ctx);
}

void gen_vector_access(DisasContext& ctx, VectorOp op, unsigned eew, int emul, unsigned rs1) {
    if (gen_inline_access(ctx, op, eew, emul, rs1)) return;
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::vector_memory, ir::kNoVar,
                    {b.env(), b.c32(ctx.bits), ctx.gpr(rs1), b.c32(control(ctx, op, eew, emul))});
    // A fault-only-first load may have changed vl.
    op == VectorOp::load_first ? ctx.end_with_lookup() : end_helper(ctx);
}

void require_no_vstart(DisasContext& ctx) {
    if (!is_vector_slow(ctx)) return;
    Builder& b = *ctx.b;
    Var vstart = b.temp(Type::I64);
    const u32 none = b.new_label();
    b.env_ld(vstart, DRAGOMAN_HART_OFFSET(vector.vstart), {.size_log2 = 3});
    b.brcond(Cond::Eq, vstart, b.c64(0), none);
    ctx.raise_illegal();
    b.label(none);
    ctx.state = DisasState::Next;
}

}  // namespace dragoman::riscv
