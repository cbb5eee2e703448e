// Arrays of buffers whose addresses the host's kernel has to see as host addresses. Without a guest_base the guest's
// own array is handed over.
#pragma once

#include <sys/uio.h>

#include <vector>

#include "linux/layouts.h"
#include "linux/pass.h"

namespace dragoman::linux_abi {

class HostIovec {
public:
    static constexpr u64 kMaxCount = 1024;  ///< UIO_MAXIOV

    /// Whether the host's kernel understands the guest's longs and pointers as they are.
    static bool is_host_layout(const Task& task) {
        return task.space().pointers_are_hosts() && word_bytes(task) == sizeof(u64);
    }

    /// @returns 0, -EFAULT or -EINVAL (too many).
    i64 load(const Task& task, u64 address, u64 count) {
        address_ = address;
        if (is_host_layout(task)) return 0;
        if (count > kMaxCount) return -EINVAL;
        copy_.resize(count);
        static_assert(sizeof(iovec) == 2 * sizeof(u64));
        u64 words[2];
        for (u64 i = 0; i < count; ++i) {
            if (!read_words(task, address + i * 2 * word_bytes(task), words, 2)) return -EFAULT;
            // A length that is negative in the guest's width is so in the host's.
            const u64 length = static_cast<u64>(sign_extend(words[1], static_cast<unsigned>(word_bytes(task) * 8)));
            copy_[i] = {reinterpret_cast<void*>(host_pointer(task, words[0])), length};
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
