// Counters that machine mode leaves to the supervisor, as registers that siselect selects (Privileged specification,
// "Smcdeleg" and "Ssccfg"): where mcounteren has their bits and menvcfg.CDE is set.
#pragma once

#include "guest/riscv/csr.h"

namespace dragoman::riscv {

/// Whether siselect selects a counter.
constexpr bool is_delegated_counter(u64 select) { return select >= 0x40 && select <= 0x5f; }

// `alias`: 1 for sireg to 6 for sireg6.
Permission access_delegated(const Hart& hart, u64 select, unsigned alias);
u64 read_delegated(Hart& hart, u64 select, unsigned alias);
void write_delegated(Hart& hart, u64 value, u64 select, unsigned alias);

}  // namespace dragoman::riscv
