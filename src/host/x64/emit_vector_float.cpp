// Vector ops on floats. As in emit_float.cpp, only NaNs need care: results are tested, and where there is one the
// canonical NaN is put in its place out of line.
#include "host/x64/emit_vector.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::Type;
using ir::Var;
using Xbyak::Operand;
using Xbyak::Xmm;

namespace {

constexpr u8 kUnordered = 3;  // predicate of vcmpps

bool is_single(const Insn& insn) { return element_of(insn) == ir::Element::F32; }

void compare_nans(Emitter& e, bool single, const Xbyak::Opmask& k, const Xmm& a) {
    single ? e.c.vcmpps(k, a, a, kUnordered) : e.c.vcmppd(k, a, a, kUnordered);
}
void multiply(Emitter& e, bool single, const Xmm& d, const Xmm& a, const Operand& b) {
    single ? e.c.vmulps(d, a, b) : e.c.vmulpd(d, a, b);
}

/// An op's operands as its out-of-line part needs them.
struct Checked {
    Type type;
    bool single, fused;
    HostReg d, k, temp;
    HostReg a;  ///< of fused ops: the factors
    Emitter::Rm b;

    unsigned bits() const { return ir::type_bits(type); }
    Xmm v(HostReg r) const { return vec(type, r); }
    VectorConst nan() const { return single ? VectorConst::NanF32 : VectorConst::NanF64; }
};

Xbyak::Opmask nan_mask(const Checked& n) {
    Xbyak::Opmask k = opmask(kTempMask);
    if (n.k != kNoReg) k.setOpmaskIdx(opmask(n.k).getIdx());
    return k;
}

/// Multiplies the factors where one is infinite and the result is a NaN: raises invalid for infinity times zero, which
/// x86 does not do where the addend is a quiet NaN, and nothing else.
void raise_invalid_products(Emitter& e, const Checked& n) {
    constexpr u8 kInfinities = 0x18;
    auto classify = [&](const Operand& factor) {
        const Xbyak::Opmask k = opmask(kTempMask) | opmask(kTempMask);
        n.single ? e.c.vfpclassps(k, factor, kInfinities) : e.c.vfpclasspd(k, factor, kInfinities);
    };
    const VectorSource b(n.type, n.b);
    for (const bool second : {false, true}) {
        compare_nans(e, n.single, nan_mask(n), n.v(n.d));
        second ? classify(b) : classify(n.v(n.a));
        Xmm product = vec_masked(n.type, n.temp, kTempMask);
        product.setZero();
        multiply(e, n.single, product, n.v(n.a), b);
    }
    compare_nans(e, n.single, nan_mask(n), n.v(n.d));
}

/// The same without AVX-512: other elements of both factors become 0. `temp` holds the NaNs' mask, also afterwards.
void raise_invalid_products_avx(Emitter& e, const Checked& n) {
    auto& c = e.c;
    const Xbyak::Address saved = e.env(kWideAccessOffset, n.bits());
    const VectorSource b(n.type, n.b);
    const VectorConst magnitude = n.single ? VectorConst::MagnitudeF32 : VectorConst::MagnitudeF64;
    const VectorConst infinity = n.single ? VectorConst::InfinityF32 : VectorConst::InfinityF64;
    c.vmovups(saved, n.v(n.d));
    for (const bool second : {false, true}) {
        const Xmm d = n.v(n.d), nans = n.v(n.temp);
        if (second) {
            c.vmovups(d, saved);
            n.single ? c.vcmpps(nans, d, d, kUnordered) : c.vcmppd(nans, d, d, kUnordered);
            c.vandps(d, nans, b);
            c.vandps(d, d, vector_const(e, magnitude, n.bits()));
        } else {
            c.vandps(d, n.v(n.a), vector_const(e, magnitude, n.bits()));
        }
        n.single ? c.vpcmpeqd(d, d, vector_const(e, infinity, n.bits()))
                 : c.vpcmpeqq(d, d, vector_const(e, infinity, n.bits()));
        c.vandps(d, d, nans);
        c.vandps(nans, d, n.v(n.a));
        c.vandps(d, d, b);
        multiply(e, n.single, d, d, nans);
    }
    c.vmovups(n.v(n.d), saved);
    n.single ? c.vcmpps(n.v(n.temp), n.v(n.d), n.v(n.d), kUnordered)
             : c.vcmppd(n.v(n.temp), n.v(n.d), n.v(n.d), kUnordered);
}

/// Tests `d` for NaNs.
void check_nans(Emitter& e, const Checked& n) {
    if (e.features().avx512) {
        compare_nans(e, n.single, nan_mask(n), n.v(n.d));
        e.c.kortestw(opmask(kTempMask), opmask(kTempMask));
        e.cold(e.c.jcc(Cc::NE), [n](Emitter& e) {
            if (n.fused) raise_invalid_products(e, n);
            const Xmm to = vec_masked(n.type, n.d, kTempMask);
            n.single ? e.c.vmovaps(to, vector_const(e, n.nan(), n.bits()))
                     : e.c.vmovapd(to, vector_const(e, n.nan(), n.bits()));
        });
        return;
    }
    const Xmm d = n.v(n.d), nans = n.v(n.temp);
    n.single ? e.c.vcmpps(nans, d, d, kUnordered) : e.c.vcmppd(nans, d, d, kUnordered);
    e.c.vptest(nans, nans);
    e.cold(e.c.jcc(Cc::NE), [n](Emitter& e) {
        if (n.fused) raise_invalid_products_avx(e, n);
        e.c.vblendvps(n.v(n.d), n.v(n.d), vector_const(e, n.nan(), n.bits()), n.v(n.temp));
    });
}

/// A register for the test, where it needs one.
HostReg temp_for(Emitter& e, bool fused) { return e.features().avx512 && !fused ? kNoReg : e.ra.vector_scratch(); }

void arithmetic(Emitter& e, Op op, bool single, const Xmm& d, const Xmm& a, const Operand& b) {
    auto& c = e.c;
    switch (op) {
        case Op::v_fadd: return single ? c.vaddps(d, a, b) : c.vaddpd(d, a, b);
        case Op::v_fsub: return single ? c.vsubps(d, a, b) : c.vsubpd(d, a, b);
        case Op::v_fmul: return single ? c.vmulps(d, a, b) : c.vmulpd(d, a, b);
        default: return single ? c.vdivps(d, a, b) : c.vdivpd(d, a, b);
    }
}

/// A masked op without AVX-512: 0 takes the place of what is left out, which raises nothing, and the result is blended
/// with the old value.
void emit_arithmetic_avx(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool single = is_single(insn);
    const HostReg mask = e.ra.vector_scratch(), d = e.ra.vector_scratch();
    expand_mask(e, t, element_bytes(insn), mask, e.ra.use(insn.in(2)));
    const HostReg b = e.ra.use(insn.in(1));
    c.vandps(vec(t, d), vec(t, mask), vec(t, b));
    e.ra.unlock(b);
    const HostReg a = e.ra.use(insn.in(0));
    const Xbyak::Address saved = e.env(kWideAccessOffset, ir::type_bits(t));
    c.vmovups(saved, vec(t, d));
    c.vandps(vec(t, d), vec(t, mask), vec(t, a));
    e.ra.unlock(a);
    arithmetic(e, insn.op, single, vec(t, d), vec(t, d), saved);
    check_nans(e, {t, single, false, d, kNoReg, e.ra.vector_scratch(), kNoReg, {}});
    // The test's register is free again.
    const HostReg old = e.ra.use(insn.in(3));
    c.vblendvps(vec(t, d), vec(t, old), vec(t, d), vec(t, mask));
    e.ra.define(insn.out(), d);
}

void emit_arithmetic(Emitter& e, const Insn& insn) {
    if (is_masked(insn) && !e.features().avx512) return emit_arithmetic_avx(e, insn);
    const Type t = insn.type;
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0));
    const Emitter::Rm b = k == kNoReg ? e.use_rm(insn.in(1)) : Emitter::Rm::in_reg(e.ra.use(insn.in(1)));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const bool single = is_single(insn);
    arithmetic(e, insn.op, single, vec_masked(t, d, k), vec(t, a), VectorSource(t, b));
    e.ra.unlock(a);
    if (b.is_reg) e.ra.unlock(b.reg);
    e.ra.lock(d);
    check_nans(e, {t, single, false, d, k, temp_for(e, false), kNoReg, {}});
    e.ra.define(insn.out(), d);
}

void fused(Emitter& e, Op op, bool single, const Xmm& d, const Xmm& a, const Operand& b) {
    auto& c = e.c;
    switch (op) {
        case Op::v_fmadd: return single ? c.vfmadd231ps(d, a, b) : c.vfmadd231pd(d, a, b);
        case Op::v_fmsub: return single ? c.vfmsub231ps(d, a, b) : c.vfmsub231pd(d, a, b);
        case Op::v_fnmadd: return single ? c.vfnmsub231ps(d, a, b) : c.vfnmsub231pd(d, a, b);
        default: return single ? c.vfnmadd231ps(d, a, b) : c.vfnmadd231pd(d, a, b);
    }
}

/// The same as emit_arithmetic_avx. The second factor waits in memory, apart from where the test keeps the result.
void emit_fused_avx(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool single = is_single(insn);
    constexpr std::size_t kFactorOffset = kWideAccessOffset + 32;
    const HostReg mask = e.ra.vector_scratch(), d = e.ra.vector_scratch();
    expand_mask(e, t, element_bytes(insn), mask, e.ra.use(insn.in(3)));
    auto active = [&](HostReg to, Var v) {
        const HostReg from = e.ra.use(v);
        c.vandps(vec(t, to), vec(t, mask), vec(t, from));
        e.ra.unlock(from);
    };
    active(d, insn.in(1));
    c.vmovups(e.env(kFactorOffset, ir::type_bits(t)), vec(t, d));
    const HostReg a = e.ra.vector_scratch();
    active(a, insn.in(0));
    active(d, insn.in(2));
    const Emitter::Rm b = Emitter::Rm::in_memory(
        ir::type_bits(t), static_cast<i64>(kFactorOffset) - static_cast<i64>(e.shared.plan.env_bias));
    fused(e, insn.op, single, vec(t, d), vec(t, a), b.mem());
    const HostReg temp = e.ra.vector_scratch();
    check_nans(e, {t, single, true, d, kNoReg, temp, a, b});
    e.ra.unlock(temp);
    e.ra.unlock(a);
    const HostReg old = e.ra.use(insn.in(4));
    c.vblendvps(vec(t, d), vec(t, old), vec(t, d), vec(t, mask));
    e.ra.define(insn.out(), d);
}

/// d = +-(a * b) +- c in the register of c; the factors stay as they are for the out-of-line part. A masked op's old
/// value is the addend where that is the same variable; else the result is merged.
void emit_fused(Emitter& e, const Insn& insn) {
    if (is_masked(insn) && !e.features().avx512) return emit_fused_avx(e, insn);
    const Type t = insn.type;
    const bool single = is_single(insn);
    const HostReg k = use_mask(e, insn);
    Var va = insn.in(0), vb = insn.in(1);
    const Var addend = insn.in(2);
    if (e.ra.prefers_memory(va)) std::swap(va, vb);
    const HostReg a = e.ra.use(va);
    const Emitter::Rm b = e.use_rm(vb);
    const HostReg c = e.ra.use(addend);
    const bool in_place = k == kNoReg || insn.in(4) == addend;
    HostReg d = in_place ? e.ra.target_from(insn.out(), addend) : e.ra.vector_scratch();
    if (d == a || (b.is_reg && d == b.reg)) d = e.ra.vector_scratch();
    if (d != c) {
        e.ra.move(d, c, t);
        e.ra.unlock(c);
    }
    fused(e, insn.op, single, vec_masked(t, d, k), vec(t, a), VectorSource(t, b));
    check_nans(e, {t, single, true, d, k, temp_for(e, true), a, b});
    if (in_place) return e.ra.define(insn.out(), d);
    const HostReg old = e.ra.use(insn.in(4));
    HostReg merged = e.ra.target_from(insn.out(), insn.in(4));
    if (merged != old) {
        if (merged == d) merged = e.ra.vector_scratch();
        e.ra.move(merged, old, t);
    }
    merge_elements(e, t, single ? 4 : 8, merged, k, d);
    e.ra.define(insn.out(), merged);
}

}  // namespace

void emit_v_fadd(Emitter& e, const Insn& insn) { emit_arithmetic(e, insn); }
void emit_v_fsub(Emitter& e, const Insn& insn) { emit_arithmetic(e, insn); }
void emit_v_fmul(Emitter& e, const Insn& insn) { emit_arithmetic(e, insn); }
void emit_v_fdiv(Emitter& e, const Insn& insn) { emit_arithmetic(e, insn); }
void emit_v_fmadd(Emitter& e, const Insn& insn) { emit_fused(e, insn); }
void emit_v_fmsub(Emitter& e, const Insn& insn) { emit_fused(e, insn); }
void emit_v_fnmadd(Emitter& e, const Insn& insn) { emit_fused(e, insn); }
void emit_v_fnmsub(Emitter& e, const Insn& insn) { emit_fused(e, insn); }

void emit_v_fsqrt(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const bool single = is_single(insn);
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Xmm to = vec_masked(t, d, k);
    single ? e.c.vsqrtps(to, vec(t, a)) : e.c.vsqrtpd(to, vec(t, a));
    e.ra.lock(d);
    check_nans(e, {t, single, false, d, k, temp_for(e, false), kNoReg, {}});
    e.ra.define(insn.out(), d);
}

// ---- Minimum and maximum --------------------------------------------------------------------------

namespace {

/// AVX-512 orders zeros and prefers numbers to quiet NaNs; where there is a NaN at all, the result is chosen out of
/// line.
void emit_min_max(Emitter& e, const Insn& insn, bool max) {
    constexpr u8 kOrdered = 7, kSignOfResult = 4;
    auto& c = e.c;
    const Type t = insn.type;
    const bool single = is_single(insn);
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg d = vector_target(e, insn, insn.out(), {a, b});
    const Xmm to = vec_masked(t, d, k), x = vec(t, a), y = vec(t, b);
    const u8 which = static_cast<u8>(kSignOfResult | (max ? 1 : 0));
    Xbyak::Opmask unordered = opmask(kTempMask);
    if (k != kNoReg) unordered.setOpmaskIdx(opmask(k).getIdx());
    single ? c.vrangeps(to, x, y, which) : c.vrangepd(to, x, y, which);
    single ? c.vcmpps(unordered, x, y, kUnordered) : c.vcmppd(unordered, x, y, kUnordered);
    c.kortestw(opmask(kTempMask), opmask(kTempMask));
    e.cold(c.jcc(Cc::NE), [t, single, k, d, a, b](Emitter& e) {
        auto& c = e.c;
        const Xmm result = vec_masked(t, d, kTempMask);
        const VectorConst nan = single ? VectorConst::NanF32 : VectorConst::NanF64;
        single ? c.vmovaps(result, vector_const(e, nan, ir::type_bits(t)))
               : c.vmovapd(result, vector_const(e, nan, ir::type_bits(t)));
        Xbyak::Opmask unordered = opmask(kTempMask);
        if (k != kNoReg) unordered.setOpmaskIdx(opmask(k).getIdx());
        const Xbyak::Opmask both = opmask(kTempMask) | opmask(kTempMask);
        // The one that is a number, if one is.
        for (const HostReg r : {a, b}) {
            const Xmm x = vec(t, a), y = vec(t, b), number = vec(t, r);
            single ? c.vcmpps(unordered, x, y, kUnordered) : c.vcmppd(unordered, x, y, kUnordered);
            single ? c.vcmpps(both, number, number, kOrdered) : c.vcmppd(both, number, number, kOrdered);
            single ? c.vmovaps(result, number) : c.vmovapd(result, number);
        }
    });
    e.ra.define(insn.out(), d);
}

/// minps gives its second operand for two zeros, and raises invalid for any NaN. So NaNs go first, and both orders are
/// combined.
void emit_min_max_avx(Emitter& e, const Insn& insn, bool max) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool single = is_single(insn);
    const unsigned bits = ir::type_bits(t);
    const Xbyak::Address saved = e.env(kWideAccessOffset, bits);
    auto extreme = [&](HostReg to, HostReg x, const Operand& y) {
        const Xmm d = vec(t, to), a = vec(t, x);
        if (max) return single ? c.vmaxps(d, a, y) : c.vmaxpd(d, a, y);
        single ? c.vminps(d, a, y) : c.vminpd(d, a, y);
    };
    const HostReg b = e.ra.use(insn.in(1)), a = e.ra.use(insn.in(0)), nans = e.ra.vector_scratch();
    single ? c.vcmpps(vec(t, nans), vec(t, a), vec(t, b), kUnordered)
           : c.vcmppd(vec(t, nans), vec(t, a), vec(t, b), kUnordered);
    c.vmovups(saved, vec(t, b));
    e.ra.unlock(b);
    const HostReg x = e.ra.vector_scratch();
    c.vmovaps(vec(t, x), vec(t, a));
    e.ra.unlock(a);
    const HostReg d = e.ra.vector_scratch();
    c.vmovups(vec(t, d), saved);
    c.vptest(vec(t, nans), vec(t, nans));
    e.cold(c.jcc(Cc::NE), [t, single, bits, nans, x, d](Emitter& e) {
        auto& c = e.c;
        const Xmm first = vec(t, x), second = vec(t, d), wrong = vec(t, nans);
        auto find_nans = [&](const Xmm& of) {
            single ? c.vcmpps(wrong, of, of, kUnordered) : c.vcmppd(wrong, of, of, kUnordered);
        };
        // Each NaN becomes the other operand; of two NaNs, zeros, with all ones in `nans`.
        find_nans(first);
        c.vblendvps(first, first, second, wrong);
        find_nans(second);
        c.vblendvps(second, second, first, wrong);
        find_nans(first);
        c.vandnps(first, wrong, first);
        c.vandnps(second, wrong, second);
        c.vmovups(e.env(kWideAccessOffset, bits), second);
    });
    extreme(d, d, vec(t, x));
    extreme(x, x, saved);
    max ? c.vandps(vec(t, d), vec(t, d), vec(t, x)) : c.vorps(vec(t, d), vec(t, d), vec(t, x));
    c.vblendvps(vec(t, d), vec(t, d), vector_const(e, single ? VectorConst::NanF32 : VectorConst::NanF64, bits),
                vec(t, nans));
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_v_fmin(Emitter& e, const Insn& insn) {
    e.features().avx512 ? emit_min_max(e, insn, false) : emit_min_max_avx(e, insn, false);
}
void emit_v_fmax(Emitter& e, const Insn& insn) {
    e.features().avx512 ? emit_min_max(e, insn, true) : emit_min_max_avx(e, insn, true);
}

// ---- Conversions ----------------------------------------------------------------------------------

void emit_v_fcvt_if(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool is_unsigned = insn.imm[0] != 0;
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Xmm to = vec_masked(t, d, k), from = vec(t, a);
    if (is_single(insn)) {
        is_unsigned ? c.vcvtudq2ps(to, from) : c.vcvtdq2ps(to, from);
    } else {
        is_unsigned ? c.vcvtuqq2pd(to, from) : c.vcvtqq2pd(to, from);
    }
    e.ra.define(insn.out(), d);
}

void emit_v_fcvt_narrow(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Type half = t == Type::V512 ? Type::V256 : Type::V128;
    e.c.vcvtpd2ps(vec(half, d), vec(t, a));
    e.ra.lock(d);
    check_nans(e, {half, true, false, d, kNoReg, temp_for(e, false), kNoReg, {}});
    e.ra.define(insn.out(), d);
}

/// The half of `a` that the op widens: the upper one is moved down.
static HostReg half_of(Emitter& e, Type t, HostReg a, bool upper) {
    if (!upper) return a;
    const HostReg part = e.ra.vector_scratch();
    switch (t) {
        case Type::V512: e.c.vextracti64x4(ymm(part), zmm(a), 1); break;
        case Type::V256: extract_lane(e, t, part, a, 1); break;
        default: e.c.vpsrldq(xmm(part), xmm(a), 8); break;
    }
    return part;
}

/// Unsigned numbers without AVX-512: as the low half of a double of 2^52, which is taken away; not to a zero with a
/// sign, whatever the rounding is.
void emit_v_fcvt_if_widen(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bits = ir::type_bits(t);
    const HostReg a = half_of(e, t, e.ra.use(insn.in(0)), insn.imm[1] != 0);
    const HostReg d = e.ra.target(insn.out());
    const Xmm from = vec(t == Type::V512 ? Type::V256 : Type::V128, a), to = vec(t, d);
    if (insn.imm[0] == 0) {
        c.vcvtdq2pd(to, from);
    } else if (e.features().avx512) {
        c.vcvtudq2pd(to, from);
    } else {
        c.vpmovzxdq(to, from);
        c.vpor(to, to, vector_const(e, VectorConst::ExponentF64, bits));
        c.vsubpd(to, to, vector_const(e, VectorConst::ExponentF64, bits));
        c.vandpd(to, to, vector_const(e, VectorConst::MagnitudeF64, bits));
    }
    e.ra.define(insn.out(), d);
}

void emit_v_fcvt_widen(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const Type half = t == Type::V512 ? Type::V256 : Type::V128;
    const HostReg k = use_mask(e, insn);
    const HostReg a = half_of(e, t, e.ra.use(insn.in(0)), insn.imm[0] != 0);
    const HostReg d = vector_target(e, insn, insn.out());
    e.c.vcvtps2pd(vec_masked(t, d, k), vec(half, a));
    e.ra.lock(d);
    check_nans(e, {t, false, false, d, k, temp_for(e, false), kNoReg, {}});
    e.ra.define(insn.out(), d);
}

/// AVX-512's conversions give the greatest unsigned number for what is out of range, signed ones the least: right for
/// NaNs and above in the first case, below in the second. The others are put right out of line.
void emit_v_fcvt_i(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool is_unsigned = insn.imm[0] != 0, to_zero = insn.imm[1] != 0, single = is_single(insn);
    const unsigned bits = ir::type_bits(t);
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.out(), {a});
    const Xmm to = vec_masked(t, d, k), from = vec(t, a);
    if (single) {
        is_unsigned ? (to_zero ? c.vcvttps2udq(to, from) : c.vcvtps2udq(to, from))
                    : (to_zero ? c.vcvttps2dq(to, from) : c.vcvtps2dq(to, from));
    } else {
        is_unsigned ? (to_zero ? c.vcvttpd2uqq(to, from) : c.vcvtpd2uqq(to, from))
                    : (to_zero ? c.vcvttpd2qq(to, from) : c.vcvtpd2qq(to, from));
    }
    const HostReg temp = e.ra.vector_scratch();
    Xbyak::Opmask result = opmask(kTempMask);
    if (k != kNoReg) result.setOpmaskIdx(opmask(k).getIdx());
    if (is_unsigned) {
        c.vpternlogd(vec(t, temp), vec(t, temp), vec(t, temp), 0xff);
        single ? c.vpcmpeqd(result, vec(t, d), vec(t, temp)) : c.vpcmpeqq(result, vec(t, d), vec(t, temp));
    } else {
        single ? c.vpcmpeqd(result, vec(t, d), vector_const(e, VectorConst::MinI32, bits))
               : c.vpcmpeqq(result, vec(t, d), vector_const(e, VectorConst::MinI64, bits));
    }
    c.kortestw(opmask(kTempMask), opmask(kTempMask));
    e.cold(c.jcc(Cc::NE), [=](Emitter& e) {
        constexpr u8 kLess = 0x11, kNotLess = 0x15;  // quiet
        auto& c = e.c;
        const Xbyak::Opmask k1 = opmask(kTempMask) | opmask(kTempMask);
        const Xmm zero = vec(t, temp), wrong = vec_masked(t, d, kTempMask);
        c.vpxord(zero, zero, zero);
        const u8 predicate = is_unsigned ? kLess : kNotLess;
        single ? c.vcmpps(k1, vec(t, a), zero, predicate) : c.vcmppd(k1, vec(t, a), zero, predicate);
        if (is_unsigned) return single ? c.vmovdqa32(wrong, zero) : c.vmovdqa64(wrong, zero);
        single ? c.vmovdqa32(wrong, vector_const(e, VectorConst::MaxI32, bits))
               : c.vmovdqa64(wrong, vector_const(e, VectorConst::MaxI64, bits));
    });
    e.ra.define(insn.out(), d);
}

/// The same to half the width: what AVX-512 gives for what is out of range is put right out of line.
void emit_v_fcvt_i_narrow(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type, half = t == Type::V512 ? Type::V256 : Type::V128;
    const bool is_unsigned = insn.imm[0] != 0, to_zero = insn.imm[1] != 0;
    const unsigned half_bits = ir::type_bits(half);
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.out(), {a}), temp = e.ra.vector_scratch();
    const Xmm to = vec(half, d), from = vec(t, a);
    if (is_unsigned) {
        to_zero ? c.vcvttpd2udq(to, from) : c.vcvtpd2udq(to, from);
        c.vpternlogd(vec(half, temp), vec(half, temp), vec(half, temp), 0xff);
        c.vpcmpeqd(opmask(kTempMask), to, vec(half, temp));
    } else {
        to_zero ? c.vcvttpd2dq(to, from) : c.vcvtpd2dq(to, from);
        c.vpcmpeqd(opmask(kTempMask), to, vector_const(e, VectorConst::MinI32, half_bits));
    }
    c.kortestw(opmask(kTempMask), opmask(kTempMask));
    e.cold(c.jcc(Cc::NE), [=](Emitter& e) {
        constexpr u8 kLess = 0x11, kNotLess = 0x15;  // quiet
        auto& c = e.c;
        const Xbyak::Opmask k1 = opmask(kTempMask) | opmask(kTempMask);
        const Xmm wrong = vec_masked(half, d, kTempMask);
        c.vpxord(vec(t, temp), vec(t, temp), vec(t, temp));
        c.vcmppd(k1, vec(t, a), vec(t, temp), is_unsigned ? kLess : kNotLess);
        is_unsigned ? c.vmovdqa32(wrong, vec(half, temp))
                    : c.vmovdqa32(wrong, vector_const(e, VectorConst::MaxI32, half_bits));
    });
    e.ra.define(insn.out(), d);
}

// ---- Reductions -----------------------------------------------------------------------------------

void emit_v_fsum(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool single = is_single(insn);
    const unsigned in_lane = single ? 4 : 2;
    const HostReg a = e.ra.use(insn.in(0)), start = e.ra.use(insn.in(1));
    const HostReg sum = e.ra.vector_scratch(), next = e.ra.vector_scratch();
    c.vmovq(xmm(sum), r64(start));
    auto add = [&](HostReg b) { single ? c.vaddss(xmm(sum), xmm(sum), xmm(b)) : c.vaddsd(xmm(sum), xmm(sum), xmm(b)); };
    for (unsigned lane = 0; lane < ir::type_bytes(t) / 16; ++lane) {
        if (lane == 0) {
            add(a);
        } else {
            extract_lane(e, t, next, a, lane);
            add(next);
        }
        for (unsigned i = 1; i < in_lane; ++i) {
            c.vpsrldq(xmm(next), xmm(lane == 0 && i == 1 ? a : next), static_cast<u8>(single ? 4 : 8));
            add(next);
        }
    }
    const HostReg d = e.ra.target(insn.out());
    single ? c.vmovd(r32(d), xmm(sum)) : c.vmovq(r64(d), xmm(sum));
    single ? c.vucomiss(xmm(sum), xmm(sum)) : c.vucomisd(xmm(sum), xmm(sum));
    e.cold(c.jcc(Cc::P), [=](Emitter& e) { e.c.mov(r64(d), single ? u64{0x7fc00000} : u64{0x7ff8000000000000}); });
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
