// clone and clone3: checks what is asked for, and makes a thread, a child that borrows our memory (vfork)
// or a child with a copy of it (fork).
#include "linux/process/clone.h"

#include <linux/sched.h>
#include <sched.h>
#include <signal.h>

#include <cerrno>
#include <climits>

#include "linux/arch.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi {

namespace {

constexpr u64 kNamespaces = CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET |
                            CLONE_NEWCGROUP | CLONE_NEWTIME;

SyscallResult dispatch(Task& task, const CloneRequest& r) {
    auto set = [&](u64 flag) { return (r.flags & flag) != 0; };
    // copy_process() of Linux.
    if (set(CLONE_NEWNS) && set(CLONE_FS)) return -EINVAL;
    if (set(CLONE_NEWUSER) && set(CLONE_FS)) return -EINVAL;
    if (set(CLONE_THREAD) && !set(CLONE_SIGHAND)) return -EINVAL;
    if (set(CLONE_SIGHAND) && !set(CLONE_VM)) return -EINVAL;
    if (set(CLONE_THREAD) && set(CLONE_NEWUSER | CLONE_NEWPID)) return -EINVAL;
    if (set(CLONE_SIGHAND) && set(CLONE_CLEAR_SIGHAND)) return -EINVAL;
    if (set(CLONE_THREAD) && set(kNamespaces | CLONE_VFORK)) return -EINVAL;
    if (set(CLONE_VM) && set(CLONE_VFORK)) return vfork_process(task, r);
    const unsigned event = trace::clone_event(task, r);
    SyscallResult made;
    if (set(CLONE_THREAD)) made = new_thread(task, r);
    else made = set(CLONE_VM) ? shared_memory_process(task, r) : fork_process(task, r);
    if (made > 0) trace::clone_returned(task, event, static_cast<pid_t>(made));
    return made;
}

/// struct clone_args of the kernel.
struct GuestCloneArgs {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls, set_tid, set_tid_size, cgroup;
};
constexpr u64 kSmallestArgs = 64;  // CLONE_ARGS_SIZE_VER0

}  // namespace

SyscallResult sys_clone(Task& task, const SyscallArgs& args) {
    CloneRequest r;
    r.exit_signal = args[0] & CSIGNAL;
    r.flags = (args[0] & 0xffffffff) & ~u64{CSIGNAL};
    r.stack = args[1];
    r.parent_tid = args[2];
    const CloneArguments& where = task.process->arch->clone_arguments;
    r.tls = args[where.tls];
    r.child_tid = args[where.child_tid];
    r.pidfd = args[2];
    if ((r.flags & CLONE_PIDFD) && (r.flags & (CLONE_PARENT_SETTID | CLONE_DETACHED))) return -EINVAL;
    r.flags &= ~u64{CLONE_DETACHED};  // without meaning since Linux 2.6.2, and clone3 refuses it
    return dispatch(task, r);
}

SyscallResult sys_clone3(Task& task, const SyscallArgs& args) {
    u64 size = args[1];
    if (size < kSmallestArgs) return -EINVAL;
    if (size > memory::kPageSize) return -E2BIG;
    GuestCloneArgs a{};
    if (!task.read(&a, args[0], std::min(size, u64{sizeof a}))) return -EFAULT;
    for (u64 at = sizeof a; at < size; ++at) {
        u8 byte;
        if (!task.read(byte, args[0] + at)) return -EFAULT;
        if (byte != 0) return -E2BIG;
    }
    constexpr u64 kKnown = 0xffffffff | CLONE_CLEAR_SIGHAND | CLONE_INTO_CGROUP;
    constexpr u64 kNotTaken = CLONE_DETACHED | (CSIGNAL & ~CLONE_NEWTIME);
    if ((a.flags & ~kKnown) || (a.flags & kNotTaken) || a.exit_signal > 64) return -EINVAL;
    if ((a.flags & CLONE_INTO_CGROUP) && (size < sizeof a || a.cgroup > INT_MAX)) return -EINVAL;
    if ((a.flags & (CLONE_THREAD | CLONE_PARENT)) && a.exit_signal != 0) return -EINVAL;
    if ((a.stack == 0) != (a.stack_size == 0)) return -EINVAL;
    if ((a.set_tid == 0) != (a.set_tid_size == 0)) return -EINVAL;
    CloneRequest r;
    r.flags = a.flags;
    r.exit_signal = a.exit_signal;
    r.stack = a.stack != 0 ? a.stack + a.stack_size : 0;
    r.parent_tid = a.parent_tid;
    r.child_tid = a.child_tid;
    r.pidfd = a.pidfd;
    r.tls = a.tls;
    r.set_tid = a.set_tid;
    r.set_tid_size = a.set_tid_size;
    r.cgroup = a.cgroup;
    return dispatch(task, r);
}

}  // namespace dragoman::linux_abi
