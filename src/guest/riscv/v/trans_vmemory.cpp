// Vector loads and stores: element width, register groups and overlaps (section "Vector Loads and Stores").
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/v/trans_vector.h"

namespace dragoman::riscv {

namespace {

/// log2 of the bytes that the width field (funct3) gives.
constexpr unsigned width_of(u32 bits) {
    const unsigned funct3 = bits >> 12 & 7;
    return funct3 == 0 ? 0 : funct3 - 4;
}
constexpr unsigned fields_of(u32 bits) { return (bits >> 29) + 1; }

/// The data registers of an access with `nf` fields: each field's group is aligned, and all lie below v32.
bool fits(const VectorGroup& field, unsigned nf) {
    return is_emul(field.lmul) && field.registers() * nf <= 8 && field.reg % field.registers() == 0 &&
           field.reg + field.registers() * nf <= 32;
}

/// A masked load may not overwrite the mask.
bool spares_mask(const DisasContext& ctx, bool load, unsigned vd) { return !load || !is_masked(ctx.bits) || vd != 0; }

/// Unit-stride and strided: the width is the data's.
template <VectorOp op, bool kLoad>
bool trans_access(DisasContext& ctx, const Operands& a) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    const unsigned eew = width_of(ctx.bits);
    const VectorGroup field{a.rd, type.lmul + static_cast<int>(eew) - static_cast<int>(type.sew),
                            static_cast<int>(eew)};
    if (!fits(field, fields_of(ctx.bits)) || !spares_mask(ctx, kLoad, a.rd)) return false;
    gen_vector_access(ctx, op, eew, field.lmul, a.rs1);
    return true;
}

/// Indexed: the width is the index's.
template <VectorOp op, bool kLoad>
bool trans_indexed(DisasContext& ctx, const Operands& a) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    const int eew = static_cast<int>(width_of(ctx.bits));
    const unsigned nf = fields_of(ctx.bits);
    const VectorGroup field{a.rd, type.lmul, static_cast<int>(type.sew)};
    const VectorGroup index{a.rs2, type.lmul + eew - static_cast<int>(type.sew), eew};
    if (!fits(field, nf) || !is_emul(index.lmul) || !index.aligned() || !spares_mask(ctx, kLoad, a.rd)) return false;
    if (!has_one_width(index, kLoad ? nullptr : &field, is_masked(ctx.bits), false)) return false;
    if (kLoad) {
        if (nf == 1 && !may_overwrite(field, index)) return false;
        // Of segments, none of the destination may be the index.
        for (unsigned f = 0; nf > 1 && f < nf; ++f) {
            if (VectorGroup{a.rd + f * field.registers(), type.lmul, field.sew}.overlaps(index)) return false;
        }
    }
    gen_vector_access(ctx, op, type.sew, type.lmul, a.rs1);
    return true;
}

template <VectorOp op>
bool trans_mask(DisasContext& ctx, const Operands& a) {
    VectorType type;
    if (!vector_type(ctx, type)) return false;
    gen_vector_access(ctx, op, 0, 0, a.rs1);
    return true;
}

/// Whole registers: whatever vtype is.
template <VectorOp op>
bool trans_whole(DisasContext& ctx, const Operands& a) {
    const unsigned registers = fields_of(ctx.bits);
    if ((registers & (registers - 1)) != 0 || a.rd % registers != 0) return false;
    gen_vector_access(ctx, op, width_of(ctx.bits), 0, a.rs1);
    return true;
}

using enum VectorOp;
using enum Extension;

// The number of fields is nf + 1; with one field the mnemonic has none.
constexpr ImmFormat kFields{"2:0", false, 1};

// clang-format off
/// An access to one field, and the same to segments of several; `form` is what stands between nf and rs1.
#define ROWS(form, f3, opcode, head, middle, tail, syntax, guard, trans) \
    {"000 0 " form " sssss " f3 " ddddd " opcode, head middle tail, syntax, guard, trans}, \
    {"iii 0 " form " sssss " f3 " ddddd " opcode, head "seg#" middle tail, syntax, guard, trans, kFields}
#define LOAD(form, f3, head, middle, tail, syntax, guard, trans) ROWS(form, f3, "0000111", head, middle, tail, syntax, guard, trans)
#define STORE(form, f3, head, middle, tail, syntax, guard, trans) ROWS(form, f3, "0100111", head, middle, tail, syntax, guard, trans)
#define ROWS_OF_WIDTH(f3, eew, guard) \
    LOAD("00 - 00000", f3, "vl", "e", eew ".v", "vd,(rs1),vm", guard, (trans_access<load_unit, true>)), \
    LOAD("00 - 10000", f3, "vl", "e", eew "ff.v", "vd,(rs1),vm", guard, (trans_access<load_first, true>)), \
    LOAD("10 - ttttt", f3, "vls", "e", eew ".v", "vd,(rs1),rs2,vm", guard, (trans_access<load_strided, true>)), \
    LOAD("01 - ttttt", f3, "vlux", "ei", eew ".v", "vd,(rs1),vs2,vm", guard, (trans_indexed<load_indexed, true>)), \
    LOAD("11 - ttttt", f3, "vlox", "ei", eew ".v", "vd,(rs1),vs2,vm", guard, (trans_indexed<load_indexed, true>)), \
    {"iii 0 00 1 01000 sssss " f3 " ddddd 0000111", "vl#re" eew ".v", "vd,(rs1)", guard, trans_whole<load_whole>, kFields}, \
    STORE("00 - 00000", f3, "vs", "e", eew ".v", "vd,(rs1),vm", guard, (trans_access<store_unit, false>)), \
    STORE("10 - ttttt", f3, "vss", "e", eew ".v", "vd,(rs1),rs2,vm", guard, (trans_access<store_strided, false>)), \
    STORE("01 - ttttt", f3, "vsux", "ei", eew ".v", "vd,(rs1),vs2,vm", guard, (trans_indexed<store_indexed, false>)), \
    STORE("11 - ttttt", f3, "vsox", "ei", eew ".v", "vd,(rs1),vs2,vm", guard, (trans_indexed<store_indexed, false>))

constexpr InsnRow kRows[] = {
    {"000 0 00 1 01011 sssss 000 ddddd 0000111", "vlm.v", "vd,(rs1)", Zve32x, trans_mask<load_mask>},
    {"000 0 00 1 01011 sssss 000 ddddd 0100111", "vsm.v", "vd,(rs1)", Zve32x, trans_mask<store_mask>},
    {"iii 0 00 1 01000 sssss 000 ddddd 0100111", "vs#r.v", "vd,(rs1)", Zve32x, trans_whole<store_whole>, kFields},
    ROWS_OF_WIDTH("000", "8", Zve32x),
    ROWS_OF_WIDTH("101", "16", Zve32x),
    ROWS_OF_WIDTH("110", "32", Zve32x),
    ROWS_OF_WIDTH("111", "64", Zve64x),
};
// clang-format on
#undef ROWS_OF_WIDTH
#undef STORE
#undef LOAD
#undef ROWS

}  // namespace

InsnSet rows_vmemory() { return kRows; }

}  // namespace dragoman::riscv
