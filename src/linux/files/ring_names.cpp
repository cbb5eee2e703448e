#include "linux/files/ring_names.h"

#include <fcntl.h>

#include <algorithm>
#include <cstddef>
#include <map>

#include "base/mutex.h"
#include "linux/files/io_uring.h"
#include "linux/layouts.h"

#ifndef IORING_SETUP_NO_MMAP
#define IORING_SETUP_NO_MMAP (1U << 14)
#endif
#ifndef IORING_SETUP_NO_SQARRAY
#define IORING_SETUP_NO_SQARRAY (1U << 16)
#endif

namespace dragoman::linux_abi {

namespace {

Mutex lock;
std::map<int, Ring> rings DRAGOMAN_GUARDED_BY(lock);
std::map<std::pair<pid_t, u32>, int> registered_rings DRAGOMAN_GUARDED_BY(lock);
std::atomic<bool> any_rings{false};

bool find_ring(const Task& task, u32 number, bool registered, Ring& found) {
    LockGuard guard(lock);
    int fd = static_cast<int>(number);
    if (registered) {
        const auto at = registered_rings.find({task.tid, number});
        if (at == registered_rings.end()) return false;
        fd = at->second;
    }
    const auto at = rings.find(fd);
    if (at == rings.end() || at->second.rings == 0 || at->second.requests == 0) return false;
    found = at->second;
    return true;
}

constexpr u8 kEpollWait = 59;  // IORING_OP_EPOLL_WAIT

constexpr u64 field(u64 request, std::size_t offset) { return request + offset; }

}  // namespace

void remember_ring(int fd, const io_uring_params& params) {
    Ring ring{params, 0, 0};
    if (params.flags & IORING_SETUP_NO_MMAP) {
        ring.rings = params.cq_off.resv2;     // user_addr
        ring.requests = params.sq_off.resv2;  // likewise
    }
    LockGuard guard(lock);
    rings[fd] = ring;
    any_rings = true;
}

void remember_registered_ring(const Task& task, u32 index, int fd) {
    LockGuard guard(lock);
    registered_rings[{task.tid, index}] = fd;
}

void note_ring_mapping(int fd, u64 offset, u64 address) {
    if (!any_rings.load(std::memory_order_relaxed)) return;
    LockGuard guard(lock);
    const auto at = rings.find(fd);
    if (at == rings.end()) return;
    if (offset == IORING_OFF_SQ_RING) at->second.rings = address;
    if (offset == IORING_OFF_SQES) at->second.requests = address;
}

HostNames::HostNames(Task& task, u32 number, bool registered, u64 count) : task_(task) {
    Ring ring;
    if (count == 0 || !find_ring(task, number, registered, ring)) return;
    const io_uring_params& params = ring.params;
    u32 head = 0, entries = 0;
    // A ring's memory that has become something else is left alone.
    if (!task.read(head, ring.rings + params.sq_off.head) ||
        !task.read(entries, ring.rings + params.sq_off.ring_entries) || entries != params.sq_entries)
        return;
    const u64 bytes = sizeof(io_uring_sqe) << (params.flags & IORING_SETUP_SQE128 ? 1 : 0);
    for (u64 i = 0; i < std::min<u64>(count, entries); ++i) {
        u32 index = (head + static_cast<u32>(i)) & (entries - 1);
        if (!(params.flags & IORING_SETUP_NO_SQARRAY) &&
            !task.read(index, ring.rings + params.sq_off.array + u64{index} * sizeof index))
            return;
        io_uring_sqe request;
        const u64 address = ring.requests + (index & (entries - 1)) * bytes;
        if (!task.read(&request, address, sizeof request)) return;
        replace(request, address);
    }
}

HostNames::~HostNames() {
    for (auto [address, value] : before_) task_.write(address, value);
}

void HostNames::replace(const io_uring_sqe& request, u64 address) {
    const u64 first = field(address, offsetof(io_uring_sqe, addr)),
              second = field(address, offsetof(io_uring_sqe, addr2)),
              third = field(address, offsetof(io_uring_sqe, addr3));
    const int directory = request.fd, other_directory = static_cast<int>(request.len);
    switch (request.opcode) {
        case IORING_OP_OPENAT: return replace_name(first, request.addr, !(request.open_flags & O_NOFOLLOW), directory);
        case IORING_OP_OPENAT2: {
            u64 flags = 0;
            task_.read(flags, request.addr2);  // open_how
            return replace_name(first, request.addr, !(flags & O_NOFOLLOW), directory);
        }
        case IORING_OP_STATX:
            return replace_name(first, request.addr, !(request.statx_flags & AT_SYMLINK_NOFOLLOW), directory);
        case IORING_OP_UNLINKAT:
        case IORING_OP_MKDIRAT: return replace_name(first, request.addr, false, directory);
        case IORING_OP_SYMLINKAT: return replace_name(second, request.addr2, false, directory);
        case IORING_OP_RENAMEAT:
        case IORING_OP_LINKAT: {
            const bool follow = request.opcode == IORING_OP_LINKAT && (request.hardlink_flags & AT_SYMLINK_FOLLOW);
            replace_name(first, request.addr, follow, directory);
            return replace_name(second, request.addr2, false, other_directory);
        }
        case IORING_OP_SETXATTR:
        case IORING_OP_GETXATTR: return replace_name(third, request.addr3, true, AT_FDCWD);
        case IORING_OP_EPOLL_CTL: return replace_event(first, request.addr);
        case kEpollWait: {
            // Its events would have the host's layout: as a kernel that does not have it yet.
            u64 head;
            if (!task_.read(head, address)) return;
            before_.emplace_back(address, head);
            task_.write(address, head | 0xff);
            return;
        }
        default: return;
    }
}

void HostNames::replace_event(u64 field, u64 event) {
    auto host = std::make_unique<epoll_event>();
    if (event == 0 || !read_epoll_event(task_, event, *host)) return;
    if (!task_.write(field, reinterpret_cast<u64>(host.get()))) return;
    before_.emplace_back(field, event);
    events_.push_back(std::move(host));
}

void HostNames::replace_name(u64 field, u64 name, bool follow, int directory) {
    auto path = std::make_unique<GuestPath>();
    if (path->load(task_, name, follow, directory) != 0 || path->host() == name) return;
    const u64 host = path->host();
    if (!task_.write(field, host)) return;
    before_.emplace_back(field, name);
    names_.push_back(std::move(path));
}

}  // namespace dragoman::linux_abi
