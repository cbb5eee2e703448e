// Numbers at the end of buffers, their low byte first.
#pragma once

#include <vector>

#include "base/bits.h"

namespace dragoman {

inline void put_le(std::vector<u8>& out, u64 value, unsigned bytes) {
    for (unsigned i = 0; i < bytes; i++) out.push_back(static_cast<u8>(value >> (8 * i)));
}

}  // namespace dragoman
