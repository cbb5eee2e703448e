// Float comparison, minimum and maximum, sign injection, classification.
#include "host/x64/emit_float.h"
#include "host/x64/emit_memory.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Type;
using ir::Var;
using Rm = Emitter::Rm;

namespace {

/// a < b or a <= b, asked as b > a or b >= a, whose conditions are false for unordered.
void emit_less(Emitter& e, const Insn& insn, Cc cc, bool quiet) {
    HostReg b = e.ra.use(insn.in(1));
    Rm a = e.use_rm(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    e.c.xor_(r32(d), r32(d));
    float_compare(e, insn.type, b, a, quiet);
    e.c.setcc(cc, d);
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_flt(Emitter& e, const Insn& insn) { emit_less(e, insn, Cc::A, false); }
void emit_fle(Emitter& e, const Insn& insn) { emit_less(e, insn, Cc::AE, false); }
void emit_fltq(Emitter& e, const Insn& insn) { emit_less(e, insn, Cc::A, true); }
void emit_fleq(Emitter& e, const Insn& insn) { emit_less(e, insn, Cc::AE, true); }

namespace {

/// Without flags: AVX-512 has a form that raises none. Else only a signalling NaN makes a quiet compare raise, and
/// an unordered result puts MXCSR back.
void emit_silent(Emitter& e, const Insn& insn, Cc cc) {
    HostReg b = e.ra.use(insn.in(1));
    if (e.features().avx512) {
        HostReg a = e.ra.use(insn.in(0));
        HostReg d = e.ra.target(insn.out());
        e.c.xor_(r32(d), r32(d));
        insn.type == Type::F32 ? e.c.vucomiss(xmm(b), xmm(a) | Xbyak::util::T_sae)
                               : e.c.vucomisd(xmm(b), xmm(a) | Xbyak::util::T_sae);
        e.c.setcc(cc, d);
        return e.ra.define(insn.out(), d);
    }
    Rm a = e.use_rm(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    auto saved = e.env(offsetof(ir::Env, float_args), 32);
    bool avx = e.features().avx;
    avx ? e.c.vstmxcsr(saved) : e.c.stmxcsr(saved);
    e.c.xor_(r32(d), r32(d));
    float_compare(e, insn.type, b, a, true);
    e.c.setcc(cc, d);
    e.cold(e.c.jcc(Cc::P), [avx](Emitter& e) {
        auto saved = e.env(offsetof(ir::Env, float_args), 32);
        avx ? e.c.vldmxcsr(saved) : e.c.ldmxcsr(saved);
    });
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_flt_silent(Emitter& e, const Insn& insn) { emit_silent(e, insn, Cc::A); }
void emit_fle_silent(Emitter& e, const Insn& insn) { emit_silent(e, insn, Cc::AE); }

void emit_feq(Emitter& e, const Insn& insn) {
    constexpr u8 kEqualOrderedQuiet = 0;
    HostReg a = e.ra.use(insn.in(0));
    HostReg b = e.ra.use(insn.in(1));
    HostReg d = e.ra.target(insn.out());
    if (e.features().avx512) {
        insn.type == Type::F32 ? e.c.vcmpss(e.c.k1, xmm(a), xmm(b), kEqualOrderedQuiet)
                               : e.c.vcmpsd(e.c.k1, xmm(a), xmm(b), kEqualOrderedQuiet);
        e.c.kmovb(r32(d), e.c.k1);
    } else {
        HostReg zero = e.ra.scratch(RegClass::Gpr);
        e.c.xor_(r32(zero), r32(zero));
        e.c.xor_(r32(d), r32(d));
        float_compare(e, insn.type, a, reg_rm(b), true);
        e.c.setcc(Cc::NP, d);
        e.c.cmov(Cc::NE, r32(d), r32(zero));
    }
    e.ra.define(insn.out(), d);
}

// ---- minimum, maximum ---------------------------------------------------------------------------

namespace {

/// minsd and maxsd take their second operand when the two are equal (zeros of different sign) or unordered (and
/// raise invalid for quiet NaNs); both cases are looked for first. `zeros` gives the result for equal operands.
void emit_min_max(Emitter& e, const Insn& insn, FloatOpcode op, FloatLogic zeros) {
    HostReg a = e.ra.use(insn.in(0));
    HostReg b = e.ra.use(insn.in(1));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (!e.features().avx) {
        // The two-operand form must need no copies between the branches: they would be made on one path only.
        e.nans.flush();
        if (d == b && d != a) {
            HostReg copy = e.ra.scratch(RegClass::Xmm);
            e.ra.move(copy, b, Type::F64);
            b = copy;
        }
    }
    float_compare(e, insn.type, a, reg_rm(b), true);
    u32 unordered = soft_cold(e, e.c.jcc(Cc::P), insn, a, b, d);
    u32 equal = e.cold(e.c.jcc(Cc::E), [=](Emitter& e) { float_logic(e, zeros, d, a, reg_rm(b)); });
    float_arith(e, op, insn.type, d, a, reg_rm(b));
    e.resume(unordered);
    e.resume(equal);
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_fmin(Emitter& e, const Insn& insn) { emit_min_max(e, insn, FloatOpcode::Min, FloatLogic::Or); }
void emit_fmax(Emitter& e, const Insn& insn) { emit_min_max(e, insn, FloatOpcode::Max, FloatLogic::And); }

// ---- signs --------------------------------------------------------------------------------------

namespace {

enum class Sign { Copy, Inverse, Xor };

/// All three operands at once. `d` is the register of one of the values, or neither's.
void select_signs(Emitter& e, Sign kind, HostReg d, HostReg a, HostReg b, const Rm& sign) {
    // By the bits of (destination, second, mask), as the result for 7 to 0 (SDM vol. 2, VPTERNLOG).
    constexpr u8 kOnMagnitude[] = {0b11011000, 0b01110010, 0b01111000};
    constexpr u8 kOnSign[] = {0b11100100, 0b01001110, 0b01101100};
    if (d == b && d != a) {
        e.c.vpternlogq(xmm(d), xmm(a), sign.mem(), kOnSign[static_cast<unsigned>(kind)]);
    } else {
        e.ra.move(d, a, Type::F64);
        e.c.vpternlogq(xmm(d), xmm(b), sign.mem(), kOnMagnitude[static_cast<unsigned>(kind)]);
    }
}

/// The difference of the signs, put on top of a.
void emit_sign_injection(Emitter& e, const Insn& insn, Sign kind) {
    Var va = insn.in(0), vb = insn.in(1);
    Rm sign = const_rm(e, pick(insn.type, FloatConst::SignF32, FloatConst::SignF64));
    HostReg a = e.ra.use(va);
    if (va == vb) {  // move, negate, absolute value
        if (kind == Sign::Copy) return e.ra.define_alias(insn.out(), a);
        HostReg d = e.ra.target_from(insn.out(), va);
        if (kind == Sign::Inverse) {
            float_logic(e, FloatLogic::Xor, d, a, sign);
        } else {
            float_logic(e, FloatLogic::And, d, a,
                        const_rm(e, pick(insn.type, FloatConst::MagnitudeF32, FloatConst::MagnitudeF64)));
        }
        return e.ra.define(insn.out(), d);
    }
    HostReg b = e.ra.use(vb);
    HostReg d = e.ra.target_from(insn.out(), va);
    if (e.features().avx512) {
        select_signs(e, kind, d, a, b, sign);
        return e.ra.define(insn.out(), d);
    }
    HostReg change = d == a ? e.ra.scratch(RegClass::Xmm) : d;
    if (kind == Sign::Xor) {
        float_logic(e, FloatLogic::And, change, b, sign);
    } else {
        float_logic(e, FloatLogic::Xor, change, a, reg_rm(b));
        float_logic(e, kind == Sign::Copy ? FloatLogic::And : FloatLogic::AndNot, change, change, sign);
    }
    float_logic(e, FloatLogic::Xor, d, a, reg_rm(change));
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_fsgnj(Emitter& e, const Insn& insn) { emit_sign_injection(e, insn, Sign::Copy); }
void emit_fsgnjn(Emitter& e, const Insn& insn) { emit_sign_injection(e, insn, Sign::Inverse); }
void emit_fsgnjx(Emitter& e, const Insn& insn) { emit_sign_injection(e, insn, Sign::Xor); }

// Normal numbers are told by their exponents, zeros in the cold path; the rest is rare.
void emit_fclass(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const bool single = insn.type == Type::F32;
    const unsigned bits = single ? 32 : 64, fraction = single ? 23 : 52;
    const u32 specials = single ? 0xff : 0x7ff;  // the exponent of infinity
    HostReg a = e.ra.use(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    HostReg exponent = e.ra.scratch(RegClass::Gpr);
    move_from_xmm(e, d, a, insn.type);
    e.ra.move(exponent, d, Type::I64);
    c.shr(gpr(exponent, bits), static_cast<int>(fraction));
    c.sub(r32(exponent), 1);
    c.and_(r32(exponent), specials);
    c.cmp(r32(exponent), specials - 2);
    u32 special = e.cold(c.jcc(Cc::A), [op = FloatOp::of(insn), a, d, bits](Emitter& e) {
        e.c.add(gpr(d, bits), gpr(d, bits));
        u32 not_zero = e.c.jcc(Cc::NE);
        e.c.sbb(r32(d), r32(d));  // the sign
        e.c.lea(r32(d), e.c.ptr[r64(d) * 8 + 16]);
        u32 done = e.c.jump();
        e.c.bind(not_zero);
        soft_call(e, op, &a, 1, d);
        e.c.bind(done);
    });
    c.sar(gpr(d, bits), static_cast<int>(bits - 1));
    c.and_(r32(d), static_cast<u32>(2 - 64));
    c.add(r32(d), 64);
    e.resume(special);
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
