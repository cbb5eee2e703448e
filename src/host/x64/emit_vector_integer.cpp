// Vector ops on integers.
#include "host/x64/emit_vector.h"

namespace dragoman::host::x64 {

using ir::Insn;
using ir::Op;
using ir::Type;
using ir::Var;
using Xbyak::Operand;
using Xbyak::Xmm;

HostReg vector_target(Emitter& e, const Insn& insn, Var from, std::initializer_list<HostReg> apart) {
    auto is_apart = [&](HostReg r) { return std::find(apart.begin(), apart.end(), r) != apart.end(); };
    if (!is_masked(insn)) {
        const HostReg d = e.ra.target_from(insn.out(), from);
        return is_apart(d) ? e.ra.vector_scratch() : d;
    }
    const Var old_value = insn.in(info(insn.op).inputs + 1u);
    const HostReg old = e.ra.use(old_value);
    HostReg d = e.ra.target_from(insn.out(), old_value);
    if (d == old) {
        if (!is_apart(d)) return d;
        d = e.ra.vector_scratch();
    } else {
        bool is_input = is_apart(d);
        for (unsigned i = 0; i < info(insn.op).inputs; ++i) is_input |= e.ra.reg_of(insn.in(i)) == d;
        if (is_input) d = e.ra.vector_scratch();
    }
    e.ra.move(d, old, insn.type);
    return d;
}

void merge_elements(Emitter& e, Type t, unsigned bytes, HostReg d, HostReg k, HostReg a) {
    const Xmm to = vec_masked(t, d, k), from = vec(t, a);
    switch (bytes) {
        case 1: return e.c.vmovdqu8(to, from);
        case 2: return e.c.vmovdqu16(to, from);
        case 4: return e.c.vmovdqa32(to, from);
        default: return e.c.vmovdqa64(to, from);
    }
}

namespace {

/// Bitwise ops: the same for all elements, but for masks.
void bitwise(Emitter& e, Op op, unsigned bytes, const Xmm& d, const Xmm& a, const Operand& b) {
    auto& c = e.c;
    if (!e.features().avx512) {
        switch (op) {
            case Op::v_and: return c.vpand(d, a, b);
            case Op::v_or: return c.vpor(d, a, b);
            default: return c.vpxor(d, a, b);
        }
    }
    const bool wide = bytes == 8;
    switch (op) {
        case Op::v_and: return wide ? c.vpandq(d, a, b) : c.vpandd(d, a, b);
        case Op::v_or: return wide ? c.vporq(d, a, b) : c.vpord(d, a, b);
        default: return wide ? c.vpxorq(d, a, b) : c.vpxord(d, a, b);
    }
}

template <class B, class W, class D, class Q>
void by_size(unsigned bytes, B b, W w, D d, Q q) {
    switch (bytes) {
        case 1: return b();
        case 2: return w();
        case 4: return d();
        default: return q();
    }
}

bool is_bitwise(Op op) { return op == Op::v_and || op == Op::v_or || op == Op::v_xor; }

}  // namespace

void integer_op(Emitter& e, Op op, unsigned bytes, const Xmm& d, const Xmm& a, const Operand& b) {
    auto& c = e.c;
    auto none = [] { DRAGOMAN_UNREACHABLE(); };
    switch (op) {
        case Op::v_add:
            return by_size(
                bytes, [&] { c.vpaddb(d, a, b); }, [&] { c.vpaddw(d, a, b); }, [&] { c.vpaddd(d, a, b); },
                [&] { c.vpaddq(d, a, b); });
        case Op::v_sub:
            return by_size(
                bytes, [&] { c.vpsubb(d, a, b); }, [&] { c.vpsubw(d, a, b); }, [&] { c.vpsubd(d, a, b); },
                [&] { c.vpsubq(d, a, b); });
        case Op::v_mul:
            return by_size(
                bytes, none, [&] { c.vpmullw(d, a, b); }, [&] { c.vpmulld(d, a, b); }, [&] { c.vpmullq(d, a, b); });
        case Op::v_min_s:
            return by_size(
                bytes, [&] { c.vpminsb(d, a, b); }, [&] { c.vpminsw(d, a, b); }, [&] { c.vpminsd(d, a, b); },
                [&] { c.vpminsq(d, a, b); });
        case Op::v_min_u:
            return by_size(
                bytes, [&] { c.vpminub(d, a, b); }, [&] { c.vpminuw(d, a, b); }, [&] { c.vpminud(d, a, b); },
                [&] { c.vpminuq(d, a, b); });
        case Op::v_max_s:
            return by_size(
                bytes, [&] { c.vpmaxsb(d, a, b); }, [&] { c.vpmaxsw(d, a, b); }, [&] { c.vpmaxsd(d, a, b); },
                [&] { c.vpmaxsq(d, a, b); });
        case Op::v_max_u:
            return by_size(
                bytes, [&] { c.vpmaxub(d, a, b); }, [&] { c.vpmaxuw(d, a, b); }, [&] { c.vpmaxud(d, a, b); },
                [&] { c.vpmaxuq(d, a, b); });
        case Op::v_shl:
            return by_size(
                bytes, none, [&] { c.vpsllvw(d, a, b); }, [&] { c.vpsllvd(d, a, b); }, [&] { c.vpsllvq(d, a, b); });
        case Op::v_shr:
            return by_size(
                bytes, none, [&] { c.vpsrlvw(d, a, b); }, [&] { c.vpsrlvd(d, a, b); }, [&] { c.vpsrlvq(d, a, b); });
        case Op::v_sar:
            return by_size(
                bytes, none, [&] { c.vpsravw(d, a, b); }, [&] { c.vpsravd(d, a, b); }, [&] { c.vpsravq(d, a, b); });
        default: return bitwise(e, op, bytes, d, a, b);
    }
}

namespace {

void emit_binary(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg k = use_mask(e, insn);
    Var va = insn.in(0), vb = insn.in(1);
    if (k == kNoReg && has(info(insn.op).flags, ir::OpFlags::Commutative) && e.ra.prefers_memory(va)) std::swap(va, vb);
    const HostReg a = e.ra.use(va);
    const Emitter::Rm b = k == kNoReg ? e.use_rm(vb) : Emitter::Rm::in_reg(e.ra.use(vb));
    const HostReg d = vector_target(e, insn, va);
    if (k != kNoReg && bytes < 4 && is_bitwise(insn.op)) {  // mask bits stand for 4 or 8 bytes
        const HostReg result = e.ra.vector_scratch();
        integer_op(e, insn.op, bytes, vec(t, result), vec(t, a), VectorSource(t, b));
        merge_elements(e, t, bytes, d, k, result);
    } else {
        integer_op(e, insn.op, bytes, vec_masked(t, d, k), vec(t, a), VectorSource(t, b));
    }
    e.ra.define(insn.out(), d);
}

VectorConst count_bits(unsigned bytes) {
    constexpr VectorConst kBits[] = {VectorConst::Bits8, VectorConst::Bits16, VectorConst::Bits32, VectorConst::Bits64};
    return kBits[std::countr_zero(bytes)];
}

/// Shifts by counts of their own. x86 shifts everything out by counts that are too large.
void emit_shift(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg count = e.ra.vector_scratch();
    integer_op(e, Op::v_and, bytes, vec(t, count), vec(t, b), vector_const(e, count_bits(bytes), ir::type_bits(t)));
    const HostReg d = vector_target(e, insn, insn.in(0));
    integer_op(e, insn.op, bytes, vec_masked(t, d, k), vec(t, a), vec(t, count));
    e.ra.define(insn.out(), d);
}

/// All elements by one count, from 16 bits on: an immediate, or the low 64 bits of a register.
template <class Count>
void shift_words(Emitter& e, Op op, unsigned bytes, const Xmm& d, const Xmm& a, const Count& n) {
    auto& c = e.c;
    auto none = [] { DRAGOMAN_UNREACHABLE(); };
    switch (op) {
        case Op::v_shl_x:
            return by_size(
                bytes, none, [&] { c.vpsllw(d, a, n); }, [&] { c.vpslld(d, a, n); }, [&] { c.vpsllq(d, a, n); });
        case Op::v_shr_x:
            return by_size(
                bytes, none, [&] { c.vpsrlw(d, a, n); }, [&] { c.vpsrld(d, a, n); }, [&] { c.vpsrlq(d, a, n); });
        default:
            return by_size(
                bytes, none, [&] { c.vpsraw(d, a, n); }, [&] { c.vpsrad(d, a, n); }, [&] { c.vpsraq(d, a, n); });
    }
}

/// Bytes, of which x86 has no shifts: as words, without the bits that come from the other byte. The sign follows by
/// (x ^ s) - s, where s is the sign bit's place.
void shift_bytes(Emitter& e, const Insn& insn) {
    auto& c = e.c;
    const Type t = insn.type;
    const HostReg a = e.ra.use(insn.in(0)), n = e.ra.use(insn.in(1));
    const HostReg count = e.ra.scratch(RegClass::Gpr), bits = e.ra.scratch(RegClass::Gpr);
    const HostReg temp = e.ra.vector_scratch();
    const HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    const Xmm x = vec(t, d), mask = vec(t, temp);
    const bool left = insn.op == Op::v_shl_x;
    auto splat = [&] {
        c.vmovd(xmm(temp), r32(bits));
        c.vpbroadcastb(mask, xmm(temp));
    };
    c.mov(r32(count), r32(n));
    c.and_(r32(count), 7);
    c.vmovd(xmm(temp), r32(count));
    left ? c.vpsllw(x, vec(t, a), xmm(temp)) : c.vpsrlw(x, vec(t, a), xmm(temp));
    c.mov(r32(bits), 0xff);
    left ? c.shlx(r32(bits), r32(bits), r32(count)) : c.shrx(r32(bits), r32(bits), r32(count));
    splat();
    integer_op(e, Op::v_and, 1, x, x, mask);
    if (insn.op == Op::v_sar_x) {
        c.mov(r32(bits), 0x80);
        c.shrx(r32(bits), r32(bits), r32(count));
        splat();
        integer_op(e, Op::v_xor, 1, x, x, mask);
        c.vpsubb(x, x, mask);
    }
    e.ra.define(insn.out(), d);
}

void emit_shift_all(Emitter& e, const Insn& insn) {
    if (element_bytes(insn) == 1) return shift_bytes(e, insn);
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn), bits_of_count = bytes * 8 - 1;
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0));
    if (e.ra.is_const(insn.in(1))) {
        const HostReg d = vector_target(e, insn, insn.in(0));
        const u64 n = e.ra.const_value(insn.in(1)) & bits_of_count;
        shift_words(e, insn.op, bytes, vec_masked(t, d, k), vec(t, a), static_cast<u8>(n));
        return e.ra.define(insn.out(), d);
    }
    const HostReg n = e.ra.use(insn.in(1));
    const HostReg g = e.ra.scratch(RegClass::Gpr), count = e.ra.vector_scratch();
    e.c.mov(r32(g), r32(n));
    e.c.and_(r32(g), bits_of_count);
    e.c.vmovd(xmm(count), r32(g));
    const HostReg d = vector_target(e, insn, insn.in(0));
    shift_words(e, insn.op, bytes, vec_masked(t, d, k), vec(t, a), xmm(count));
    e.ra.define(insn.out(), d);
}

/// Products of bytes: of the odd ones apart, as words.
void multiply_bytes(Emitter& e, Type t, HostReg a, HostReg b, HostReg even, HostReg odd) {
    auto& c = e.c;
    c.vpsrlw(vec(t, odd), vec(t, a), 8);
    c.vpsrlw(vec(t, even), vec(t, b), 8);
    c.vpmullw(vec(t, odd), vec(t, odd), vec(t, even));
    c.vpsllw(vec(t, odd), vec(t, odd), 8);
    c.vpmullw(vec(t, even), vec(t, a), vec(t, b));
    c.vpsllw(vec(t, even), vec(t, even), 8);
    c.vpsrlw(vec(t, even), vec(t, even), 8);
    integer_op(e, Op::v_or, 1, vec(t, even), vec(t, even), vec(t, odd));
}

/// Products of 64 bits, without AVX-512: that of the low halves, and above it those of a low and a high one.
void multiply_quads(Emitter& e, Type t, HostReg a, HostReg b, HostReg product, HostReg temp) {
    auto& c = e.c;
    c.vpshufd(vec(t, product), vec(t, b), 0xb1);
    c.vpmulld(vec(t, product), vec(t, a), vec(t, product));
    c.vpsrlq(vec(t, temp), vec(t, product), 32);
    c.vpaddd(vec(t, product), vec(t, product), vec(t, temp));
    c.vpsllq(vec(t, product), vec(t, product), 32);
    c.vpmuludq(vec(t, temp), vec(t, a), vec(t, b));
    c.vpaddq(vec(t, product), vec(t, product), vec(t, temp));
}

}  // namespace

void emit_v_add(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_sub(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_mul(Emitter& e, const Insn& insn) {
    const unsigned bytes = element_bytes(insn);
    if (bytes != 1 && (bytes != 8 || e.features().avx512)) return emit_binary(e, insn);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg product = e.ra.vector_scratch(), temp = e.ra.vector_scratch();
    bytes == 1 ? multiply_bytes(e, insn.type, a, b, product, temp) : multiply_quads(e, insn.type, a, b, product, temp);
    e.ra.define(insn.out(), product);
}
void emit_v_and(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_or(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_xor(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_min_s(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_min_u(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_max_s(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_max_u(Emitter& e, const Insn& insn) { emit_binary(e, insn); }
void emit_v_shl(Emitter& e, const Insn& insn) { emit_shift(e, insn); }
void emit_v_shr(Emitter& e, const Insn& insn) { emit_shift(e, insn); }
void emit_v_sar(Emitter& e, const Insn& insn) { emit_shift(e, insn); }
void emit_v_shl_x(Emitter& e, const Insn& insn) { emit_shift_all(e, insn); }
void emit_v_shr_x(Emitter& e, const Insn& insn) { emit_shift_all(e, insn); }
void emit_v_sar_x(Emitter& e, const Insn& insn) { emit_shift_all(e, insn); }

void emit_v_ternary(Emitter& e, const Insn& insn) {
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1)), third = e.ra.use(insn.in(2));
    HostReg d = e.ra.target_from(insn.out(), insn.in(0));
    if (d != a && (d == b || d == third)) d = e.ra.vector_scratch();
    e.ra.move(d, a, insn.type);
    e.c.vpternlogd(vec(insn.type, d), vec(insn.type, b), vec(insn.type, third), static_cast<u8>(insn.imm[0]));
    e.ra.define(insn.out(), d);
}

/// Counts are taken modulo the width.
static void rotate(Emitter& e, const Insn& insn, HostReg k, HostReg a, HostReg counts) {
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Xmm to = vec_masked(insn.type, d, k), from = vec(insn.type, a), by = vec(insn.type, counts);
    element_bytes(insn) == 4 ? e.c.vprorvd(to, from, by) : e.c.vprorvq(to, from, by);
    e.ra.define(insn.out(), d);
}

void emit_v_rotr(Emitter& e, const Insn& insn) {
    const HostReg k = use_mask(e, insn), a = e.ra.use(insn.in(0));
    rotate(e, insn, k, a, e.ra.use(insn.in(1)));
}

void emit_v_rotr_x(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg k = use_mask(e, insn), a = e.ra.use(insn.in(0));
    if (!e.ra.is_const(insn.in(1))) {
        const HostReg n = e.ra.use(insn.in(1)), counts = e.ra.vector_scratch();
        bytes == 4 ? e.c.vpbroadcastd(vec(t, counts), r32(n)) : e.c.vpbroadcastq(vec(t, counts), r64(n));
        return rotate(e, insn, k, a, counts);
    }
    const auto n = static_cast<u8>(e.ra.const_value(insn.in(1)) & (bytes * 8 - 1));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const Xmm to = vec_masked(t, d, k);
    bytes == 4 ? e.c.vprord(to, vec(t, a), n) : e.c.vprorq(to, vec(t, a), n);
    e.ra.define(insn.out(), d);
}

/// vpandn takes the operand to be inverted first.
void emit_v_andc(Emitter& e, const Insn& insn) {
    const Type t = insn.type;
    const unsigned bytes = element_bytes(insn);
    const HostReg k = use_mask(e, insn);
    const HostReg a = e.ra.use(insn.in(0)), b = e.ra.use(insn.in(1));
    const HostReg d = vector_target(e, insn, insn.in(0));
    const bool merges = k != kNoReg && bytes < 4;
    const HostReg to = merges ? e.ra.vector_scratch() : d;
    const Xmm result = merges ? vec(t, to) : vec_masked(t, d, k);
    if (!e.features().avx512) {
        e.c.vpandn(result, vec(t, b), vec(t, a));
    } else {
        bytes == 8 ? e.c.vpandnq(result, vec(t, b), vec(t, a)) : e.c.vpandnd(result, vec(t, b), vec(t, a));
    }
    if (merges) merge_elements(e, t, bytes, d, k, to);
    e.ra.define(insn.out(), d);
}

void emit_v_bswap(Emitter& e, const Insn& insn) {
    const unsigned bytes = element_bytes(insn);
    const VectorConst order = bytes == 2   ? VectorConst::Reverse16
                              : bytes == 4 ? VectorConst::Reverse32
                                           : VectorConst::Reverse64;
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg d = vector_target(e, insn, insn.in(0));
    e.c.vpshufb(vec(insn.type, d), vec(insn.type, a), vector_const(e, order, ir::type_bits(insn.type)));
    e.ra.define(insn.out(), d);
}

// ---- Reductions -----------------------------------------------------------------------------------

namespace {

Op op_of(ir::Reduction r) {
    constexpr Op kOps[] = {Op::v_add,   Op::v_and,   Op::v_or,    Op::v_xor,
                           Op::v_min_u, Op::v_min_s, Op::v_max_u, Op::v_max_s};
    return kOps[static_cast<unsigned>(r)];
}

}  // namespace

void emit_v_reduce(Emitter& e, const Insn& insn) {
    const unsigned bytes = element_bytes(insn);
    const Op op = op_of(static_cast<ir::Reduction>(insn.imm[0]));
    const HostReg a = e.ra.use(insn.in(0));
    const HostReg start = e.ra.use(insn.in(1));
    const HostReg sum = e.ra.vector_scratch(), other = e.ra.vector_scratch();
    HostReg from = a;
    for (unsigned size = ir::type_bytes(insn.type) / 2; size >= 16; size /= 2) {
        const Type half = size == 32 ? Type::V256 : Type::V128;
        if (size == 32) {
            e.c.vextracti64x4(ymm(other), zmm(from), 1);
        } else {
            extract_lane(e, Type::V256, other, from, 1);
        }
        integer_op(e, op, bytes, vec(half, sum), vec(half, from), vec(half, other));
        from = sum;
    }
    for (unsigned size = 8; size >= bytes; size /= 2) {
        e.c.vpsrldq(xmm(other), xmm(from), static_cast<u8>(size));
        integer_op(e, op, bytes, xmm(sum), xmm(from), xmm(other));
        from = sum;
    }
    e.c.vmovq(xmm(other), r64(start));
    integer_op(e, op, bytes, xmm(sum), xmm(sum), xmm(other));
    const HostReg d = e.ra.target(insn.out());
    switch (bytes) {
        case 1: e.c.vpextrb(r32(d), xmm(sum), 0); break;
        case 2: e.c.vpextrw(r32(d), xmm(sum), 0); break;
        case 4: e.c.vmovd(r32(d), xmm(sum)); break;
        default: e.c.vmovq(r64(d), xmm(sum)); break;
    }
    e.ra.define(insn.out(), d);
}

}  // namespace dragoman::host::x64
