// Numbers of any size in as few bytes as they take: LEB128, seven bits a byte, the lowest first.
#pragma once

#include "base/bits.h"

namespace dragoman {

inline constexpr unsigned kMaxLeb128Bytes = 10;  ///< of a u64

/// Writes `value` to `p`. @returns its end
inline u8* put_leb128(u8* p, u64 value) {
    while (value >= 0x80) {
        *p++ = static_cast<u8>(value | 0x80);
        value >>= 7;
    }
    *p++ = static_cast<u8>(value);
    return p;
}

/// Reads a number at `p`, and moves `p` behind it.
inline u64 get_leb128(const u8*& p) {
    u64 value = 0;
    for (unsigned shift = 0;; shift += 7) {
        const u8 byte = *p++;
        value |= u64{byte & 0x7fu} << shift;
        if (byte < 0x80) return value;
    }
}

/// Small magnitudes of either sign to small unsigned numbers, and back.
constexpr u64 zigzag(i64 v) { return static_cast<u64>(v) << 1 ^ static_cast<u64>(v >> 63); }
constexpr i64 unzigzag(u64 v) { return static_cast<i64>(v >> 1) ^ -static_cast<i64>(v & 1); }

}  // namespace dragoman
