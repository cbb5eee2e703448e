// Core dumps of the guest: an ELF core file of its own architecture, where the kernel would have written one.
#pragma once

#include <csignal>

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Whether the default action of the signal ends the process with a core dump.
bool dumps_core(int signal);

/// Writes the dump of a process that a signal ends, if its limits, its dumpable attribute and the file system allow
/// it. On return the other threads of the process stand still for good. @returns whether there is one now
bool dump_core(Task& task, const siginfo_t& info);

/// Sees to it that the host leaves no dump of the translator when the signal ends it, and that the process's parent
/// learns of a core dump what it would learn of a native program's, as far as that can be. Nothing else may run behind
/// it.
void prepare_host_death(const Task& task, bool dumped);

}  // namespace dragoman::linux_abi
