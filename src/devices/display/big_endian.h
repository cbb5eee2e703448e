// Numbers in network byte order, in buffers.
#pragma once

#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices::display {

inline u16 get_be16(std::span<const u8> bytes, std::size_t at) {
    return static_cast<u16>(bytes[at] << 8 | bytes[at + 1]);
}
inline u32 get_be32(std::span<const u8> bytes, std::size_t at) {
    return u32{get_be16(bytes, at)} << 16 | get_be16(bytes, at + 2);
}
inline void put_be16(std::vector<u8>& out, u32 value) {
    out.push_back(static_cast<u8>(value >> 8));
    out.push_back(static_cast<u8>(value));
}
inline void put_be32(std::vector<u8>& out, u32 value) {
    put_be16(out, value >> 16);
    put_be16(out, value);
}
/// Overwrites what put_be32 has put.
inline void set_be32(std::vector<u8>& out, std::size_t at, u32 value) {
    for (unsigned i = 0; i < 4; i++) out[at + i] = static_cast<u8>(value >> (24 - 8 * i));
}

}  // namespace dragoman::devices::display
