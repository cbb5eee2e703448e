// The PROCMAP_QUERY request on /proc/self/maps (Linux 6.11): one mapping as a structure instead of text.
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

inline constexpr u64 kProcmapQuery = 0xc0686611;  // _IOWR('f', 17, struct procmap_query)

/// Answers it for the file made for /proc/self/maps that `fd` is. @returns 0 or -errno; -ENOTTY for other files
SyscallResult procmap_query(Task& task, int fd, u64 address);

}  // namespace dragoman::linux_abi
