// Listings of /proc/PID/fd leave out the translator's own descriptors.
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Takes the entries of reserved descriptors out of the `bytes` that getdents64 has put at `address`, if `directory` is
/// /proc/PID/fd or fdinfo of this process. @returns how many bytes are left
i64 hide_reserved_entries(Task& task, int directory, u64 address, i64 bytes);

}  // namespace dragoman::linux_abi
