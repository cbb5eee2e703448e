#include "memory/mmio_window.h"

#include <algorithm>

#include "memory/mmio_access.h"

namespace dragoman::memory {

unsigned MmioWindow::add(std::string name, u64 size, MmioHandler& handler, MmioLimits limits) {
    LockGuard lock(mutex_);
    Range range{.name = std::move(name), .size = size, .handler = &handler, .limits = limits};
    auto place =
        std::find_if(ranges_.begin(), ranges_.end(), [](const Range& other) { return other.handler == nullptr; });
    if (place != ranges_.end()) *place = std::move(range);
    else place = ranges_.insert(place, std::move(range));
    return static_cast<unsigned>(place - ranges_.begin());
}

void MmioWindow::remove(unsigned range) {
    LockGuard lock(mutex_);
    ranges_[range] = {.name = {}, .size = 0, .handler = nullptr, .limits = {}};
}

void MmioWindow::move(unsigned range, u64 offset) {
    LockGuard lock(mutex_);
    ranges_[range].offset = offset;
}

void MmioWindow::turn(unsigned range, bool on) {
    LockGuard lock(mutex_);
    ranges_[range].on = on;
}

std::vector<MmioWindow::Range> MmioWindow::ranges() const {
    SharedGuard lock(mutex_);
    return ranges_;
}

/// The range that all of the access falls into.
bool MmioWindow::find(u64 offset, unsigned size, Range& found) const {
    SharedGuard lock(mutex_);
    if (offset >= size_ || size > size_ - offset) return false;
    for (const Range& range : ranges_) {
        const u64 in = offset - range.offset;
        if (!range.on || offset < range.offset || in >= range.size) continue;
        if (size > range.size - in) return false;
        found.handler = range.handler;
        found.limits = range.limits;
        found.offset = in;
        return true;
    }
    return false;
}

bool MmioWindow::read(u64 offset, unsigned size, u64& value) {
    Range range;
    if (find(offset, size, range)) return mmio_read(*range.handler, range.limits, range.offset, size, value);
    value = ~u64{0};
    return nothing_ == Nothing::Ones;
}

bool MmioWindow::write(u64 offset, unsigned size, u64 value) {
    Range range;
    if (find(offset, size, range)) return mmio_write(*range.handler, range.limits, range.offset, size, value);
    return nothing_ == Nothing::Ones;
}

}  // namespace dragoman::memory
