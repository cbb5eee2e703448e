// How the host's process ends after a guest's core dump.
#pragma once

#include <string_view>

namespace dragoman::linux_abi {

/// Sees to it that the kernel writes no dump of the translator when a signal ends it. Nothing else may follow.
void forbid_host_dump();

/// The parent of the process is to learn that there is a core dump (WCOREDUMP), which only the kernel can tell it, and
/// only when it has written one itself: lets it write next to nothing into a directory of its own, which a process
/// removes that outlives this one. A pattern that is a pipe: the program of the host's gets the headers of that dump.
/// Where neither is possible, as forbid_host_dump.
/// @param pattern the kernel's core_pattern
void tell_of_dump(std::string_view pattern);

}  // namespace dragoman::linux_abi
