// A block of 128 bits, as the ciphers and hashes here work on: byte 0 is the lowest of `low`.
#pragma once

#include "base/bits.h"

namespace dragoman::crypto {

struct Block {
    u64 low, high;
    constexpr bool operator==(const Block&) const = default;
    constexpr Block operator^(const Block& o) const { return {low ^ o.low, high ^ o.high}; }
};

}  // namespace dragoman::crypto
