// The tracing side of ptrace: requests, and what wait4 and waitid say of tasks that are traced. The host's kernel does
// the attaching, stopping and waiting; its stops that are the translator's alone are passed over.
#pragma once

#include <map>
#include <memory>
#include <optional>

#include "linux/syscall.h"
#include "linux/trace/protocol.h"

namespace dragoman::linux_abi::trace {

/// What a task knows of another one that it traces.
struct Tracee {
    enum class State : u8 {
        Running,
        Stopped,    ///< waits for an answer in its record
        HostEvent,  ///< stands inside of vfork: the record is right, and the host's kernel lets it go on
        GroupStop,
    };
    State state = State::Running;
    bool seized = false;
    bool shown = false;  ///< it has stopped once; a thread that never does is none of the guest's
    bool made_by_tracee = false;
    bool first_stop_due = false;  ///< of the kernel's, which is passed over
    bool configured = false;      ///< the host has its options
    bool passes_stop = false;     ///< the next SIGSTOP is what the tracer has let it deliver
    bool memory_is_open = false;  ///< its /proc/PID/mem: anything may have been written
    u32 options = 0;
    u64 record = 0;              ///< host address there; 0: not known
    unsigned signal = 0;         ///< of a group stop
    bool syscalls = false;       ///< PTRACE_SYSCALL, until the task has a record
    bool interrupt_due = false;  ///< the next request says that PTRACE_INTERRUPT was called
};

/// Of a task that traces others. Not inherited.
class Tracer {
public:
    /// The host says that `pid` has stopped. @returns the status that the guest is to see, or nothing: it goes on
    std::optional<int> stopped(pid_t pid, int status);
    /// `pid` has ended. @returns whether the guest is to see that
    bool ended(pid_t pid);
    /// Whether there are others than `pid` whose stops have to be looked at while waiting for it.
    bool has_others(pid_t pid) const;
    /// Looks at the stops of all but `pid` that the guest is not to see.
    void serve_others(pid_t pid);

    /// The guest opens /proc/`pid`/mem for writing.
    void memory_opened(pid_t pid);

    SyscallResult attach(pid_t pid, bool seize, u64 options);
    /// Requests about a task that is traced.
    SyscallResult request(Task& task, u64 request, pid_t pid, u64 address, u64 data);

private:
    std::optional<int> classify(pid_t pid, int status, Tracee& tracee, const siginfo_t& info);
    std::optional<int> host_event(pid_t pid, unsigned event, unsigned signal, Tracee& tracee);
    std::nullopt_t deliver_request(pid_t pid, Tracee& tracee, const siginfo_t& arrived);
    void configure(pid_t pid, Tracee& tracee);
    SyscallResult resume(u64 request, pid_t pid, Tracee& tracee, u64 signal);
    SyscallResult set_options(pid_t pid, Tracee& tracee, u64 options);

    std::map<pid_t, Tracee> tracees_;
};

}  // namespace dragoman::linux_abi::trace
