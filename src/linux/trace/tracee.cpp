#include "linux/trace/tracee.h"

#include <elf.h>
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <optional>

#include "linux/arch.h"
#include "linux/dispatch.h"
#include "linux/filter/packed.h"
#include "linux/proc/other_guest.h"
#include "linux/process/clone.h"
#include "linux/task.h"

namespace dragoman::linux_abi::trace {

namespace {

constexpr unsigned kEventStop = 128;  // PTRACE_EVENT_STOP
constexpr int kSysGood = 0x80;        // PTRACE_O_TRACESYSGOOD

/// Whether the tracer asked for an event. PTRACE_O_* are bits with the events' numbers.
bool wants(const Record& record, unsigned event) { return record.options >> event & 1; }

void fill_sets(const Task& task, Record& record) {
    const Arch& arch = *task.process->arch;
    auto put = [&](unsigned i, u32 type, const std::vector<u8>& bytes) {
        RegisterSet& set = record.sets[i];
        set.type = type;
        set.size = static_cast<u32>(std::min(bytes.size(), RegisterSet::kLargest));
        set.changed = 0;
        std::memcpy(set.bytes, bytes.data(), set.size);
    };
    put(0, NT_PRSTATUS, arch.core_registers(task.env));
    const std::vector<RegisterNote> notes = arch.core_register_notes(task.env);
    for (unsigned i = 1; i < Record::kSets; ++i) {
        if (i <= notes.size()) put(i, notes[i - 1].type, notes[i - 1].bytes);
        else record.sets[i].size = 0;
    }
}

/// A chain only grows, and what is packed is still a part of it.
void fill_filters(Task& task) {
    Record& record = *task.trace.record;
    const Filter* newest = task.filter.newest();
    if (newest != record.packed) {
        record.packed_filters = pack_filters(newest);
        record.packed = newest;
    }
    record.filter_mode = task.filter.mode();
    record.filters = reinterpret_cast<u64>(record.packed_filters.data());
    record.filter_bytes = record.packed_filters.size();
}

void fill(Task& task, unsigned status, u64 message, const siginfo_t* info) {
    Record& record = *task.trace.record;
    record.status = status;
    record.message = message;
    record.has_info = info != nullptr;
    if (info) record.info = *info;
    record.guest_base = task.space().guest_base();
    record.blocked = task.signals.blocked;
    record.answered = 0;
    record.signal = 0;
    record.info_changed = record.blocked_changed = record.range_count = 0;
    fill_sets(task, record);
    fill_filters(task);
}

/// What a stop without a signal of its own shows as siginfo.
siginfo_t trap_info(int code) {
    siginfo_t info{};
    info.si_signo = SIGTRAP;
    info.si_code = code;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    return info;
}

class TraceHook final : public SyscallHook {
    void syscall_entry(Task& task, SyscallEntry& entry) override;
};

void end_tracing(Task& task) {
    task.trace.record.reset();
    task.trace.starts_stopped = false;
    LockGuard lock(task.process->tasks_lock);
    const auto& tasks = task.process->tasks;
    if (std::none_of(tasks.begin(), tasks.end(), [](const Task* other) { return other->trace.traced(); }))
        catch_all_signals(task, false);
}

void begin_tracing(Task& task, u32 options, bool seized) {
    if (!task.trace.record) task.trace.record = std::make_unique<Record>();
    task.trace.record->options = options;
    task.trace.record->seized = seized;
    static TraceHook hook;  // it has no state
    task.process->syscall_hooks.set(SyscallHooks::Stage::Trace, &hook);
    catch_all_signals(task, true);
}

/// The first argument of the call that the thread stops at, as its tracer leaves it, and what is left of that when the
/// call is restarted.
thread_local u64 argument_at_stop = 0;
thread_local std::optional<u64> changed_first_argument;

/// What the tracer has changed, takes effect.
void apply(Task& task) {
    Record& record = *task.trace.record;
    const Arch& arch = *task.process->arch;
    for (const RegisterSet& set : record.sets) {
        if (set.changed && set.size) arch.set_registers(task.env, set.type, {set.bytes, set.size});
    }
    if (record.blocked_changed) {
        task.signals.blocked = record.blocked & ~kUnblockable;
        set_host_mask(task, task.signals.blocked);
    }
    engine::Engine& engine = *task.process->engine;
    if (record.range_count > Record::kRanges) {
        engine.invalidate(0, task.space().limit());
    } else {
        for (unsigned i = 0; i < record.range_count; ++i) {
            engine.invalidate(record.ranges[i].start, record.ranges[i].end);
        }
    }
    argument_at_stop = record.call.entry.args[0];
    if (record.detached) end_tracing(task);
}

/// Stops the task until its tracer lets it go on. @returns the signal that the tracer has it deliver
/// @param unanswered that signal, should nobody trace the task any more
int stop(Task& task, unsigned status, u64 message, const siginfo_t* info, int unanswered = 0) {
    if (!task.trace.traced()) return unanswered;
    fill(task, status, message, info);
    task.trace.record->signal = unanswered;
    siginfo_t call{};
    call.si_signo = SIGSEGV;
    call.si_code = kStopCode;
    call.si_pid = ::getpid();
    call.si_value.sival_ptr = task.trace.record.get();
    Record& record = *task.trace.record;
    // The signal is lost when one like it is pending.
    while (!__atomic_load_n(&record.answered, __ATOMIC_ACQUIRE)) {
        raw_syscall(SYS_rt_tgsigqueueinfo, static_cast<u64>(::getpid()), static_cast<u64>(task.tid), SIGSEGV,
                    reinterpret_cast<u64>(&call));
    }
    const int signal = record.signal;
    apply(task);
    return signal;
}

int event_stop(Task& task, unsigned event, u64 message) {
    const siginfo_t info = trap_info(static_cast<int>(event << 8 | SIGTRAP));
    return stop(task, event << 8 | SIGTRAP, message, &info);
}

/// A signal that a stop that is no signal's own has left: it is sent to the task, as the kernel does.
void send_to_self(Task& task, int signal) {
    if (signal == 0) return;
    siginfo_t info{};
    info.si_signo = signal;
    info.si_code = SI_USER;
    info.si_pid = ::getpid();
    info.si_uid = ::getuid();
    raw_syscall(SYS_rt_tgsigqueueinfo, static_cast<u64>(::getpid()), static_cast<u64>(task.tid),
                static_cast<u64>(signal), reinterpret_cast<u64>(&info));
}

/// What PTRACE_GET_SYSCALL_INFO says at any stop.
void describe_call(const Task& task, u8 operation) {
    ptrace_syscall_info& call = task.trace.record->call;
    call = {};
    call.op = operation;
    call.arch = task.process->arch->audit_arch;
    call.instruction_pointer = task.env->pc;
    call.stack_pointer = task.process->arch->stack_pointer(task.env);
}

void describe_entry(const Task& task, const SyscallEntry& entry, u8 operation) {
    describe_call(task, operation);
    ptrace_syscall_info& call = task.trace.record->call;
    call.entry.nr = static_cast<u64>(static_cast<i64>(static_cast<i32>(entry.number)));
    std::copy(std::begin(entry.args.a), std::end(entry.args.a), call.entry.args);
}

int syscall_stop(Task& task, u64 message) {
    const Record& record = *task.trace.record;
    const int signal = SIGTRAP | (record.options & PTRACE_O_TRACESYSGOOD ? kSysGood : 0);
    const siginfo_t info = trap_info(signal);
    return stop(task, static_cast<unsigned>(signal), message, &info);
}

/// At the entry of a call its result stands already where the guest will find it: -ENOSYS (Linux 6.11). The arguments
/// are the guest's own whatever the tracer writes there; it can change the number, and the result of a call that it
/// takes away. (PTRACE_SET_SYSCALL_INFO changes them all.)
template <class Stop>
void stop_at_entry(Task& task, SyscallEntry& entry, Stop stop_now) {
    const Arch& arch = *task.process->arch;
    const u64 first = arch.syscall_args(task.env).a[0];
    arch.set_syscall_result(task.env, -ENOSYS);
    argument_at_stop = first;
    send_to_self(task, stop_now());
    entry.args.a[0] = argument_at_stop;
    if (entry.args.a[0] != first) changed_first_argument = entry.args.a[0];
    const SyscallArgs now = arch.syscall_args(task.env);
    entry.number = arch.syscall_number(task.env);
    std::copy(std::begin(now.a) + 1, std::end(now.a), std::begin(entry.args.a) + 1);
    if (static_cast<i32>(entry.number) < 0) {
        entry.skip = true;
        entry.result = static_cast<i64>(now.a[0]);
    } else {
        arch.restore_first_argument(task.env, entry.args.a[0]);
    }
}

void TraceHook::syscall_entry(Task& task, SyscallEntry& entry) {
    changed_first_argument.reset();
    if (!task.trace.traced() || !task.trace.record->syscalls) return;
    stop_at_entry(task, entry, [&] {
        describe_entry(task, entry, PTRACE_SYSCALL_INFO_ENTRY);
        return syscall_stop(task, PTRACE_EVENTMSG_SYSCALL_ENTRY);
    });
}

}  // namespace

u64 first_argument(u64 guests) { return changed_first_argument.value_or(guests); }

SyscallResult trace_me(Task& task) {
    if (task.trace.traced()) return -EPERM;
    // Stops mean something to a parent only that is a translator, too.
    if (!may_be_guest(std::to_string(::getppid()))) return -EPERM;
    const SyscallResult result = raw_syscall(SYS_ptrace, PTRACE_TRACEME);
    if (result == 0) begin_tracing(task, 0, false);
    return result;
}

bool is_unanswered_stop(Task& task, int signal, const siginfo_t& info) {
    Record* record = task.trace.record.get();
    if (signal != SIGSEGV || info.si_code != kStopCode || record == nullptr || info.si_value.sival_ptr != record)
        return false;
    record->detached = 1;
    __atomic_store_n(&record->answered, 1, __ATOMIC_RELEASE);
    return true;
}

bool is_request(int signal, const siginfo_t& info) { return signal == SIGSEGV && info.si_code == kRequestCode; }

void deliver_request(Task& task, const siginfo_t& info, Restart& restart) {
    Request request;
    std::memcpy(&request, &info.si_value, sizeof request);
    if (!task.trace.traced()) {
        begin_tracing(task, request.options, request.seized);
        task.trace.record->syscalls = request.syscalls;
    }
    if (request.interrupts) send_to_self(task, event_stop(task, kEventStop, 0));
    if (info.si_errno != SIGSTOP) return;
    siginfo_t signal{};
    signal.si_signo = SIGSTOP;
    signal.si_pid = info.si_pid;
    signal.si_uid = info.si_uid;
    deliver_signal(task, signal, restart);
}

void start(Task& task) {
    if (!task.trace.starts_stopped) return;
    task.trace.starts_stopped = false;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    if (task.trace.record->seized) {
        send_to_self(task, event_stop(task, kEventStop, 0));
        return;
    }
    siginfo_t info{};
    info.si_signo = SIGSTOP;
    send_to_self(task, stop(task, SIGSTOP, 0, &info));
}

bool ask_about_signal(Task& task, siginfo_t& info, Restart& restart) {
    if (!task.trace.traced()) return true;
    // The kernel has begun to restart a call when it stops for a signal: a tracer that moves the pc puts an end to
    // that.
    const Restart interrupted = restart;
    const u64 behind = task.env->pc;
    restart_now(task, restart);
    const u64 again = task.env->pc;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    const int asked = info.si_signo;
    const int signal = stop(task, static_cast<unsigned>(asked), 0, &info, asked);
    if (interrupted.kind != 0 && task.env->pc == again) {
        task.env->pc = behind;
        task.process->arch->set_syscall_result(task.env, -EINTR);
        restart = interrupted;
    }
    if (signal == 0) return false;
    if (task.trace.traced() && task.trace.record->info_changed) info = task.trace.record->info;
    if (signal != info.si_signo) {
        info = {};
        info.si_signo = signal;
        info.si_pid = ::getppid();
    }
    return true;
}

void syscall_return(Task& task, Restart& restart) {
    if (!task.trace.traced() || !task.trace.record->syscalls) return;
    const Arch& arch = *task.process->arch;
    // A call that is to be restarted shows how.
    if (restart.kind != 0) arch.set_syscall_result(task.env, restart.kind);
    describe_call(task, PTRACE_SYSCALL_INFO_EXIT);
    const i64 result = static_cast<i64>(arch.syscall_args(task.env).a[0]);
    ptrace_syscall_info& call = task.trace.record->call;
    call.exit.rval = result;
    call.exit.is_error = result < 0 && result >= -4095;
    send_to_self(task, syscall_stop(task, PTRACE_EVENTMSG_SYSCALL_EXIT));
    if (restart.kind == 0) return;
    const bool kept = static_cast<i64>(arch.syscall_args(task.env).a[0]) == restart.kind;
    if (kept) arch.set_syscall_result(task.env, -EINTR);
    else restart.kind = 0;
}

void seccomp_stop(Task& task, SyscallEntry& entry, u16 data) {
    if (!task.trace.traced() || !wants(*task.trace.record, PTRACE_EVENT_SECCOMP)) {
        entry.skip = true;
        entry.result = -ENOSYS;
        return;
    }
    stop_at_entry(task, entry, [&] {
        describe_entry(task, entry, PTRACE_SYSCALL_INFO_SECCOMP);
        task.trace.record->call.seccomp.ret_data = data;
        return event_stop(task, PTRACE_EVENT_SECCOMP, data);
    });
}

unsigned clone_event(const Task& task, const CloneRequest& request) {
    if (!task.trace.traced() || (request.flags & CLONE_UNTRACED)) return 0;
    unsigned event = PTRACE_EVENT_FORK;
    if (request.flags & CLONE_VFORK) event = PTRACE_EVENT_VFORK;
    else if ((request.flags & CLONE_THREAD) || request.exit_signal != SIGCHLD) event = PTRACE_EVENT_CLONE;
    return wants(*task.trace.record, event) ? event : 0;
}

void prepare_vfork(Task& task) {
    if (!task.trace.traced()) return;
    const siginfo_t info = trap_info(PTRACE_EVENT_VFORK << 8 | SIGTRAP);
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    fill(task, PTRACE_EVENT_VFORK << 8 | SIGTRAP, 0, &info);
}

void vfork_returned(Task& task, pid_t child) {
    if (!task.trace.traced()) return;
    apply(task);
    if (child <= 0 || !task.trace.traced() || !wants(*task.trace.record, PTRACE_EVENT_VFORK_DONE)) return;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    send_to_self(task, event_stop(task, PTRACE_EVENT_VFORK_DONE, static_cast<u64>(child)));
}

void clone_returned(Task& task, unsigned event, pid_t child) {
    if (event == 0 || child <= 0 || !task.trace.traced()) return;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    send_to_self(task, event_stop(task, event, static_cast<u64>(child)));
}

void inherit(const Task& parent, Task& child, unsigned event) {
    child.trace = {};
    if (event == 0 || !parent.trace.traced()) return;
    child.trace.record = std::make_unique<Record>();
    child.trace.record->options = parent.trace.record->options;
    child.trace.record->seized = parent.trace.record->seized;
    child.trace.starts_stopped = true;
}

void forked(Task& task, unsigned event) {
    if (!task.trace.traced()) return;
    if (event == 0) return end_tracing(task);
    task.trace.record->syscalls = 0;
    task.trace.starts_stopped = true;
}

void exiting(Task& task, int status) {
    if (!task.trace.traced() || !wants(*task.trace.record, PTRACE_EVENT_EXIT)) return;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    event_stop(task, PTRACE_EVENT_EXIT, static_cast<u64>(status));
}

std::string inherited_tracing(const Task& task) {
    if (!task.trace.traced()) return {};
    const Record& record = *task.trace.record;
    return std::to_string(record.options) + ":" + std::to_string(record.seized) + ":" + std::to_string(record.syscalls);
}

void inherit_tracing(Task& task, const std::string& text) {
    unsigned options = 0, seized = 0, syscalls = 0;
    if (std::sscanf(text.c_str(), "%u:%u:%u", &options, &seized, &syscalls) != 3) return;
    begin_tracing(task, options, seized != 0);
    Record& record = *task.trace.record;
    record.syscalls = syscalls;
    describe_call(task, PTRACE_SYSCALL_INFO_NONE);
    if (wants(record, PTRACE_EVENT_EXEC)) {
        send_to_self(task, event_stop(task, PTRACE_EVENT_EXEC, static_cast<u64>(task.tid)));
    } else if (!seized) {
        send_to_self(task, SIGTRAP);
    }
    // execve returns here.
    Restart none;
    if (task.trace.traced()) {
        task.process->arch->set_syscall_result(task.env, 0);
        syscall_return(task, none);
    }
}

}  // namespace dragoman::linux_abi::trace
