// Multiplication and division. Division is total (docs/ir.md): x / 0 = -1, x % 0 = x, MIN / -1 = MIN,
// MIN % -1 = 0.
#include "host/x64/emit_integer.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;

void emit_mul(Emitter& e, const Insn& insn) {
    Var a = insn.in(0), b = insn.in(1), out = insn.out();
    unsigned bits = ir::type_bits(insn.type);
    if (e.ra.is_const(a)) std::swap(a, b);
    if (e.is_imm(b, insn.type)) {
        Emitter::Rm x = e.use_rm(a);
        HostReg d = e.ra.target_from(out, a);
        x.is_reg ? e.c.imul(gpr(d, bits), gpr(x.reg, bits), static_cast<int>(e.imm(b)))
                 : e.c.imul(gpr(d, bits), x.mem(), static_cast<int>(e.imm(b)));
        return e.ra.define(out, d);
    }
    if (!e.ra.dies(a) && e.ra.dies(b) && e.ra.in_scratch(b)) std::swap(a, b);
    Emitter::Rm x = e.use_rm(a);
    Emitter::Rm y = e.use_rm(b);
    HostReg d = e.ra.target_from(out, a);
    if (y.is_reg && y.reg == d) std::swap(x, y);
    load_rm(e, d, x, insn.type);
    if (y.is_reg) {
        e.c.op_reg(CodeWriter::kTwoByte | 0xaf, d, y.reg, bits == 64);
    } else {
        e.c.op_mem(CodeWriter::kTwoByte | 0xaf, d, kRbp, y.displacement, bits == 64);
    }
    e.ra.define(out, d);
}

namespace {

/// Operand `v` outside rax and rdx, which the instruction is about to use.
Emitter::Rm outside_rax_rdx(Emitter& e, Var v) {
    if (e.ra.prefers_memory(v)) return Emitter::Rm::in_memory(ir::type_bits(e.ra.type(v)), e.ra.home_displacement(v));
    if (!e.ra.in_reg(v)) {
        HostReg r = e.ra.scratch_of(mask_of(kRcx));
        e.ra.materialize(v, r);
        return Emitter::Rm::in_reg(r);
    }
    HostReg r = e.ra.use(v);
    if (r != kRax && r != kRdx) return Emitter::Rm::in_reg(r);
    HostReg copy = e.ra.scratch_of(mask_of(kRcx));
    e.ra.move(copy, r, e.ra.type(v));
    return Emitter::Rm::in_reg(copy);
}

/// The same, in a register.
HostReg register_outside_rax_rdx(Emitter& e, Var v) {
    Emitter::Rm y = outside_rax_rdx(e, v);
    if (y.is_reg) return y.reg;
    HostReg r = e.ra.scratch_of(mask_of(kRcx));
    e.ra.materialize(v, r);
    return r;
}

/// rdx = high half of a * b.
void multiply_high(Emitter& e, Var a, Var b, bool sign) {
    Emitter::Rm y = outside_rax_rdx(e, b);
    e.ra.use_in(a, kRax);
    e.ra.claim(kRdx);
    if (y.is_reg) {
        sign ? e.c.imul(r64(y.reg)) : e.c.mul(r64(y.reg));
    } else {
        sign ? e.c.imul(y.mem()) : e.c.mul(y.mem());
    }
}

/// I32: the 64-bit product in rax, which holds both halves. Returns a scratch register that is free again.
HostReg multiply_32(Emitter& e, Var a, Var b, bool sign_a, bool sign_b) {
    HostReg y = e.ra.use(b);
    HostReg t = e.ra.scratch_of(kScratchGprs & ~mask_of(kRax));
    sign_b ? e.c.movsxd(r64(t), r32(y)) : e.c.mov(r32(t), r32(y));
    e.ra.use_in(a, kRax);
    sign_a ? e.c.movsxd(e.c.rax, e.c.eax) : e.c.mov(e.c.eax, e.c.eax);
    e.c.imul(e.c.rax, r64(t));
    return t;
}

void emit_mulh(Emitter& e, const Insn& insn, bool sign_a, bool sign_b) {
    if (insn.type == Type::I32) {
        multiply_32(e, insn.in(0), insn.in(1), sign_a, sign_b);
        e.c.shr(e.c.rax, 32);
        return e.ra.define(insn.out(), kRax);
    }
    multiply_high(e, insn.in(0), insn.in(1), sign_a);
    e.ra.define(insn.out(), kRdx);
}

}  // namespace

void emit_mulh_s(Emitter& e, const Insn& insn) { emit_mulh(e, insn, true, true); }
void emit_mulh_u(Emitter& e, const Insn& insn) { emit_mulh(e, insn, false, false); }

// Signed a times unsigned b: the unsigned product less b << 64 when a is negative.
void emit_mulh_su(Emitter& e, const Insn& insn) {
    if (insn.type == Type::I32) return emit_mulh(e, insn, true, false);
    Var a = insn.in(0), b = insn.in(1);
    const HostReg y = register_outside_rax_rdx(e, b);
    e.ra.use_in(a, kRax);
    e.ra.claim(kRdx);
    e.c.push(e.c.rax);
    e.c.mul(r64(y));
    e.c.pop(e.c.rax);
    e.c.sar(e.c.rax, 63);
    e.c.and_(e.c.rax, r64(y));
    e.c.sub(e.c.rdx, e.c.rax);
    e.ra.define(insn.out(), kRdx);
}

namespace {

/// Both halves: in rax and rdx.
void multiply_full(Emitter& e, const Insn& insn, bool sign) {
    Var a = insn.in(0), b = insn.in(1);
    if (insn.type == Type::I32) {
        HostReg t = multiply_32(e, a, b, sign, sign);
        e.c.mov(r64(t), e.c.rax);
        e.c.shr(r64(t), 32);
        e.ra.define(insn.out(0), kRax);
        e.ra.define(insn.out(1), t);
        return;
    }
    multiply_high(e, a, b, sign);
    e.ra.define(insn.out(0), kRax);
    e.ra.define(insn.out(1), kRdx);
}

/// mulx writes any two registers, after it has read both operands.
void multiply_full_bmi2(Emitter& e, const Insn& insn) {
    Var a = insn.in(0), b = insn.in(1);
    if (e.ra.reg_of(b) == kRdx) std::swap(a, b);
    Emitter::Rm y = e.ra.reg_of(b) == kRdx ? outside_rax_rdx(e, b) : e.use_rm(b);
    if (y.is_reg && y.reg == kRdx) y = outside_rax_rdx(e, b);
    e.ra.use_in(a, kRdx);
    const HostReg low = e.ra.target(insn.out(0));
    HostReg high = e.ra.is_pinned(insn.out(1)) ? e.ra.target(insn.out(1)) : kRdx;
    if (high == low) high = kRdx;
    if (y.is_reg) {
        e.c.mulx(r64(high), r64(low), r64(y.reg));
    } else {
        e.c.mulx(r64(high), r64(low), y.mem());
    }
    e.ra.define(insn.out(0), low);
    e.ra.define(insn.out(1), high);
}

}  // namespace

void emit_mul2_s(Emitter& e, const Insn& insn) { multiply_full(e, insn, true); }
void emit_mul2_u(Emitter& e, const Insn& insn) {
    insn.type == Type::I64&& e.features().bmi2 ? multiply_full_bmi2(e, insn) : multiply_full(e, insn, false);
}

namespace {

struct Division {
    bool sign;
    bool quotient;
    bool remainder;
};

void divide(CodeWriter& c, Division op, HostReg divisor, unsigned bits) {
    if (op.sign) {
        bits == 64 ? c.cqo() : c.cdq();
        c.idiv(gpr(divisor, bits));
    } else {
        c.xor_(c.edx, c.edx);
        c.div(gpr(divisor, bits));
    }
}

/// rax (dividend) to rax and rdx for a divisor of 0 or (signed) -1.
void divide_special(CodeWriter& c, Division op, HostReg divisor, unsigned bits) {
    u32 minus_one = 0;
    if (op.sign) {
        c.test(gpr(divisor, bits), gpr(divisor, bits));
        minus_one = c.jcc_short(Cc::NE);
    }
    if (op.remainder) c.mov(c.rdx, c.rax);
    if (op.quotient) c.mov(c.rax, -1);
    if (!op.sign) return;
    u32 done = c.jump_short();
    c.bind_short(minus_one);
    if (op.remainder) c.xor_(c.edx, c.edx);
    if (op.quotient) c.neg(gpr(kRax, bits));
    c.bind_short(done);
}

void emit_division(Emitter& e, const Insn& insn, Division op) {
    unsigned bits = ir::type_bits(insn.type);
    Var a = insn.in(0), b = insn.in(1);
    HostReg divisor = register_outside_rax_rdx(e, b);
    e.ra.use_in(a, kRax);
    e.ra.claim(kRdx);

    u64 value = e.ra.is_const(b) ? e.ra.const_value(b) & low_mask(bits) : 0;
    bool safe = e.ra.is_const(b) && value != 0 && !(op.sign && value == low_mask(bits));
    if (!safe) {
        if (op.sign) {  // 0 and -1 are the values d with d + 1 <= 1 unsigned
            e.c.lea(gpr(kRdx, bits), e.c.ptr[r64(divisor) + 1]);
            e.c.cmp(gpr(kRdx, bits), 1);
        } else {
            e.c.test(gpr(divisor, bits), gpr(divisor, bits));
        }
        u32 special = e.c.jcc(op.sign ? Cc::BE : Cc::E);
        u32 path = e.cold(special, [=](Emitter& e) { divide_special(e.c, op, divisor, bits); });
        divide(e.c, op, divisor, bits);
        e.resume(path);
    } else {
        divide(e.c, op, divisor, bits);
    }
    if (op.quotient) e.ra.define(insn.out(), kRax);
    if (op.remainder) e.ra.define(insn.out(insn.outputs - 1u), kRdx);
}

}  // namespace

void emit_div_s(Emitter& e, const Insn& insn) { emit_division(e, insn, {true, true, false}); }
void emit_div_u(Emitter& e, const Insn& insn) { emit_division(e, insn, {false, true, false}); }
void emit_rem_s(Emitter& e, const Insn& insn) { emit_division(e, insn, {true, false, true}); }
void emit_rem_u(Emitter& e, const Insn& insn) { emit_division(e, insn, {false, false, true}); }
void emit_divrem_s(Emitter& e, const Insn& insn) { emit_division(e, insn, {true, true, true}); }
void emit_divrem_u(Emitter& e, const Insn& insn) { emit_division(e, insn, {false, true, true}); }

}  // namespace dragoman::host::x64
