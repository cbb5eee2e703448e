// Stops and resumes the threads of the guest for the debugger (all-stop): the half of the gdb stub that
// runs in the guest's threads. The other half (gdb_server.cpp) runs in a thread of its own and asks this one.
#pragma once

#include <bitset>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <vector>

#include "debug/watchpoints.h"
#include "linux/debugger.h"
#include "linux/task.h"

namespace dragoman::debug {

using linux_abi::Process;
using linux_abi::Task;

/// Why the guest has stopped.
struct StopEvent {
    enum class Kind { Signal, Watch, SyscallEntry, SyscallReturn, Exited, Killed };
    Kind kind = Kind::Signal;
    pid_t tid = 0;
    int value = 0;  ///< Linux signal, system call number or exit status
    WatchHit watch{};
};

/// What one thread is to do when the guest goes on.
struct Resumption {
    pid_t tid;
    bool step = false;
    int signal = 0;  ///< signal to deliver first
};

class StopControl : public linux_abi::Debugger {
public:
    /// @param suspended whether the guest waits for the first resume()
    StopControl(Process& process, bool suspended);

    // For the server's thread.

    /// Readable when take_event has something.
    int event_fd() const { return event_fd_; }
    /// The event that has stopped the guest. All threads are at rest when it returns one.
    std::optional<StopEvent> take_event();
    /// Stops all threads, as an interrupt from the user. No effect when the guest is stopped already; else an
    /// event follows.
    void interrupt();
    /// A debugger has come: stops the guest, without an event. It has gone: removes all traces of it.
    void attach();
    void detach();
    bool stopped();
    /// Lets the threads named go on; the others stay where they are.
    void resume(const std::vector<Resumption>& threads);
    /// The event Exited or Killed has been told to gdb: the process may end.
    void exit_told();

    std::vector<pid_t> threads();
    /// The task with that id, null when there is none. Valid while the guest is stopped.
    Task* find(pid_t tid);

    bool set_breakpoint(u64 address, bool on);
    bool set_watchpoint(WatchKind kind, u64 address, u64 length, bool on);
    /// Signals that are delivered without a stop (QPassSignals).
    void set_passed_signals(const std::bitset<65>& signals);
    /// System calls that stop the guest: nothing: none; an empty list: all.
    void set_caught_syscalls(std::optional<std::vector<unsigned>> numbers);

    /// Called in the child of fork, which has no debugger.
    std::function<void()> on_forked_child;

    // linux_abi::Debugger, called by the guest's threads.
    void task_started(Task& task) override;
    void task_ended(Task& task) override;
    void before_run(Task& task) override;
    void debug_exception(Task& task) override;
    int signal_arrived(Task& task, const siginfo_t& info) override;
    void syscall_entry(Task& task, unsigned number) override;
    void syscall_return(Task& task, unsigned number) override;
    void process_exiting(int status) override;
    void process_killed(int signal) override;
    void forked_child(Task& task) override;

private:
    struct ThreadState {
        Task* task;
        bool running;             ///< may execute guest code
        bool parked = false;      ///< waits in wait_until_running
        bool in_syscall = false;  ///< as good as parked: it parks when it comes back
        bool step = false;        ///< gdb wants one instruction
        int signal = 0;           ///< to deliver when it goes on, in place of the one that stopped it
        int told_signal = 0;      ///< sent by resume(): not to be reported when it arrives
        bool watch_open = false;  ///< has opened the watched pages, for a system call or a single access
        std::optional<u64> watch_step = std::nullopt;  ///< the address of that access
    };
    using Lock = std::unique_lock<std::mutex>;

    ThreadState& state_of(Task& task);
    void wait_until_running(Lock& lock, Task& task);
    /// Stops the guest with `event`, and waits until this thread may go on.
    void report(Lock& lock, Task& task, StopEvent event);
    void post(const StopEvent& event);
    void stop_all();
    void wait_until_parked(Lock& lock);
    bool caught(unsigned number) const;
    void end_of_process(StopEvent event);
    void arm_step(const ThreadState& state);
    std::optional<WatchHit> close_watched_pages(ThreadState& state);
    void remove_breakpoints();

    Process& process_;
    int event_fd_;
    std::mutex lock_;
    std::condition_variable changed_;
    bool attached_;
    bool stopped_;
    bool exit_told_ = false;
    std::optional<StopEvent> event_;
    std::list<ThreadState> threads_;  // a list: threads keep references to their own element
    std::vector<u64> breakpoints_;
    Watchpoints watchpoints_;
    std::bitset<65> passed_signals_;
    std::optional<std::vector<unsigned>> caught_syscalls_;
};

}  // namespace dragoman::debug
