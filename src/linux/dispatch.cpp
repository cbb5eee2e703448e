#include "linux/dispatch.h"

#include "linux/arch.h"
#include "linux/signals/signals.h"
#include "linux/strace/strace.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

bool is_restart(SyscallResult result) {
    return result == kRestartSys || result == kRestartNoInterrupt || result == kRestartNoHand ||
           result == kRestartBlock;
}

void ask_hooks(Task& task, SyscallEntry& entry) {
    for (SyscallHook* hook : task.process->syscall_hooks) {
        hook->syscall_entry(task, entry);
        if (entry.skip) return;
    }
}

}  // namespace

SyscallResult make_syscall(Task& task, const SyscallEntry& entry) {
    if (entry.skip) [[unlikely]]
        return entry.result;
    const auto& functions = task.process->arch->syscalls.functions;
    return entry.number < functions.size() ? functions[entry.number](task, entry.args) : -ENOSYS;
}

SyscallResult run_syscall(Task& task, SyscallEntry& entry) {
    const Process& process = *task.process;
    if (!process.syscall_hooks.empty() && !entry.skip) [[unlikely]]
        ask_hooks(task, entry);
    if (process.options.strace) [[unlikely]]
        return trace_syscall(task, entry);
    return make_syscall(task, entry);
}

void handle_syscall(Task& task, Restart& restart) {
    const Arch& arch = *task.process->arch;
    SyscallEntry entry{arch.syscall_number(task.env), arch.syscall_args(task.env)};
    if (task.process->debugger) [[unlikely]]
        task.process->debugger->syscall_entry(task, entry);
    // The guest's own, whatever the hooks make of it.
    const u64 first_argument = entry.args[0];
    SyscallResult result = run_syscall(task, entry);
    if (is_restart(result)) [[unlikely]] {
        restart = {result, first_argument};
        result = -EINTR;
    }
    if (result != kNoResult) arch.set_syscall_result(task.env, result);
    // Asked anew: the child of fork has no debugger.
    if (task.process->debugger) [[unlikely]]
        task.process->debugger->syscall_return(task, entry.number);
}

}  // namespace dragoman::linux_abi
