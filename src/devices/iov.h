// Scattered buffers as one run of bytes.
#pragma once

#include <sys/uio.h>

#include <algorithm>
#include <cstring>
#include <span>
#include <vector>

#include "base/bits.h"

namespace dragoman::devices {

/// Calls f(host address, bytes) for the pieces of [offset, offset+length), clipped to what is there.
/// @returns how many bytes those are
template <class F>
u64 for_pieces(std::span<const iovec> iov, u64 offset, u64 length, F f) {
    u64 done = 0;
    for (const iovec& piece : iov) {
        if (done == length) break;
        if (offset >= piece.iov_len) {
            offset -= piece.iov_len;
            continue;
        }
        u64 bytes = std::min<u64>(piece.iov_len - offset, length - done);
        f(static_cast<u8*>(piece.iov_base) + offset, bytes);
        done += bytes;
        offset = 0;
    }
    return done;
}

inline u64 total_bytes(std::span<const iovec> iov) {
    u64 bytes = 0;
    for (const iovec& piece : iov) bytes += piece.iov_len;
    return bytes;
}

/// Appends the pieces of [offset, offset+length) to `out`.
inline u64 append_slice(std::span<const iovec> iov, u64 offset, u64 length, std::vector<iovec>& out) {
    return for_pieces(iov, offset, length, [&out](u8* at, u64 bytes) { out.push_back({at, bytes}); });
}

inline u64 copy_from_iov(std::span<const iovec> iov, u64 offset, void* to, u64 length) {
    u8* out = static_cast<u8*>(to);
    return for_pieces(iov, offset, length, [&out](u8* at, u64 bytes) {
        std::memcpy(out, at, bytes);
        out += bytes;
    });
}

inline u64 copy_to_iov(std::span<const iovec> iov, u64 offset, const void* from, u64 length) {
    const u8* in = static_cast<const u8*>(from);
    return for_pieces(iov, offset, length, [&in](u8* at, u64 bytes) {
        std::memcpy(at, in, bytes);
        in += bytes;
    });
}

inline void zero_iov(std::span<const iovec> iov, u64 offset, u64 length) {
    for_pieces(iov, offset, length, [](u8* at, u64 bytes) { std::memset(at, 0, bytes); });
}

}  // namespace dragoman::devices
