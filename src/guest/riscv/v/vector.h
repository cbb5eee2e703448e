// Vector state as seen by the rest of the guest.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Puts the TB state flags right after a change of vtype, vl or vstart.
void update_vector_flags(Hart& hart);
/// The TB state flags of `v`.
u32 vector_flags(const VectorState& v);
/// Those of a legal vtype, and what they say of vl, for registers of `vlenb` bytes.
constexpr u32 vtype_flags(u64 vtype) {
    constexpr u32 kAgnostic = kVtypeTailAgnostic | kVtypeMaskAgnostic;
    return kFlagVtypeLegal | (static_cast<u32>(vtype) & kFlagVtypeBits) << kFlagVtypeShift |
           ((vtype & kAgnostic) == kAgnostic ? kFlagAgnostic : 0);
}
constexpr u32 length_flags(const VectorType& type, u64 vl, unsigned vlenb) {
    const u64 vlmax = type.vlmax(vlenb);
    if (vl == vlmax) return kFlagVlmax;
    for (int n = 1; n <= 3 && type.lmul - n >= -3; ++n) {
        if (vl << n == vlmax && vl != 0) return static_cast<u32>(n) << kFlagVlFractionShift;
    }
    return 0;
}
/// CpuOps::retry_access: a vector access that faults is done again element by element, which leaves vstart at the one
/// that faults.
bool retry_access(ir::Env* env);
/// Copies the state of another hart of the same model; registers that were never used stay untouched.
void copy_vector(VectorState& to, const VectorState& from);
/// Makes vector state of zeros that of a hart at reset, with registers of `vlenb` bytes. Leaves the registers
/// untouched.
void reset_vector(Hart& hart, unsigned vlenb);

}  // namespace dragoman::riscv
