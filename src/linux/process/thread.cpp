// Threads of the guest: each is a host thread of its own.
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <memory>

#include "linux/arch.h"
#include "linux/process/clone.h"
#include "linux/process/process.h"
#include "linux/process/robust.h"
#include "linux/signals/signals.h"
#include "linux/syscalls_process.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi {

namespace {

constexpr std::size_t kHostStack = std::size_t{1} << 20;

/// What the new thread takes over from its parent, which waits for `tid`.
struct ThreadStart {
    Task* task;
    const Task* parent;
    const CloneRequest* request;
    std::atomic<u32> tid{0};
};

void remove_task(Process& process, Task& task) {
    LockGuard lock(process.tasks_lock);
    std::erase(process.tasks, &task);
}

/// A pidfd of the calling thread. @returns descriptor or -errno: before Linux 6.9 there is none
SyscallResult open_pidfd_of_thread() {
    constexpr u64 kPidfdThread = O_EXCL;
    return raw_syscall(SYS_pidfd_open, static_cast<u64>(raw_syscall(SYS_gettid)), kPidfdThread);
}

void start_thread(ThreadStart& start) {
    Task& task = *start.task;
    const CloneRequest& r = *start.request;
    task.tid = static_cast<pid_t>(raw_syscall(SYS_gettid));
    Task::set_current(&task);
    make_host_signal_stack();
    task.process->engine->attach(task.env);
    {
        LockGuard lock(task.process->tasks_lock);
        task.process->tasks.push_back(&task);
        task.filter.inherit(start.parent->filter);
        task.process->had_threads = true;
    }
    // Before the thread can end: both may be the word that its end clears.
    if (r.flags & CLONE_PARENT_SETTID) task.write(r.parent_tid, task.tid);
    if (r.flags & CLONE_CHILD_SETTID) task.write(r.child_tid, task.tid);
    if (r.flags & CLONE_CHILD_CLEARTID) task.clear_child_tid = r.child_tid;
    if (r.flags & CLONE_PIDFD) task.write(r.pidfd, static_cast<i32>(open_pidfd_of_thread()));
    // Host threads share these; a guest thread need not.
    if (!(r.flags & CLONE_FS)) raw_syscall(SYS_unshare, CLONE_FS);
    if (!(r.flags & CLONE_FILES)) raw_syscall(SYS_unshare, CLONE_FILES);
    // `start` and `r` may be gone as soon as the parent sees the tid. Waking by address is harmless then.
    auto* word = reinterpret_cast<u32*>(&start.tid);
    start.tid.store(static_cast<u32>(task.tid));
    raw_syscall(SYS_futex, reinterpret_cast<u64>(word), FUTEX_WAKE_PRIVATE, 1);
}

void* thread_main(void* argument) {
    auto& start = *static_cast<ThreadStart*>(argument);
    std::unique_ptr<Task> task(start.task);
    start_thread(start);
    if (task->process->debugger) task->process->debugger->task_started(*task);
    task->signals.host_blocked = kUnknownMask;
    set_host_mask(*task, task->signals.blocked);
    run_task(*task);
    end_task(*task);
    return nullptr;
}

// The C library takes signal 33 for itself when the first thread is made. It is the guest's.
void take_back_signal(Task& task) {
    constexpr int kSigSetXid = 33;
    LockGuard lock(task.handlers->lock);
    install_host_action(kSigSetXid, task.handlers->actions[kSigSetXid]);
}

}  // namespace

int create_host_thread(Task& task, void* (*main)(void*), void* argument) {
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, kHostStack);
    pthread_t thread;
    int error = pthread_create(&thread, &attributes, main, argument);
    pthread_attr_destroy(&attributes);
    static std::atomic<bool> first{true};
    if (first.exchange(false)) take_back_signal(task);
    return error;
}

void set_child_state(const Task& task, const CloneRequest& request, Task& child) {
    const u64* stack = request.stack != 0 ? &request.stack : nullptr;
    const u64* tls = request.flags & CLONE_SETTLS ? &request.tls : nullptr;
    task.process->arch->set_child_state(child.env, stack, tls);
}

SyscallResult prepare_child(Task& parent, const CloneRequest& request, Task& child) {
    const Arch& arch = *parent.process->arch;
    return arch.prepare_child != nullptr ? arch.prepare_child(parent, request, child) : 0;
}

void release_task(Task& task) {
    const Arch& arch = *task.process->arch;
    if (arch.release_task != nullptr) arch.release_task(task);
}

SyscallResult new_thread(Task& task, const CloneRequest& request) {
    if (request.flags & CLONE_PIDFD) {
        SyscallResult probe = open_pidfd_of_thread();
        if (probe < 0) return probe;
        raw_syscall(SYS_close, static_cast<u64>(probe));
    }
    auto child = std::make_unique<Task>();
    child->process = task.process;
    child->handlers = task.handlers;
    child->signals.blocked = task.signals.blocked;
    child->env = task.process->guest->cpu.clone(task.env);
    set_child_state(task, request, *child);
    if (SyscallResult prepared = prepare_child(task, request, *child); prepared != 0) {
        task.process->guest->cpu.destroy(child->env);
        return prepared;
    }
    trace::inherit(task, *child, trace::clone_event(task, request));

    ThreadStart start{child.get(), &task, &request};
    // The thread starts with everything blocked, until it can take signals.
    SignalSet mask = block_host_signals();
    int error = create_host_thread(task, thread_main, &start);
    restore_host_signals(mask);
    if (error != 0) {
        release_task(*child);
        task.process->guest->cpu.destroy(child->env);
        return -error;
    }
    (void)child.release();
    // The child's Task may be gone already when the child has told its tid.
    while (start.tid.load() == 0) {
        raw_syscall(SYS_futex, reinterpret_cast<u64>(&start.tid), FUTEX_WAIT_PRIVATE, 0, 0);
    }
    auto tid = static_cast<pid_t>(start.tid.load());
    return tid;
}

void end_task(Task& task) {
    if (task.process->debugger) task.process->debugger->task_ended(task);
    block_host_signals();
    end_rseq(task);
    exit_robust_list(task);
    clear_child_tid(task);
    remove_task(*task.process, task);
    Task::set_current(nullptr);
    release_task(task);
    task.process->engine->detach(task.env);
    task.process->guest->cpu.destroy(task.env);
    free_host_signal_stack();
}

namespace {

[[noreturn]] void end_process(Task& task, int status) {
    if (WIFSIGNALED(status)) end_by_signal(task, WTERMSIG(status));
    exit_process(task, WEXITSTATUS(status));
}

}  // namespace

SyscallResult exit_thread(Task& task, int status) {
    if (task.vfork_child) end_process(task, status);
    Process& process = *task.process;
    bool is_last;
    {
        LockGuard lock(process.tasks_lock);
        is_last = process.tasks.size() == 1;
    }
    if (!is_last) trace::exiting(task, status);
    {
        LockGuard lock(process.tasks_lock);
        if (process.tasks.size() > 1) {
            // Out of the list at once, so that of two last threads one sees that it is alone.
            std::erase(process.tasks, &task);
            task.exiting = true;
            return kNoResult;
        }
    }
    end_process(task, status);
}

SyscallResult sys_exit(Task& task, const SyscallArgs& args) {
    return exit_thread(task, static_cast<int>(args[0] & 0xff) << 8);
}

SyscallResult sys_exit_group(Task& task, const SyscallArgs& args) {
    exit_process(task, static_cast<int>(args[0] & 0xff));
}

SyscallResult sys_set_tid_address(Task& task, const SyscallArgs& args) {
    task.clear_child_tid = args[0];
    return task.tid;
}

}  // namespace dragoman::linux_abi
