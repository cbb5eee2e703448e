#include "guest/riscv/v/trans_vector.h"

namespace dragoman::riscv {

bool vector_type(const DisasContext& ctx, VectorType& type) {
    if ((ctx.flags & kFlagVtypeLegal) == 0) return false;
    type = VectorType::unpack(ctx.flags >> kFlagVtypeShift & 0xff);
    return true;
}

static u32 control(const DisasContext& ctx, VectorOp op, unsigned sew, int lmul) {
    return VectorControl{op, static_cast<u8>(sew), static_cast<i8>(lmul), static_cast<u8>(ctx.frm())}.pack();
}

void gen_vector(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar) {
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::vector, b.temp(Type::I64),
                    {b.env(), b.c32(ctx.bits), scalar, b.c32(control(ctx, op, sew, lmul))});
}

void gen_vector_to_gpr(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, unsigned rd) {
    Builder& b = *ctx.b;
    Var result = b.temp(Type::I64);
    ctx.call_helper(Helper::vector, result, {b.env(), b.c32(ctx.bits), b.c64(0), b.c32(control(ctx, op, sew, lmul))});
    ctx.set_gpr(rd, result);
}

void gen_vector_access(DisasContext& ctx, VectorOp op, unsigned eew, int emul, unsigned rs1) {
    Builder& b = *ctx.b;
    ctx.call_helper(Helper::vector_memory, ir::kNoVar,
                    {b.env(), b.c32(ctx.bits), ctx.gpr(rs1), b.c32(control(ctx, op, eew, emul))});
}

void require_no_vstart(DisasContext& ctx) {
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
