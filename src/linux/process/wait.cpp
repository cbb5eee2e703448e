// Waiting for children and for those that are traced. The structures are the same on both sides; they go through the
// translator's own memory, because a child whose status could not be written would be lost.
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <memory>

#include "linux/arch.h"
#include "linux/layouts.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"
#include "linux/trace/tracer.h"

namespace dragoman::linux_abi {

namespace {

/// What the guest is to see of a status of wait4; nothing: the wait goes on.
std::optional<int> shown_status(Task& task, pid_t pid, int status, bool consumed) {
    if (WIFSTOPPED(status)) {
        // Of a child that asked to be traced, this may be the first that we hear.
        if (!task.tracer) task.tracer = std::make_unique<trace::Tracer>();
        return task.tracer->stopped(pid, status);
    }
    if (task.tracer && !WIFCONTINUED(status) && consumed && !task.tracer->ended(pid)) return std::nullopt;
    return status;
}

/// Makes a host's call that waits, `call(flags)`, again and again until it has waited long enough: the stops of other
/// tracees, which the guest does not see, have to be looked at meanwhile. @param pid that alone is waited for, or 0
template <class Call>
SyscallResult wait_while_serving(Task& task, pid_t pid, u64 flags, Call call) {
    constexpr timespec kPause{0, 500'000};
    while (pid != 0 && task.tracer && task.tracer->has_others(pid)) {
        task.tracer->serve_others(pid);
        SyscallResult result = call(flags | WNOHANG);
        if (result != 0 || (flags & WNOHANG)) return result;
        result = safe_syscall(task, SYS_nanosleep, reinterpret_cast<u64>(&kPause));
        if (result < 0) return kRestartSys;
    }
    return call(flags);
}

/// Whether waitid has said nothing (WNOHANG).
bool is_empty(const siginfo_t& info) { return info.si_pid == 0; }

int status_of(const siginfo_t& info) {
    switch (info.si_code) {
        case CLD_EXITED: return info.si_status << 8;
        case CLD_KILLED:
        case CLD_DUMPED: return info.si_status;
        case CLD_CONTINUED: return 0xffff;
        default: return info.si_status << 8 | 0x7f;
    }
}

}  // namespace

SyscallResult sys_wait4(Task& task, const SyscallArgs& args) {
    int status = 0;
    rusage usage{};
    const auto pid = static_cast<pid_t>(args[0]);
    SyscallResult result;
    for (bool shown = false; !shown;) {
        result = wait_while_serving(task, pid > 0 ? pid : 0, args[2], [&](u64 options) {
            return safe_syscall(task, SYS_wait4, args[0], reinterpret_cast<u64>(&status), options,
                                args[3] != 0 ? reinterpret_cast<u64>(&usage) : 0);
        });
        if (result <= 0) return result;
        const std::optional<int> seen = shown_status(task, static_cast<pid_t>(result), status, true);
        shown = seen.has_value();
        status = seen.value_or(0);
    }
    if (args[1] != 0 && !task.write(args[1], status)) return -EFAULT;
    if (args[3] != 0 && !write_rusage(task, args[3], usage)) return -EFAULT;
    return result;
}

SyscallResult sys_waitid(Task& task, const SyscallArgs& args) {
    siginfo_t info{};
    rusage usage{};
    const bool consumes = !(args[3] & WNOWAIT);
    SyscallResult result;
    for (bool shown = false; !shown;) {
        const pid_t pid = static_cast<u32>(args[0]) == P_PID ? static_cast<pid_t>(args[1]) : 0;
        info = {};
        result = wait_while_serving(task, pid, args[3], [&](u64 options) {
            const SyscallResult waited = safe_syscall(task, SYS_waitid, args[0], args[1], reinterpret_cast<u64>(&info),
                                                      options, args[4] != 0 ? reinterpret_cast<u64>(&usage) : 0);
            return waited == 0 && !is_empty(info) ? 1 : waited;
        });
        if (result < 0) return result;
        if (result == 0) break;
        result = 0;
        const std::optional<int> seen = shown_status(task, info.si_pid, status_of(info), consumes);
        shown = seen.has_value();
        if (shown && WIFSTOPPED(*seen)) info.si_status = *seen >> 8;
    }
    if (args[2] != 0) {
        u8 bytes[sizeof info];
        task.process->arch->layouts.put_siginfo(info, bytes);
        // The kernel writes the members up to si_status only, which is the last of three ints behind the first three
        // and the padding to a word.
        const u64 written = align_up(3 * sizeof(int), word_bytes(task)) + 3 * sizeof(int);
        if (!task.write(args[2], bytes, written)) return -EFAULT;
    }
    if (args[4] != 0 && info.si_pid != 0 && !write_rusage(task, args[4], usage)) return -EFAULT;
    return result;
}

}  // namespace dragoman::linux_abi
