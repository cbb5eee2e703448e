// What the task loop tells a debugger (src/debug/user/stop_control.h implements it). Without one,
// Process::debugger is null and nothing is called. All functions are called by the task's own thread.
#pragma once

#include <csignal>
#include <string>

#include "linux/syscall.h"

namespace dragoman::linux_abi {

class Task;

class Debugger {
public:
    virtual ~Debugger() = default;

    /// A new task, before its first instruction; the first of them waits here for the debugger.
    virtual void task_started(Task& task) = 0;
    /// The task is about to end (exit, not exit_group).
    virtual void task_ended(Task& task) = 0;

    /// Before every Engine::run: blocks while the debugger has stopped the process.
    virtual void before_run(Task& task) = 0;
    /// Engine::run has returned kExceptionDebug: breakpoint or single step. May block.
    virtual void debug_exception(Task& task) = 0;
    /// A signal is about to be delivered to the guest (handler or default action; not when ignored), faults
    /// of the guest's own instructions included. May block.
    /// @returns the signal to deliver instead (usually the same), 0 for none
    virtual int signal_arrived(Task& task, const siginfo_t& info) = 0;
    /// Before a system call is carried out (and before Process::syscall_hooks see it): may block, change it or skip it.
    virtual void syscall_entry(Task& task, SyscallEntry& entry) = 0;
    /// After its result is in the guest's registers.
    virtual void syscall_return(Task& task, unsigned number) = 0;

    /// The process is about to end: exit status, or the signal that kills it.
    virtual void process_exiting(int status) = 0;
    virtual void process_killed(int signal) = 0;
    /// The process is about to execute another program.
    virtual void process_replaced() = 0;
    /// Before a translator is executed for that: what it has to know to take over the debugger, who wants to see the
    /// new program. Empty: there is nobody.
    virtual std::string before_exec() = 0;
    /// It could not be executed.
    virtual void exec_failed() = 0;

    /// The ends of a pipe, which the child of a fork gets to know by whether it is debugged; -1: it is not.
    struct ForkPipe {
        int child_end = -1, parent_end = -1;
    };
    /// The task is about to fork.
    virtual ForkPipe before_fork(Task& task) = 0;
    /// It has forked: child `pid`, or -errno. May block.
    virtual void forked(Task& task, pid_t pid, const ForkPipe& pipe) = 0;
    /// In the child. @returns the child's own debugger; null: it is not debugged
    virtual Debugger* forked_child(Task& task, const ForkPipe& pipe) = 0;
};

}  // namespace dragoman::linux_abi
