// Masks: from lengths, from and to the bits of vectors, from comparisons; and masked memory accesses.
#include "host/x64/emit_memory.h"
#include "host/x64/emit_vector.h"
#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::Cond;
using ir::Insn;
using ir::MemOp;
using ir::Type;
using ir::Var;

namespace {

/// The output Mask is the value of `g`.
void define_mask(Emitter& e, Var out, HostReg g) {
    if (!e.features().avx512) return e.ra.define(out, g);
    const HostReg d = e.ra.target(out);
    e.c.kmovq(opmask(d), r64(g));
    e.ra.define(out, d);
}

/// A general register for a result on its way to a Mask.
HostReg mask_in_gpr(Emitter& e, Var out) {
    return e.features().avx512 ? e.ra.scratch(RegClass::Gpr) : e.ra.target(out);
}

/// g &= low `len` bits.
void cut(Emitter& e, HostReg g, unsigned len) {
    switch (len) {
        case 64: return;
        case 32: return e.c.mov(r32(g), r32(g));
        case 16: return e.c.movzx(r32(g), r16(g));
        case 8: return e.c.movzx(r32(g), r8(g));
        default:
            if (len < 32) return e.c.and_(r32(g), static_cast<u32>(low_mask(len)));
            e.c.shl(r64(g), static_cast<int>(64 - len));
            e.c.shr(r64(g), static_cast<int>(64 - len));
    }
}

}  // namespace

void emit_v_mask_first(Emitter& e, const Insn& insn) {
    const auto count = static_cast<unsigned>(insn.imm[0]);
    if (e.ra.is_const(insn.in(0))) {
        const HostReg bits = mask_in_gpr(e, insn.out());
        const u64 known = std::min(e.ra.const_value(insn.in(0)), u64{count});
        e.ra.load_const(bits, low_mask(static_cast<unsigned>(known)), Type::I64);
        return define_mask(e, insn.out(), bits);
    }
    const HostReg n = e.ra.use(insn.in(0));
    const HostReg g = e.ra.scratch(RegClass::Gpr), ones = e.ra.scratch(RegClass::Gpr);
    e.c.mov(r32(g), count);
    e.c.cmp(r64(n), r64(g));
    e.c.cmov(Cc::B, r64(g), r64(n));
    e.c.mov(r64(ones), -1);
    e.c.bzhi(r64(g), r64(ones), r64(g));
    e.ra.unlock(ones);
    if (!e.features().avx512) {
        const HostReg d = e.ra.target(insn.out());
        e.ra.move(d, g, Type::I64);
        return e.ra.define(insn.out(), d);
    }
    define_mask(e, insn.out(), g);
}

namespace {

/// `to_mask` and `to_gpr` emit the op on three mask registers, or a commutative one on two general ones.
template <class Masks, class Gprs>
void emit_mask_op(Emitter& e, const Insn& insn, Masks to_mask, Gprs to_gpr) {
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (e.features().avx512) {
        to_mask(opmask(d), opmask(a), opmask(b));
    } else if (d == b) {
        to_gpr(r64(d), r64(a));
    } else {
        e.ra.move(d, a, Type::I64);
        to_gpr(r64(d), r64(b));
    }
    e.ra.define(insn.out(), d);
}

using Xbyak::Opmask;
using Xbyak::Reg64;

}  // namespace

void emit_v_mask_and(Emitter& e, const Insn& insn) {
    emit_mask_op(
        e, insn, [&](const Opmask& d, const Opmask& a, const Opmask& b) { e.c.kandq(d, a, b); },
        [&](const Reg64& d, const Reg64& b) { e.c.and_(d, b); });
}
void emit_v_mask_or(Emitter& e, const Insn& insn) {
    emit_mask_op(
        e, insn, [&](const Opmask& d, const Opmask& a, const Opmask& b) { e.c.korq(d, a, b); },
        [&](const Reg64& d, const Reg64& b) { e.c.or_(d, b); });
}
void emit_v_mask_xor(Emitter& e, const Insn& insn) {
    emit_mask_op(
        e, insn, [&](const Opmask& d, const Opmask& a, const Opmask& b) { e.c.kxorq(d, a, b); },
        [&](const Reg64& d, const Reg64& b) { e.c.xor_(d, b); });
}
void emit_v_mask_andc(Emitter& e, const Insn& insn) {
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    e.features().avx512 ? e.c.kandnq(opmask(d), opmask(b), opmask(a)) : e.c.andn(r64(d), r64(b), r64(a));
    e.ra.define(insn.out(), d);
}

void emit_v_mask_get(Emitter& e, const Insn& insn) {
    const auto pos = static_cast<unsigned>(insn.imm[0]), len = static_cast<unsigned>(insn.imm[1]);
    const Var in = insn.in(0);
    const unsigned word = pos / 64, shift = pos % 64;
    DRAGOMAN_ASSERT(shift + len <= 64);
    if (e.features().avx512 && ir::is_whole_integer(pos, len) && e.ra.reg_of(in) == kNoReg) {
        const HostReg d = e.ra.target(insn.out());
        const Xbyak::Address from = memory(len, kRbp, e.ra.home_displacement(in) + static_cast<i32>(pos / 8));
        switch (len) {
            case 8: e.c.kmovb(opmask(d), from); break;
            case 16: e.c.kmovw(opmask(d), from); break;
            case 32: e.c.kmovd(opmask(d), from); break;
            default: e.c.kmovq(opmask(d), from); break;
        }
        return e.ra.define(insn.out(), d);
    }
    if (e.ra.prefers_memory(in)) {
        const HostReg g = mask_in_gpr(e, insn.out());
        if (ir::is_whole_integer(pos, len)) {  // just these, as they may have been stored alone
            load_gpr(e, g, memory(len, kRbp, e.ra.home_displacement(in) + static_cast<i32>(pos / 8)),
                     static_cast<unsigned>(std::countr_zero(len / 8)), false, Type::I64);
            return define_mask(e, insn.out(), g);
        }
        e.c.mov(r64(g), memory(64, kRbp, e.ra.home_displacement(in) + static_cast<i32>(word * 8)));
        if (shift != 0) e.c.shr(r64(g), static_cast<int>(shift));
        cut(e, g, len);
        return define_mask(e, insn.out(), g);
    }
    HostReg a = e.ra.use(in);
    if (word >= 2) {
        const HostReg part = e.ra.vector_scratch();
        extract_lane(e, insn.type, part, a, word / 2);
        a = part;
    }
    const HostReg g = mask_in_gpr(e, insn.out());
    word % 2 == 0 ? e.c.vmovq(r64(g), xmm(a)) : e.c.vpextrq(r64(g), xmm(a), 1);
    if (shift != 0) e.c.shr(r64(g), static_cast<int>(shift));
    cut(e, g, len);
    define_mask(e, insn.out(), g);
}

namespace {

/// Bytes of the home of the output become the mask.
void put_in_memory(Emitter& e, const Insn& insn, unsigned pos, unsigned len) {
    auto& c = e.c;
    const HostReg mask = e.ra.use(insn.in(0));
    const Xbyak::Address to = memory(len, kRbp, e.ra.home_displacement(insn.out()) + static_cast<i32>(pos / 8));
    if (is_mask(mask)) {
        switch (len) {
            case 8: c.kmovb(to, opmask(mask)); break;
            case 16: c.kmovw(to, opmask(mask)); break;
            case 32: c.kmovd(to, opmask(mask)); break;
            default: c.kmovq(to, opmask(mask)); break;
        }
    } else {
        c.mov(to, gpr(mask, len));
    }
    e.ra.defined_in_memory(insn.out());
}

/// The lowest `len` bits, a power of two, of the output are the mask's: without a way of the other ones through general
/// registers, which a loop that makes one mask in each pass would wait for.
void put_lowest(Emitter& e, const Insn& insn, unsigned len) {
    auto& c = e.c;
    const Type t = insn.type;
    const HostReg mask = e.ra.use(insn.in(0)), a = e.ra.use(insn.in(1));
    const HostReg bits = e.ra.vector_scratch();
    if (is_mask(mask)) {
        const HostReg g = e.ra.scratch(RegClass::Gpr);
        c.kmovq(r64(g), opmask(mask));
        c.vmovq(xmm(bits), r64(g));
    } else {
        c.vmovq(xmm(bits), r64(mask));
    }
    const auto low = static_cast<VectorConst>(static_cast<unsigned>(VectorConst::LowBits1) +
                                              static_cast<unsigned>(std::countr_zero(len)));
    const Xbyak::Address field = vector_const(e, low, ir::type_bits(t));
    const HostReg d = e.ra.target_from(insn.out(), insn.in(1));
    if (e.features().avx512) {
        constexpr u8 kSecondWhereThird = 0xd8;  // first, second, third operand: third ? second : first
        e.ra.move(d, a, t);
        c.vpternlogq(vec(t, d), vec(t, bits), field, kSecondWhereThird);
    } else {
        const HostReg rest = e.ra.vector_scratch();
        c.vmovups(vec(t, rest), field);
        c.vpand(vec(t, bits), vec(t, bits), vec(t, rest));
        c.vpandn(vec(t, rest), vec(t, rest), vec(t, a));
        c.vpor(vec(t, d), vec(t, rest), vec(t, bits));
    }
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_v_mask_put(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const auto pos = static_cast<unsigned>(insn.imm[0]), len = static_cast<unsigned>(insn.imm[1]);
    const unsigned lane = pos / 128, in_lane = pos % 128;
    DRAGOMAN_ASSERT(pos % 64 + len <= 64);
    if (ir::is_whole_integer(pos, len) && insn.in(1) == insn.out() && e.ra.is_at_home(insn.out())) {
        return put_in_memory(e, insn, pos, len);
    }
    if (pos == 0 && std::has_single_bit(len) && (len < 8 || e.features().avx512)) return put_lowest(e, insn, len);
    const HostReg mask = e.ra.use(insn.in(0)), a = e.ra.use(insn.in(1));
    HostReg g = mask;
    const bool whole = std::has_single_bit(len) && len >= 8 && in_lane % len == 0;
    if (is_mask(mask) || !whole) {
        g = e.ra.scratch(RegClass::Gpr);
        is_mask(mask) ? c.kmovq(r64(g), opmask(mask)) : c.mov(r64(g), r64(mask));
    }
    const HostReg part = e.ra.vector_scratch();
    if (lane != 0) extract_lane(e, t, part, a, lane);
    const Xbyak::Xmm from = xmm(lane != 0 ? part : a);
    const auto index = static_cast<u8>(whole ? in_lane / len : in_lane / 64);
    if (whole) {
        switch (len) {
            case 8: c.vpinsrb(xmm(part), from, r32(g), index); break;
            case 16: c.vpinsrw(xmm(part), from, r32(g), index); break;
            case 32: c.vpinsrd(xmm(part), from, r32(g), index); break;
            default: c.vpinsrq(xmm(part), from, r64(g), index); break;
        }
    } else {
        const HostReg bits = e.ra.scratch(RegClass::Gpr);
        cut(e, g, len);
        if (pos % 64 != 0) c.shl(r64(g), static_cast<int>(pos % 64));
        c.vpextrq(r64(bits), from, index);
        for (unsigned bit = pos % 64; bit < pos % 64 + len && len < 4; ++bit) c.btr(r64(bits), static_cast<u8>(bit));
        if (len >= 4) {
            // bits = bits without the field
            const unsigned low = pos % 64;
            if (low != 0) c.ror(r64(bits), static_cast<u8>(low));
            c.shr(r64(bits), static_cast<u8>(len));
            c.shl(r64(bits), static_cast<u8>(len));
            if (low != 0) c.rol(r64(bits), static_cast<u8>(low));
        }
        c.or_(r64(bits), r64(g));
        c.vpinsrq(xmm(part), from, r64(bits), index);
    }
    const HostReg d = e.ra.target_from(insn.out(), insn.in(1));
    insert_lane(e, t, d, a, part, lane);
    e.ra.define(insn.out(), d);
}

// ---- Comparisons ----------------------------------------------------------------------------------

namespace {

struct Predicate {
    u8 code;  ///< of vpcmp
    bool is_unsigned;
};
Predicate predicate(Cond cond) {
    switch (cond) {
        case Cond::Eq: return {0, false};
        case Cond::Ne: return {4, false};
        case Cond::Lt: return {1, false};
        case Cond::Le: return {2, false};
        case Cond::Ge: return {5, false};
        case Cond::Gt: return {6, false};
        case Cond::Ltu: return {1, true};
        case Cond::Leu: return {2, true};
        case Cond::Geu: return {5, true};
        default: return {6, true};
    }
}

void compare(Emitter& e, Predicate p, unsigned bytes, const Xbyak::Opmask& k, const Xbyak::Xmm& a,
             const Xbyak::Operand& b) {
    auto& c = e.c;
    switch (bytes) {
        case 1: return p.is_unsigned ? c.vpcmpub(k, a, b, p.code) : c.vpcmpb(k, a, b, p.code);
        case 2: return p.is_unsigned ? c.vpcmpuw(k, a, b, p.code) : c.vpcmpw(k, a, b, p.code);
        case 4: return p.is_unsigned ? c.vpcmpud(k, a, b, p.code) : c.vpcmpd(k, a, b, p.code);
        default: return p.is_unsigned ? c.vpcmpuq(k, a, b, p.code) : c.vpcmpq(k, a, b, p.code);
    }
}

/// k = compare(k) by AVX-512. Elements that are not active have the old value's bits.
template <class F>
void emit_compare(Emitter& e, const Insn& insn, F f) {
    const Type t = insn.type;
    const HostReg a = e.ra.use(insn.in(0));
    const Emitter::Rm b = e.use_rm(insn.in(1));
    const HostReg k = use_mask(e, insn);
    if (k == kNoReg) {
        const HostReg d = e.ra.target(insn.out());
        f(opmask(d), vec(t, a), VectorSource(t, b));
        return e.ra.define(insn.out(), d);
    }
    const HostReg old = e.ra.use(insn.in(3));
    Xbyak::Opmask result = opmask(kTempMask);
    result.setOpmaskIdx(opmask(k).getIdx());
    f(result, vec(t, a), VectorSource(t, b));
    const HostReg d = e.ra.target(insn.out());
    e.c.kandnq(opmask(d), opmask(k), opmask(old));
    e.c.korq(opmask(d), opmask(d), opmask(kTempMask));
    e.ra.define(insn.out(), d);
}

/// Bits of the elements of `v`, each all ones or 0, in `g`.
void collect_bits(Emitter& e, Type t, unsigned bytes, HostReg g, HostReg v) {
    switch (bytes) {
        case 1: return e.c.vpmovmskb(r32(g), vec(t, v));
        case 2: {
            const HostReg odd = e.ra.scratch(RegClass::Gpr);
            e.c.vpmovmskb(r32(g), vec(t, v));
            e.c.mov(r32(odd), 0x55555555);
            e.c.pext(r32(g), r32(g), r32(odd));
            return e.ra.unlock(odd);
        }
        case 4: return e.c.vmovmskps(r32(g), vec(t, v));
        default: return e.c.vmovmskpd(r32(g), vec(t, v));
    }
}

void compare_equal(Emitter& e, unsigned bytes, const Xbyak::Xmm& d, const Xbyak::Xmm& a, const Xbyak::Operand& b) {
    switch (bytes) {
        case 1: return e.c.vpcmpeqb(d, a, b);
        case 2: return e.c.vpcmpeqw(d, a, b);
        case 4: return e.c.vpcmpeqd(d, a, b);
        default: return e.c.vpcmpeqq(d, a, b);
    }
}
void compare_greater(Emitter& e, unsigned bytes, const Xbyak::Xmm& d, const Xbyak::Xmm& a, const Xbyak::Operand& b) {
    switch (bytes) {
        case 1: return e.c.vpcmpgtb(d, a, b);
        case 2: return e.c.vpcmpgtw(d, a, b);
        case 4: return e.c.vpcmpgtd(d, a, b);
        default: return e.c.vpcmpgtq(d, a, b);
    }
}

/// temp = the elements for which `a cond b`, or those for which not. @returns whether it is the latter
bool compare_avx(Emitter& e, Cond cond, Type t, unsigned bytes, HostReg temp, HostReg a, HostReg b) {
    const Xbyak::Xmm d = vec(t, temp), x = vec(t, a), y = vec(t, b);
    switch (cond) {
        case Cond::Eq:
        case Cond::Ne: compare_equal(e, bytes, d, x, y); return cond == Cond::Ne;
        case Cond::Gt:
        case Cond::Le: compare_greater(e, bytes, d, x, y); return cond == Cond::Le;
        case Cond::Lt:
        case Cond::Ge: compare_greater(e, bytes, d, y, x); return cond == Cond::Ge;
        default: break;
    }
    const bool greater = cond == Cond::Gtu || cond == Cond::Leu;
    const bool inverted = cond == Cond::Leu || cond == Cond::Geu;
    if (bytes == 8) {  // with the sign bits inverted, the signed order is the unsigned one
        const HostReg other = e.ra.vector_scratch();
        const Xbyak::Xmm o = vec(t, other);
        e.c.vpcmpeqd(d, d, d);
        e.c.vpsllq(d, d, 63);
        e.c.vpxor(o, d, greater ? y : x);
        e.c.vpxor(d, d, greater ? x : y);
        compare_greater(e, bytes, d, d, o);
        return inverted;
    }
    // a <= b where the greater one is b
    integer_op(e, ir::Op::v_max_u, bytes, d, x, y);
    compare_equal(e, bytes, d, d, greater ? y : x);
    return !inverted;
}

/// The output is the bits of `temp`, inverted where `invert`.
void define_bits(Emitter& e, const Insn& insn, HostReg temp, bool invert) {
    const unsigned bytes = element_bytes(insn);
    const HostReg d = e.ra.target(insn.out());
    collect_bits(e, insn.type, bytes, d, temp);
    if (invert) e.c.xor_(r32(d), static_cast<u32>(low_mask(ir::type_bytes(insn.type) / bytes)));
    e.ra.define(insn.out(), d);
}

}  // namespace

void expand_mask(Emitter& e, Type t, unsigned bytes, HostReg d, HostReg mask) {
    auto& c = e.c;
    const Xbyak::Xmm x = vec(t, d);
    const unsigned bits = ir::type_bits(t);
    auto finish = [&](VectorConst bit) {
        c.vpand(x, x, vector_const(e, bit, bits));
        compare_equal(e, bytes, x, x, vector_const(e, bit, bits));
    };
    c.vmovd(xmm(d), r32(mask));
    switch (bytes) {
        case 1:
            c.vpbroadcastd(x, xmm(d));
            c.vpshufb(x, x, vector_const(e, VectorConst::MaskByte, bits));
            return finish(VectorConst::MaskBit8);
        case 2: c.vpbroadcastw(x, xmm(d)); return finish(VectorConst::MaskBit16);
        case 4: c.vpbroadcastd(x, xmm(d)); return finish(VectorConst::MaskBit32);
        default: c.vpbroadcastq(x, xmm(d)); return finish(VectorConst::MaskBit64);
    }
}

void emit_v_cmp(Emitter& e, const Insn& insn) {
    const auto cond = static_cast<Cond>(insn.imm[0]);
    if (!e.features().avx512) {
        const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1)), temp = e.ra.vector_scratch();
        const bool invert = compare_avx(e, cond, insn.type, element_bytes(insn), temp, a, b);
        return define_bits(e, insn, temp, invert);
    }
    emit_compare(e, insn, [&](const Xbyak::Opmask& k, const Xbyak::Xmm& a, const Xbyak::Operand& b) {
        compare(e, predicate(cond), element_bytes(insn), k, a, b);
    });
}

void emit_v_fcmp(Emitter& e, const Insn& insn) {
    constexpr u8 kPredicates[] = {0, 1, 2};  // EQ_OQ, LT_OS, LE_OS
    const u8 code = kPredicates[insn.imm[0]];
    const bool single = element_bytes(insn) == 4;
    if (!e.features().avx512) {
        const Type t = insn.type;
        const HostReg a = e.ra.use(insn.in(0));
        const Emitter::Rm b = e.use_rm(insn.in(1));
        const HostReg temp = e.ra.vector_scratch();
        const VectorSource y(t, b);
        single ? e.c.vcmpps(vec(t, temp), vec(t, a), y, code) : e.c.vcmppd(vec(t, temp), vec(t, a), y, code);
        return define_bits(e, insn, temp, false);
    }
    emit_compare(e, insn, [&](const Xbyak::Opmask& k, const Xbyak::Xmm& a, const Xbyak::Operand& b) {
        single ? e.c.vcmpps(k, a, b, code) : e.c.vcmppd(k, a, b, code);
    });
}

// ---- Masked memory accesses -----------------------------------------------------------------------

namespace {

/// Without AVX-512: elements of 4 and 8 bytes.
void masked_load_avx(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg mask = e.ra.vector_scratch(), d = e.ra.vector_scratch();
    const HostReg bits = e.ra.use(insn.in(1));
    expand_mask(e, t, bytes, mask, bits);
    e.ra.unlock(bits);
    const Xbyak::Address from =
        guest_address(e, insn.in(0), ir::kNoVar, insn.mem(), insn.displacement(), ir::type_bits(t));
    e.guest_segment();
    bytes == 4 ? e.c.vpmaskmovd(vec(t, d), vec(t, mask), from) : e.c.vpmaskmovq(vec(t, d), vec(t, mask), from);
    const HostReg old = e.ra.use(insn.in(2));
    e.c.vblendvps(vec(t, d), vec(t, old), vec(t, d), vec(t, mask));
    e.ra.define(insn.out(), d);
}

void masked_store_avx(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg mask = e.ra.vector_scratch();
    const HostReg bits = e.ra.use(insn.in(2));
    expand_mask(e, t, bytes, mask, bits);
    e.ra.unlock(bits);
    const Xbyak::Address to =
        guest_address(e, insn.in(1), ir::kNoVar, insn.mem(), insn.displacement(), ir::type_bits(t));
    const HostReg value = e.ra.use(insn.in(0));
    e.guest_segment();
    bytes == 4 ? e.c.vpmaskmovd(to, vec(t, mask), vec(t, value)) : e.c.vpmaskmovq(to, vec(t, mask), vec(t, value));
}

}  // namespace

void emit_v_ld(Emitter& e, const Insn& insn) {
    if (!e.features().avx512) return masked_load_avx(e, insn);
    const Type t = insn.type;
    const Xbyak::Address from =
        guest_address(e, insn.in(0), ir::kNoVar, insn.mem(), insn.displacement(), ir::type_bits(t));
    const HostReg k = use_mask(e, insn);
    const HostReg old = e.ra.use(insn.in(2));
    // A fault must find pinned registers as they were.
    HostReg d = e.ra.target_from(insn.out(), insn.in(2));
    if (e.ra.is_pinned(insn.out()) && d != old) d = e.ra.vector_scratch();
    e.ra.move(d, old, t);
    const Xbyak::Xmm to = vec_masked(t, d, k);
    e.guest_segment();
    switch (element_bytes(insn)) {
        case 1: e.c.vmovdqu8(to, from); break;
        case 2: e.c.vmovdqu16(to, from); break;
        case 4: e.c.vmovdqu32(to, from); break;
        default: e.c.vmovdqu64(to, from); break;
    }
    e.ra.define(insn.out(), d);
}

void emit_v_st(Emitter& e, const Insn& insn) {
    if (!e.features().avx512) return masked_store_avx(e, insn);
    const Type t = insn.type;
    const Xbyak::Address to =
        guest_address(e, insn.in(1), ir::kNoVar, insn.mem(), insn.displacement(), ir::type_bits(t));
    const HostReg k = use_mask(e, insn);
    const HostReg value = e.ra.use(insn.in(0));
    Xbyak::Address masked = to;
    masked.setOpmaskIdx(opmask(k).getIdx());
    e.guest_segment();
    switch (element_bytes(insn)) {
        case 1: e.c.vmovdqu8(masked, vec(t, value)); break;
        case 2: e.c.vmovdqu16(masked, vec(t, value)); break;
        case 4: e.c.vmovdqu32(masked, vec(t, value)); break;
        default: e.c.vmovdqu64(masked, vec(t, value)); break;
    }
}

/// Into a register of its own, as a fault may leave some elements done.
void emit_v_gather(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const bool narrow = element_bytes(insn) == 4;
    const HostReg base = e.ra.use(insn.in(0)), offsets = e.ra.use(insn.in(1));
    const HostReg d = e.ra.vector_scratch();
    const Type half = t == Type::V512 ? Type::V256 : Type::V128;
    const Xbyak::Xmm to = vec(narrow ? half : t, d);
    const Xbyak::Address from(
        0, false, Xbyak::RegExp(r64(base)) + vec(t, offsets) + static_cast<std::size_t>(insn.displacement()));
    if (e.features().avx512) {
        c.vpxord(xmm(d), xmm(d), xmm(d));
        c.kxnorw(opmask(kTempMask), opmask(kTempMask), opmask(kTempMask));
        e.guest_segment();
        const Xbyak::Xmm masked = vec_masked(narrow ? half : t, d, kTempMask);
        narrow ? c.vpgatherqd(masked, from) : c.vpgatherqq(masked, from);
    } else {
        const HostReg ones = e.ra.vector_scratch();
        c.vpxor(xmm(d), xmm(d), xmm(d));
        c.vpcmpeqd(vec(t, ones), vec(t, ones), vec(t, ones));
        e.guest_segment();
        narrow ? c.vpgatherqd(to, from, vec(half, ones)) : c.vpgatherqq(to, from, vec(t, ones));
        // Of two 32-bit elements in 128 bits the mask has four.
    }
    e.ra.define(insn.out(), d);
}

// ---- What there is --------------------------------------------------------------------------------

bool has_vector_op(const Shared& shared, ir::Op op, Type type, ir::VectorRules rules) {
    const Features& f = shared.features;
    using ir::Element;
    using ir::Op;
    if (!f.avx2 || !f.bmi2 || ir::type_bytes(type) > (f.avx512 ? 64 : 32)) return false;
    if (rules.element == Element::F16) return false;
    if (op == Op::v_mask_andc && !f.bmi1) return false;
    const unsigned bits = ir::element_bits(rules.element);
    if (rules.mask && !f.avx512) {
        switch (op) {
            case Op::v_fadd:
            case Op::v_fsub:
            case Op::v_fmul: return true;
            case Op::v_fmadd:
            case Op::v_fmsub:
            case Op::v_fnmadd:
            case Op::v_fnmsub: return f.fma;
            case Op::v_ld:
            case Op::v_st: return bits >= 32 && !shared.options.softmmu;
            default: return false;
        }
    }
    switch (op) {
        case Op::v_mul: return !rules.mask || bits != 8;
        case Op::v_min_s:
        case Op::v_min_u:
        case Op::v_max_s:
        case Op::v_max_u: return bits != 64 || f.avx512;
        case Op::v_shl:
        case Op::v_shr: return bits != 8 && (bits != 16 || f.avx512);
        case Op::v_sar: return bits != 8 && (bits == 32 || f.avx512);
        case Op::v_shl_x:
        case Op::v_shr_x: return !rules.mask || bits != 8;
        case Op::v_sar_x: return bits == 8 ? !rules.mask : bits != 64 || f.avx512;
        case Op::v_ternary: return f.avx512 && !rules.mask;
        case Op::v_rotr:
        case Op::v_rotr_x: return f.avx512 && bits >= 32;
        case Op::v_fmadd:
        case Op::v_fmsub:
        case Op::v_fnmadd:
        case Op::v_fnmsub: return f.fma;
        case Op::v_select:
        case Op::v_unzip:
        case Op::v_zip: return !rules.mask && (type != Type::V512 || op == Op::v_select);
        case Op::v_gather: return !rules.mask && bits >= 32 && !shared.options.softmmu;
        case Op::v_reduce: return !rules.mask;
        case Op::v_align: return type != Type::V512;
        case Op::v_permute: return !f.avx512 || bits != 8 || f.vbmi;
        case Op::v_compress: return !rules.mask && f.avx512 && (bits >= 32 || f.vbmi);
        case Op::v_fcvt_if: return f.avx512;
        case Op::v_fcvt_i: return f.avx512;
        case Op::v_fcvt_widen: return bits == 64;
        case Op::v_fcvt_if_widen: return bits == 64 && !rules.mask;
        case Op::v_fcvt_i_narrow: return f.avx512 && bits == 64 && !rules.mask;
        case Op::v_fsum:
        case Op::v_repeat_low: return !rules.mask;
        case Op::v_bswap: return bits != 8 && !rules.mask;
        case Op::v_clmul: return f.pclmul && bits == 64 && !rules.mask;
        case Op::v_aes: return f.aes && bits == 32 && !rules.mask;
        case Op::v_gmul: return f.vaes && bits == 32 && !rules.mask;
        case Op::v_sha256_rounds:
        case Op::v_sha256_schedule: return f.sha && bits == 32 && !rules.mask;
        case Op::v_narrow:
        case Op::v_fcvt_narrow:
        case Op::v_extract:
        case Op::v_insert: return !rules.mask;
        case Op::v_ld:
        case Op::v_st: return f.avx512 && !shared.options.softmmu;
        default: return true;
    }
}

}  // namespace dragoman::host::x64
