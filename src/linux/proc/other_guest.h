// Other guest processes, as seen under /proc. Only what the host's kernel says of a process is believed; see "Other
// processes" in docs/architecture.md.
#pragma once

#include <sys/types.h>

#include <optional>
#include <string>

#include "linux/proc/guest_maps.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// The program that process `who` (its name under /proc) runs, if that is a guest process; else nothing. As the kernel
/// shows it, " (deleted)" at the end where it has no name any more.
std::optional<std::string> other_program(const std::string& who);

/// Whether it is a guest, as far as can be known: without /proc, it may be.
bool may_be_guest(const std::string& who);

/// The memory of process `who`, if that is a guest process. Without the right to look into it, and for one of another
/// build of the translator, it is guessed from the host's mappings below `guessed_top`: nothing is executable then.
std::optional<MemoryView> other_memory(const std::string& who, u64 guessed_top);

}  // namespace dragoman::linux_abi
