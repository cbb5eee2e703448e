#include "memory/mmio_access.h"

#include <algorithm>
#include <bit>

namespace dragoman::memory {

namespace {

/// Splits or widens one access to what the device takes; `part(offset, size, shift)` makes one access of the device,
/// whose lowest byte is byte `shift / 8` of the value (negative: the piece starts below the access).
template <class F>
bool adapt_access(const MmioLimits& limits, u64 offset, unsigned size, F part) {
    bool aligned = is_aligned(offset, size) || limits.misaligned;
    if (size >= limits.min_size && size <= limits.max_size && aligned) return part(offset, size, 0);
    if (!limits.adapt) return false;
    for (unsigned done = 0; done < size;) {
        u64 at = offset + done;
        unsigned piece = std::bit_floor(std::min<unsigned>(limits.max_size, size - done));
        while (piece > 1 && !is_aligned(at, piece)) piece /= 2;
        unsigned wide = std::max<unsigned>(piece, limits.min_size);
        u64 start = align_down(at, wide);
        if (!part(start, wide, 8 * (static_cast<int>(done) - static_cast<int>(at - start)))) return false;
        done += wide - static_cast<unsigned>(at - start);
    }
    return true;
}

u64 shifted(u64 value, int left) {
    if (left <= -64 || left >= 64) return 0;
    return left >= 0 ? value << left : value >> -left;
}

}  // namespace

bool mmio_read(MmioHandler& handler, const MmioLimits& limits, u64 offset, unsigned size, u64& value) {
    u64 result = 0;
    bool ok = adapt_access(limits, offset, size, [&](u64 at, unsigned bytes, int shift) {
        u64 piece = 0;
        if (!handler.read(at, bytes, piece)) return false;
        result |= shifted(piece & low_mask(8 * bytes), shift);
        return true;
    });
    value = result & low_mask(8 * size);
    return ok;
}

bool mmio_write(MmioHandler& handler, const MmioLimits& limits, u64 offset, unsigned size, u64 value) {
    value &= low_mask(8 * size);
    return adapt_access(limits, offset, size, [&](u64 at, unsigned bytes, int shift) {
        return handler.write(at, bytes, shifted(value, -shift) & low_mask(8 * bytes));
    });
}

}  // namespace dragoman::memory
