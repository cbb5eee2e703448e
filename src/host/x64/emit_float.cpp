// Floating-point arithmetic. Results round as MXCSR says and accrue their flags there; only NaNs need care: x86
// propagates payloads, RISC-V's NaN results are canonical. The test for them is a compare with itself, which is
// quiet as no result is a signalling NaN.
#include "host/x64/emit_float.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;
using Rm = Emitter::Rm;

namespace {

/// A register or memory operand as xbyak takes it.
class Source {
public:
    explicit Source(const Rm& rm) : is_reg_(rm.is_reg), reg_(rm.is_reg ? xmm(rm.reg) : Xbyak::Xmm(0)), mem_(rm.mem()) {}
    operator const Xbyak::Operand&() const { return is_reg_ ? static_cast<const Xbyak::Operand&>(reg_) : mem_; }

private:
    bool is_reg_;
    Xbyak::Xmm reg_;
    Xbyak::Address mem_;
};

void arith_avx(CodeWriter& c, FloatOpcode op, bool single, const Xbyak::Xmm& d, const Xbyak::Xmm& a,
               const Xbyak::Operand& b) {
    switch (op) {
        case FloatOpcode::Add: return single ? c.vaddss(d, a, b) : c.vaddsd(d, a, b);
        case FloatOpcode::Sub: return single ? c.vsubss(d, a, b) : c.vsubsd(d, a, b);
        case FloatOpcode::Mul: return single ? c.vmulss(d, a, b) : c.vmulsd(d, a, b);
        case FloatOpcode::Div: return single ? c.vdivss(d, a, b) : c.vdivsd(d, a, b);
        case FloatOpcode::Min: return single ? c.vminss(d, a, b) : c.vminsd(d, a, b);
        case FloatOpcode::Max: return single ? c.vmaxss(d, a, b) : c.vmaxsd(d, a, b);
    }
}

void arith_sse(CodeWriter& c, FloatOpcode op, bool single, const Xbyak::Xmm& d, const Xbyak::Operand& b) {
    switch (op) {
        case FloatOpcode::Add: return single ? c.addss(d, b) : c.addsd(d, b);
        case FloatOpcode::Sub: return single ? c.subss(d, b) : c.subsd(d, b);
        case FloatOpcode::Mul: return single ? c.mulss(d, b) : c.mulsd(d, b);
        case FloatOpcode::Div: return single ? c.divss(d, b) : c.divsd(d, b);
        case FloatOpcode::Min: return single ? c.minss(d, b) : c.minsd(d, b);
        case FloatOpcode::Max: return single ? c.maxss(d, b) : c.maxsd(d, b);
    }
}

}  // namespace

void float_arith(Emitter& e, FloatOpcode op, Type t, HostReg d, HostReg a, const Rm& b) {
    bool single = t == Type::F32;
    if (e.features().avx) return arith_avx(e.c, op, single, xmm(d), xmm(a), Source(b));
    if (b.is_reg && b.reg == d && a != d) {
        if (op == FloatOpcode::Add || op == FloatOpcode::Mul) {
            return arith_sse(e.c, op, single, xmm(d), xmm(a));
        }
        HostReg copy = e.ra.scratch(RegClass::Xmm);
        e.ra.move(copy, d, Type::F64);
        e.ra.move(d, a, Type::F64);
        return arith_sse(e.c, op, single, xmm(d), xmm(copy));
    }
    e.ra.move(d, a, Type::F64);
    arith_sse(e.c, op, single, xmm(d), Source(b));
}

void float_logic(Emitter& e, FloatLogic op, HostReg d, HostReg a, const Rm& b) {
    auto& c = e.c;
    Source source(b);
    const Xbyak::Operand& o = source;
    if (e.features().avx) {
        switch (op) {
            case FloatLogic::And: return c.vandps(xmm(d), xmm(a), o);
            case FloatLogic::AndNot: return c.vandnps(xmm(d), xmm(a), o);
            case FloatLogic::Or: return c.vorps(xmm(d), xmm(a), o);
            case FloatLogic::Xor: return c.vxorps(xmm(d), xmm(a), o);
        }
    }
    if (b.is_reg && b.reg == d && a != d) return float_logic(e, op, d, d, reg_rm(a));
    e.ra.move(d, a, Type::F64);
    switch (op) {
        case FloatLogic::And: return c.andps(xmm(d), o);
        case FloatLogic::AndNot: return c.andnps(xmm(d), o);
        case FloatLogic::Or: return c.orps(xmm(d), o);
        case FloatLogic::Xor: return c.xorps(xmm(d), o);
    }
}

void float_compare(Emitter& e, Type t, HostReg a, const Rm& b, bool quiet) {
    auto& c = e.c;
    bool single = t == Type::F32;
    Source source(b);
    const Xbyak::Operand& o = source;
    if (e.features().avx) {
        if (quiet) return single ? c.vucomiss(xmm(a), o) : c.vucomisd(xmm(a), o);
        return single ? c.vcomiss(xmm(a), o) : c.vcomisd(xmm(a), o);
    }
    if (quiet) return single ? c.ucomiss(xmm(a), o) : c.ucomisd(xmm(a), o);
    return single ? c.comiss(xmm(a), o) : c.comisd(xmm(a), o);
}

void box_f32(Emitter& e, HostReg d) { float_logic(e, FloatLogic::Or, d, d, const_rm(e, FloatConst::Box)); }

// ---- two operands -------------------------------------------------------------------------------

namespace {

void emit_arith(Emitter& e, const Insn& insn, FloatOpcode op) {
    Var a = insn.in(0), b = insn.in(1);
    bool commutative = op == FloatOpcode::Add || op == FloatOpcode::Mul;
    if (commutative && e.ra.prefers_memory(a) && !e.ra.prefers_memory(b)) std::swap(a, b);
    if (commutative && !e.features().avx && !e.ra.dies(a) && e.ra.dies(b) && e.ra.in_scratch(b)) std::swap(a, b);
    HostReg x = e.ra.use(a);
    Rm y = e.use_rm(b);
    HostReg d = e.ra.target_from(insn.out(), a);
    float_arith(e, op, insn.type, d, x, y);
    e.nans.result(d, insn.type);
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_fadd(Emitter& e, const Insn& insn) { emit_arith(e, insn, FloatOpcode::Add); }
void emit_fsub(Emitter& e, const Insn& insn) { emit_arith(e, insn, FloatOpcode::Sub); }
void emit_fmul(Emitter& e, const Insn& insn) { emit_arith(e, insn, FloatOpcode::Mul); }
void emit_fdiv(Emitter& e, const Insn& insn) { emit_arith(e, insn, FloatOpcode::Div); }

void emit_fsqrt(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    bool single = insn.type == Type::F32;
    HostReg a = e.ra.use(insn.in(0));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (e.features().avx) {
        single ? c.vsqrtss(xmm(d), xmm(a), xmm(a)) : c.vsqrtsd(xmm(d), xmm(a), xmm(a));
    } else {
        e.ra.move(d, a, Type::F64);  // for the upper bits, and against a false dependence
        single ? c.sqrtss(xmm(d), xmm(a)) : c.sqrtsd(xmm(d), xmm(a));
    }
    e.nans.result(d, insn.type);
    e.ra.define(insn.out(), d);
}

// ---- fused multiply-add -------------------------------------------------------------------------

namespace {

enum class Fused { Madd, Msub, Nmadd, Nmsub };  ///< as the IR ops; x86 has the last two the other way round

/// d = a * d + c and the like.
void fused_213(CodeWriter& c, Fused op, bool single, const Xbyak::Xmm& d, const Xbyak::Xmm& a,
               const Xbyak::Operand& addend) {
    switch (op) {
        case Fused::Madd: return single ? c.vfmadd213ss(d, a, addend) : c.vfmadd213sd(d, a, addend);
        case Fused::Msub: return single ? c.vfmsub213ss(d, a, addend) : c.vfmsub213sd(d, a, addend);
        case Fused::Nmadd: return single ? c.vfnmsub213ss(d, a, addend) : c.vfnmsub213sd(d, a, addend);
        case Fused::Nmsub: return single ? c.vfnmadd213ss(d, a, addend) : c.vfnmadd213sd(d, a, addend);
    }
}

/// d = a * b + d and the like.
void fused_231(CodeWriter& c, Fused op, bool single, const Xbyak::Xmm& d, const Xbyak::Xmm& a, const Xbyak::Xmm& b) {
    switch (op) {
        case Fused::Madd: return single ? c.vfmadd231ss(d, a, b) : c.vfmadd231sd(d, a, b);
        case Fused::Msub: return single ? c.vfmsub231ss(d, a, b) : c.vfmsub231sd(d, a, b);
        case Fused::Nmadd: return single ? c.vfnmsub231ss(d, a, b) : c.vfnmsub231sd(d, a, b);
        case Fused::Nmsub: return single ? c.vfnmadd231ss(d, a, b) : c.vfnmadd231sd(d, a, b);
    }
}

/// Brings the addend into `d`.
void load_addend(Emitter& e, HostReg d, Var addend) {
    if (e.ra.in_reg(addend)) {
        e.ra.move(d, e.ra.reg_of(addend), Type::F64);
    } else {
        e.ra.materialize(addend, d);
    }
}

void emit_fused(Emitter& e, const Insn& insn, Fused op) {
    if (!e.features().fma) return emit_soft(e, insn);
    bool single = insn.type == Type::F32;
    Var addend = insn.in(2);
    HostReg a = e.ra.use(insn.in(0));
    HostReg b = e.ra.use(insn.in(1));
    // With all scratch registers taken there would be none for the result; then it takes the addend's place. An addend
    // in a pinned register, its own or a borrowed one, takes none.
    bool room = e.ra.free_scratch(RegClass::Xmm) >= 2 || (e.ra.in_reg(addend) && !e.ra.in_scratch(addend));
    Rm c = room ? e.use_rm(addend) : reg_rm(kNoReg);
    HostReg d = room && c.is_reg ? e.ra.target_from(insn.out(), addend) : e.ra.target(insn.out());
    if (!room && (d == a || d == b)) {
        // A pinned target: the other scratch register is still free.
        c = reg_rm(e.ra.use(addend));
    }

    if ((d != a && d != b) || (c.is_reg && c.reg == d)) {
        // The cold path needs the factors: one that the addend shares its register with is copied.
        HostReg lost = kNoReg;
        if (d == a || d == b) {
            lost = e.ra.scratch(RegClass::Xmm);
            e.ra.move(lost, d, Type::F64);
        }
        if (!(c.is_reg && c.reg == d)) load_addend(e, d, addend);
        fused_231(e.c, op, single, xmm(d), xmm(a), xmm(b));
        e.nans.result(d, insn.type, d == a ? lost : a, d == b ? lost : b);
    } else {
        HostReg lost = e.ra.scratch(RegClass::Xmm);
        e.ra.move(lost, d, Type::F64);
        HostReg other = d == a ? b : a;
        fused_213(e.c, op, single, xmm(d), xmm(other == d ? lost : other), Source(c));
        e.nans.result(d, insn.type, lost, other == d ? lost : other);
    }
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_fmadd(Emitter& e, const Insn& insn) { emit_fused(e, insn, Fused::Madd); }
void emit_fmsub(Emitter& e, const Insn& insn) { emit_fused(e, insn, Fused::Msub); }
void emit_fnmadd(Emitter& e, const Insn& insn) { emit_fused(e, insn, Fused::Nmadd); }
void emit_fnmsub(Emitter& e, const Insn& insn) { emit_fused(e, insn, Fused::Nmsub); }

}  // namespace dragoman::host::x64
