// Vector ops that move elements: from and to scalars, between widths and sizes.
#include "host/x64/emit_memory.h"
#include "host/x64/emit_vector.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::Type;
using ir::Var;
using Xbyak::Xmm;

void extract_lane(Emitter& e, Type t, HostReg d, HostReg from, unsigned lane) {
    if (lane == 0) {
        e.ra.move(d, from, Type::V128);
    } else if (e.features().avx512) {
        if (t == Type::V512) {
            e.c.vextracti32x4(xmm(d), zmm(from), static_cast<u8>(lane));
        } else {
            e.c.vextracti32x4(xmm(d), ymm(from), static_cast<u8>(lane));
        }
    } else {
        e.c.vextracti128(xmm(d), ymm(from), static_cast<u8>(lane));
    }
}

void insert_lane(Emitter& e, Type t, HostReg d, HostReg a, HostReg from, unsigned lane) {
    if (t == Type::V128) {
        e.ra.move(d, from, t);
    } else if (e.features().avx512) {
        if (t == Type::V512) {
            e.c.vinserti32x4(zmm(d), zmm(a), xmm(from), static_cast<u8>(lane));
        } else {
            e.c.vinserti32x4(ymm(d), ymm(a), xmm(from), static_cast<u8>(lane));
        }
    } else {
        e.c.vinserti128(ymm(d), ymm(a), xmm(from), static_cast<u8>(lane));
    }
}

namespace {

void clear(Emitter& e, Type t, HostReg d) {
    if (e.features().avx512) {
        e.c.vpxord(vec(t, d), vec(t, d), vec(t, d));
    } else {
        e.c.vpxor(vec(t, d), vec(t, d), vec(t, d));
    }
}

/// d = the elements of `from`'s lowest one, a memory operand or an xmm register.
void broadcast(Emitter& e, unsigned bytes, const Xmm& d, const Xbyak::Operand& from) {
    switch (bytes) {
        case 1: return e.c.vpbroadcastb(d, from);
        case 2: return e.c.vpbroadcastw(d, from);
        case 4: return e.c.vpbroadcastd(d, from);
        default: return e.c.vpbroadcastq(d, from);
    }
}

void broadcast_gpr(Emitter& e, unsigned bytes, const Xmm& d, HostReg g) {
    switch (bytes) {
        case 1: return e.c.vpbroadcastb(d, r8(g));
        case 2: return e.c.vpbroadcastw(d, r16(g));
        case 4: return e.c.vpbroadcastd(d, r32(g));
        default: return e.c.vpbroadcastq(d, r64(g));
    }
}

}  // namespace

void emit_v_splat(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const Var in = insn.in(0);
    if (!is_masked(insn) && e.ra.is_const(in) && e.ra.const_value(in) == 0) {
        const HostReg d = e.ra.target(insn.out());
        clear(e, t, d);
        return e.ra.define(insn.out(), d);
    }
    const HostReg k = use_mask(e, insn);
    if (!ir::is_float(insn.type2) && e.ra.prefers_memory(in)) {
        const HostReg d = vector_target(e, insn, insn.out());
        broadcast(e, bytes, vec_masked(t, d, k), e.ra.home(in, bytes * 8));
        return e.ra.define(insn.out(), d);
    }
    const HostReg a = e.ra.use(in);
    const HostReg d = vector_target(e, insn, insn.out());
    if (is_xmm(a)) {
        broadcast(e, bytes, vec_masked(t, d, k), xmm(a));
    } else if (e.features().avx512) {
        broadcast_gpr(e, bytes, vec_masked(t, d, k), a);
    } else {
        e.c.vmovq(xmm(d), r64(a));
        broadcast(e, bytes, vec(t, d), xmm(d));
    }
    e.ra.define(insn.out(), d);
}

/// Multiplies the elements of `d` by a constant; where x86 has no such products, by doubling and adding.
static void multiply_elements(Emitter& e, Type t, unsigned bytes, HostReg d, u64 factor) {
    if (factor == 0) return clear(e, t, d);
    const HostReg once = e.ra.vector_scratch();
    if (bytes != 1 && (bytes != 8 || e.features().avx512)) {
        const HostReg g = e.ra.scratch(RegClass::Gpr);
        e.ra.load_const(g, factor, Type::I64);
        e.c.vmovq(xmm(once), r64(g));
        broadcast(e, bytes, vec(t, once), xmm(once));
        integer_op(e, Op::v_mul, bytes, vec(t, d), vec(t, d), vec(t, once));
        e.ra.unlock(g);
        return e.ra.unlock(once);
    }
    e.ra.move(once, d, t);
    for (int bit = std::bit_width(factor) - 2; bit >= 0; --bit) {
        integer_op(e, Op::v_add, bytes, vec(t, d), vec(t, d), vec(t, d));
        if ((factor >> bit & 1) != 0) integer_op(e, Op::v_add, bytes, vec(t, d), vec(t, d), vec(t, once));
    }
    e.ra.unlock(once);
}

void emit_v_iota(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg k = use_mask(e, insn);
    const HostReg d = vector_target(e, insn, insn.out());
    const HostReg to = k == kNoReg ? d : e.ra.vector_scratch();
    const Xbyak::Address iota = vector_const(e, VectorConst::Iota8, ir::type_bits(t) / bytes);
    switch (bytes) {
        case 1: e.ra.load(to, iota, t); break;
        case 2: c.vpmovzxbw(vec(t, to), iota); break;
        case 4: c.vpmovzxbd(vec(t, to), iota); break;
        default: c.vpmovzxbq(vec(t, to), iota); break;
    }
    const u64 elements_mask = low_mask(bytes * 8);
    const u64 start = insn.imm[0] & elements_mask, step = insn.imm[1] & elements_mask;
    if (step != 1) multiply_elements(e, t, bytes, to, step);
    if (start != 0) {
        const HostReg g = e.ra.scratch(RegClass::Gpr), first = e.ra.vector_scratch();
        e.ra.load_const(g, start, Type::I64);
        c.vmovq(xmm(first), r64(g));
        broadcast(e, bytes, vec(t, first), xmm(first));
        integer_op(e, Op::v_add, bytes, vec(t, to), vec(t, to), vec(t, first));
    }
    if (to != d) merge_elements(e, t, bytes, d, k, to);
    e.ra.define(insn.out(), d);
}

/// Narrower: the same register. Wider: the upper part becomes 0.
void emit_v_low(Emitter& e, const Insn& insn) {
    const HostReg a = e.ra.use(insn.in(0));
    if (insn.type < insn.type2) {
        // A register of its own: what is there may be seen as the wider type.
        const HostReg d = e.ra.target(insn.out());
        e.ra.move(d, a, insn.type);
        return e.ra.define(insn.out(), d);
    }
    const HostReg d = e.ra.target(insn.out());
    e.c.vmovaps(vec(insn.type2, d), vec(insn.type2, a));
    e.ra.define(insn.out(), d);
}

void emit_v_from_bits(Emitter& e, const Insn& insn) {
    const Var in = insn.in(0);
    if (e.ra.prefers_memory(in)) {
        const HostReg d = e.ra.target(insn.out());
        e.c.vmovq(xmm(d), e.ra.home(in));
        return e.ra.define(insn.out(), d);
    }
    const HostReg a = e.ra.use(in);
    // Behind the load itself there are zeros above already.
    const Insn& before = e.f->insns[e.index - (e.index != 0 ? 1 : 0)];
    const bool loaded = before.op == Op::guest_ld && before.out() == in && is_xmm(a) && !e.shared.options.softmmu;
    if (loaded && !e.ra.is_pinned(in)) return e.ra.define_alias(insn.out(), a);
    const HostReg d = e.ra.target(insn.out());
    is_xmm(a) ? e.c.vmovq(xmm(d), xmm(a)) : e.c.vmovq(xmm(d), r64(a));
    e.ra.define(insn.out(), d);
}

void emit_v_blend_low(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const auto n = static_cast<unsigned>(insn.imm[0]);
    if (n % 4 == 0 && t != Type::V512 && e.home_has_above(insn.in(1), n)) {
        const HostReg a = e.ra.use(insn.in(0)), d = e.ra.target(insn.out());
        if (std::max(a, d) < xmm_reg(16)) {
            const u64 above = low_mask(ir::type_bytes(t) / 4) & ~low_mask(n / 4);
            c.vpblendd(vec(t, d), vec(t, a), e.ra.home(insn.in(1)), static_cast<u8>(above));
            return e.ra.define(insn.out(), d);
        }
    }
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    if (!e.features().avx512) {
        const HostReg d = vector_target(e, insn, insn.in(1));
        if (n % 4 == 0) {
            c.vpblendd(vec(t, d), vec(t, b), vec(t, a), static_cast<u8>(low_mask(n / 4)));
        } else {
            const HostReg mask = e.ra.vector_scratch();
            const VectorConst low = n == 1 ? VectorConst::LowBits8 : VectorConst::LowBits16;
            c.vmovups(vec(t, mask), vector_const(e, low, ir::type_bits(t)));
            c.vpblendvb(vec(t, d), vec(t, b), vec(t, a), vec(t, mask));
        }
        return e.ra.define(insn.out(), d);
    }
    HostReg d = e.ra.target_from(insn.out(), insn.in(1));
    if (d == a && a != b) d = e.ra.vector_scratch();
    const bool low_registers = std::max({a, b, d}) < xmm_reg(16);
    if (n % 4 == 0 && t != Type::V512 && low_registers) {
        c.vpblendd(vec(t, d), vec(t, b), vec(t, a), static_cast<u8>(low_mask(n / 4)));
    } else if (n == 16 && t != Type::V128) {
        insert_lane(e, t, d, b, a, 0);
    } else if (n == 8 && t == Type::V128) {
        c.vmovsd(xmm(d), xmm(b), xmm(a));
    } else {
        const HostReg g = e.ra.scratch(RegClass::Gpr);
        const unsigned unit = n % 4 == 0 ? 4 : n % 2 == 0 ? 2 : 1;
        e.ra.load_const(g, low_mask(n / unit), Type::I64);
        c.kmovq(opmask(kTempMask), r64(g));
        e.ra.move(d, b, t);
        merge_elements(e, t, unit, d, kTempMask, a);
    }
    e.ra.define(insn.out(), d);
}

void emit_v_join(Emitter& e, const Insn& insn) {
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    switch (insn.type) {
        case Type::V128: e.c.vpunpcklqdq(xmm(d), xmm(a), xmm(b)); break;
        case Type::V256: insert_lane(e, Type::V256, d, a, b, 1); break;
        default: e.c.vinserti64x4(zmm(d), zmm(a), ymm(b), 1); break;
    }
    e.ra.define(insn.out(), d);
}

void emit_v_extract(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const unsigned bytes = element_bytes(insn);
    const auto index = static_cast<unsigned>(insn.imm[0]);
    const unsigned in_lane = index % (16 / bytes), lane = index / (16 / bytes);
    const bool sign = insn.imm[1] != 0;
    const Var in = insn.in(0);
    if (e.ra.prefers_memory(in)) {
        const HostReg d = e.ra.target(insn.out());
        load_gpr(e, d, memory(bytes * 8, kRbp, e.ra.home_displacement(in) + static_cast<i32>(index * bytes)),
                 static_cast<unsigned>(std::countr_zero(bytes)), sign, Type::I64);
        return e.ra.define(insn.out(), d);
    }
    HostReg a = e.ra.use(in);
    if (lane != 0) {
        const HostReg part = e.ra.vector_scratch();
        extract_lane(e, insn.type, part, a, lane);
        a = part;
    }
    const HostReg d = e.ra.target(insn.out());
    switch (bytes) {
        case 1:
            c.vpextrb(r32(d), xmm(a), static_cast<u8>(in_lane));
            if (sign) c.movsx(r64(d), r8(d));
            break;
        case 2:
            c.vpextrw(r32(d), xmm(a), static_cast<u8>(in_lane));
            if (sign) c.movsx(r64(d), r16(d));
            break;
        case 4:
            in_lane == 0 ? c.vmovd(r32(d), xmm(a)) : c.vpextrd(r32(d), xmm(a), static_cast<u8>(in_lane));
            if (sign) c.movsxd(r64(d), r32(d));
            break;
        default: in_lane == 0 ? c.vmovq(r64(d), xmm(a)) : c.vpextrq(r64(d), xmm(a), static_cast<u8>(in_lane)); break;
    }
    e.ra.define(insn.out(), d);
}

void emit_v_insert(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const auto index = static_cast<unsigned>(insn.imm[0]);
    const auto in_lane = static_cast<u8>(index % (16 / bytes));
    const unsigned lane = index / (16 / bytes);
    const HostReg a = e.ra.use(insn.in(0)), g = e.ra.use(insn.in(1));
    const HostReg part = e.ra.vector_scratch();
    if (lane != 0) extract_lane(e, t, part, a, lane);
    const Xmm from = xmm(lane != 0 ? part : a);
    switch (bytes) {
        case 1: c.vpinsrb(xmm(part), from, r32(g), in_lane); break;
        case 2: c.vpinsrw(xmm(part), from, r32(g), in_lane); break;
        case 4: c.vpinsrd(xmm(part), from, r32(g), in_lane); break;
        default: c.vpinsrq(xmm(part), from, r64(g), in_lane); break;
    }
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    insert_lane(e, t, d, a, part, lane);
    e.ra.define(insn.out(), d);
}

void emit_v_select(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    if (!e.features().avx512) {
        const HostReg mask = e.ra.vector_scratch();
        expand_mask(e, t, bytes, mask, e.ra.use(insn.in(0)));
        const HostReg a = e.ra.use(insn.in(1)), b = e.ra.use(insn.in(2));
        const HostReg d = e.ra.target_from(insn.out(), insn.in(2));
        c.vpblendvb(vec(t, d), vec(t, b), vec(t, a), vec(t, mask));
        return e.ra.define(insn.out(), d);
    }
    const HostReg mask = e.ra.use(insn.in(0)), a = e.ra.use(insn.in(1)), b = e.ra.use(insn.in(2));
    const HostReg d = e.ra.target_from(insn.out(), insn.in(2));
    const Xmm to = vec_masked(t, d, mask);
    switch (bytes) {
        case 1: c.vpblendmb(to, vec(t, b), vec(t, a)); break;
        case 2: c.vpblendmw(to, vec(t, b), vec(t, a)); break;
        case 4: c.vpblendmd(to, vec(t, b), vec(t, a)); break;
        default: c.vpblendmq(to, vec(t, b), vec(t, a)); break;
    }
    e.ra.define(insn.out(), d);
}

// ---- Order ----------------------------------------------------------------------------------------

namespace {

/// d = the even or odd elements of each 128 bits of a, then of b, for elements of one or two bytes: pairs without the
/// other one, packed.
void unzip_narrow(Emitter& e, Type t, unsigned bytes, bool odd, HostReg d, HostReg a, HostReg b, HostReg temp) {
    auto& c = e.c;
    auto isolate = [&](HostReg to, HostReg from) {
        const Xmm x = vec(t, to), y = vec(t, from);
        if (bytes == 1) {
            if (odd) return c.vpsrlw(x, y, 8);
            c.vpsllw(x, y, 8);
            c.vpsrlw(x, x, 8);
        } else {
            if (odd) return c.vpsrld(x, y, 16);
            c.vpslld(x, y, 16);
            c.vpsrld(x, x, 16);
        }
    };
    isolate(temp, a);
    isolate(d, b);
    bytes == 1 ? c.vpackuswb(vec(t, d), vec(t, temp), vec(t, d)) : c.vpackusdw(vec(t, d), vec(t, temp), vec(t, d));
}

}  // namespace

void emit_v_unzip(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const bool odd = insn.imm[0] != 0;
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    if (bytes <= 2) {
        const HostReg temp = e.ra.vector_scratch();
        HostReg d = e.ra.target(insn.out());
        unzip_narrow(e, t, bytes, odd, d, a, b, temp);
        if (t == Type::V256) c.vpermq(ymm(d), ymm(d), 0xd8);
        return e.ra.define(insn.out(), d);
    }
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    const Xmm to = vec(t, d);
    if (bytes == 4) {
        c.vshufps(to, vec(t, a), vec(t, b), odd ? 0xdd : 0x88);
    } else {
        odd ? c.vpunpckhqdq(to, vec(t, a), vec(t, b)) : c.vpunpcklqdq(to, vec(t, a), vec(t, b));
    }
    if (t == Type::V256) c.vpermq(ymm(d), ymm(d), 0xd8);
    e.ra.define(insn.out(), d);
}

void emit_v_zip(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    auto unpack = [&](bool high, const Xmm& d) {
        const Xmm x = vec(t, a), y = vec(t, b);
        switch (bytes) {
            case 1: return high ? c.vpunpckhbw(d, x, y) : c.vpunpcklbw(d, x, y);
            case 2: return high ? c.vpunpckhwd(d, x, y) : c.vpunpcklwd(d, x, y);
            case 4: return high ? c.vpunpckhdq(d, x, y) : c.vpunpckldq(d, x, y);
            default: return high ? c.vpunpckhqdq(d, x, y) : c.vpunpcklqdq(d, x, y);
        }
    };
    const bool upper = insn.imm[0] != 0;
    if (t == Type::V128) {
        const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
        unpack(upper, vec(t, d));
        return e.ra.define(insn.out(), d);
    }
    const HostReg low = e.ra.vector_scratch(), high = e.ra.vector_scratch();
    unpack(false, vec(t, low));
    unpack(true, vec(t, high));
    e.ra.unlock(a);
    e.ra.unlock(b);
    const HostReg d = e.ra.target(insn.out());
    if (e.features().avx512) {
        c.vshufi64x2(ymm(d), ymm(low), ymm(high), upper ? 3 : 0);
    } else {
        c.vperm2i128(ymm(d), ymm(low), ymm(high), upper ? 0x31 : 0x20);
    }
    e.ra.define(insn.out(), d);
}

// ---- Widths ---------------------------------------------------------------------------------------

namespace {

void extend(Emitter& e, bool sign, unsigned from, unsigned to, const Xmm& d, const Xbyak::Operand& a) {
    auto& c = e.c;
    switch (from * 16 + to) {
        case 0x12: return sign ? c.vpmovsxbw(d, a) : c.vpmovzxbw(d, a);
        case 0x14: return sign ? c.vpmovsxbd(d, a) : c.vpmovzxbd(d, a);
        case 0x18: return sign ? c.vpmovsxbq(d, a) : c.vpmovzxbq(d, a);
        case 0x24: return sign ? c.vpmovsxwd(d, a) : c.vpmovzxwd(d, a);
        case 0x28: return sign ? c.vpmovsxwq(d, a) : c.vpmovzxwq(d, a);
        default: return sign ? c.vpmovsxdq(d, a) : c.vpmovzxdq(d, a);
    }
}

void emit_extend(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn), source = 1u << insn.imm[0];
    const unsigned size = ir::type_bytes(t) * source / bytes;  // bytes that are read
    const unsigned offset = static_cast<unsigned>(insn.imm[1]) * size;
    const bool sign = insn.op == Op::v_ext_s;
    const HostReg k = use_mask(e, insn);
    if (k == kNoReg && e.ra.prefers_memory(insn.in(0))) {
        const HostReg d = e.ra.target(insn.out());
        extend(e, sign, source, bytes, vec(t, d),
               memory(size * 8, kRbp, e.ra.home_displacement(insn.in(0)) + static_cast<i32>(offset)));
        return e.ra.define(insn.out(), d);
    }
    const HostReg a = e.ra.use(insn.in(0));
    HostReg from = a;
    if (offset != 0) {
        from = e.ra.vector_scratch();
        if (size == 32) {
            e.c.vextracti64x4(ymm(from), zmm(a), 1);
        } else {
            if (offset >= 16) extract_lane(e, t, from, a, offset / 16);
            if (offset % 16 != 0) {
                e.c.vpsrldq(xmm(from), xmm(offset >= 16 ? from : a), static_cast<u8>(offset % 16));
            }
        }
    }
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Xmm read = size == 32 ? Xmm(ymm(from)) : xmm(from);
    extend(e, sign, source, bytes, vec_masked(t, d, k), read);
    e.ra.define(insn.out(), d);
}

/// Without AVX-512: the low halves of each lane's elements to its low half, then the lanes' low halves together.
void narrow_avx(Emitter& e, unsigned bytes, Type t, HostReg d, HostReg a, HostReg temp) {
    auto& c = e.c;
    if (bytes == 4) {
        c.vpshufd(vec(t, d), vec(t, a), 0x08);
    } else {
        // Signed saturation keeps what the zeroed upper halves leave: unsigned values of half the width.
        const Xmm x = vec(t, d), mask = vec(t, temp);
        c.vpcmpeqd(mask, mask, mask);
        bytes == 1 ? c.vpsrlw(mask, mask, 8) : c.vpsrld(mask, mask, 16);
        c.vpand(x, vec(t, a), mask);
        bytes == 1 ? c.vpackuswb(x, x, x) : c.vpackusdw(x, x, x);
    }
    if (t == Type::V256) c.vpermq(ymm(d), ymm(d), 0x08);
    c.vmovq(xmm(temp), xmm(d));
    t == Type::V256 ? c.vmovdqa(xmm(d), xmm(d)) : c.vmovdqa(xmm(d), xmm(temp));
}

}  // namespace

void emit_v_ext_s(Emitter& e, const Insn& insn) { emit_extend(e, insn); }
void emit_v_ext_u(Emitter& e, const Insn& insn) { emit_extend(e, insn); }

void emit_v_narrow(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg a = e.ra.use(insn.in(0));
    if (!e.features().avx512) {
        const HostReg temp = e.ra.vector_scratch();
        const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
        narrow_avx(e, bytes, t, d, a, temp);
        return e.ra.define(insn.out(), d);
    }
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    const Xmm to = t == Type::V512 ? Xmm(ymm(d)) : xmm(d);
    switch (bytes) {
        case 1: c.vpmovwb(to, vec(t, a)); break;
        case 2: c.vpmovdw(to, vec(t, a)); break;
        default: c.vpmovqd(to, vec(t, a)); break;
    }
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
