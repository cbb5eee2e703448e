// io_uring of a guest with another root (-L): names in requests are looked up there.
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// The guest has mapped descriptor `fd` from `offset` on at `address`: it may be a ring.
void note_ring_mapping(int fd, u64 offset, u64 address);

}  // namespace dragoman::linux_abi
