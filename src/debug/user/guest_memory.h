// Guest memory as a debugger sees it: whatever the guest has mapped, without regard to permissions.
#pragma once

#include "memory/user_space.h"

namespace dragoman::debug {

/// @returns the number of bytes read or written before the first that is not mapped.
std::size_t read_guest(const memory::UserSpace& space, u64 address, void* to, std::size_t bytes);
std::size_t write_guest(memory::UserSpace& space, u64 address, const void* from, std::size_t bytes);

}  // namespace dragoman::debug
