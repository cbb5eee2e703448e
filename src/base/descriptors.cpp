#include "base/descriptors.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>

namespace dragoman {

namespace {

constexpr unsigned kMaxReserved = 32;
/// Up to this limit our numbers are above it. The kernel's table of descriptors, which fork copies, is as large as the
/// highest number wants it.
constexpr unsigned kHighestLimit = 4096;
/// With a higher limit: high enough to be out of the way.
constexpr unsigned kPreferredTop = 1024;

struct Place {
    std::atomic<int> number{0};  ///< plus one; 0: the place is free
    std::atomic<std::atomic<int>*> owner{nullptr};
};
std::array<Place, kMaxReserved> reserved{};
std::atomic<unsigned> reserved_count{0};

bool remember(int fd, std::atomic<int>* owner) {
    for (Place& place : reserved) {
        int free = 0;
        if (place.number.compare_exchange_strong(free, fd + 1)) {
            place.owner.store(owner);
            reserved_count.fetch_add(1);
            return true;
        }
    }
    return false;
}

/// A copy of `fd` where the guest will hardly look; -1: there is no room.
int copy_out_of_the_way(int fd) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur <= kHighestLimit) {
        const auto low = static_cast<unsigned>(limit.rlim_cur);
        DescriptorAllowance more(low + kMaxReserved);
        int moved = fcntl(fd, F_DUPFD_CLOEXEC, low);
        if (moved >= 0) return moved;
    }
    const auto top = static_cast<unsigned>(std::min<u64>(limit.rlim_cur, kPreferredTop));
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, top > kMaxReserved ? top - kMaxReserved : 3);
    return moved >= 0 ? moved : fcntl(fd, F_DUPFD_CLOEXEC, 3);
}

}  // namespace

DescriptorAllowance::DescriptorAllowance(unsigned wanted) {
    if (getrlimit(RLIMIT_NOFILE, &old_) != 0 || old_.rlim_cur >= wanted) return;
    rlimit more{wanted, std::max<rlim_t>(old_.rlim_max, wanted)};
    raised_ = setrlimit(RLIMIT_NOFILE, &more) == 0;
    if (raised_ || old_.rlim_max <= old_.rlim_cur) return;
    more = {std::min<rlim_t>(old_.rlim_max, wanted), old_.rlim_max};
    raised_ = setrlimit(RLIMIT_NOFILE, &more) == 0;
}

DescriptorAllowance DescriptorAllowance::more(unsigned count) {
    constexpr rlim_t kLargest = 1u << 20;  // beyond, nobody gets into its way
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    return DescriptorAllowance(static_cast<unsigned>(std::min(limit.rlim_cur, kLargest)) + count);
}

void DescriptorAllowance::restore() {
    if (raised_) setrlimit(RLIMIT_NOFILE, &old_);
    raised_ = false;
}

int reserve_descriptor(int fd, std::atomic<int>* owner) {
    int moved = copy_out_of_the_way(fd);
    if (moved < 0) return fd;
    if (!remember(moved, owner)) {
        close(moved);
        return fd;
    }
    close(fd);
    return moved;
}

void release_descriptor(int fd) {
    for (Place& place : reserved) {
        int mine = fd + 1;
        if (place.number.compare_exchange_strong(mine, 0)) reserved_count.fetch_sub(1);
    }
    close(fd);
}

bool have_reserved_descriptors() { return reserved_count.load(std::memory_order_relaxed) != 0; }

bool is_reserved_descriptor(int fd) {
    if (!have_reserved_descriptors()) return false;
    return std::any_of(reserved.begin(), reserved.end(), [fd](Place& place) { return place.number.load() == fd + 1; });
}

bool make_way(int fd) {
    if (!is_reserved_descriptor(fd)) return true;
    for (Place& place : reserved) {
        if (place.number.load() != fd + 1) continue;
        std::atomic<int>* owner = place.owner.load();
        if (!owner) return false;
        const int moved = copy_out_of_the_way(fd);
        // Who has read the old number meanwhile looks again (path.cpp). Without any free number, the owner has none.
        owner->store(moved);
        place.number.store(moved + 1);
        if (moved < 0) reserved_count.fetch_sub(1);
    }
    return true;
}

int next_reserved_descriptor(unsigned from) {
    int next = -1;
    for (Place& place : reserved) {
        int fd = place.number.load() - 1;
        if (fd >= 0 && static_cast<unsigned>(fd) >= from && (next < 0 || fd < next)) next = fd;
    }
    return next;
}

}  // namespace dragoman
