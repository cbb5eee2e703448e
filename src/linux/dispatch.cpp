#include "linux/dispatch.h"

#include "linux/strace/strace.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi {

SyscallResult make_syscall(Task& task, const SyscallEntry& entry) {
    return entry.skip ? entry.result : call_function(task, *task.process->arch, entry.number, entry.args);
}

SyscallResult run_syscall(Task& task, SyscallEntry& entry) {
    task.process->syscall_hooks.ask(task, entry);
    return task.process->options.strace ? trace_syscall(task, entry) : make_syscall(task, entry);
}

void handle_observed_syscall(Task& task, const Arch& arch, Restart& restart) {
    SyscallEntry entry{arch.syscall_number(task.env), arch.syscall_args(task.env)};
    if (task.process->debugger) task.process->debugger->syscall_entry(task, entry);
    const pid_t tid = task.tid;
    // The guest's own, whatever the hooks make of it for this time.
    const u64 first_argument = entry.args[0];
    const SyscallResult result = run_syscall(task, entry);
    finish_syscall(task, arch, restart, trace::first_argument(first_argument), result);
    // The child of fork has not made the call.
    if (task.trace.traced() && task.tid == tid && !task.exiting) trace::syscall_return(task, restart);
    // Asked anew: the child of fork has no debugger.
    if (task.process->debugger) task.process->debugger->syscall_return(task, entry.number);
}

}  // namespace dragoman::linux_abi
