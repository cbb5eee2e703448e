// What the kernel writes to guest memory behind a system call's back: asynchronous reads. Pages that hold translated
// code are not writable for it, and there is no call to be made again when that fails.
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Drops translations in [address, address + bytes) whose protection would be in the kernel's way.
void release_code(Task& task, u64 address, u64 bytes);
/// The same for `count` buffers (struct iovec).
void release_code_of_vector(Task& task, u64 address, u64 count);

}  // namespace dragoman::linux_abi
