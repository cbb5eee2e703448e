// Stops and resumes the threads of the guest for the debugger (all-stop): the half of the gdb stub that
// runs in the guest's threads. The other half (gdb_server.cpp) runs in a thread of its own and asks this one.
#pragma once

#include <unistd.h>

#include <bitset>
#include <functional>
#include <list>
#include <optional>
#include <vector>

#include "base/mutex.h"
#include "debug/target.h"
#include "debug/user/watchpoints.h"
#include "linux/debugger.h"
#include "linux/task.h"

namespace dragoman::debug {

using linux_abi::Process;
using linux_abi::Task;

class StopControl : public Target, public linux_abi::Debugger {
public:
    /// @param suspended whether the guest waits for the first resume()
    StopControl(Process& process, bool suspended);

    // Target, called by the server's thread.
    const guest::Model& model() const override { return process_.engine->model(); }
    int event_fd() const override { return event_fd_; }
    std::optional<StopEvent> take_event() override;
    void interrupt() override;
    void attach() override;
    void detach() override;
    void resume(const std::vector<Resumption>& threads) override;
    void exit_told() override;
    [[noreturn]] void kill() override;
    std::vector<pid_t> threads() override;
    ir::Env* find(pid_t tid) override;
    bool set_breakpoint(u64 address, bool on) override;
    bool set_watchpoint(WatchKind kind, u64 address, u64 length, bool on) override;
    std::size_t read_memory(pid_t tid, u64 address, void* to, std::size_t bytes) override;
    std::size_t write_memory(pid_t tid, u64 address, const void* from, std::size_t bytes) override;
    std::string features() const override;
    std::optional<std::string> packet(std::string_view packet) override;
    std::optional<std::string> object(std::string_view name, pid_t tid) override;
    pid_t process() const override { return ::getpid(); }
    void agreed(const Agreement& agreement) override;
    bool is_new_child(pid_t pid) override;
    void let_child_go(pid_t pid) override;
    void hand_over(const Agreement& agreement) override;

    /// Called in the child of fork. @param agreement the child takes over gdb; null: it has no debugger
    /// @returns the child's own
    std::function<StopControl*(const Agreement* agreement)> on_forked_child;
    /// Called before exec: the connection to gdb, as the next program can use it, or -1.
    std::function<int()> on_exec;
    /// The first thread reports that this program has been executed.
    void report_exec() {
        LockGuard guard(lock_);
        reports_exec_ = true;
    }
    /// Called when the process ends or becomes another program.
    std::function<void()> on_end;

    // linux_abi::Debugger, called by the guest's threads.
    void task_started(Task& task) override;
    void task_ended(Task& task) override;
    void before_run(Task& task) override;
    void debug_exception(Task& task) override;
    int signal_arrived(Task& task, const siginfo_t& info) override;
    void syscall_entry(Task& task, linux_abi::SyscallEntry& entry) override;
    void syscall_return(Task& task, unsigned number) override;
    void process_exiting(int status) override;
    void process_killed(int signal) override;
    void process_replaced() override;
    std::string before_exec() override;
    void exec_failed() override;
    ForkPipe before_fork(Task& task) override;
    void forked(Task& task, pid_t pid, const ForkPipe& pipe) override;
    Debugger* forked_child(Task& task, const ForkPipe& pipe) override DRAGOMAN_UNCHECKED_LOCKING;

private:
    /// Signals that are delivered without a stop (QPassSignals:LIST).
    std::string pass_signals(std::string_view list);
    /// System calls that stop the guest (QCatchSyscalls:1;LIST): an empty list means all.
    std::string catch_syscalls(std::string_view arguments);

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
        std::optional<siginfo_t> info = std::nullopt;  ///< of the signal that it has stopped for
    };
    /// What becomes of a new child, in its pipe.
    struct Verdict {
        bool debugged;
        Agreement agreement;
    };
    struct NewChild {
        pid_t pid;
        int pipe;
    };
    void tell_children(pid_t pid, const Verdict& verdict) DRAGOMAN_REQUIRES(lock_);

    ThreadState& state_of(Task& task) DRAGOMAN_REQUIRES(lock_);
    void wait_until_running(UniqueLock& lock, Task& task) DRAGOMAN_REQUIRES(lock_);
    /// Stops the guest with `event`, and waits until this thread may go on.
    void report(UniqueLock& lock, Task& task, StopEvent event) DRAGOMAN_REQUIRES(lock_);
    void post(const StopEvent& event) DRAGOMAN_REQUIRES(lock_);
    void stop_all() DRAGOMAN_REQUIRES(lock_);
    void wait_until_parked(UniqueLock& lock) DRAGOMAN_REQUIRES(lock_);
    bool caught(unsigned number) const DRAGOMAN_REQUIRES(lock_);
    void end_of_process(StopEvent event);
    void arm_step(const ThreadState& state) DRAGOMAN_REQUIRES(lock_);
    std::optional<WatchHit> close_watched_pages(ThreadState& state) DRAGOMAN_REQUIRES(lock_);
    void remove_breakpoints() DRAGOMAN_REQUIRES(lock_);

    Process& process_;
    int event_fd_;
    Mutex lock_;
    ConditionVariable changed_;
    bool attached_ DRAGOMAN_GUARDED_BY(lock_);
    bool stopped_ DRAGOMAN_GUARDED_BY(lock_);
    bool exit_told_ DRAGOMAN_GUARDED_BY(lock_) = false;
    std::optional<StopEvent> event_ DRAGOMAN_GUARDED_BY(lock_);
    std::list<ThreadState> threads_ DRAGOMAN_GUARDED_BY(lock_);  // a list: threads keep references to their own element
    std::vector<u64> breakpoints_ DRAGOMAN_GUARDED_BY(lock_);
    Watchpoints watchpoints_ DRAGOMAN_GUARDED_BY(lock_);
    std::vector<NewChild> new_children_ DRAGOMAN_GUARDED_BY(lock_);
    Agreement agreement_ DRAGOMAN_GUARDED_BY(lock_);
    bool reports_exec_ DRAGOMAN_GUARDED_BY(lock_) = false;
    int exec_connection_ = -1;
    std::bitset<65> passed_signals_ DRAGOMAN_GUARDED_BY(lock_);
    std::optional<std::vector<unsigned>> caught_syscalls_ DRAGOMAN_GUARDED_BY(lock_);
};

}  // namespace dragoman::debug
