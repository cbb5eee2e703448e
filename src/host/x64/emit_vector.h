// Pieces that the files of vector ops share.
//
// Vector code needs AVX2. With AVX-512 a Mask is in a mask register and merges: the output's register holds the old
// value, and the op is one instruction. Without, a Mask is in a general register, and there are no masked ops
// (has_vector_op). Elements above those of a narrower type than its register may hold anything.
#pragma once

#include "host/x64/emitter.h"
#include "host/x64/vector_constants.h"

namespace dragoman::host::x64 {

/// Whether the op is compiled, on the CPU and with the options of `shared`.
bool has_vector_op(const Shared& shared, ir::Op op, ir::Type type, ir::VectorRules rules);

/// Register `r` as a vector of type `t`.
inline Xbyak::Xmm vec(ir::Type t, HostReg r) {
    const int n = r - static_cast<int>(kFirstXmm);
    if (t == ir::Type::V512) return Xbyak::Zmm(n);
    if (t == ir::Type::V256) return Xbyak::Ymm(n);
    return Xbyak::Xmm(n);
}
/// The same to be written for the elements of mask register `k` only; kNoReg: for all.
inline Xbyak::Xmm vec_masked(ir::Type t, HostReg r, HostReg k) {
    Xbyak::Xmm x = vec(t, r);
    if (k != kNoReg) x.setOpmaskIdx(opmask(k).getIdx());
    return x;
}
inline constexpr HostReg kTempMask = kFirstMask + 1;  ///< k1

inline ir::Element element_of(const ir::Insn& insn) { return ir::VectorRules::unpack(insn.attributes).element; }
inline unsigned element_bytes(const ir::Insn& insn) { return ir::element_bits(element_of(insn)) / 8; }
inline bool is_masked(const ir::Insn& insn) { return ir::VectorRules::unpack(insn.attributes).mask; }
/// The mask register of a masked op, else kNoReg.
inline HostReg use_mask(Emitter& e, const ir::Insn& insn) {
    return is_masked(insn) ? e.ra.use(insn.in(info(insn.op).inputs)) : kNoReg;
}

/// A register or memory operand as xbyak takes it.
class VectorSource {
public:
    VectorSource(ir::Type t, const Emitter::Rm& rm)
        : is_reg_(rm.is_reg), reg_(vec(t, rm.is_reg ? rm.reg : xmm_reg(0))), mem_(rm.mem()) {}
    operator const Xbyak::Operand&() const { return is_reg_ ? static_cast<const Xbyak::Operand&>(reg_) : mem_; }

private:
    bool is_reg_;
    Xbyak::Xmm reg_;
    Xbyak::Address mem_;
};

inline Xbyak::Address vector_const(Emitter& e, VectorConst c, unsigned bits) {
    return e.env(offsetof(ir::Env, vector_constants) + static_cast<unsigned>(c) * 64, bits);
}

/// The register to compute a vector op's output into, one that is not among `apart`; of a masked op it holds the old
/// value. `from`: an input whose register may be taken. Behind all inputs.
HostReg vector_target(Emitter& e, const ir::Insn& insn, ir::Var from, std::initializer_list<HostReg> apart = {});

/// d = mask ? a : d, by elements.
void merge_elements(Emitter& e, ir::Type t, unsigned bytes, HostReg d, HostReg k, HostReg a);

/// Without AVX-512: d = all ones in the elements for which the general register `mask` has a bit.
void expand_mask(Emitter& e, ir::Type t, unsigned bytes, HostReg d, HostReg mask);

/// d = the 128 bits of `from` at `lane`; and back.
void extract_lane(Emitter& e, ir::Type t, HostReg d, HostReg from, unsigned lane);
/// d = a with its 128 bits at `lane` replaced by those of `from`.
void insert_lane(Emitter& e, ir::Type t, HostReg d, HostReg a, HostReg from, unsigned lane);

/// d = a op b on the elements of an integer op with two vectors; d may be masked.
void integer_op(Emitter& e, ir::Op op, unsigned bytes, const Xbyak::Xmm& d, const Xbyak::Xmm& a,
                const Xbyak::Operand& b);

}  // namespace dragoman::host::x64
