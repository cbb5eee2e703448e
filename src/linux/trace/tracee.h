// The traced side of ptrace: where a guest's task stops for its tracer, and what it does with the answer.
#pragma once

#include <string>

#include "linux/signals/signals.h"
#include "linux/syscall.h"
#include "linux/trace/protocol.h"

namespace dragoman::linux_abi {

struct CloneRequest;
struct Process;

namespace trace {

/// PTRACE_TRACEME.
SyscallResult trace_me(Task& task);

/// In the host's signal handler: whether a signal is of kStopCode; then nobody traces the task.
bool is_unanswered_stop(Task& task, int signal, const siginfo_t& info);
/// Whether a signal in hand is a tracer's request; deliver_request acts on it.
bool is_request(int signal, const siginfo_t& info);
void deliver_request(Task& task, const siginfo_t& request, Restart& restart);

/// Before the task's first instruction and behind each exec.
void start(Task& task);

/// A signal is about to be delivered: the tracer may change it, or swallow it (false).
bool ask_about_signal(Task& task, siginfo_t& info, Restart& restart);

/// The first argument that the calling thread's call has when it is restarted: `guests`, or what a tracer has made of
/// it.
u64 first_argument(u64 guests);
/// The result of a call is in the task's registers.
void syscall_return(Task& task, Restart& restart);
/// A filter says SECCOMP_RET_TRACE.
void seccomp_stop(Task& task, SyscallEntry& entry, u16 data);

/// PTRACE_EVENT_* of a task that is about to make another one, or 0: its tracer does not want to know.
unsigned clone_event(const Task& task, const CloneRequest& request);
/// The record is to say all about the task when the host's kernel stops it inside of vfork.
void prepare_vfork(Task& task);
/// ... and it goes on.
void vfork_returned(Task& task, pid_t child);
/// The new task has been made. vfork's event has been before.
void clone_returned(Task& task, unsigned event, pid_t child);
/// What a new task has of that of the one that makes it.
void inherit(const Task& parent, Task& child, unsigned event);
/// In the child of fork, whose memory is a copy.
void forked(Task& task, unsigned event);

/// The task, or its process, is about to end. @param status as wait4 gives it
void exiting(Task& task, int status);

/// What the next program's translator needs to know over exec; empty: nothing.
std::string inherited_tracing(const Task& task);
void inherit_tracing(Task& task, const std::string& text);

}  // namespace trace
}  // namespace dragoman::linux_abi
