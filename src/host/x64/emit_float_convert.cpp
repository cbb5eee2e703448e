// Conversions between float formats and integers, rounding to integral values, boxing.
#include <bit>

#include "host/x64/emit_float.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Rounding;
using ir::Type;
using ir::Var;
using Rm = Emitter::Rm;

namespace {

/// The rounding control of roundsd and vrndscalesd (SDM vol. 2, ROUNDSD); RMM has none.
u8 round_control(Rounding r) {
    switch (r) {
        case Rounding::RNE: return 0;
        case Rounding::RDN: return 1;
        case Rounding::RUP: return 2;
        case Rounding::RTZ: return 3;
        default: return 4;  // MXCSR
    }
}
constexpr u8 kNoInexact = 8;

/// d = a rounded to an integral value. Needs SSE4.1.
void round_integral(Emitter& e, Type t, HostReg d, HostReg a, u8 control) {
    auto& c = e.c;
    bool single = t == Type::F32;
    if (e.features().avx512) {
        single ? c.vrndscaless(xmm(d), xmm(a), xmm(a), control) : c.vrndscalesd(xmm(d), xmm(a), xmm(a), control);
    } else if (e.features().avx) {
        single ? c.vroundss(xmm(d), xmm(a), xmm(a), control) : c.vroundsd(xmm(d), xmm(a), xmm(a), control);
    } else {
        e.ra.move(d, a, Type::F64);
        single ? c.roundss(xmm(d), xmm(a), control) : c.roundsd(xmm(d), xmm(a), control);
    }
}

}  // namespace

void emit_fround(Emitter& e, const Insn& insn) {
    auto rounding = static_cast<Rounding>(insn.imm[0]);
    if (rounding == Rounding::RMM || !e.features().sse41) return emit_soft(e, insn);
    HostReg a = e.ra.use(insn.in(0));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    round_integral(e, insn.type, d, a, static_cast<u8>(round_control(rounding) | (insn.imm[1] != 0 ? 0 : kNoInexact)));
    e.nans.result(d, insn.type);
    e.ra.define(insn.out(), d);
}

void emit_fcvt_ff(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    HostReg a = e.ra.use(insn.in(0));
    if (insn.type == Type::F64) {
        HostReg d = e.ra.target_from(insn.out(), insn.in(0));
        e.features().avx ? c.vcvtss2sd(xmm(d), xmm(a), xmm(a)) : c.cvtss2sd(xmm(d), xmm(a));
        e.nans.result(d, insn.type);
        return e.ra.define(insn.out(), d);
    }
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    HostReg box = d == a ? e.ra.scratch(RegClass::Xmm) : d;
    load_float_const(e, box, FloatConst::Box);
    if (e.features().avx) {
        c.vcvtsd2ss(xmm(d), xmm(box), xmm(a));
    } else {
        c.cvtsd2ss(xmm(box), xmm(a));
        e.ra.move(d, box, Type::F64);
    }
    e.nans.result(d, insn.type);
    e.ra.define(insn.out(), d);
}

// ---- integer to float ---------------------------------------------------------------------------

namespace {

void convert_signed(Emitter& e, Type t, HostReg d, const Xbyak::Reg& r) {
    auto& c = e.c;
    if (e.features().avx) {
        t == Type::F32 ? c.vcvtsi2ss(xmm(d), xmm(d), r) : c.vcvtsi2sd(xmm(d), xmm(d), r);
    } else {
        t == Type::F32 ? c.cvtsi2ss(xmm(d), r) : c.cvtsi2sd(xmm(d), r);
    }
}

/// The jump taken unless `r` is a value of type `t`, which no rounding mode changes: where the significand holds its
/// magnitude.
u32 check_exact(Emitter& e, Type t, HostReg r, unsigned bits, bool is_unsigned) {
    int significand = t == Type::F32 ? 24 : 53;
    HostReg upper = e.ra.scratch(RegClass::Gpr);
    Xbyak::Reg u = gpr(upper, bits);
    e.c.mov(u, gpr(r, bits));
    if (is_unsigned) {
        e.c.shr(u, significand);
        e.ra.unlock(upper);
        return e.c.jcc(Cc::NE);
    }
    e.c.sar(u, significand);  // 0 or -1
    e.c.add(u, 1);
    e.c.cmp(u, 1);
    e.ra.unlock(upper);
    return e.c.jcc(Cc::A);
}

}  // namespace

void emit_fcvt_if(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    bool is_unsigned = insn.imm[0] != 0;
    unsigned bits = ir::type_bits(insn.type2);
    bool always_exact = insn.type == Type::F64 && bits == 32;
    bool rounds = static_cast<Rounding>(insn.imm[1]) != Rounding::Env && !always_exact;
    HostReg r = e.ra.use(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    // Sets what the conversion keeps of the register; no dependence on its old value remains.
    if (insn.type == Type::F32) {
        load_float_const(e, d, FloatConst::Box);
    } else {
        e.ra.load_const(d, 0, Type::F64);
    }
    u32 inexact = Emitter::kNowhere;
    if (rounds) inexact = soft_cold(e, check_exact(e, insn.type, r, bits, is_unsigned), insn, r, kNoReg, d);
    if (is_unsigned && e.features().avx512) {
        insn.type == Type::F32 ? c.vcvtusi2ss(xmm(d), xmm(d), gpr(r, bits))
                               : c.vcvtusi2sd(xmm(d), xmm(d), gpr(r, bits));
    } else if (is_unsigned && bits == 32) {
        HostReg wide = e.ra.scratch(RegClass::Gpr);
        c.mov(r32(wide), r32(r));
        convert_signed(e, insn.type, d, r64(wide));
    } else {
        u32 cold = Emitter::kNowhere;
        if (is_unsigned && !rounds) {
            c.test(r64(r), r64(r));
            cold = soft_cold(e, c.jcc(Cc::S), insn, r, kNoReg, d);
        }
        convert_signed(e, insn.type, d, gpr(r, bits));
        if (cold != Emitter::kNowhere) e.resume(cold);
    }
    if (inexact != Emitter::kNowhere) e.resume(inexact);
    e.ra.define(insn.out(), d);
}

// ---- float to integer ---------------------------------------------------------------------------

namespace {

/// d = integer of a, rounded towards zero or as MXCSR says. Invalid operands give the integer indefinite value. R:
/// Reg32 or Reg64, whose VEX and EVEX forms xbyak tells apart by their C++ type.
template <class R>
void convert_to(Emitter& e, const R& d, const Xbyak::Xmm& a, bool single, bool truncate, bool is_unsigned) {
    auto& c = e.c;
    if (is_unsigned) {
        if (truncate) return single ? c.vcvttss2usi(d, a) : c.vcvttsd2usi(d, a);
        return single ? c.vcvtss2usi(d, a) : c.vcvtsd2usi(d, a);
    }
    if (e.features().avx) {
        if (truncate) return single ? c.vcvttss2si(d, a) : c.vcvttsd2si(d, a);
        return single ? c.vcvtss2si(d, a) : c.vcvtsd2si(d, a);
    }
    if (truncate) return single ? c.cvttss2si(d, a) : c.cvttsd2si(d, a);
    return single ? c.cvtss2si(d, a) : c.cvtsd2si(d, a);
}

void convert_to_int(Emitter& e, Type from, HostReg d, HostReg a, bool truncate, bool is_unsigned, unsigned bits) {
    bool single = from == Type::F32;
    if (bits == 32) return convert_to(e, r32(d), xmm(a), single, truncate, is_unsigned);
    convert_to(e, r64(d), xmm(a), single, truncate, is_unsigned);
}

/// The cold path of an indefinite result: -2^(n-1), or 2^n - 1 if unsigned.
u32 check_indefinite(Emitter& e, const Insn& insn, HostReg d, HostReg a, bool is_unsigned, unsigned bits) {
    if (is_unsigned) {
        e.c.cmp(gpr(d, bits), -1);
        return soft_cold(e, e.c.jcc(Cc::E), insn, a, kNoReg, d);
    }
    e.c.cmp(gpr(d, bits), 1);
    return soft_cold(e, e.c.jcc(Cc::O), insn, a, kNoReg, d);
}

/// Towards zero and unsigned without AVX-512: by a signed conversion of 64 bits, if 0 <= a < 2^32 or 2^63.
void emit_unsigned_truncation(Emitter& e, const Insn& insn) {
    Type t = insn.type2;
    bool wide = insn.type == Type::I64;
    HostReg a = e.ra.use(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    HostReg zero = e.ra.scratch(RegClass::Xmm);
    e.ra.load_const(zero, 0, Type::F64);
    // Quiet: soft float raises the flags.
    float_compare(e, t, a, reg_rm(zero), true);
    u32 negative = soft_cold(e, e.c.jcc(Cc::B), insn, a, kNoReg, d);  // also unordered
    FloatConst limit = wide ? pick(t, FloatConst::TwoTo63F32, FloatConst::TwoTo63F64)
                            : pick(t, FloatConst::TwoTo32F32, FloatConst::TwoTo32F64);
    float_compare(e, t, a, const_rm(e, limit, ir::type_bits(t)), true);
    u32 great = soft_cold(e, e.c.jcc(Cc::AE), insn, a, kNoReg, d);
    convert_to_int(e, t, d, a, true, false, 64);
    e.resume(negative);
    e.resume(great);
    e.ra.define(insn.out(), d);
}

/// d = a rounded to nearest, ties away from zero: towards zero first, then by twice what that took off. Only the first
/// step may be inexact; `silent`: it does not say so. Infinities raise invalid, as their conversion does.
void round_nearest_away(Emitter& e, Type t, HostReg d, HostReg a, u8 silent) {
    constexpr u8 kTowardsZero = 3 | kNoInexact;
    HostReg rest = e.ra.scratch(RegClass::Xmm);
    round_integral(e, t, d, a, static_cast<u8>(3 | silent));
    float_arith(e, FloatOpcode::Sub, t, rest, a, reg_rm(d));
    float_arith(e, FloatOpcode::Add, t, rest, rest, reg_rm(rest));
    round_integral(e, t, rest, rest, kTowardsZero);
    float_arith(e, FloatOpcode::Add, t, d, d, reg_rm(rest));
    e.ra.unlock(rest);
}

}  // namespace

void emit_fcvt_fi(Emitter& e, const Insn& insn) {
    auto rounding = static_cast<Rounding>(insn.imm[0]);
    bool is_unsigned = insn.imm[1] != 0, truncate = rounding == Rounding::RTZ;
    unsigned bits = ir::type_bits(insn.type);
    bool direct = truncate || rounding == Rounding::Env;
    if (!direct && !e.features().sse41) return emit_soft(e, insn);
    if (is_unsigned && !e.features().avx512) {
        return truncate ? emit_unsigned_truncation(e, insn) : emit_soft(e, insn);
    }
    HostReg a = e.ra.use(insn.in(0));
    HostReg d = e.ra.target(insn.out());
    if (direct) {
        convert_to_int(e, insn.type2, d, a, truncate, is_unsigned, bits);
        u32 cold = check_indefinite(e, insn, d, a, is_unsigned, bits);
        e.resume(cold);
        return e.ra.define(insn.out(), d);
    }
    // Inexact is not to be raised together with invalid. What 64 bits cannot hold is integral; else it is raised later.
    const u8 silent = bits == 64 && !is_unsigned ? 0 : kNoInexact;
    HostReg rounded = e.ra.scratch(RegClass::Xmm);
    if (rounding == Rounding::RMM) {
        round_nearest_away(e, insn.type2, rounded, a, silent);
    } else {
        round_integral(e, insn.type2, rounded, a, static_cast<u8>(round_control(rounding) | silent));
    }
    convert_to_int(e, insn.type2, d, rounded, true, is_unsigned, bits);
    u32 cold = check_indefinite(e, insn, d, a, is_unsigned, bits);
    // Raises inexact if anything was rounded, whichever way.
    if (silent != 0) round_integral(e, insn.type2, rounded, a, 3);
    e.resume(cold);
    e.ra.define(insn.out(), d);
}

// ---- boxing -------------------------------------------------------------------------------------

void emit_box_test(Emitter& e, const ir::GlobalSet& globals) {
    auto leave = [&](u32 jump) {
        e.no_resume(e.cold(jump, [](Emitter& e) {
            e.load_guest_address(kRax, e.f->guest_pc);
            e.call_common(Common::ExitUnboxed);
        }));
    };
    // What is not boxed clears a bit of the upper half.
    constexpr HostReg kBoth = xmm_reg(0);
    HostReg all = kNoReg;
    globals.for_each([&](unsigned number) {
        const Var global = ir::global_var(number);
        if (!e.ra.in_reg(global)) {
            e.c.cmp(e.env(e.f->vars[global].offset + 4, 32), -1);
            leave(e.c.jcc(Cc::NE));
        } else if (all == kNoReg) {
            all = e.ra.reg_of(global);
        } else {
            float_logic(e, FloatLogic::And, kBoth, all, reg_rm(e.ra.reg_of(global)));
            all = kBoth;
        }
    });
    if (all == kNoReg) return;
    if (e.features().avx) {
        e.c.vpextrd(r32(kRax), xmm(all), 1);
    } else {
        e.c.movq(r64(kRax), xmm(all));
        e.c.shr(r64(kRax), 32);
    }
    e.c.cmp(r32(kRax), -1);
    leave(e.c.jcc(Cc::NE));
}

void emit_fbox(Emitter& e, const Insn& insn) { e.ra.define_alias(insn.out(), e.ra.use(insn.in(0))); }

void emit_funbox(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    Var in = insn.in(0);
    if (insn.imm[0] != 0) return e.ra.define_alias(insn.out(), e.ra.use(in));  // known to be boxed
    auto unboxed = [&](HostReg d) {
        return e.cold(c.jcc(Cc::NE), [d](Emitter& e) { load_float_const(e, d, FloatConst::NanF32); });
    };
    if (e.ra.prefers_memory(in) && e.f->is_global(in)) {
        HostReg d = e.ra.target(insn.out());
        c.cmp(e.env(e.f->vars[in].offset + 4, 32), -1);
        u32 cold = unboxed(d);
        e.ra.load(d, e.ra.home(in), Type::F64);
        e.resume(cold);
        return e.ra.define(insn.out(), d);
    }
    HostReg a = e.ra.use(in);
    HostReg upper = e.ra.scratch(RegClass::Gpr);
    HostReg d = e.ra.target_from(insn.out(), in);
    if (e.features().avx) {
        c.vpextrd(r32(upper), xmm(a), 1);
    } else {
        c.movq(r64(upper), xmm(a));
        c.shr(r64(upper), 32);
    }
    c.cmp(r32(upper), -1);
    u32 cold = unboxed(d);
    e.ra.move(d, a, Type::F64);
    e.resume(cold);
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
