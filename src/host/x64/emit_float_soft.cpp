// Float ops, or rare cases of them, that are left to soft float.
#include "host/x64/emit_float.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

void run_soft_float(ir::Env* env) {
    FloatOp op = FloatOp::unpack(env->float_op);
    u64* args = env->float_args;
    if (op.op == ir::Op::fmadd && op.imm1 != 0) return raise_invalid_product(op.type, args[0], args[1]);
    u64 result = evaluate(op, args[0], args[1], args[2]);
    bool is_single = op.type == Type::F32 && ir::info(op.op).typing != ir::OpTyping::Cmp;
    args[0] = is_single ? result | ~u64{0} << 32 : result;
}

namespace {

void store_argument(Emitter& e, unsigned i, HostReg r) {
    e.ra.store(e.env(offsetof(ir::Env, float_args) + i * 8, 64), r, is_xmm(r) ? Type::F64 : Type::I64);
}

void call_and_load(Emitter& e, FloatOp op, HostReg d) {
    e.c.mov(e.env(offsetof(ir::Env, float_op), 32), op.pack());
    e.call_common(Common::SoftFloat);
    if (d != kNoReg) e.ra.load(d, e.env(offsetof(ir::Env, float_args), 64), is_xmm(d) ? Type::F64 : Type::I64);
}

}  // namespace

void soft_call(Emitter& e, FloatOp op, const HostReg* in, unsigned inputs, HostReg d) {
    for (unsigned i = 0; i < inputs; ++i) store_argument(e, i, in[i]);
    call_and_load(e, op, d);
}

void emit_soft(Emitter& e, const Insn& insn) {
    // A test of an older result calls soft float, too: it must not come between the arguments and the call.
    e.nans.flush();
    for (unsigned i = 0; i < insn.inputs; ++i) {
        HostReg r = e.ra.use(insn.in(i));
        store_argument(e, i, r);
    }
    for (unsigned i = 0; i < insn.inputs; ++i) {
        if (e.ra.in_reg(insn.in(i))) e.ra.unlock(e.ra.reg_of(insn.in(i)));
    }
    HostReg d = e.ra.target(insn.out());
    call_and_load(e, FloatOp::of(insn), d);
    e.ra.define(insn.out(), d);
}

u32 soft_cold(Emitter& e, u32 jump, const Insn& insn, HostReg a, HostReg b, HostReg d) {
    struct Inputs {
        HostReg r[2];
    };
    return e.cold(jump, [op = FloatOp::of(insn), in = Inputs{{a, b}}, inputs = insn.inputs, d](Emitter& e) {
        soft_call(e, op, in.r, inputs, d);
    });
}

// ---- accrued flags ------------------------------------------------------------------------------

namespace {

constexpr std::size_t kNow = offsetof(ir::Env, float_args), kAtLastGet = offsetof(ir::Env, float_control);

void store_control(Emitter& e, std::size_t field) {
    auto to = e.env(static_cast<i64>(field), 32);
    e.features().avx ? e.c.vstmxcsr(to) : e.c.stmxcsr(to);
}

/// Byte [table + index] of Env::flag_tables.
Xbyak::Address flag_entry(Emitter& e, unsigned table, HostReg index) {
    i64 displacement = static_cast<i64>(offsetof(ir::Env, flag_tables) + table) - e.shared.plan.env_bias;
    return e.c.byte[r64(kRbp) + r64(index) + static_cast<std::size_t>(displacement)];
}

/// Replaces the accrued flags by those in `flags`; `bits` and `control` are overwritten.
void replace_flags(Emitter& e, HostReg flags, HostReg bits, HostReg control) {
    store_control(e, kNow);
    e.c.mov(r32(bits), r32(flags));
    e.c.and_(r32(bits), 0x1f);
    e.c.movzx(r32(bits), flag_entry(e, kMxcsrFlags, bits));
    auto word = e.env(kNow, 32);
    e.c.mov(r32(control), word);
    e.c.and_(r32(control), ~0x3fu);
    e.c.or_(r32(bits), r32(control));
    // Loading MXCSR is slow, and mostly this restores what it was.
    e.c.cmp(r32(bits), word);
    u32 same = e.c.jcc_short(Cc::E);
    e.c.mov(word, r32(bits));
    e.features().avx ? e.c.vldmxcsr(word) : e.c.ldmxcsr(word);
    e.c.bind_short(same);
}

/// Whether `flags` holds what the last fflags_get gave, and that was in this extended basic block.
bool is_last_get(const Emitter& e, Var flags) {
    constexpr u32 kNear = 64;
    for (u32 i = e.index; i-- > 0 && i + kNear > e.index;) {
        const Insn& insn = e.f->insns[i];
        if (insn.op == ir::Op::fflags_get) return insn.out() == flags;
        if (insn.op == ir::Op::label || insn.op == ir::Op::call) return false;
        for (unsigned k = 0; k < insn.outputs; ++k) {
            if (insn.args[k] == flags) return false;
        }
    }
    return false;
}

}  // namespace

void emit_fflags_get(Emitter& e, const Insn& insn) {
    HostReg d = e.ra.target(insn.out());
    store_control(e, kAtLastGet);
    e.c.mov(r32(d), e.env(kAtLastGet, 32));
    e.c.and_(r32(d), 0x3f);
    e.c.movzx(r32(d), flag_entry(e, 0, d));
    e.ra.define(insn.out(), d);
}

void emit_fflags_set(Emitter& e, const Insn& insn) {
    HostReg v = e.ra.use(insn.in(0));
    HostReg bits = e.ra.scratch(RegClass::Gpr);
    HostReg control = e.ra.scratch(RegClass::Gpr);
    if (!is_last_get(e, insn.in(0))) return replace_flags(e, v, bits, control);
    // As C libraries do it: save, compute, restore. Mostly no flag has come up that was not there before.
    store_control(e, kNow);
    e.c.mov(r32(control), e.env(kNow, 32));
    e.c.cmp(r32(control), e.env(kAtLastGet, 32));
    e.cold(e.c.jcc(Cc::NE), [v, bits, control](Emitter& e) { replace_flags(e, v, bits, control); });
}

}  // namespace dragoman::host::x64
