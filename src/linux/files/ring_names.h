// The rings of a guest with another root (-L), and the names in their requests.
#pragma once

#include <linux/io_uring.h>
#include <sys/epoll.h>

#include <vector>

#include "linux/pass.h"

namespace dragoman::linux_abi {

/// A ring as its guest sees it.
struct Ring {
    io_uring_params params{};
    u64 rings = 0, requests = 0;  ///< guest addresses; 0: not mapped yet
};

/// Remembers a ring that has been made. Whatever had the descriptor before is forgotten.
void remember_ring(int fd, const io_uring_params& params);
/// `fd` has become the task's registered ring `index`.
void remember_registered_ring(const Task& task, u32 index, int fd);

/// While it lives, names in the next requests of a ring are the host's.
class HostNames {
public:
    /// @param ring a descriptor, or with `registered` the task's registered ring of that number
    HostNames(Task& task, u32 ring, bool registered, u64 count);
    ~HostNames();
    HostNames(const HostNames&) = delete;

private:
    void replace(const io_uring_sqe& request, u64 address);
    void replace_event(u64 field, u64 event);
    void replace_name(u64 field, u64 name, bool follow, int directory);

    Task& task_;
    std::vector<std::unique_ptr<GuestPath>> names_;
    std::vector<std::unique_ptr<epoll_event>> events_;
    std::vector<std::pair<u64, u64>> before_;  ///< the fields' addresses, and what was there
};

}  // namespace dragoman::linux_abi
