// New processes. fork copies the translator with the guest. A child in the memory of its parent runs on a
// stack and with a Task of its own: of vfork on the host thread of its parent, which the kernel suspends
// meanwhile; otherwise on a host thread that is there for nothing else.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <memory>

#include "base/descriptors.h"
#include "base/log.h"
#include "linux/process/clone.h"
#include "linux/process/libc_fork.h"
#include "linux/process/process.h"
#include "linux/signals/signals.h"
#include "linux/trace/protocol.h"
#include "linux/trace/tracee.h"
#include "linux/trace/tracer.h"

namespace dragoman::linux_abi {

namespace {

constexpr std::size_t kVforkStack = std::size_t{1} << 20;

u64 pointer(const Task& task, u64 address) {
    return address != 0 ? task.space().untagged(address) + task.space().guest_base() : 0;
}

// Under a ForkGuard, which the checker of locks does not see.
void become_child(Task& task, const CloneRequest& r) DRAGOMAN_UNCHECKED_LOCKING;

/// Holds everything that other threads may be in the middle of changing, so that the child gets it whole.
class ForkGuard {
public:
    explicit ForkGuard(Task& task) : task_(task), process_(*task.process) {
        process_.engine->begin_fork();
        process_.tasks_lock.lock();
        task.handlers->lock.lock();
        process_.space->before_fork();
        process_.engine->before_fork();
        if (log::selection.mask != 0) std::fflush(log::stream());
    }
    /// The checker does not know that they were locked by the constructor.
    void release(bool child) DRAGOMAN_UNCHECKED_LOCKING {
        process_.engine->after_fork(task_.env, child);
        process_.space->after_fork(child);
        task_.handlers->lock.unlock();
        process_.tasks_lock.unlock();
    }

private:
    Task& task_;
    Process& process_;
};

// The child starts as the only task of its process; the Tasks of the other threads are left alone, because
// nothing says what state they were in.
void become_child(Task& task, const CloneRequest& r) {
    task.tracer.reset();
    task.tid = task.process->pid = static_cast<pid_t>(raw_syscall(SYS_getpid));
    task.process->tasks.assign(1, &task);
    forked_policy(*task.process);
    task.process->exit_hooks_done = false;
    task.vfork_child = false;
    task.robust_list = 0;
    task.clear_child_tid = r.flags & CLONE_CHILD_CLEARTID ? r.child_tid : 0;
    set_child_state(task, r, task);
    task.signals.held = 0;
    fork_rseq(task, (r.flags & CLONE_VM) != 0);
    if (r.flags & CLONE_CHILD_SETTID) task.write(r.child_tid, task.tid);
}

void clear_handlers(SignalHandlers& handlers) {
    LockGuard lock(handlers.lock);
    for (int signal = 1; signal <= kSignalCount; ++signal) {
        GuestSigaction& action = handlers.actions[signal];
        if (action.handler <= 1) continue;  // default or ignored
        action = {};
        install_host_action(signal, action);
    }
}

void set_sigsys(int how, const GuestSigaction& action) {
    install_host_action(SIGSYS, action);
    SignalSet sigsys = signal_bit(SIGSYS);
    raw_syscall(SYS_rt_sigprocmask, static_cast<u64>(how), reinterpret_cast<u64>(&sigsys), 0, sizeof sigsys);
}

// For everything that fork() cannot express by itself. handlers->lock is held, by a ForkGuard.
pid_t unusual_fork(Task& task, const CloneRequest& r) DRAGOMAN_UNCHECKED_LOCKING {
    clone_args a{};
    a.flags = r.flags & ~u64{CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
                             CLONE_CLEAR_SIGHAND};
    // A sibling's signal is that of its parent's first thread; clone() has let callers name another all the time.
    a.exit_signal = r.flags & CLONE_PARENT ? 0 : r.exit_signal;
    a.parent_tid = pointer(task, r.parent_tid);
    a.pidfd = pointer(task, r.pidfd);
    a.set_tid = pointer(task, r.set_tid);
    a.set_tid_size = r.set_tid_size;
    a.cgroup = r.cgroup;
    GuestSigaction caught;
    caught.handler = ~u64{0};
    set_sigsys(SIG_UNBLOCK, caught);
    pid_t pid = libc_fork(a);
    set_sigsys(SIG_BLOCK, task.handlers->actions[SIGSYS]);
    return pid;
}

bool is_plain(const CloneRequest& r) {
    constexpr u64 kOurs = CLONE_VM | CLONE_VFORK | CLONE_SETTLS | CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID |
                          CLONE_PARENT_SETTID | CLONE_CLEAR_SIGHAND | CLONE_UNTRACED;
    return (r.flags & ~kOurs) == 0 && r.exit_signal == SIGCHLD && r.set_tid == 0;
}

// With CLONE_VFORK but not in our memory: the parent waits for the end of a pipe that exec or exit closes.
void wait_for_release(int fd) {
    char byte;
    while (::read(fd, &byte, 1) < 0 && errno == EINTR) {
    }
    ::close(fd);
}

std::shared_ptr<SignalHandlers> copy_handlers(Task& task) {
    auto copy = std::make_shared<SignalHandlers>();
    LockGuard lock(task.handlers->lock);
    std::copy(std::begin(task.handlers->actions), std::end(task.handlers->actions), copy->actions);
    return copy;
}

/// clone3 whose child calls `main` on the stack that `a` gives it. clone() does where it can: it is older, and where
/// system calls are filtered, clone3 is often missing.
SyscallResult clone_on_stack(const clone_args& a, int (*main)(void*), void* argument) {
    if (a.flags >> 32 == 0 && (a.flags & CSIGNAL) == 0 && a.set_tid == 0) {
        auto flags = static_cast<int>(a.flags | a.exit_signal);
        u64 parent_word = a.flags & CLONE_PIDFD ? a.pidfd : a.parent_tid;
        int pid = ::clone(main, reinterpret_cast<u8*>(a.stack) + a.stack_size, flags, argument, parent_word, nullptr,
                          a.child_tid);
        return pid < 0 ? -errno : pid;
    }
    i64 result;
    register auto r8 asm("r8") = main;
    register auto r9 asm("r9") = argument;
    asm volatile(
        "syscall\n\t"
        "test %%rax, %%rax\n\t"
        "jnz 1f\n\t"
        "xor %%ebp, %%ebp\n\t"
        "mov %%r9, %%rdi\n\t"
        "call *%%r8\n\t"
        "mov %%eax, %%edi\n\t"
        "mov %[exit], %%eax\n\t"
        "syscall\n"
        "1:"
        : "=a"(result)
        : "a"(SYS_clone3), "D"(&a), "S"(sizeof a), "r"(r8), "r"(r9), [exit] "i"(SYS_exit)
        : "rcx", "r11", "memory");
    return result;
}

/// A child process in the memory of its parent. The host thread that runs it lends it its thread-local
/// storage, and is suspended by the kernel until the child ends or executes a program.
class SharedMemoryChild {
public:
    SharedMemoryChild(Task& parent, const CloneRequest& r) : request_(r), process_(*parent.process) {
        stack_ = ::mmap(nullptr, kVforkStack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
        task_.process = &process_;
        task_.vfork_child = true;
        task_.handlers = r.flags & CLONE_SIGHAND ? parent.handlers : copy_handlers(parent);
        task_.filter.inherit(parent.filter);
        task_.signals.blocked = parent.signals.blocked;
        task_.signals.altstack_sp = parent.signals.altstack_sp;
        task_.signals.altstack_size = parent.signals.altstack_size;
        task_.signals.altstack_flags = parent.signals.altstack_flags;
        task_.env = process_.guest->cpu.clone(parent.env);
        set_child_state(parent, r, task_);
        prepared_ = prepare_child(parent, r, task_);
        trace::inherit(parent, task_, trace::clone_event(parent, r));
        ::prctl(PR_GET_NAME, name_);
        process_.engine->attach(task_.env);
    }
    ~SharedMemoryChild() {
        // To a debugger the child was a thread.
        if (process_.debugger != nullptr) process_.debugger->task_ended(task_);
        release_task(task_);
        process_.engine->detach(task_.env);
        process_.guest->cpu.destroy(task_.env);
        if (stack_ != MAP_FAILED) ::munmap(stack_, kVforkStack);
    }

    bool has_stack() const { return stack_ != MAP_FAILED && prepared_ == 0; }

    /// Runs the child; with all signals blocked. @returns its process id or -errno, when it is over
    SyscallResult run() {
        constexpr u64 kNotHost = CLONE_SETTLS | CLONE_CLEAR_SIGHAND;
        clone_args a{};
        a.flags = (request_.flags & ~kNotHost) | CLONE_VFORK;
        a.exit_signal = request_.flags & CLONE_PARENT ? 0 : request_.exit_signal;
        a.stack = reinterpret_cast<u64>(stack_);
        a.stack_size = kVforkStack;
        a.parent_tid = pointer(task_, request_.parent_tid);
        a.pidfd = pointer(task_, request_.pidfd);
        a.child_tid = pointer(task_, request_.child_tid);
        a.set_tid = pointer(task_, request_.set_tid);
        a.set_tid_size = request_.set_tid_size;
        a.cgroup = request_.cgroup;
        SyscallResult result = clone_on_stack(a, main, this);
        const i64 pid = result;
        if (pid < 0) tell_started(result);
        return result;
    }

    /// In the parent, when another thread runs the child: its process id or -errno.
    SyscallResult wait_started() {
        i32 result;
        while ((result = started_.load()) == 0) {
            raw_syscall(SYS_futex, reinterpret_cast<u64>(&started_), FUTEX_WAIT_PRIVATE, 0, 0);
        }
        seen_.store(true);
        return result;
    }
    /// The parent may still be looking at this object.
    void wait_seen() const {
        while (!seen_.load()) ::sched_yield();
    }

private:
    static int main(void* argument) {
        auto& self = *static_cast<SharedMemoryChild*>(argument);
        Task& task = self.task_;
        task.tid = static_cast<pid_t>(raw_syscall(SYS_gettid));
        Task::set_current(&task);
        ::prctl(PR_SET_NAME, self.name_);
        self.tell_started(task.tid);
        if (self.request_.flags & CLONE_CLEAR_SIGHAND) clear_handlers(*task.handlers);
        task.signals.host_blocked = kUnknownMask;
        set_host_mask(task, task.signals.blocked);
        run_task(task);
        exit_process(task, 0);
    }
    void tell_started(SyscallResult result) {
        started_.store(static_cast<i32>(result));
        raw_syscall(SYS_futex, reinterpret_cast<u64>(&started_), FUTEX_WAKE_PRIVATE, 1);
    }

    CloneRequest request_;
    Process& process_;
    Task task_;
    SyscallResult prepared_;
    void* stack_;
    char name_[16];  ///< of the calling thread, which the child has from it
    std::atomic<i32> started_{0};
    std::atomic<bool> seen_{false};
};

void* shared_memory_host(void* argument) {
    std::unique_ptr<SharedMemoryChild> child(static_cast<SharedMemoryChild*>(argument));
    ::prctl(PR_SET_NAME, trace::kHostThread);
    make_host_signal_stack();
    child->run();
    Task::set_current(nullptr);
    child->wait_seen();
    free_host_signal_stack();
    return nullptr;
}

}  // namespace

SyscallResult fork_process(Task& task, const CloneRequest& r) {
    SignalSet mask = block_host_signals();
    if (!task.signals.queue.empty()) {
        restore_host_signals(mask);
        return kRestartNoInterrupt;
    }
    int pipe_ends[2] = {-1, -1};
    if ((r.flags & CLONE_VFORK) && ::pipe2(pipe_ends, O_CLOEXEC) != 0) {
        restore_host_signals(mask);
        return -errno;
    }
    bool plain = is_plain(r);
    Debugger* const debugger = task.vfork_child ? nullptr : task.process->debugger;
    const Debugger::ForkPipe debug_pipe = debugger != nullptr ? debugger->before_fork(task) : Debugger::ForkPipe{};
    ForkGuard guard(task);
    pid_t pid = plain ? ::fork() : unusual_fork(task, r);
    if (plain && pid < 0) pid = -errno;
    if (pid == 0) become_child(task, r);
    guard.release(pid == 0);
    if (pid == 0 && (r.flags & CLONE_CLEAR_SIGHAND)) clear_handlers(*task.handlers);
    if (pid == 0 && task.process->debugger != nullptr) {
        task.process->debugger = task.process->debugger->forked_child(task, debug_pipe);
    }
    if (pid == 0) trace::forked(task, trace::clone_event(task, r));
    restore_host_signals(mask);
    if (pid == 0) {
        if (r.flags & CLONE_VFORK) {
            ::close(pipe_ends[0]);
            reserve_descriptor(pipe_ends[1]);
        }
        return kNoResult;
    }
    if (debugger != nullptr) debugger->forked(task, pid, debug_pipe);
    if (r.flags & CLONE_VFORK) {
        ::close(pipe_ends[1]);
        wait_for_release(pipe_ends[0]);
    }
    if (pid > 0 && plain && (r.flags & CLONE_PARENT_SETTID)) task.write(r.parent_tid, pid);
    return pid;
}

SyscallResult vfork_process(Task& task, const CloneRequest& r) {
    SharedMemoryChild child(task, r);
    if (!child.has_stack()) return -ENOMEM;
    SignalSet mask = block_host_signals();
    trace::prepare_vfork(task);
    SyscallResult result = task.signals.queue.empty() ? child.run() : kRestartNoInterrupt;
    Task::set_current(&task);
    restore_host_signals(mask);
    trace::vfork_returned(task, static_cast<pid_t>(result));
    return result;
}

SyscallResult shared_memory_process(Task& task, const CloneRequest& r) {
    auto child = std::make_unique<SharedMemoryChild>(task, r);
    if (!child->has_stack()) return -ENOMEM;
    SignalSet mask = block_host_signals();
    SyscallResult result = -create_host_thread(task, shared_memory_host, child.get());
    if (result == 0) result = child.release()->wait_started();
    restore_host_signals(mask);
    return result;
}

}  // namespace dragoman::linux_abi
