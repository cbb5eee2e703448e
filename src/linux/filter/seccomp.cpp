#include "linux/filter/seccomp.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

#include <algorithm>
#include <csignal>

#include "linux/arch.h"
#include "linux/filter/filter.h"
#include "linux/filter/notify.h"
#include "linux/process/process.h"
#include "linux/signals/signals.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"
#include "linux/trace/tracee.h"

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

namespace dragoman::linux_abi {

namespace {

constexpr int kSysSeccomp = 1;  // si_code SYS_SECCOMP
constexpr u32 kMaxErrno = 4095;

// What becomes of calls.

void skip(SyscallEntry& entry, SyscallResult result) {
    entry.skip = true;
    entry.result = result;
}

bpf::SyscallData data_of(const Task& task, const SyscallEntry& entry) {
    bpf::SyscallData data{static_cast<i32>(entry.number), task.process->arch->audit_arch, task.env->pc, {}};
    std::copy(std::begin(entry.args.a), std::end(entry.args.a), data.args);
    return data;
}

/// SIGSYS as the guest sees it.
siginfo_t sigsys(const Task& task, const SyscallEntry& entry, u16 data) {
    siginfo_t info{};
    info.si_signo = SIGSYS;
    info.si_code = kSysSeccomp;
    info.si_errno = data;
    info.si_call_addr = reinterpret_cast<void*>(task.env->pc);
    info.si_syscall = static_cast<int>(entry.number);
    info.si_arch = task.process->arch->audit_arch;
    return info;
}

bool is_last_thread(Task& task) {
    LockGuard lock(task.process->tasks_lock);
    return task.vfork_child || task.process->tasks.size() == 1;
}

void kill(Task& task, SyscallEntry& entry, const Verdict& verdict) {
    if (verdict.action != SECCOMP_RET_KILL_THREAD || is_last_thread(task)) {
        die_by_signal(task, sigsys(task, entry, verdict.data));
    }
    skip(entry, exit_thread(task, SIGSYS));
}

void apply_filters(Task& task, SyscallEntry& entry, bool after_trace = false);

/// What the tracer makes of the call is filtered, too; but it is not asked again.
void let_tracer_decide(Task& task, SyscallEntry& entry, u16 data) {
    trace::seccomp_stop(task, entry, data);
    if (!entry.skip) apply_filters(task, entry, true);
}

void apply_filters(Task& task, SyscallEntry& entry, bool after_trace) {
    const Verdict verdict = ask_filters(task.filter.newest(), data_of(task, entry));
    switch (verdict.action) {
        case SECCOMP_RET_ALLOW:
        case SECCOMP_RET_LOG: return;
        case SECCOMP_RET_ERRNO: return skip(entry, -static_cast<i64>(std::min<u32>(verdict.data, kMaxErrno)));
        case SECCOMP_RET_TRAP: force_signal(task, sigsys(task, entry, verdict.data)); return skip(entry, kNoResult);
        case SECCOMP_RET_USER_NOTIF:
            if (!verdict.decided->listened) return skip(entry, -ENOSYS);
            return ask_listener(task, entry);
        case SECCOMP_RET_TRACE:
            if (after_trace) return;
            return let_tracer_decide(task, entry, verdict.data);
        case SECCOMP_RET_KILL_THREAD:
        case SECCOMP_RET_KILL_PROCESS:
        default: return kill(task, entry, verdict);
    }
}

/// Strict mode: what is not permitted ends the thread, as SIGKILL would.
void apply_strict(Task& task, SyscallEntry& entry) {
    const SyscallInfo* info = task.process->arch->syscalls.find(entry.number);
    constexpr std::string_view kPermitted[] = {"read", "write", "exit", "rt_sigreturn"};
    if (info && std::find(std::begin(kPermitted), std::end(kPermitted), info->name) != std::end(kPermitted)) return;
    skip(entry, exit_thread(task, SIGKILL));
}

class FilterHook final : public SyscallHook {
    void syscall_entry(Task& task, SyscallEntry& entry) override {
        switch (task.filter.mode()) {
            case SECCOMP_MODE_STRICT: return apply_strict(task, entry);
            case SECCOMP_MODE_FILTER: return apply_filters(task, entry);
            default: return;
        }
    }
};

// Setting of modes and filters.

/// struct sock_fprog
struct GuestProgram {
    u16 length;
    u64 instructions;
};

bool is_privileged() {
    __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
    __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};
    return raw_syscall(SYS_capget, reinterpret_cast<u64>(&header), reinterpret_cast<u64>(data)) == 0 &&
           (data[0].effective >> CAP_SYS_ADMIN & 1);
}

bool has_no_new_privs() { return ::prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1; }

i64 read_program(Task& task, u64 address, std::vector<bpf::Instruction>& program) {
    GuestProgram guest;
    if (!task.read(guest, address)) return -EFAULT;
    if (guest.length == 0 || guest.length > bpf::kMaxInstructions) return -EINVAL;
    if (!has_no_new_privs() && !is_privileged()) return -EACCES;
    if (guest.instructions == 0) return -EINVAL;
    program.resize(guest.length);
    if (!task.read(program.data(), guest.instructions, program.size() * sizeof program[0])) return -EFAULT;
    return bpf::is_valid(program) ? 0 : -EINVAL;
}

bool may_assign(const FilterState& state, unsigned mode) {
    return state.mode() == SECCOMP_MODE_DISABLED || state.mode() == mode;
}

/// Whether `other` can be given what `task` has: its own filters are among those.
bool can_synchronise(const Task& task, const Task& other) {
    if (other.filter.mode() == SECCOMP_MODE_DISABLED) return true;
    if (other.filter.mode() != SECCOMP_MODE_FILTER) return false;
    const Filter *own = task.filter.newest(), *theirs = other.filter.newest();
    return own ? own->includes(theirs) : theirs == nullptr;
}

/// A thread that SECCOMP_FILTER_FLAG_TSYNC cannot synchronise; 0: there is none.
pid_t diverged_thread(const Task& task) DRAGOMAN_REQUIRES(task.process->tasks_lock) {
    for (const Task* other : task.process->tasks) {
        if (other != &task && !can_synchronise(task, *other)) return other->tid;
    }
    return 0;
}

bool has_listener(const Filter* newest) {
    for (const Filter* filter = newest; filter; filter = filter->before.get()) {
        if (filter->listened) return true;
    }
    return false;
}

/// What the host has to know of a filter: whose calls are told to a listener, and the no_new_privs of threads.
/// @returns the listener's descriptor, 0 or -errno
SyscallResult tell_host(const Filter* before, u64 flags) {
    const bool synchronise = flags & SECCOMP_FILTER_FLAG_TSYNC;
    if (flags & SECCOMP_FILTER_FLAG_NEW_LISTENER) {
        return open_listener(synchronise, flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
    }
    if (synchronise && (has_listener(before) || has_no_new_privs())) synchronise_host_threads();
    return 0;
}

SyscallResult set_mode_strict(Task& task) {
    LockGuard lock(task.process->tasks_lock);
    if (!may_assign(task.filter, SECCOMP_MODE_STRICT)) return -EINVAL;
    watch_calls(*task.process);
    task.filter.set_strict();
    return 0;
}

SyscallResult set_mode_filter(Task& task, u64 flags, u64 address) {
    constexpr u64 kListener = SECCOMP_FILTER_FLAG_NEW_LISTENER, kSync = SECCOMP_FILTER_FLAG_TSYNC;
    constexpr u64 kKnown = kSync | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | kListener |
                           SECCOMP_FILTER_FLAG_TSYNC_ESRCH | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
    const bool says_esrch = flags & SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    if (flags & ~kKnown) return -EINVAL;
    if ((flags & kSync) && (flags & kListener) && !says_esrch) return -EINVAL;
    if ((flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV) && !(flags & kListener)) return -EINVAL;

    auto filter = std::make_shared<Filter>();
    if (i64 error = read_program(task, address, filter->program)) return error;
    filter->log = flags & SECCOMP_FILTER_FLAG_LOG;
    filter->listened = flags & kListener;

    LockGuard lock(task.process->tasks_lock);
    FilterState& state = task.filter;
    if (!may_assign(state, SECCOMP_MODE_FILTER)) return -EINVAL;
    if (filter->listened && has_listener(state.newest())) return -EBUSY;
    filter->before = state.chain();
    if (!has_room_for(*filter)) return -ENOMEM;
    if (flags & kSync) {
        if (pid_t thread = diverged_thread(task)) return says_esrch ? -ESRCH : thread;
    }
    const SyscallResult result = tell_host(state.newest(), flags);
    if (result < 0) return result;
    watch_calls(*task.process);
    state.set_filters(filter);
    if (flags & kSync) {
        for (Task* other : task.process->tasks) {
            if (other != &task) other->filter.set_filters(filter);
        }
    }
    return result;
}

SyscallResult get_action_avail(Task& task, u64 address) {
    u32 action;
    if (!task.read(action, address)) return -EFAULT;
    switch (action) {
        case SECCOMP_RET_KILL_PROCESS:
        case SECCOMP_RET_KILL_THREAD:
        case SECCOMP_RET_TRAP:
        case SECCOMP_RET_ERRNO:
        case SECCOMP_RET_USER_NOTIF:
        case SECCOMP_RET_TRACE:
        case SECCOMP_RET_LOG:
        case SECCOMP_RET_ALLOW: return 0;
        default: return -EOPNOTSUPP;
    }
}

SyscallResult get_notif_sizes(Task& task, u64 address) {
    const seccomp_notif_sizes sizes{sizeof(seccomp_notif), sizeof(seccomp_notif_resp), sizeof(seccomp_data)};
    return task.write(address, sizes) ? 0 : -EFAULT;
}

}  // namespace

void watch_calls(Process& process) {
    static FilterHook hook;  // it has no state
    process.syscall_hooks.set(SyscallHooks::Stage::Filter, &hook);
}

SyscallResult sys_seccomp(Task& task, const SyscallArgs& args) {
    const u64 flags = static_cast<u32>(args[1]);
    switch (static_cast<u32>(args[0])) {
        case SECCOMP_SET_MODE_STRICT: return flags != 0 || args[2] != 0 ? -EINVAL : set_mode_strict(task);
        case SECCOMP_SET_MODE_FILTER: return set_mode_filter(task, flags, args[2]);
        case SECCOMP_GET_ACTION_AVAIL: return flags != 0 ? -EINVAL : get_action_avail(task, args[2]);
        case SECCOMP_GET_NOTIF_SIZES: return flags != 0 ? -EINVAL : get_notif_sizes(task, args[2]);
        default: return -EINVAL;
    }
}

SyscallResult get_seccomp(Task& task) { return task.filter.mode(); }

SyscallResult set_seccomp(Task& task, u64 mode, u64 program) {
    switch (mode) {
        case SECCOMP_MODE_STRICT: return set_mode_strict(task);
        case SECCOMP_MODE_FILTER: return set_mode_filter(task, 0, program);
        default: return -EINVAL;
    }
}

}  // namespace dragoman::linux_abi
