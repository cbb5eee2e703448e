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
/// High enough to be out of the way, low enough to keep the kernel's descriptor table (copied by fork) small.
constexpr unsigned kPreferredTop = 1024;

/// Reserved numbers plus one; 0 is a free place.
std::array<std::atomic<int>, kMaxReserved> reserved{};
std::atomic<unsigned> reserved_count{0};

bool remember(int fd) {
    for (auto& place : reserved) {
        int free = 0;
        if (place.compare_exchange_strong(free, fd + 1)) {
            reserved_count.fetch_add(1);
            return true;
        }
    }
    return false;
}

}  // namespace

int reserve_descriptor(int fd) {
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    unsigned top = static_cast<unsigned>(std::min<u64>(limit.rlim_cur, kPreferredTop));
    unsigned low = top > kMaxReserved ? top - kMaxReserved : 3;
    int moved = fcntl(fd, F_DUPFD_CLOEXEC, low);
    if (moved < 0) return fd;
    if (!remember(moved)) {
        close(moved);
        return fd;
    }
    close(fd);
    return moved;
}

void release_descriptor(int fd) {
    for (auto& place : reserved) {
        int mine = fd + 1;
        if (place.compare_exchange_strong(mine, 0)) reserved_count.fetch_sub(1);
    }
    close(fd);
}

bool is_reserved_descriptor(int fd) {
    if (reserved_count.load(std::memory_order_relaxed) == 0) return false;
    return std::any_of(reserved.begin(), reserved.end(), [fd](auto& place) { return place.load() == fd + 1; });
}

int next_reserved_descriptor(unsigned from) {
    int next = -1;
    for (auto& place : reserved) {
        int fd = place.load() - 1;
        if (fd >= 0 && static_cast<unsigned>(fd) >= from && (next < 0 || fd < next)) next = fd;
    }
    return next;
}

}  // namespace dragoman
