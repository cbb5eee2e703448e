// A hash of guest code bytes, to tell whether code behind an aliased mapping has changed.
#pragma once

#include <cstring>

#include "base/bits.h"

namespace dragoman::engine {

inline u64 content_hash(const u8* bytes, std::size_t size) {
    u64 h = size * 0x9e3779b97f4a7c15;
    auto mix = [&h](u64 word) {
        h = (h ^ word) * 0xff51afd7ed558ccd;
        h ^= h >> 29;
    };
    for (; size >= 8; bytes += 8, size -= 8) {
        u64 word;
        std::memcpy(&word, bytes, 8);
        mix(word);
    }
    u64 tail = 0;
    std::memcpy(&tail, bytes, size);
    mix(tail);
    return h;
}

}  // namespace dragoman::engine
