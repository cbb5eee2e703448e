#include "devices/block/raw.h"

#include <array>
#include <cerrno>
#include <cstring>

#include "devices/block/format.h"

namespace dragoman::devices::block {

int Raw::write(u64 offset, std::span<const iovec> from) {
    if (guard_ && offset == 0) {
        std::array<u8, kProbeBytes> start{};
        std::size_t filled = 0;
        for (const iovec& piece : from) {
            std::size_t bytes = std::min(piece.iov_len, start.size() - filled);
            std::memcpy(start.data() + filled, piece.iov_base, bytes);
            filled += bytes;
        }
        if (probe_format(start) != "raw") return EPERM;
    }
    return file_->write(offset_ + offset, from);
}

}  // namespace dragoman::devices::block
