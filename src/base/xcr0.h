// What the operating system switches of the host's registers.
#pragma once

#include "base/bits.h"

namespace dragoman {

/// XCR0: the register state that is switched between threads (SDM vol. 1, 13.3): 2 upper halves of YMM, 0xe0 AVX-512.
/// @param leaf1_c  ECX of CPUID leaf 1, which says whether there is such a register; without one: 0
inline u64 xcr0(u32 leaf1_c) {
    if ((leaf1_c >> 27 & 1) == 0) return 0;
    u32 low, high;
    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    return u64{high} << 32 | low;
}

}  // namespace dragoman
