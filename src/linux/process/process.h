// The life of a guest process and of its threads.
#pragma once

#include "linux/program/program.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

/// Loads `program` into `process`, whose options, guest, engine and space are set, and runs it on the
/// calling thread until the process ends. @throws FatalError before the first guest instruction
/// @param loaded  called between the two
[[noreturn]] void run_process(Process& process, Program program, const std::function<void()>& loaded);

/// Runs a task on the calling thread until it ends (exit, not exit_group).
void run_task(Task& task);

/// Takes a task that has ended out of the process: futexes, vCPU. The host thread then ends.
void end_task(Task& task);

/// Ends the calling task, as exit does; or, with the number of a signal, as one that ends no other thread.
/// @param status as wait4 gives it. @returns kNoResult, when the task's loop has to end
SyscallResult exit_thread(Task& task, int status);

/// Ends the process as exit_group does, after its exit hooks.
[[noreturn]] void exit_process(Task& task, int status);
/// Calls the exit hooks, unless the task is a vfork child.
void run_exit_hooks(Task& task);

}  // namespace dragoman::linux_abi
