// Vector loads and stores as IR ops. An access that faults is done again by the helper
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

/// Accesses to single elements that an instruction may become.
constexpr unsigned kMaxElements = 32;

/// Element by element, field by field: address(i) is that of the i-th segment. All are loaded before vd is written,
/// which may be where the addresses come from.
template <class F>
bool by_elements(InlineVector& v, bool load, F address) {
    const ir::Element e = integer_element(v.sew);
    const unsigned nf = fields(v), registers = v.registers(v.lmul), count = v.bytes_used(v.lmul) >> v.sew;
    if (v.has_mask() || nf * registers * count > kMaxElements) return false;
    if (!v.has(load ? Op::v_insert : Op::v_extract, e)) return false;
    Builder& b = v.b;
    const MemOp m{.size_log2 = static_cast<u8>(v.sew)};
    Var values[8];
    for (unsigned i = 0; i < nf * registers; ++i) values[i] = v.reg(v.vd() + i);
    for (unsigned r = 0; r < registers; ++r) {
        for (unsigned i = 0; i < count; ++i) {
            const Var base = address(r * count + i);
            for (unsigned f = 0; f < nf; ++f) {
                Var& value = values[f * registers + r];
                if (load) {
                    const Var element = b.temp(Type::I64);
                    v.ctx.guest_ld(element, base, m, i64{f} << v.sew);
                    value = b.vector_op(Op::v_insert, v.type, e, {value, element}, i);
                } else {
                    v.ctx.guest_st(b.vector_op(Op::v_extract, v.type, e, {value}, i, 0), base, m, i64{f} << v.sew);
                }
            }
        }
    }
    for (unsigned i = 0; load && i < nf * registers; ++i) b.mov_to(v.reg(v.vd() + i), values[i]);
    return true;
}

/// Segments of fields whose number is not a power of two, of whole registers: each register in memory has the i-th
/// segment's field f at nf * i + f. Of an odd number, a product with its inverse modulo a power of two is a small
/// number for its multiples only, so that indices in memory become those of segments by a multiplication, too.
bool odd_segments(InlineVector& v, Var base, bool load) {
    const unsigned nf = fields(v), bytes = v.register_bytes(), count = bytes >> v.sew, registers = v.registers(v.lmul);
    const ir::Element e = integer_element(v.sew);
    if (!v.has(Op::v_permute, e) || !v.has(Op::v_or, e) || count > 32 || (!load && (nf % 2 == 0 || v.sew == 3))) {
        return false;
    }
    Builder& b = v.b;
    u64 inverse = nf;  // each step doubles the number of bits that are right
    for (unsigned step = 0; step < 5; ++step) inverse *= 2 - nf * inverse;
    const u64 factor = load ? nf : inverse & low_mask(8u << v.sew);
    const Var places = b.vector_op(Op::v_iota, v.type, e, {}, 0, factor);
    for (unsigned r = 0; r < registers; ++r) {
        Var from[8], to[8];
        for (unsigned i = 0; i < nf; ++i) {
            from[i] = load ? load_part(v, base, bytes, i64{r * nf + i} * bytes) : v.reg(v.vd() + i * registers + r);
        }
        for (unsigned i = 0; i < nf; ++i) {
            for (unsigned k = 0; k < nf; ++k) {
                const u64 start = load ? u64{i} - k * count : (u64{i} * count - k) * inverse;
                const Var indices = b.vector_op(Op::v_add, v.type, e, {places, b.splat(v.type, e, b.c64(start))});
                const Var part = b.vector_op(Op::v_permute, v.type, e, {from[k], indices});
                to[i] = k == 0 ? part : b.vector_op(Op::v_or, v.type, e, {to[i], part});
            }
        }
        for (unsigned i = 0; i < nf; ++i) {
            if (load) {
                b.mov_to(v.reg(v.vd() + i * registers + r), to[i]);
            } else {
                store_part(v, to[i], base, bytes, i64{r * nf + i} * bytes);
            }
        }
    }
    return true;
}

/// Segments; of 2, 4 or 8 fields by separating even from odd ones.
bool segments(InlineVector& v, Var base, bool load) {
    const unsigned nf = fields(v);
    const ir::Element e = integer_element(v.sew);
    auto each = [&] { return by_elements(v, load, [&](unsigned i) { return v.b.addi(base, i64{i * nf} << v.sew); }); };
    if (v.has_mask()) return false;
    if (v.lmul < 0) return each();
    if ((nf & (nf - 1)) != 0) return odd_segments(v, base, load) || each();
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

/// Segments of 2, 4 or 8 fields at a stride, which are moved whole: side by side they are what `segments` has in
/// registers. They fill a register, several, or half of one.
bool strided_segments(InlineVector& v, Var base, bool load) {
    const unsigned nf = fields(v), segment = nf << v.sew, bytes = v.register_bytes();
    const ir::Element e = integer_element(v.sew);
    const bool halves = segment * 2 == bytes;
    if (nf == 1 || (nf & (nf - 1)) != 0 || v.has_mask() || v.lmul < 0) return false;
    if ((segment < bytes && !halves) || !v.has(load ? Op::v_unzip : Op::v_zip, e)) return false;
    if (halves && !v.has(load ? Op::v_join : Op::v_align, e)) return false;
    Builder& b = v.b;
    const Var stride = v.ctx.gpr(v.vs2());
    Var next = base;
    auto step = [&] {
        const Var now = next;
        next = b.add(now, stride);
        return now;
    };
    auto load_register = [&](Var at, unsigned offset) {
        if (!halves) return load_part(v, at, bytes, offset);
        const Var low = load_part(v, at, segment, 0);
        return b.op(Op::v_join, v.type, {low, load_part(v, step(), segment, 0)});
    };
    auto store_register = [&](Var value, Var at, unsigned offset) {
        if (!halves) return store_part(v, value, at, bytes, offset);
        store_part(v, value, at, segment, 0);
        store_part(v, b.op(Op::v_align, v.type, {value, value}, segment), step(), segment, 0);
    };
    const unsigned registers = v.registers(v.lmul), parts_of_one = halves ? 1 : segment / bytes;
    for (unsigned r = 0; r < registers; ++r) {
        Var parts[8];
        for (unsigned f = 0; f < nf && !load; ++f) parts[f] = v.reg(v.vd() + f * registers + r);
        if (!load) zip_fields(v, e, parts, nf);
        for (unsigned f = 0; f < nf; f += parts_of_one) {
            const Var at = step();
            for (unsigned k = 0; k < parts_of_one; ++k) {
                if (load) {
                    parts[f + k] = load_register(at, k * bytes);
                } else {
                    store_register(parts[f + k], at, k * bytes);
                }
            }
        }
        if (load) unzip_fields(v, e, parts, nf);
        for (unsigned f = 0; f < nf && load; ++f) b.mov_to(v.reg(v.vd() + f * registers + r), parts[f]);
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

bool indexed(InlineVector& v, Var base, bool load) {
    const unsigned funct3 = v.funct3(), width = funct3 == 0 ? 0 : funct3 - 4;  // log2 of an index's bytes
    auto address = [&](unsigned i) {
        const unsigned count = v.register_bytes() >> width;
        const Var indices = v.reg(v.vs2() + i / count);
        return v.b.add(base, v.b.vector_op(Op::v_extract, v.type, integer_element(width), {indices}, i % count, 0));
    };
    auto gathers = [&] {
        return gather(v, base, [&](unsigned k) {
            if (width == 3) return v.reg(v.vs2() + k);
            const unsigned ratio = 8u >> width;
            return v.b.vector_op(Op::v_ext_u, v.type, ir::Element::I64, {v.reg(v.vs2() + k / ratio)}, width, k % ratio);
        });
    };
    return (load && gathers()) || by_elements(v, load, address);
}

bool strided(InlineVector& v, Var base, bool load) {
    const unsigned count = v.register_bytes() / 8;
    Var stride = ir::kNoVar, next = base;
    auto address = [&](unsigned) {
        const Var now = next;
        next = v.b.add(now, v.ctx.gpr(v.vs2()));
        return now;
    };
    auto gathers = [&] {
        return v.has(Op::v_mul, ir::Element::I64) && gather(v, base, [&](unsigned k) {
                   if (stride == ir::kNoVar) stride = v.b.splat(v.type, ir::Element::I64, v.ctx.gpr(v.vs2()));
                   const Var index = v.b.vector_op(Op::v_iota, v.type, ir::Element::I64, {}, u64{k} * count, 1);
                   return v.b.vector_op(Op::v_mul, v.type, ir::Element::I64, {index, stride});
               });
    };
    return strided_segments(v, base, load) || (load && gathers()) || by_elements(v, load, address);
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
                store_part(v, v.source(v.vd() + r, v.lmul), base, bytes, displacement);
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
    if (!inlines_vectors(ctx)) return false;
    InlineVector v(ctx, op, eew, emul, ir::kNoVar);
    const Var base = ctx.gpr(rs1);
    switch (op) {
        case VectorOp::load_unit:
        case VectorOp::load_first: return unit_stride(v, base, true);
        case VectorOp::store_unit: return unit_stride(v, base, false);
        case VectorOp::load_strided: return strided(v, base, true);
        case VectorOp::store_strided: return strided(v, base, false);
        case VectorOp::load_indexed: return indexed(v, base, true);
        case VectorOp::store_indexed: return indexed(v, base, false);
        case VectorOp::load_whole: return (ctx.flags_now & kFlagVtypeLegal) != 0 && whole(v, base, true);
        case VectorOp::store_whole: return whole(v, base, false);
        default: return false;
    }
}

}  // namespace dragoman::riscv
