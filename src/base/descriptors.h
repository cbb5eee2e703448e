// The translator's own descriptors (sysroot, log, gdb socket) live at high numbers, and the guest cannot close or
// replace them: to the guest those numbers are not open.
#pragma once

#include "base/bits.h"

namespace dragoman {

/// Moves host descriptor `fd` out of the guest's way, close-on-exec, and reserves it.
/// @returns the new number; `fd` itself (unreserved) when none is free.
int reserve_descriptor(int fd);
/// Closes a reserved descriptor.
void release_descriptor(int fd);
bool is_reserved_descriptor(int fd);
/// The lowest reserved descriptor that is at least `from`, or -1.
int next_reserved_descriptor(unsigned from);

}  // namespace dragoman
