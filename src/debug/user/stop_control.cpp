#include "debug/user/stop_control.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/descriptors.h"
#include "debug/gdb_signal.h"
#include "debug/packet.h"
#include "debug/user/gdb_files.h"
#include "debug/user/guest_memory.h"
#include "linux/arch.h"

namespace dragoman::debug {

StopControl::StopControl(Process& process, bool suspended)
    : process_(process),
      event_fd_(reserve_descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))),
      attached_(suspended),
      stopped_(suspended),
      watchpoints_(*process.space) {}

// The server's thread.

std::optional<StopEvent> StopControl::take_event() {
    UniqueLock lock(lock_);
    if (!event_) return std::nullopt;
    u64 count;
    [[maybe_unused]] ssize_t size = read(event_fd_, &count, sizeof count);
    wait_until_parked(lock);
    std::optional<StopEvent> event = event_;
    event_.reset();
    return event;
}

void StopControl::interrupt() {
    UniqueLock lock(lock_);
    if (stopped_ || threads_.empty()) return;
    stop_all();
    post({.kind = StopEvent::Kind::Signal, .tid = threads_.front().task->tid, .value = SIGINT});
}

void StopControl::attach() {
    UniqueLock lock(lock_);
    attached_ = true;
    if (!stopped_) stop_all();
    while (threads_.empty()) changed_.wait(lock);
    wait_until_parked(lock);
}

void StopControl::detach() {
    UniqueLock lock(lock_);
    remove_breakpoints();
    watchpoints_.clear();
    passed_signals_.reset();
    caught_syscalls_.reset();
    attached_ = false;
    stopped_ = false;
    exit_told_ = true;
    event_.reset();
    for (ThreadState& t : threads_) {
        t.running = true;
        t.step = false;
        arm_step(t);
    }
    changed_.notify_all();
}

void StopControl::resume(const std::vector<Resumption>& threads) {
    UniqueLock lock(lock_);
    for (const Resumption& r : threads) {
        for (ThreadState& t : threads_) {
            if (t.task->tid != r.tid) continue;
            t.running = true;
            t.step = r.step;
            t.signal = r.signal;
            arm_step(t);
        }
    }
    stopped_ = false;
    changed_.notify_all();
}

void StopControl::exit_told() {
    UniqueLock lock(lock_);
    exit_told_ = true;
    changed_.notify_all();
}

std::vector<pid_t> StopControl::threads() {
    UniqueLock lock(lock_);
    std::vector<pid_t> ids;
    for (const ThreadState& t : threads_) ids.push_back(t.task->tid);
    return ids;
}

ir::Env* StopControl::find(pid_t tid) {
    UniqueLock lock(lock_);
    for (const ThreadState& t : threads_) {
        if (t.task->tid == tid) return t.task->env;
    }
    return nullptr;
}

void StopControl::kill() {
    if (on_end) on_end();
    _exit(128 + SIGKILL);
}

std::size_t StopControl::read_memory(pid_t, u64 address, void* to, std::size_t bytes) {
    return read_guest(*process_.space, address, to, bytes);
}

std::size_t StopControl::write_memory(pid_t, u64 address, const void* from, std::size_t bytes) {
    std::size_t written = write_guest(*process_.space, address, from, bytes);
    process_.engine->invalidate(address, address + written);
    return written;
}

std::string StopControl::features() const {
    return ";qXfer:auxv:read+;qXfer:exec-file:read+;qXfer:siginfo:read+;QPassSignals+;QCatchSyscalls+;multiprocess+;"
           "fork-events+;exec-events+";
}

std::optional<std::string> StopControl::packet(std::string_view packet) {
    if (take_prefix(packet, "vFile:")) {
        UniqueLock lock(lock_);
        if (threads_.empty()) return kBadRequest;
        Task& task = *threads_.front().task;
        lock.unlock();
        return answer_file_request(task, packet);
    }
    if (take_prefix(packet, "QPassSignals:")) return pass_signals(packet);
    if (take_prefix(packet, "QCatchSyscalls:")) return catch_syscalls(packet);
    return std::nullopt;
}

void StopControl::agreed(const Agreement& agreement) {
    UniqueLock lock(lock_);
    agreement_ = agreement;
}

bool StopControl::is_new_child(pid_t pid) {
    UniqueLock lock(lock_);
    return std::any_of(new_children_.begin(), new_children_.end(), [&](const NewChild& c) { return c.pid == pid; });
}

void StopControl::let_child_go(pid_t pid) {
    UniqueLock lock(lock_);
    tell_children(pid, {.debugged = false, .agreement = {}});
}

void StopControl::hand_over(const Agreement& agreement) {
    UniqueLock lock(lock_);
    if (!new_children_.empty()) tell_children(new_children_.back().pid, {.debugged = true, .agreement = agreement});
}

void StopControl::tell_children(pid_t pid, const Verdict& verdict) {
    for (const NewChild& child : new_children_) {
        if (child.pid != pid) continue;
        [[maybe_unused]] ssize_t size = write(child.pipe, &verdict, sizeof verdict);
        release_descriptor(child.pipe);
    }
    std::erase_if(new_children_, [&](const NewChild& c) { return c.pid == pid; });
}

std::optional<std::string> StopControl::object(std::string_view name, pid_t tid) {
    if (name == "siginfo") {
        UniqueLock lock(lock_);
        for (const ThreadState& t : threads_) {
            if (t.task->tid != tid) continue;
            siginfo_t info{};
            info.si_signo = SIGTRAP;
            info.si_code = TRAP_BRKPT;
            u8 bytes[sizeof info] = {};
            t.task->process->arch->layouts.put_siginfo(t.info.value_or(info), bytes);
            return std::string(reinterpret_cast<const char*>(bytes), sizeof bytes);
        }
        return std::nullopt;
    }
    if (name == "auxv") {
        return std::string(reinterpret_cast<const char*>(process_.auxv.data()), process_.auxv.size() * sizeof(u64));
    }
    if (name == "exec-file") return process_.exe_path;
    return std::nullopt;
}

std::string StopControl::pass_signals(std::string_view list) {
    std::bitset<65> signals;
    while (!list.empty()) {
        std::string_view item = take_until(list, ';');
        u64 number;
        if (!take_number(item, number)) return kBadRequest;
        if (int signal = linux_signal(static_cast<int>(number))) signals.set(static_cast<std::size_t>(signal));
    }
    UniqueLock lock(lock_);
    passed_signals_ = signals;
    return kOk;
}

std::string StopControl::catch_syscalls(std::string_view arguments) {
    std::string_view enable = take_until(arguments, ';');
    std::optional<std::vector<unsigned>> numbers;
    if (enable != "0") numbers.emplace();
    while (numbers && !arguments.empty()) {
        std::string_view item = take_until(arguments, ';');
        u64 number;
        if (!take_number(item, number)) return kBadRequest;
        numbers->push_back(static_cast<unsigned>(number));
    }
    UniqueLock lock(lock_);
    caught_syscalls_ = std::move(numbers);
    return kOk;
}

bool StopControl::set_breakpoint(u64 address, bool on) {
    UniqueLock lock(lock_);
    if (on && process_.space->flags(address) == memory::PageFlags::None) return false;
    std::erase(breakpoints_, address);
    if (on) breakpoints_.push_back(address);
    process_.engine->set_breakpoint(address, on);
    return true;
}

bool StopControl::set_watchpoint(WatchKind kind, u64 address, u64 length, bool on) {
    UniqueLock lock(lock_);
    return on ? watchpoints_.add(kind, address, length) : watchpoints_.remove(kind, address, length);
}

// The guest's threads.

void StopControl::task_started(Task& task) {
    UniqueLock lock(lock_);
    threads_.push_back({.task = &task, .running = !stopped_});
    changed_.notify_all();
}

void StopControl::task_ended(Task& task) {
    UniqueLock lock(lock_);
    close_watched_pages(state_of(task));
    threads_.remove_if([&](const ThreadState& t) { return t.task == &task; });
    changed_.notify_all();
}

void StopControl::before_run(Task& task) {
    UniqueLock lock(lock_);
    ThreadState& state = state_of(task);
    if (std::exchange(reports_exec_, false)) {
        state.running = true;
        report(lock, task, {.kind = StopEvent::Kind::Exec, .request = process_.exe_path});
    }
    state.in_syscall = false;
    if (state.watch_open && !state.watch_step) close_watched_pages(state);
    wait_until_running(lock, task);
}

void StopControl::debug_exception(Task& task) {
    UniqueLock lock(lock_);
    if (!attached_) return;
    ThreadState& state = state_of(task);
    if (state.watch_step) {
        std::optional<WatchHit> hit = close_watched_pages(state);
        arm_step(state);
        if (hit) return report(lock, task, {.kind = StopEvent::Kind::Watch, .value = SIGTRAP, .watch = *hit});
        if (!state.step) return;
    }
    report(lock, task, {.kind = StopEvent::Kind::Signal, .value = SIGTRAP});
}

int StopControl::signal_arrived(Task& task, const siginfo_t& info) {
    UniqueLock lock(lock_);
    int signal = info.si_signo;
    if (!attached_) return signal;
    ThreadState& state = state_of(task);
    if ((signal == SIGSEGV || signal == SIGBUS) && info.si_code > 0) {
        u64 address = reinterpret_cast<u64>(info.si_addr);
        if (!state.watch_step && watchpoints_.covers_page(address)) {
            watchpoints_.open();
            state.watch_open = true;
            state.watch_step = address;
            arm_step(state);
            return 0;  // the guest executes the instruction again
        }
        close_watched_pages(state);
        arm_step(state);
    }
    if (signal == state.told_signal) {
        state.told_signal = 0;
        return signal;
    }
    if (passed_signals_[static_cast<std::size_t>(signal)]) return signal;
    state.info = info;
    report(lock, task, {.kind = StopEvent::Kind::Signal, .value = signal});
    state.info.reset();
    return attached_ ? std::exchange(state.signal, 0) : signal;
}

void StopControl::syscall_entry(Task& task, linux_abi::SyscallEntry& entry) {
    UniqueLock lock(lock_);
    ThreadState& state = state_of(task);
    if (caught(entry.number)) {
        report(lock, task, {.kind = StopEvent::Kind::SyscallEntry, .value = static_cast<int>(entry.number)});
        // Meanwhile the user may have made another call of it.
        const linux_abi::Arch& arch = *task.process->arch;
        entry.number = arch.syscall_number(task.env);
        entry.args = arch.syscall_args(task.env);
    }
    if (!watchpoints_.empty()) {
        watchpoints_.open();  // the kernel's own accesses to the guest's memory must not fail
        state.watch_open = true;
    }
    state.in_syscall = true;
    changed_.notify_all();
}

void StopControl::syscall_return(Task& task, unsigned number) {
    UniqueLock lock(lock_);
    ThreadState& state = state_of(task);
    state.in_syscall = false;
    if (std::optional<WatchHit> hit = close_watched_pages(state)) {
        report(lock, task, {.kind = StopEvent::Kind::Watch, .value = SIGTRAP, .watch = *hit});
    }
    if (caught(number)) {
        report(lock, task, {.kind = StopEvent::Kind::SyscallReturn, .value = static_cast<int>(number)});
    } else if (attached_ && state.step) {
        report(lock, task, {.kind = StopEvent::Kind::Signal, .value = SIGTRAP});
    }
}

void StopControl::process_exiting(int status) { end_of_process({.kind = StopEvent::Kind::Exited, .value = status}); }
void StopControl::process_killed(int signal) { end_of_process({.kind = StopEvent::Kind::Killed, .value = signal}); }
void StopControl::process_replaced() {
    if (on_end) on_end();
}

std::string StopControl::before_exec() {
    UniqueLock lock(lock_);
    if (!attached_ || !agreement_.execs || !on_exec) return {};
    exec_connection_ = on_exec();
    return exec_connection_ < 0 ? "" : std::to_string(exec_connection_) + (agreement_.forks ? ",fork" : "");
}

void StopControl::exec_failed() {
    if (exec_connection_ >= 0) close(std::exchange(exec_connection_, -1));
}

StopControl::ForkPipe StopControl::before_fork(Task&) {
    UniqueLock lock(lock_);
    int ends[2];
    if (!attached_ || !agreement_.forks || pipe2(ends, O_CLOEXEC) != 0) return {};
    return {.child_end = reserve_descriptor(ends[0]), .parent_end = reserve_descriptor(ends[1])};
}

void StopControl::forked(Task& task, pid_t pid, const ForkPipe& pipe) {
    if (pipe.child_end < 0) return;
    release_descriptor(pipe.child_end);
    if (pid < 0) return release_descriptor(pipe.parent_end);
    UniqueLock lock(lock_);
    new_children_.push_back({pid, pipe.parent_end});
    report(lock, task, {.kind = StopEvent::Kind::Fork, .value = pid});
    // The debugger may have gone without a word about it.
    tell_children(pid, {.debugged = false, .agreement = {}});
}

linux_abi::Debugger* StopControl::forked_child(Task& task, const ForkPipe& pipe) {
    // No lock: whoever held it does not exist in this process.
    Verdict verdict{};
    if (pipe.child_end >= 0) {
        release_descriptor(pipe.parent_end);
        while (read(pipe.child_end, &verdict, sizeof verdict) < 0 && errno == EINTR) {
        }
        release_descriptor(pipe.child_end);
    }
    remove_breakpoints();
    watchpoints_.clear();
    release_descriptor(event_fd_);
    StopControl* own = on_forked_child ? on_forked_child(verdict.debugged ? &verdict.agreement : nullptr) : nullptr;
    if (own != nullptr) own->task_started(task);
    return own;
}

StopControl::ThreadState& StopControl::state_of(Task& task) {
    auto at = std::find_if(threads_.begin(), threads_.end(), [&](const ThreadState& t) { return t.task == &task; });
    if (at != threads_.end()) return *at;
    threads_.push_back({.task = &task, .running = !stopped_});
    return threads_.back();
}

void StopControl::wait_until_running(UniqueLock& lock, Task& task) {
    ThreadState& state = state_of(task);
    if (state.running) return;
    state.parked = true;
    changed_.notify_all();
    while (!state.running) changed_.wait(lock);
    state.parked = false;
}

void StopControl::report(UniqueLock& lock, Task& task, StopEvent event) {
    wait_until_running(lock, task);  // the event of another thread may have come first
    if (!attached_) return;
    event.tid = task.tid;
    ThreadState& state = state_of(task);
    state.step = false;
    state.signal = 0;
    arm_step(state);
    stop_all();
    post(event);
    wait_until_running(lock, task);
    bool signal_stop = event.kind == StopEvent::Kind::Signal && event.value != SIGTRAP;
    if (!signal_stop && state.signal != 0 && state.signal != SIGTRAP) {
        state.told_signal = std::exchange(state.signal, 0);
        syscall(SYS_tgkill, getpid(), task.tid, state.told_signal);
    }
}

void StopControl::post(const StopEvent& event) {
    event_ = event;
    u64 one = 1;
    [[maybe_unused]] ssize_t size = write(event_fd_, &one, sizeof one);
    changed_.notify_all();
}

void StopControl::stop_all() {
    stopped_ = true;
    for (ThreadState& t : threads_) {
        t.running = false;
        t.step = false;
        engine::Engine::request_exit(t.task->env);
    }
}

void StopControl::wait_until_parked(UniqueLock& lock) {
    auto runs = [](const ThreadState& t) { return !t.parked && !t.in_syscall; };
    while (std::any_of(threads_.begin(), threads_.end(), runs)) changed_.wait(lock);
}

bool StopControl::caught(unsigned number) const {
    if (!attached_ || !caught_syscalls_) return false;
    return caught_syscalls_->empty() ||
           std::find(caught_syscalls_->begin(), caught_syscalls_->end(), number) != caught_syscalls_->end();
}

void StopControl::end_of_process(StopEvent event) {
    if (on_end) on_end();
    UniqueLock lock(lock_);
    if (!attached_) return;
    exit_told_ = false;
    stop_all();
    for (ThreadState& t : threads_) t.in_syscall = true;  // none of them comes back
    post(event);
    while (!exit_told_) changed_.wait(lock);
}

void StopControl::arm_step(const ThreadState& state) {
    process_.engine->set_single_step(state.task->env, state.step || state.watch_step.has_value());
}

std::optional<WatchHit> StopControl::close_watched_pages(ThreadState& state) {
    if (!state.watch_open) return std::nullopt;
    state.watch_open = false;
    return watchpoints_.close(std::exchange(state.watch_step, std::nullopt));
}

void StopControl::remove_breakpoints() {
    for (u64 address : breakpoints_) process_.engine->set_breakpoint(address, false);
    breakpoints_.clear();
}

}  // namespace dragoman::debug
