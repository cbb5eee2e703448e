// From a guest's system-call instruction to the function that carries the call out, and back.
#pragma once

#include "linux/arch.h"
#include "linux/signals/signals.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

inline SyscallResult call_function(Task& task, const Arch& arch, unsigned number, const SyscallArgs& args) {
    const auto& functions = arch.syscalls.functions;
    return number < functions.size() ? functions[number](task, args) : -ENOSYS;
}

/// Puts a result where the guest expects it. @param first_argument the call's, as the guest gave it
inline void finish_syscall(Task& task, const Arch& arch, Restart& restart, u64 first_argument, SyscallResult result) {
    if (is_restart(result)) [[unlikely]] {
        restart = {result, first_argument};
        result = -EINTR;
    }
    if (result != kNoResult) arch.set_syscall_result(task.env, result);
}

/// handle_syscall with a debugger, hooks or -strace.
void handle_observed_syscall(Task& task, const Arch& arch, Restart& restart);

/// Makes the call that the task's registers ask for, and puts the result there. A call that a signal has interrupted
/// before any effect is left in `restart`.
inline void handle_syscall(Task& task, const Arch& arch, Restart& restart) {
    const Process& process = *task.process;
    const bool observed = process.debugger || process.options.strace || !process.syscall_hooks.empty();
    if (observed) [[unlikely]]
        return handle_observed_syscall(task, arch, restart);
    const SyscallArgs args = arch.syscall_args(task.env);
    finish_syscall(task, arch, restart, args[0], call_function(task, arch, arch.syscall_number(task.env), args));
}

}  // namespace dragoman::linux_abi
