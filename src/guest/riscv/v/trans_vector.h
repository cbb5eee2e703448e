// What the translation functions of vector instructions share: the rules for register groups, and the call that
// executes an instruction.
#pragma once

#include "guest/riscv/context.h"
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv {

/// Registers of one operand: a group of 2^lmul registers from `reg` on, with elements of 2^sew bytes.
struct VectorGroup {
    unsigned reg;
    int lmul;
    int sew;  ///< log2 of bytes; -3: a mask

    constexpr unsigned registers() const { return lmul > 0 ? 1u << lmul : 1; }
    constexpr bool aligned() const { return reg % registers() == 0 && reg + registers() <= 32; }
    constexpr bool overlaps(const VectorGroup& o) const {
        return reg < o.reg + o.registers() && o.reg < reg + registers();
    }
};

/// Whether EMUL = 2^lmul exists.
constexpr bool is_emul(int lmul) { return lmul >= -3 && lmul <= 3; }

/// Whether `to` may be written by an instruction that reads `from` (section "Vector Operands"): they do not overlap, or
/// have one element width, or the narrower one lies where elements are read before they are overwritten.
constexpr bool may_overwrite(const VectorGroup& to, const VectorGroup& from) {
    if (!to.overlaps(from) || to.sew == from.sew) return true;
    if (to.sew < from.sew) return to.reg == from.reg;
    return from.lmul >= 0 && to.reg + to.registers() == from.reg + from.registers();
}

/// Whether no register is read as elements of two widths: by `a`, by `b` (null: there is none), and as the mask.
inline bool has_one_width(const VectorGroup& a, const VectorGroup* b, bool masked, bool a_is_mask) {
    if (b != nullptr && a.sew != b->sew && a.overlaps(*b)) return false;
    if (!masked) return true;
    return (a_is_mask || a.reg != 0) && (b == nullptr || b->reg != 0);
}

/// The current vtype, or false: vill is set, or vector state is off, so that the instruction is illegal.
bool vector_type(const DisasContext& ctx, VectorType& type);

constexpr bool is_masked(u32 bits) { return (bits >> 25 & 1) == 0; }

/// Calls the helper for arithmetic: `scalar` is the second operand where that is no register group.
void gen_vector(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, Var scalar);
/// The same; the result is that of an integer register.
void gen_vector_to_gpr(DisasContext& ctx, VectorOp op, unsigned sew, int lmul, unsigned rd);
/// A memory access.
void gen_vector_access(DisasContext& ctx, VectorOp op, unsigned eew, int emul, unsigned rs1);
/// Makes the instruction illegal when vstart is not 0.
void require_no_vstart(DisasContext& ctx);

}  // namespace dragoman::riscv
