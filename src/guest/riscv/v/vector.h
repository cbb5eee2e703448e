// Vector state as seen by the rest of the guest.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Sets vtype, or vill for what is not supported, and the TB state flags that follow.
void set_vtype(Hart& hart, u64 vtype);
/// The TB state flags of `v`.
u32 vector_flags(const VectorState& v);
/// Vector state at reset, with registers of `vlenb` bytes.
void reset_vector(Hart& hart, unsigned vlenb);

}  // namespace dragoman::riscv
