// The host's counter of cycles.
#pragma once

#include <x86intrin.h>

#include "base/bits.h"

namespace dragoman {

/// Monotonic, of constant rate, and cheap to read; the same on all CPUs.
inline u64 cycle_counter() { return __rdtsc(); }

}  // namespace dragoman
