// Vector state as seen by the rest of the guest.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Sets vtype, or vill for what is not supported, and the TB state flags that follow.
void set_vtype(Hart& hart, u64 vtype);
/// The TB state flags of `v`.
u32 vector_flags(const VectorState& v);
/// Copies the state of another hart of the same model; registers that were never used stay untouched.
void copy_vector(VectorState& to, const VectorState& from);
/// Makes vector state of zeros that of a hart at reset, with registers of `vlenb` bytes. Leaves the registers
/// untouched.
void reset_vector(Hart& hart, unsigned vlenb);

}  // namespace dragoman::riscv
