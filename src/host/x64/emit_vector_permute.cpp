// Vector ops that move elements to places that are computed, or past the end of a register.
#include "host/x64/emit_vector.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::Type;
using ir::Var;
using Xbyak::Xmm;

namespace {

/// `d` = `value` in all elements of `bytes`.
void splat_constant(Emitter& e, Type t, unsigned bytes, HostReg d, u64 value) {
    const HostReg g = e.ra.scratch(RegClass::Gpr);
    e.ra.load_const(g, value, Type::I64);
    e.c.vmovq(xmm(d), r64(g));
    e.ra.unlock(g);
    switch (bytes) {
        case 1: return e.c.vpbroadcastb(vec(t, d), xmm(d));
        case 2: return e.c.vpbroadcastw(vec(t, d), xmm(d));
        case 4: return e.c.vpbroadcastd(vec(t, d), xmm(d));
        default: return e.c.vpbroadcastq(vec(t, d), xmm(d));
    }
}

/// d = the elements of `a` at the indices, which are taken modulo their number; zeros where kTempMask has no bit.
/// `temp` may be changed.
void permute_modulo(Emitter& e, Type t, unsigned bytes, HostReg d, HostReg indices, HostReg a, HostReg temp) {
    auto& c = e.c;
    auto wide = [t](HostReg r) { return t == Type::V512 ? static_cast<Xbyak::Ymm>(zmm(r)) : ymm(r); };
    auto masked = [](auto reg) {
        reg.setOpmaskIdx(opmask(kTempMask).getIdx());
        reg.setZero();
        return reg;
    };
    const Xmm to = masked(vec(t, d)), i = vec(t, indices), from = vec(t, a);
    switch (bytes) {
        case 1: return c.vpermb(to, i, from);
        case 2: return c.vpermw(to, i, from);
        case 4: return t == Type::V128 ? c.vpermilps(to, from, i) : c.vpermd(masked(wide(d)), wide(indices), from);
        default:
            if (t != Type::V128) return c.vpermq(masked(wide(d)), wide(indices), from);
            c.vpaddq(xmm(temp), i, i);  // bit 1 selects
            c.vpermilpd(to, from, xmm(temp));
    }
}

void emit_permute_avx512(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn), count = ir::type_bytes(t) / bytes;
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0)), indices = e.ra.use(insn.in(1));
    const HostReg temp = e.ra.vector_scratch();
    splat_constant(e, t, bytes, temp, ~u64{count - 1});
    const Xbyak::Opmask inside = opmask(kTempMask);
    switch (bytes) {
        case 1: c.vptestnmb(inside, vec(t, indices), vec(t, temp)); break;
        case 2: c.vptestnmw(inside, vec(t, indices), vec(t, temp)); break;
        case 4: c.vptestnmd(inside, vec(t, indices), vec(t, temp)); break;
        default: c.vptestnmq(inside, vec(t, indices), vec(t, temp)); break;
    }
    if (k == kNoReg) {
        const HostReg d = e.ra.target(insn.out());
        permute_modulo(e, t, bytes, d, indices, a, temp);
        return e.ra.define(insn.out(), d);
    }
    const HostReg all = e.ra.vector_scratch();
    permute_modulo(e, t, bytes, all, indices, a, temp);
    const HostReg d = vector_target(e, insn, insn.out(), {all});
    merge_elements(e, t, bytes, d, k, all);
    e.ra.define(insn.out(), d);
}

/// d = for elements of 2 or 8 bytes, the indices of their bytes; what is outside stays so.
void byte_indices(Emitter& e, Type t, unsigned bytes, HostReg d, HostReg indices, HostReg temp) {
    auto& c = e.c;
    const Xmm x = vec(t, d), y = vec(t, temp), i = vec(t, indices);
    const u64 outside = 128 / bytes;
    if (bytes == 8) {
        // The low words of both halves, all ones where the high one is not 0.
        c.vpxor(y, y, y);
        c.vpcmpeqd(y, y, i);
        c.vpshufd(y, y, 0xf5);
        c.vpcmpeqd(x, x, x);
        c.vpxor(y, y, x);
        c.vpshufd(x, i, 0xa0);
        c.vpor(x, x, y);
    }
    splat_constant(e, t, bytes == 2 ? 2 : 4, temp, outside);
    bytes == 2 ? c.vpminuw(x, y, i) : c.vpminud(x, y, x);
    splat_constant(e, t, bytes == 2 ? 2 : 4, temp, 0x01010101 * bytes & low_mask(bytes == 2 ? 16 : 32));
    bytes == 2 ? c.vpmullw(x, x, y) : c.vpmulld(x, x, y);
    splat_constant(e, t, bytes, temp, 0x0706050403020100);
    c.vpaddb(x, x, y);
}

/// Words by the host's own permutation, which takes indices modulo their number.
void emit_permute_words_avx2(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const HostReg indices = e.ra.use(insn.in(1)), a = e.ra.use(insn.in(0));
    const HostReg inside = e.ra.vector_scratch();
    c.vpsrld(vec(t, inside), vec(t, indices), t == Type::V256 ? 3 : 2);
    c.vpcmpeqd(vec(t, inside), vec(t, inside), vector_const(e, VectorConst::Zero, ir::type_bits(t)));
    const HostReg d = e.ra.target(insn.out());
    t == Type::V256 ? c.vpermd(ymm(d), ymm(indices), ymm(a)) : c.vpermilps(xmm(d), xmm(a), xmm(indices));
    c.vpand(vec(t, d), vec(t, d), vec(t, inside));
    e.ra.define(insn.out(), d);
}

/// By shuffles of bytes within 128 bits, of which one with bit 7 set gives 0: adding 0x70 with saturation sets it in
/// all indices from 16 on.
void emit_permute_avx2(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    if (bytes == 4) return emit_permute_words_avx2(e, insn);
    const HostReg temp = e.ra.vector_scratch(), d = e.ra.vector_scratch();
    HostReg indices = e.ra.use(insn.in(1));
    if (bytes != 1) {
        byte_indices(e, t, bytes, d, indices, temp);
        e.ra.unlock(indices);
        indices = d;
    }
    const unsigned bits = ir::type_bits(t);
    const HostReg a = e.ra.use(insn.in(0));
    if (t == Type::V128) {
        c.vpaddusb(xmm(d), xmm(indices), vector_const(e, VectorConst::Bytes112, bits));
        c.vpshufb(xmm(d), xmm(a), xmm(d));
        return e.ra.define(insn.out(), d);
    }
    const Xbyak::Address saved = e.env(kWideAccessOffset, 256);
    c.vpaddusb(ymm(temp), ymm(indices), vector_const(e, VectorConst::Bytes112, bits));
    c.vmovups(saved, ymm(temp));
    c.vpsubb(ymm(d), ymm(indices), vector_const(e, VectorConst::Bytes16, bits));
    c.vpaddusb(ymm(d), ymm(d), vector_const(e, VectorConst::Bytes112, bits));
    c.vperm2i128(ymm(temp), ymm(a), ymm(a), 0x11);
    c.vpshufb(ymm(d), ymm(temp), ymm(d));
    c.vperm2i128(ymm(temp), ymm(a), ymm(a), 0x00);
    c.vpshufb(ymm(temp), ymm(temp), saved);
    c.vpor(ymm(d), ymm(d), ymm(temp));
    e.ra.define(insn.out(), d);
}

}  // namespace

void emit_v_permute(Emitter& e, const Insn& insn) {
    e.features().avx512 ? emit_permute_avx512(e, insn) : emit_permute_avx2(e, insn);
}

void emit_v_compress(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const HostReg k = e.ra.use(insn.in(0)), a = e.ra.use(insn.in(1));
    const HostReg d = e.ra.target(insn.out());
    Xmm to = vec_masked(t, d, k);
    to.setZero();
    switch (element_bytes(insn)) {
        case 1: c.vcompressb(to, vec(t, a)); break;
        case 2: c.vcompressw(to, vec(t, a)); break;
        case 4: c.vpcompressd(to, vec(t, a)); break;
        default: c.vpcompressq(to, vec(t, a)); break;
    }
    e.ra.define(insn.out(), d);
}

/// d = 16 bytes in each 128 bits, from byte n on, of those of `low` and above them of `high`.
static void align_lanes(Emitter& e, Type t, HostReg d, HostReg high, HostReg low, unsigned n) {
    n == 0 ? e.ra.move(d, low, t) : e.c.vpalignr(vec(t, d), vec(t, high), vec(t, low), static_cast<u8>(n));
}

void emit_v_align(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const auto n = static_cast<unsigned>(insn.imm[0]);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    if (n == 0 || n == ir::type_bytes(t)) {
        const HostReg d = e.ra.target_from(insn.out(), insn.in(n == 0 ? 0 : 1));
        e.ra.move(d, n == 0 ? a : b, t);
        return e.ra.define(insn.out(), d);
    }
    if (t == Type::V128) {
        const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
        align_lanes(e, t, d, b, a, n);
        return e.ra.define(insn.out(), d);
    }
    if (e.features().avx512 && n % 4 == 0) {
        const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
        n % 8 == 0 ? c.valignq(ymm(d), ymm(b), ymm(a), static_cast<u8>(n / 8))
                   : c.valignd(ymm(d), ymm(b), ymm(a), static_cast<u8>(n / 4));
        return e.ra.define(insn.out(), d);
    }
    const HostReg middle = e.ra.vector_scratch();  // the upper half of a, above it the lower one of b
    e.features().avx512 ? c.vshufi64x2(ymm(middle), ymm(a), ymm(b), 1)
                        : c.vperm2i128(ymm(middle), ymm(a), ymm(b), 0x21);
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    n < 16 ? align_lanes(e, t, d, middle, a, n) : align_lanes(e, t, d, b, middle, n - 16);
    e.ra.define(insn.out(), d);
}

/// Sums of ones: within 128 bits by doubling distances, then of the last byte to all above.
void emit_v_prefix_count(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const HostReg mask = e.ra.use(insn.in(0));
    const HostReg ones = e.ra.vector_scratch(), temp = e.ra.vector_scratch(), d = e.ra.vector_scratch();
    const Xmm x = vec(t, d), y = vec(t, temp), one = vec(t, ones);
    if (e.features().avx512) {
        const HostReg g = e.ra.scratch(RegClass::Gpr);
        c.mov(r32(g), 1);
        Xmm to = vec_masked(t, ones, mask);
        to.setZero();
        c.vpbroadcastb(to, r8(g));
    } else {
        expand_mask(e, t, 1, temp, mask);
        c.vpxor(one, one, one);
        c.vpsubb(one, one, y);
    }
    c.vpslldq(y, one, 1);
    c.vpaddb(x, one, y);
    for (u8 distance = 2; distance < 16; distance *= 2) {
        c.vpslldq(y, x, distance);
        c.vpaddb(x, x, y);
    }
    const unsigned lanes = ir::type_bytes(t) / 16;
    for (unsigned lane = 1; lane < lanes; ++lane) {
        extract_lane(e, t, temp, d, lane - 1);
        c.vpsrldq(xmm(temp), xmm(temp), 15);
        c.vpbroadcastb(xmm(temp), xmm(temp));
        // To this lane only: the others are 0.
        if (t == Type::V256) {
            e.features().avx512 ? c.vshufi64x2(ymm(temp), ymm(temp), ymm(temp), 1)
                                : c.vperm2i128(ymm(temp), ymm(temp), ymm(temp), 0x08);
        } else {
            const HostReg zero = e.ra.vector_scratch();
            c.vpxord(zmm(zero), zmm(zero), zmm(zero));
            c.vinserti32x4(zmm(temp), zmm(zero), xmm(temp), static_cast<u8>(lane));
            e.ra.unlock(zero);
        }
        c.vpaddb(x, x, y);
    }
    c.vpsubb(x, x, one);
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
