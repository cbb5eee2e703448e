// The files under /proc whose contents the host's kernel would give for the translator instead of the guest.
#pragma once

#include <optional>
#include <string>

#include "linux/proc/guest_maps.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// The guest's program that `path` is the link to, if it is /proc/PID/exe (or self/exe, task/TID/exe) of this or of
/// another guest process: an absolute name, " (deleted)" behind it when it is gone. Else nothing.
std::optional<std::string> proc_exe(const Task& task, int dirfd, const std::string& path);

/// A name by which the host opens that program, or looks at it.
std::optional<std::string> proc_exe_file(const Task& task, const std::string& path);

/// Keeps the guest's program open if it has no name (memfd, unlinked), so that the guest's link leads to it all the
/// same. Call once, when it has been loaded. @param file a descriptor of it
void hold_program(const Process& process, int file);

/// If `path` names a file that has to be made up for the guest, makes it (in memory) and opens it.
/// @returns descriptor or -errno; nothing when the path is none of these.
std::optional<i64> open_proc_file(Task& task, int dirfd, const std::string& path, int flags);

/// The memory of the guest itself.
MemoryView own_memory(const Process& process);

}  // namespace dragoman::linux_abi
