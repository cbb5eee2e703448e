// Vector loads and stores as IR ops: unit-stride and whole registers. An access that faults is done again by the helper
// (retry_access): that knows at which element, and where a fault-only-first load ends.
#include "guest/riscv/v/inline_vector.h"

namespace dragoman::riscv {

namespace {

unsigned log2_of(unsigned bytes) { return static_cast<unsigned>(std::countr_zero(bytes)); }

/// The low `bytes` of a register from memory; what is above may be anything.
Var load_part(InlineVector& v, Var base, unsigned bytes, i64 displacement) {
    Builder& b = v.b;
    const MemOp m{.size_log2 = static_cast<u8>(log2_of(bytes))};
    if (bytes == v.register_bytes() || bytes >= 16) {
        const Type t = bytes == 16 ? Type::V128 : bytes == 32 ? Type::V256 : Type::V512;
        const Var part = b.temp(t);
        v.ctx.guest_ld(part, base, m, displacement);
        return t == v.type ? part : b.convert(Op::v_low, v.type, part);
    }
    const Var word = b.temp(Type::I64);
    v.ctx.guest_ld(word, base, m, displacement);
    return b.convert(Op::v_from_bits, v.type, word);
}

void store_part(InlineVector& v, Var value, Var base, unsigned bytes, i64 displacement) {
    Builder& b = v.b;
    const MemOp m{.size_log2 = static_cast<u8>(log2_of(bytes))};
    if (bytes >= 16) {
        const Type t = bytes == 16 ? Type::V128 : bytes == 32 ? Type::V256 : Type::V512;
        const Var part = t == v.type ? value : b.convert(Op::v_low, t, value);
        return v.ctx.guest_st(part, base, m, displacement);
    }
    const Var word = b.vector_op(Op::v_extract, v.type, ir::Element::I64, {value}, 0, 0);
    v.ctx.guest_st(word, base, m, displacement);
}

bool whole(InlineVector& v, Var base, bool load) {
    const unsigned registers = (v.ctx.bits >> 29) + 1;
    for (unsigned r = 0; r < registers; ++r) {
        const i64 displacement = i64{r} * v.register_bytes();
        if (load) {
            v.b.mov_to(v.reg(v.vd() + r), load_part(v, base, v.register_bytes(), displacement));
        } else {
            store_part(v, v.reg(v.vd() + r), base, v.register_bytes(), displacement);
        }
    }
    return true;
}

bool unit_stride(InlineVector& v, Var base, bool load) {
    if ((v.ctx.bits >> 29) != 0) return false;  // segments
    const ir::Element e = integer_element(v.sew);
    if (v.has_mask() && !v.has(load ? Op::v_ld : Op::v_st, e, true)) return false;
    const unsigned bytes = v.bytes_used(v.lmul);
    const MemOp m{.size_log2 = static_cast<u8>(log2_of(v.register_bytes()))};
    for (unsigned r = 0; r < v.registers(v.lmul); ++r) {
        const i64 displacement = i64{r} * v.register_bytes();
        const Var d = v.reg(v.vd() + r);
        if (!v.has_mask()) {
            if (load) {
                v.write(r, load_part(v, base, bytes, displacement), v.lmul);
            } else {
                store_part(v, d, base, bytes, displacement);
            }
            continue;
        }
        const Var mask = v.mask(r, bytes >> v.sew);
        if (load) {
            v.b.mov_to(d, v.b.masked_op(Op::v_ld, v.type, e, {base}, mask, d, m.pack(), static_cast<u64>(displacement)));
        } else {
            v.b.masked_store(e, d, base, mask, m, displacement);
        }
    }
    return true;
}

}  // namespace

bool gen_inline_access(DisasContext& ctx, VectorOp op, unsigned eew, int emul, unsigned rs1) {
    if (!inlines_vectors(ctx) || ctx.system) return false;
    InlineVector v(ctx, op, eew, emul, ir::kNoVar);
    const Var base = ctx.gpr(rs1);
    switch (op) {
        case VectorOp::load_unit:
        case VectorOp::load_first: return unit_stride(v, base, true);
        case VectorOp::store_unit: return unit_stride(v, base, false);
        case VectorOp::load_whole: return (ctx.flags_now & kFlagVtypeLegal) != 0 && whole(v, base, true);
        case VectorOp::store_whole: return whole(v, base, false);
        default: return false;
    }
}

}  // namespace dragoman::riscv
