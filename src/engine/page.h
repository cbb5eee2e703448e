// The unit in which the engine keeps track of guest code and of mappings.
#pragma once

#include "base/bits.h"

namespace dragoman::engine {

inline constexpr unsigned kPageBits = 12;
inline constexpr u64 kPageBytes = u64{1} << kPageBits;

}  // namespace dragoman::engine
