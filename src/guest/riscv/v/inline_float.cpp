// Float instructions as IR ops. Elements that are left out must raise no flags: where LMUL is a fraction, too, ops are
// masked, or those of a narrower type.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

using ir::Element;

unsigned count_of(const InlineVector& v, unsigned sew, int log2) { return v.bytes_used(log2) >> sew; }

bool is_partial(const InlineVector& v, int log2) { return v.has_mask() || !v.fills_part(log2); }

Var mask_of(InlineVector& v, unsigned r, unsigned sew, int log2) {
    const unsigned count = count_of(v, sew, log2);
    return v.has_mask() ? v.mask(r, count) : v.first(count);
}

bool can_do(const InlineVector& v, Op op, unsigned sew, int log2) {
    constexpr u32 kToNearestAway = 4;
    return sew >= 2 && v.ctx.frm() != kToNearestAway &&
           v.has(op, is_partial(v, log2) ? v.type : v.part_type(log2), float_element(sew), is_partial(v, log2));
}

void result(InlineVector& v, Op op, unsigned r, std::initializer_list<Var> in, u64 imm0 = 0, u64 imm1 = 0) {
    const Element e = float_element(v.sew);
    const Var d = v.reg(v.vd() + r);
    if (!is_partial(v, v.lmul)) {
        const Type t = v.part_type(v.lmul);
        auto a = [&](unsigned i) { return v.part(t, in.begin()[i]); };
        const Var value = in.size() == 1   ? v.b.vector_op(op, t, e, {a(0)}, imm0, imm1)
                          : in.size() == 2 ? v.b.vector_op(op, t, e, {a(0), a(1)}, imm0)
                                           : v.b.vector_op(op, t, e, {a(0), a(1), a(2)}, imm0);
        v.write(r, t == v.type ? value : v.b.convert(Op::v_low, v.type, value), v.lmul);
    } else {
        v.b.mov_to(d, v.b.masked_op(op, v.type, e, in, mask_of(v, r, v.sew, v.lmul), d, imm0, imm1));
    }
}

bool binary(InlineVector& v, Op op, bool swap) {
    if (!can_do(v, op, v.sew, v.lmul)) return false;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(float_element(v.sew));
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var a = v.source(v.vs2() + r, v.lmul), b = v.vector_vector() ? v.source(v.vs1() + r, v.lmul) : second;
        swap ? result(v, op, r, {b, a}) : result(v, op, r, {a, b});
    }
    return true;
}

bool unary(InlineVector& v, Op op, u64 imm0 = 0, u64 imm1 = 0) {
    if (!can_do(v, op, v.sew, v.lmul)) return false;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) result(v, op, r, {v.source(v.vs2() + r, v.lmul)}, imm0, imm1);
    return true;
}

/// `overwrites_factor`: vd is a factor and vs2 the addend, else the other way round.
bool fused(InlineVector& v, Op op, bool overwrites_factor) {
    if (!can_do(v, op, v.sew, v.lmul)) return false;
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(float_element(v.sew));
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var b = v.vector_vector() ? v.reg(v.vs1() + r) : second;
        const Var a = v.reg(v.vs2() + r), d = v.reg(v.vd() + r);
        overwrites_factor ? result(v, op, r, {b, d, a}) : result(v, op, r, {b, a, d});
    }
    return true;
}

/// vfsgnj and its like: bits only.
bool sign(InlineVector& v) {
    const Element e = integer_element(v.sew);
    if (v.sew < 2 || v.has_mask()) return false;
    Builder& b = v.b;
    const Var sign_bit = b.splat(v.type, e, b.c64(u64{1} << ((8u << v.sew) - 1)));
    const Var second = v.vector_vector() ? ir::kNoVar : v.splat(float_element(v.sew));
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const Var a = v.reg(v.vs2() + r), s = v.vector_vector() ? v.reg(v.vs1() + r) : second;
        Var value;
        if (v.op == VectorOp::vfsgnjx) {
            value = b.vector_op(Op::v_xor, v.type, e, {a, b.vector_op(Op::v_and, v.type, e, {s, sign_bit})});
        } else {
            const Var magnitude = b.vector_op(Op::v_andc, v.type, e, {a, sign_bit});
            const Var bit = v.op == VectorOp::vfsgnj ? b.vector_op(Op::v_and, v.type, e, {s, sign_bit})
                                                     : b.vector_op(Op::v_andc, v.type, e, {sign_bit, s});
            value = b.vector_op(Op::v_or, v.type, e, {magnitude, bit});
        }
        v.write(r, value, v.lmul);
    }
    return true;
}

/// Operations on doubles, of which one or both come from singles.
struct Widening {
    Op op;        ///< mov: none
    bool wide_a;  ///< vs2 is wide already
    bool fused;   ///< vd is the addend
};

bool widen(InlineVector& v, const Widening& w) {
    constexpr u32 kToNearestAway = 4;
    constexpr Element e = Element::F64;
    const int log2 = v.lmul + 1;
    const bool masked = v.has_mask() || log2 < 0;
    if (v.sew != 2 || v.ctx.frm() == kToNearestAway || !v.has(Op::v_fcvt_widen, e, masked)) return false;
    if (w.op != Op::mov && !v.has(w.op, e, masked)) return false;
    Builder& b = v.b;
    const bool binary = w.op != Op::mov;
    const Var one = !binary || v.vector_vector() ? ir::kNoVar : v.splat(Element::F32);
    for (unsigned r = 0; r < v.registers(log2); ++r) {
        const Var d = v.reg(v.vd() + r);
        const Var mask = masked ? mask_of(v, r, 3, log2) : ir::kNoVar;
        auto compute = [&](Op op, std::initializer_list<Var> in, u64 imm0) {
            return masked ? b.masked_op(op, v.type, e, in, mask, d, imm0) : b.vector_op(op, v.type, e, in, imm0);
        };
        auto wide = [&](unsigned reg) { return compute(Op::v_fcvt_widen, {v.reg(reg + r / 2)}, r % 2); };
        const Var x = w.wide_a ? v.reg(v.vs2() + r) : wide(v.vs2());
        if (!binary) {
            b.mov_to(d, x);
            continue;
        }
        const Var y = v.vector_vector() ? wide(v.vs1()) : compute(Op::v_fcvt_widen, {one}, 0);
        b.mov_to(d, w.fused ? compute(w.op, {y, x, d}, 0) : compute(w.op, {x, y}, 0));
    }
    return true;
}

/// vfredosum, and vfredusum, whose order is free: the same one is as good as any.
bool sum(InlineVector& v) {
    constexpr u32 kToNearestAway = 4;
    const Type t = v.part_type(v.lmul);
    const Element e = float_element(v.sew);
    if (v.sew < 2 || v.has_mask() || !v.fills_part(v.lmul) || v.ctx.frm() == kToNearestAway) return false;
    if (!v.has(Op::v_fsum, t, e)) return false;
    Builder& b = v.b;
    const Element bits = integer_element(v.sew);
    Var value = b.vector_op(Op::v_extract, v.type, bits, {v.reg(v.vs1())}, 0, 0);
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        value = b.vector_op(Op::v_fsum, t, e, {v.part(t, v.reg(v.vs2() + r)), value});
    }
    const Var d = v.reg(v.vd());
    b.mov_to(d, b.vector_op(Op::v_insert, v.type, bits, {d, value}, 0));
    return true;
}

/// vfredmin, vfredmax: halves against each other. What a fraction of LMUL leaves out is quiet NaNs, to which every
/// number is preferred.
bool extreme(InlineVector& v, Op op) {
    const Element e = float_element(v.sew), bits = integer_element(v.sew);
    if (v.sew < 2 || v.has_mask() || !v.has(op, e) || !v.has(Op::v_align, Element::I8)) return false;
    Builder& b = v.b;
    Var value = v.reg(v.vs2());
    if (v.lmul < 0) {
        const Var nan = b.c64(v.sew == 2 ? 0x7fc00000 : 0x7ff8000000000000);
        value = b.op(Op::v_blend_low, v.type, {value, b.splat(v.type, bits, nan)}, v.bytes_used(v.lmul));
    }
    for (unsigned r = 1; r < v.registers(v.lmul); ++r) {
        value = b.vector_op(op, v.type, e, {value, v.reg(v.vs2() + r)});
    }
    for (unsigned bytes = v.register_bytes() / 2; bytes >= 1u << v.sew; bytes /= 2) {
        value = b.vector_op(op, v.type, e, {value, b.op(Op::v_align, v.type, {value, value}, bytes)});
    }
    value =
        b.vector_op(op, v.type, e,
                    {value, b.splat(v.type, bits, b.vector_op(Op::v_extract, v.type, bits, {v.reg(v.vs1())}, 0, 0))});
    const Var d = v.reg(v.vd()), first = b.vector_op(Op::v_extract, v.type, bits, {value}, 0, 0);
    b.mov_to(d, b.vector_op(Op::v_insert, v.type, bits, {d, first}, 0));
    return true;
}

/// vfwcvt.f.x.v, vfwcvt.f.xu.v. Doubles of words are exact, so that all elements may be converted; so are singles of
/// half words.
bool widen_integers(InlineVector& v, bool is_unsigned) {
    const Element e = float_element(v.sew + 1), wide = integer_element(v.sew + 1);
    const int log2 = v.lmul + 1;
    if (v.sew == 2 ? !v.has(Op::v_fcvt_if_widen, e) : v.sew != 1 || !v.has(Op::v_fcvt_if, e)) return false;
    if (v.has_mask() && !v.has(Op::v_select, wide)) return false;
    Builder& b = v.b;
    for (unsigned r = 0; r < v.registers(log2); ++r) {
        const Var narrow = v.source(v.vs2() + r / 2, v.lmul);
        Var value;
        if (v.sew == 2) {
            value = b.vector_op(Op::v_fcvt_if_widen, v.type, e, {narrow}, is_unsigned, r % 2);
        } else {
            value = b.vector_op(is_unsigned ? Op::v_ext_u : Op::v_ext_s, v.type, wide, {narrow}, v.sew, r % 2);
            value = b.vector_op(Op::v_fcvt_if, v.type, e, {value}, 0);
        }
        const Var d = v.reg(v.vd() + r);
        if (v.has_mask()) {
            const Var mask = v.mask(r, count_of(v, v.sew + 1, log2));
            b.mov_to(d, b.vector_op(Op::v_select, v.type, wide, {mask, value, d}));
        } else {
            v.write(r, value, log2);
        }
    }
    return true;
}

/// vfncvt.f.f.w, and by Op::v_fcvt_i_narrow vfncvt.x.f.w and the like: each register of the result comes from two of
/// vs2.
bool narrow(InlineVector& v, Op op, Element e, u64 imm0 = 0, u64 imm1 = 0) {
    constexpr u32 kToNearestAway = 4;
    const bool to_zero = op == Op::v_fcvt_i_narrow && imm1 != 0;
    if (v.sew != 2 || (v.ctx.frm() == kToNearestAway && !to_zero) || v.has_mask()) return false;
    if (!v.has(op, e)) return false;
    // With LMUL = 1/4 and less the source is a part of a register, and the rest of it must raise nothing.
    if (v.lmul < -1) return false;
    Builder& b = v.b;
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        auto part = [&](unsigned i) { return b.vector_op(op, v.type, e, {v.reg(v.vs2() + r * 2 + i)}, imm0, imm1); };
        if (v.lmul < 0) {
            v.write(r, part(0), v.lmul);
        } else {
            const Var low = part(0), high = part(1);
            v.write(r, b.op(Op::v_join, v.type, {low, high}), v.lmul);
        }
    }
    return true;
}

}  // namespace

bool inline_float(InlineVector& v) {
    switch (v.op) {
        case VectorOp::vfadd: return binary(v, Op::v_fadd, false);
        case VectorOp::vfsub: return binary(v, Op::v_fsub, false);
        case VectorOp::vfrsub: return binary(v, Op::v_fsub, true);
        case VectorOp::vfmul: return binary(v, Op::v_fmul, false);
        case VectorOp::vfdiv: return binary(v, Op::v_fdiv, false);
        case VectorOp::vfrdiv: return binary(v, Op::v_fdiv, true);
        case VectorOp::vfmin: return binary(v, Op::v_fmin, false);
        case VectorOp::vfmax: return binary(v, Op::v_fmax, false);
        case VectorOp::vfredmin: return extreme(v, Op::v_fmin);
        case VectorOp::vfredmax: return extreme(v, Op::v_fmax);
        case VectorOp::vfsqrt: return unary(v, Op::v_fsqrt);
        case VectorOp::vfmacc: return fused(v, Op::v_fmadd, false);
        case VectorOp::vfnmacc: return fused(v, Op::v_fnmadd, false);
        case VectorOp::vfmsac: return fused(v, Op::v_fmsub, false);
        case VectorOp::vfnmsac: return fused(v, Op::v_fnmsub, false);
        case VectorOp::vfmadd: return fused(v, Op::v_fmadd, true);
        case VectorOp::vfnmadd: return fused(v, Op::v_fnmadd, true);
        case VectorOp::vfmsub: return fused(v, Op::v_fmsub, true);
        case VectorOp::vfnmsub: return fused(v, Op::v_fnmsub, true);
        case VectorOp::vfsgnj:
        case VectorOp::vfsgnjn:
        case VectorOp::vfsgnjx: return sign(v);
        case VectorOp::vfcvt_f_x: return unary(v, Op::v_fcvt_if, 0);
        case VectorOp::vfcvt_f_xu: return unary(v, Op::v_fcvt_if, 1);
        case VectorOp::vfncvt_f_f: return narrow(v, Op::v_fcvt_narrow, Element::F32);
        case VectorOp::vfncvt_xu_f: return narrow(v, Op::v_fcvt_i_narrow, Element::F64, 1, 0);
        case VectorOp::vfncvt_x_f: return narrow(v, Op::v_fcvt_i_narrow, Element::F64, 0, 0);
        case VectorOp::vfncvt_rtz_xu_f: return narrow(v, Op::v_fcvt_i_narrow, Element::F64, 1, 1);
        case VectorOp::vfncvt_rtz_x_f: return narrow(v, Op::v_fcvt_i_narrow, Element::F64, 0, 1);
        case VectorOp::vfwcvt_f_x: return widen_integers(v, false);
        case VectorOp::vfwcvt_f_xu: return widen_integers(v, true);
        case VectorOp::vfcvt_xu_f: return unary(v, Op::v_fcvt_i, 1, 0);
        case VectorOp::vfcvt_x_f: return unary(v, Op::v_fcvt_i, 0, 0);
        case VectorOp::vfcvt_rtz_xu_f: return unary(v, Op::v_fcvt_i, 1, 1);
        case VectorOp::vfcvt_rtz_x_f: return unary(v, Op::v_fcvt_i, 0, 1);
        case VectorOp::vfwcvt_f_f: return widen(v, {Op::mov, false, false});
        case VectorOp::vfwadd: return widen(v, {Op::v_fadd, false, false});
        case VectorOp::vfwsub: return widen(v, {Op::v_fsub, false, false});
        case VectorOp::vfwmul: return widen(v, {Op::v_fmul, false, false});
        case VectorOp::vfwadd_w: return widen(v, {Op::v_fadd, true, false});
        case VectorOp::vfwsub_w: return widen(v, {Op::v_fsub, true, false});
        case VectorOp::vfwmacc: return widen(v, {Op::v_fmadd, false, true});
        case VectorOp::vfwnmacc: return widen(v, {Op::v_fnmadd, false, true});
        case VectorOp::vfwmsac: return widen(v, {Op::v_fmsub, false, true});
        case VectorOp::vfwnmsac: return widen(v, {Op::v_fnmsub, false, true});
        case VectorOp::vfredosum:
        case VectorOp::vfredusum: return sum(v);
        default: return false;
    }
}

}  // namespace dragoman::riscv
