// System calls about signals.
#include <sys/syscall.h>

#include <cerrno>
#include <cstring>

#include "linux/arch.h"
#include "linux/layouts.h"
#include "linux/signals/signal_mask.h"
#include "linux/signals/signals.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

namespace {

constexpr u64 kSetSize = sizeof(SignalSet);
constexpr u32 kSsAutodisarm = 1u << 31;
constexpr u64 kSmallestAltstack = 2048;  // MINSIGSTKSZ

bool valid_signal(u64 signal) { return signal >= 1 && signal <= kSignalCount; }

bool inside_altstack(const Task& task) {
    const SignalState& state = task.signals;
    u64 sp = task.process->arch->stack_pointer(task.env);
    return !(state.altstack_flags & kSsAutodisarm) && sp > state.altstack_sp &&
           sp - state.altstack_sp <= state.altstack_size;
}

// The siginfo of rt_sigqueueinfo, which the kernel checks: to others than the calling thread it must not look like its
// own.
SyscallResult queue(Task& task, long number, u64 a0, u64 a1, u64 a2, u64 info_address) {
    siginfo_t info;
    if (!read_siginfo(task, info_address, info)) return -EFAULT;
    const u64 target = number == SYS_rt_sigqueueinfo ? a0 : a1, signal = number == SYS_rt_sigqueueinfo ? a1 : a2;
    if (static_cast<pid_t>(target) == task.tid) {
        info.si_code = queued_code(static_cast<int>(signal), info.si_code);
    }
    u64 last = reinterpret_cast<u64>(&info);
    return number == SYS_rt_sigqueueinfo ? raw_syscall(number, a0, a1, last) : raw_syscall(number, a0, a1, a2, last);
}

// A thread that has ended for the guest may still be ending on the host.
bool has_ended(const Task& task, u64 tgid, u64 tid) {
    if (static_cast<pid_t>(tid) <= 0 || static_cast<pid_t>(tid) == task.tid ||
        static_cast<pid_t>(tgid) != task.process->pid)
        return false;
    LockGuard lock(task.process->tasks_lock);
    for (const Task* other : task.process->tasks) {
        if (other->tid == static_cast<pid_t>(tid)) return false;
    }
    return static_cast<pid_t>(tid) != task.process->pid;
}

}  // namespace

SyscallResult sys_rt_sigaction(Task& task, const SyscallArgs& args) {
    u64 number = args[0];
    if (args[3] != kSetSize || !valid_signal(number)) return -EINVAL;
    int signal = static_cast<int>(number);
    GuestSigaction action{};
    if (args[1] != 0) {
        if (!read_sigaction(task, args[1], action)) return -EFAULT;
        if (signal_bit(signal) & kUnblockable) return -EINVAL;
        action.mask &= ~kUnblockable;
    }
    GuestSigaction old;
    {
        LockGuard lock(task.handlers->lock);
        GuestSigaction& current = task.handlers->actions[signal];
        old = current;
        if (args[1] != 0) {
            // The host may deliver the signal as soon as it has the new action: our table comes first.
            current = action;
            install_host_action(signal, action);
        }
    }
    return args[2] != 0 && !write_sigaction(task, args[2], old) ? -EFAULT : 0;
}

SyscallResult sys_rt_sigprocmask(Task& task, const SyscallArgs& args) {
    if (args[3] != kSetSize) return -EINVAL;
    SignalState& state = task.signals;
    SignalSet old = state.blocked;
    if (args[1] != 0) {
        SignalSet set;
        if (!task.read(set, args[1])) return -EFAULT;
        SignalSet next;
        switch (static_cast<int>(args[0])) {
            case SIG_BLOCK: next = old | set; break;
            case SIG_UNBLOCK: next = old & ~set; break;
            case SIG_SETMASK: next = set; break;
            default: return -EINVAL;
        }
        next &= ~kUnblockable;
        // A signal that is in hand came before the new mask.
        if (next != old && !set_host_mask(task, next)) return kRestartNoInterrupt;
        state.blocked = next;
    }
    return args[2] != 0 && !task.write(args[2], old) ? -EFAULT : 0;
}

SyscallResult sys_rt_sigpending(Task& task, const SyscallArgs& args) {
    if (args[1] > kSetSize) return -EINVAL;
    SignalSet pending = 0;
    raw_syscall(SYS_rt_sigpending, reinterpret_cast<u64>(&pending), kSetSize);
    pending |= task.signals.held;
    return task.write(args[0], &pending, args[1]) ? 0 : -EFAULT;
}

SyscallResult sys_rt_sigsuspend(Task& task, const SyscallArgs& args) {
    SignalSet mask;
    if (args[1] != kSetSize) return -EINVAL;
    if (!task.read(mask, args[0])) return -EFAULT;
    SignalSet host_mask;
    if (!begin_wait_mask(task, mask, host_mask)) return kRestartNoHand;
    SyscallResult result = safe_syscall(task, SYS_rt_sigsuspend, reinterpret_cast<u64>(&host_mask), kSetSize);
    if (result != kRestartSys) end_wait_mask(task);
    return result == kRestartSys ? kRestartNoHand : result;
}

SyscallResult sys_rt_sigtimedwait(Task& task, const SyscallArgs& args) {
    SignalSet set;
    if (args[3] != kSetSize) return -EINVAL;
    if (!task.read(set, args[0])) return -EFAULT;
    SignalState& state = task.signals;
    siginfo_t info;
    if (SignalSet ready = state.held & set) {
        bool segv = ready & signal_bit(SIGSEGV);
        info = segv ? state.held_segv : state.held_bus;
        state.held &= ~signal_bit(segv ? SIGSEGV : SIGBUS);
        if (args[1] != 0 && !write_siginfo(task, args[1], info)) return -EFAULT;
        return info.si_signo;
    }
    struct {
        i64 seconds, nanoseconds;
    } timeout;
    if (args[2] != 0 && !task.read(timeout, args[2])) return -EFAULT;
    SyscallResult result =
        safe_syscall(task, SYS_rt_sigtimedwait, reinterpret_cast<u64>(&set), reinterpret_cast<u64>(&info),
                     args[2] != 0 ? reinterpret_cast<u64>(&timeout) : 0, kSetSize);
    if (result == kRestartSys) return -EINTR;
    if (result > 0) info.si_code = code_from_queue(static_cast<int>(result), info.si_code);
    if (result > 0 && args[1] != 0 && !write_siginfo(task, args[1], info)) return -EFAULT;
    return result;
}

SyscallResult sys_rt_sigreturn(Task& task, const SyscallArgs&) {
    SignalSet mask;
    if (!task.process->arch->pop_signal_frame(task, mask)) {
        siginfo_t fault{};
        fault.si_signo = SIGSEGV;
        fault.si_code = SI_KERNEL;
        force_signal(task, fault);
        return kNoResult;
    }
    task.signals.blocked = mask & ~kUnblockable;
    // If a signal is in hand, its delivery sets the mask.
    set_host_mask(task, task.signals.blocked);
    return kNoResult;
}

SyscallResult sys_sigaltstack(Task& task, const SyscallArgs& args) {
    SignalState& state = task.signals;
    bool inside = inside_altstack(task);
    u32 shown = state.altstack_size == 0
                    ? static_cast<u32>(SS_DISABLE)
                    : (inside ? static_cast<u32>(SS_ONSTACK) : 0) | (state.altstack_flags & kSsAutodisarm);
    GuestStack old = {state.altstack_sp, shown, state.altstack_size};
    if (args[0] != 0) {
        GuestStack next;
        if (!read_stack(task, args[0], next)) return -EFAULT;
        if (inside) return -EPERM;
        u32 flags = next.flags;
        u32 mode = flags & ~kSsAutodisarm;
        if (mode != SS_DISABLE && mode != SS_ONSTACK && mode != 0) return -EINVAL;
        if (mode != SS_DISABLE && next.size < kSmallestAltstack) return -ENOMEM;
        restore_altstack(task, next.sp, next.size, flags);
    }
    return args[1] != 0 && !write_stack(task, args[1], old) ? -EFAULT : 0;
}

SyscallResult sys_kill(Task&, const SyscallArgs& args) { return raw_syscall(SYS_kill, args[0], args[1]); }
SyscallResult sys_tkill(Task& task, const SyscallArgs& args) {
    const auto pid = static_cast<u64>(task.process->pid);
    if (raw_syscall(SYS_tgkill, pid, args[0], 0) == 0 && has_ended(task, pid, args[0])) return -ESRCH;
    return raw_syscall(SYS_tkill, args[0], args[1]);
}
SyscallResult sys_tgkill(Task& task, const SyscallArgs& args) {
    if (has_ended(task, args[0], args[1])) return -ESRCH;
    return raw_syscall(SYS_tgkill, args[0], args[1], args[2]);
}

SyscallResult sys_rt_sigqueueinfo(Task& task, const SyscallArgs& args) {
    return queue(task, SYS_rt_sigqueueinfo, args[0], args[1], 0, args[2]);
}

SyscallResult sys_rt_tgsigqueueinfo(Task& task, const SyscallArgs& args) {
    if (has_ended(task, args[0], args[1])) return -ESRCH;
    return queue(task, SYS_rt_tgsigqueueinfo, args[0], args[1], args[2], args[3]);
}

}  // namespace dragoman::linux_abi
