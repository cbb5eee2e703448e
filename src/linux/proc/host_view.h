// What the host's kernel, and so its ps and everybody else, shows of a guest process under /proc/PID: the guest's
// command line, environment, auxiliary vector, and the places of its code, data and stack.
#pragma once

#include "linux/task.h"

namespace dragoman::linux_abi {

/// Tells the host's kernel (PR_SET_MM_MAP, which needs no privilege). Where the kernel does not have that, /proc/PID
/// shows the translator to other processes. Call when the program has been loaded.
void publish_to_host(const Process& process);

/// prctl(PR_SET_MM) of the guest.
SyscallResult set_mm(Task& task, const SyscallArgs& args);

}  // namespace dragoman::linux_abi
