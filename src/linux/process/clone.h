// Making of new tasks.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

class Task;

/// What clone or clone3 asks for; guest addresses.
struct CloneRequest {
    u64 flags = 0;        ///< CLONE_*
    u64 exit_signal = 0;  ///< to the parent when the child ends
    u64 stack = 0;        ///< initial stack pointer; 0: the parent's
    u64 tls = 0;
    u64 parent_tid = 0, child_tid = 0, pidfd = 0;
    u64 set_tid = 0, set_tid_size = 0, cgroup = 0;
};

/// A thread of the same process.
SyscallResult new_thread(Task& task, const CloneRequest& request);
/// A child with a copy of the memory.
SyscallResult fork_process(Task& task, const CloneRequest& request);
/// A child in the same memory, while the calling task is suspended.
SyscallResult vfork_process(Task& task, const CloneRequest& request);

/// A child in the same memory that runs beside its parent.
SyscallResult shared_memory_process(Task& task, const CloneRequest& request);

/// Starts a detached host thread; all signals are blocked. @returns 0 or an errno
int create_host_thread(Task& task, void* (*main)(void*), void* argument);

/// Arch::prepare_child and release_task, where there are such.
SyscallResult prepare_child(Task& parent, const CloneRequest& request, Task& child);
void release_task(Task& task);

/// The env of the new task: a copy of `task`'s with the child's result, stack and thread pointer.
void set_child_state(const Task& task, const CloneRequest& request, Task& child);

}  // namespace dragoman::linux_abi
