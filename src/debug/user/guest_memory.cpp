#include "debug/user/guest_memory.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>

namespace dragoman::debug {

namespace {

/// Length of the part of [address, address+bytes) that is mapped, from its start.
std::size_t mapped_bytes(const memory::UserSpace& space, u64 address, std::size_t bytes) {
    std::size_t mapped = 0;
    while (mapped < bytes && space.flags(address + mapped) != memory::PageFlags::None) {
        u64 next_page = align_down(address + mapped, memory::kPageSize) + memory::kPageSize;
        mapped = std::min<std::size_t>(bytes, next_page - address);
    }
    return mapped;
}

/// /proc/self/mem reads and writes pages that the process itself may not (watched or read-only ones), and
/// gives an error where a plain access would fault. Opened anew each time: after fork it is another process's.
template <class Transfer>
std::size_t transfer(int flags, std::size_t bytes, Transfer once) {
    int fd = open("/proc/self/mem", flags | O_CLOEXEC);
    if (fd < 0) return 0;
    std::size_t done = 0;
    while (done < bytes) {
        ssize_t part = once(fd, done);
        if (part <= 0) break;
        done += static_cast<std::size_t>(part);
    }
    close(fd);
    return done;
}

}  // namespace

std::size_t read_guest(const memory::UserSpace& space, u64 address, void* to, std::size_t bytes) {
    bytes = mapped_bytes(space, address, bytes);
    return transfer(O_RDONLY, bytes, [&](int fd, std::size_t done) {
        return pread(fd, static_cast<char*>(to) + done, bytes - done,
                     static_cast<off_t>(reinterpret_cast<u64>(space.host(address + done))));
    });
}

std::size_t write_guest(memory::UserSpace& space, u64 address, const void* from, std::size_t bytes) {
    bytes = mapped_bytes(space, address, bytes);
    return transfer(O_RDWR, bytes, [&](int fd, std::size_t done) {
        return pwrite(fd, static_cast<const char*>(from) + done, bytes - done,
                      static_cast<off_t>(reinterpret_cast<u64>(space.host(address + done))));
    });
}

}  // namespace dragoman::debug
