#include "linux/files/kernel_writes.h"

#include <sys/uio.h>

#include <algorithm>
#include <climits>

namespace dragoman::linux_abi {

void release_code(Task& task, u64 address, u64 bytes) {
    using memory::PageFlags;
    constexpr u64 kMost = u64{INT_MAX};  // of one read
    const u64 start = task.space().untagged(address), end = start + std::min(bytes, kMost);
    for (u64 page = align_down(start, memory::kPageSize); page < end; page += memory::kPageSize) {
        const PageFlags flags = task.space().flags(page);
        if (flags == PageFlags::None) return;
        if (has(flags, PageFlags::Code) && has(flags, PageFlags::Write)) {
            task.space().release_guarded_code();
            return;
        }
    }
}

void release_code_of_vector(Task& task, u64 address, u64 count) {
    for (u64 i = 0; i < std::min<u64>(count, IOV_MAX); ++i) {
        iovec part;
        if (!task.read(part, address + i * sizeof part)) return;
        release_code(task, reinterpret_cast<u64>(part.iov_base), part.iov_len);
    }
}

}  // namespace dragoman::linux_abi
