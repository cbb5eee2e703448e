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
    const Var word = b.temp(bytes == 8 ? Type::F64 : Type::I64);
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

unsigned fields(const InlineVector& v) { return (v.ctx.bits >> 29) + 1; }

/// Splits what lies in `parts` (a power of two) in turn into one register per field, in place: each step separates even
/// from odd ones.
void unzip_fields(InlineVector& v, ir::Element e, Var* parts, unsigned count) {
    if (count == 1) return;
    Var even[4], odd[4];
    for (unsigned i = 0; i < count / 2; ++i) {
        even[i] = v.b.vector_op(Op::v_unzip, v.type, e, {parts[i * 2], parts[i * 2 + 1]}, 0);
        odd[i] = v.b.vector_op(Op::v_unzip, v.type, e, {parts[i * 2], parts[i * 2 + 1]}, 1);
    }
    unzip_fields(v, e, even, count / 2);
    unzip_fields(v, e, odd, count / 2);
    for (unsigned i = 0; i < count / 2; ++i) {
        parts[i * 2] = even[i];
        parts[i * 2 + 1] = odd[i];
    }
}

/// The other way round.
void zip_fields(InlineVector& v, ir::Element e, Var* parts, unsigned count) {
    if (count == 1) return;
    Var even[4], odd[4];
    for (unsigned i = 0; i < count / 2; ++i) {
        even[i] = parts[i * 2];
        odd[i] = parts[i * 2 + 1];
    }
    zip_fields(v, e, even, count / 2);
    zip_fields(v, e, odd, count / 2);
    for (unsigned i = 0; i < count / 2; ++i) {
        parts[i * 2] = v.b.vector_op(Op::v_zip, v.type, e, {even[i], odd[i]}, 0);
        parts[i * 2 + 1] = v.b.vector_op(Op::v_zip, v.type, e, {even[i], odd[i]}, 1);
    }
}

/// Segments of 2, 4 or 8 fields, of whole registers.
bool segments(InlineVector& v, Var base, bool load) {
    const unsigned nf = fields(v);
    const ir::Element e = integer_element(v.sew);
    if ((nf & (nf - 1)) != 0 || v.has_mask() || v.lmul < 0) return false;
    if (!v.has(load ? Op::v_unzip : Op::v_zip, e)) return false;
    const unsigned registers = v.registers(v.lmul), bytes = v.register_bytes();
    for (unsigned r = 0; r < registers; ++r) {
        Var parts[8];
        for (unsigned f = 0; f < nf; ++f) {
            parts[f] = load ? load_part(v, base, bytes, i64{r * nf + f} * bytes) : v.reg(v.vd() + f * registers + r);
        }
        load ? unzip_fields(v, e, parts, nf) : zip_fields(v, e, parts, nf);
        for (unsigned f = 0; f < nf; ++f) {
            if (load) {
                v.b.mov_to(v.reg(v.vd() + f * registers + r), parts[f]);
            } else {
                store_part(v, parts[f], base, bytes, i64{r * nf + f} * bytes);
            }
        }
    }
    return true;
}

/// Elements from anywhere: offsets(k) gives the k-th register of 64-bit offsets from the base. All are loaded before vd
/// is written, which may be where the offsets come from.
template <class F>
bool gather(InlineVector& v, Var base, F offsets) {
    const ir::Element e = integer_element(v.sew);
    if (fields(v) != 1 || v.has_mask() || v.sew < 2 || !v.has(Op::v_gather, e)) return false;
    if (v.sew == 2 ? v.lmul < -1 : v.lmul < 0) return false;
    Builder& b = v.b;
    const MemOp m{.size_log2 = static_cast<u8>(log2_of(v.register_bytes()))};
    auto part = [&](unsigned k) { return b.gather(v.type, e, base, offsets(k), m, 0); };
    Var values[8];
    const unsigned registers = v.registers(v.lmul);
    for (unsigned r = 0; r < registers; ++r) {
        if (v.sew == 3 || v.lmul < 0) {
            values[r] = part(r);
        } else {
            const Var low = part(r * 2), high = part(r * 2 + 1);
            values[r] = b.op(Op::v_join, v.type, {low, high});
        }
    }
    for (unsigned r = 0; r < registers; ++r) v.write(r, values[r], v.lmul);
    return true;
}

bool indexed(InlineVector& v, Var base) {
    const unsigned funct3 = v.funct3(), width = funct3 == 0 ? 0 : funct3 - 4;  // log2 of an index's bytes
    return gather(v, base, [&](unsigned k) {
        if (width == 3) return v.reg(v.vs2() + k);
        const unsigned ratio = 8u >> width;
        return v.b.vector_op(Op::v_ext_u, v.type, ir::Element::I64, {v.reg(v.vs2() + k / ratio)}, width, k % ratio);
    });
}

bool strided(InlineVector& v, Var base) {
    if (!v.has(Op::v_mul, ir::Element::I64)) return false;
    const unsigned count = v.register_bytes() / 8;
    Var stride = ir::kNoVar;
    return gather(v, base, [&](unsigned k) {
        if (stride == ir::kNoVar) stride = v.b.splat(v.type, ir::Element::I64, v.ctx.gpr(v.vs2()));
        const Var index = v.b.vector_op(Op::v_iota, v.type, ir::Element::I64, {}, u64{k} * count);
        return v.b.vector_op(Op::v_mul, v.type, ir::Element::I64, {index, stride});
    });
}

bool unit_stride(InlineVector& v, Var base, bool load) {
    if (fields(v) != 1) return segments(v, base, load);
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
            v.b.mov_to(d,
                       v.b.masked_op(Op::v_ld, v.type, e, {base}, mask, d, m.pack(), static_cast<u64>(displacement)));
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
        case VectorOp::load_strided: return strided(v, base);
        case VectorOp::load_indexed: return indexed(v, base);
        case VectorOp::load_whole: return (ctx.flags_now & kFlagVtypeLegal) != 0 && whole(v, base, true);
        case VectorOp::store_whole: return whole(v, base, false);
        default: return false;
    }
}

}  // namespace dragoman::riscv
