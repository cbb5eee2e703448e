// One access to a range of registers, split or widened to what the device takes (MmioLimits).
#pragma once

#include "memory/physical_space.h"

namespace dragoman::memory {

/// An access of `size` bytes (1, 2, 4, 8) at `offset` from the start of the range. @returns false for a bus error
bool mmio_read(MmioHandler& handler, const MmioLimits& limits, u64 offset, unsigned size, u64& value);
bool mmio_write(MmioHandler& handler, const MmioLimits& limits, u64 offset, unsigned size, u64 value);

}  // namespace dragoman::memory
