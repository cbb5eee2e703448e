// A hash of bytes: of guest code, to tell whether what is behind an aliased mapping has changed, and of what the
// translation cache keeps.
#pragma once

#include <cstring>

#include "base/bits.h"

namespace dragoman::engine {

inline u64 content_hash(const u8* bytes, std::size_t size) {
    auto mix = [](u64 h, u64 word) {
        h = (h ^ word) * 0xff51afd7ed558ccd;
        return h ^ h >> 29;
    };
    auto word_at = [](const u8* from) {
        u64 word;
        std::memcpy(&word, from, 8);
        return word;
    };
    u64 h = size * 0x9e3779b97f4a7c15;
    if (size >= 64) {
        // Each step waits for the one before it: four rows of them take hardly longer than one.
        u64 a = h, b = ~h, c = h + 1, d = h + 2;
        for (; size >= 32; bytes += 32, size -= 32) {
            a = mix(a, word_at(bytes));
            b = mix(b, word_at(bytes + 8));
            c = mix(c, word_at(bytes + 16));
            d = mix(d, word_at(bytes + 24));
        }
        h = mix(mix(mix(a, b), c), d);
    }
    const u8* const end = bytes + size;
    const bool short_one = size < 8;
    for (; size >= 8; bytes += 8, size -= 8) h = mix(h, word_at(bytes));
    if (!short_one) return size != 0 ? mix(h, word_at(end - 8)) : h;
    u64 tail = 0;
    for (; size != 0; --size) tail = tail << 8 | *bytes++;
    return mix(h, tail);
}

}  // namespace dragoman::engine
