// Arrays of buffers whose addresses the host's kernel has to see as host addresses. Without a guest_base the guest's
// own array is handed over.
#pragma once

#include <sys/uio.h>

#include <vector>

#include "linux/pass.h"

namespace dragoman::linux_abi {

class HostIovec {
public:
    static constexpr u64 kMaxCount = 1024;  ///< UIO_MAXIOV

    /// @returns 0, -EFAULT or -EINVAL (too many).
    i64 load(const Task& task, u64 address, u64 count) {
        address_ = address;
        if (task.space().pointers_are_hosts()) return 0;
        if (count > kMaxCount) return -EINVAL;
        copy_.resize(count);
        if (!task.read(copy_.data(), address, count * sizeof(iovec))) return -EFAULT;
        for (iovec& part : copy_) {
            part.iov_base = reinterpret_cast<void*>(host_pointer(task, reinterpret_cast<u64>(part.iov_base)));
        }
        address_ = reinterpret_cast<u64>(copy_.data());
        return 0;
    }
    /// Host address of the array.
    u64 address() const { return address_; }

private:
    std::vector<iovec> copy_;
    u64 address_ = 0;
};

}  // namespace dragoman::linux_abi
