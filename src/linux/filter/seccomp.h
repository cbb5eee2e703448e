// seccomp(2): which system calls a guest's task may make. The filters are the guest's, and see the guest's calls; those
// that the translator makes for itself are none of theirs.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

struct Process;

/// prctl(PR_GET_SECCOMP) and prctl(PR_SET_SECCOMP).
SyscallResult get_seccomp(Task& task);
SyscallResult set_seccomp(Task& task, u64 mode, u64 program);

/// From now on each call of the process's tasks is checked against the filters that they have.
void watch_calls(Process& process);

}  // namespace dragoman::linux_abi
