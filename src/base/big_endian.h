// Numbers in network byte order, in buffers.
#pragma once

#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman {

inline u16 get_be16(std::span<const u8> bytes, std::size_t at) {
    return static_cast<u16>(bytes[at] << 8 | bytes[at + 1]);
}
inline u32 get_be24(std::span<const u8> bytes, std::size_t at) {
    return u32{bytes[at]} << 16 | get_be16(bytes, at + 1);
}
inline u32 get_be32(std::span<const u8> bytes, std::size_t at) {
    return u32{get_be16(bytes, at)} << 16 | get_be16(bytes, at + 2);
}
inline u64 get_be64(std::span<const u8> bytes, std::size_t at) {
    return u64{get_be32(bytes, at)} << 32 | get_be32(bytes, at + 4);
}
/// Overwrites `count` bytes.
inline void set_be(std::span<u8> bytes, std::size_t at, u64 value, unsigned count) {
    for (unsigned i = 0; i < count; i++) bytes[at + i] = static_cast<u8>(value >> (8 * (count - 1 - i)));
}
/// Appends.
inline void put_be16(std::vector<u8>& out, u32 value) {
    out.push_back(static_cast<u8>(value >> 8));
    out.push_back(static_cast<u8>(value));
}
inline void put_be32(std::vector<u8>& out, u32 value) {
    put_be16(out, value >> 16);
    put_be16(out, value);
}

}  // namespace dragoman
