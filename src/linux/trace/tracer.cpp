#include "linux/trace/tracer.h"

#include <elf.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "linux/arch.h"
#include "linux/filter/packed.h"
#include "linux/proc/host_maps.h"
#include "linux/proc/other_guest.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"
#include "linux/trace/syscall_info.h"
#include "linux/trace/tracee.h"

namespace dragoman::linux_abi::trace {

namespace {

constexpr unsigned kEventStop = 128;  // PTRACE_EVENT_STOP
constexpr u64 kSetSyscallInfo = 0x4212;
/// Options that are the host's to carry out.
constexpr u64 kHostOptions = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_EXITKILL;
constexpr u64 kOptions = 0xff | PTRACE_O_EXITKILL;

SyscallResult host_ptrace(u64 request, pid_t pid, u64 address = 0, u64 data = 0) {
    return raw_syscall(SYS_ptrace, request, static_cast<u64>(pid), address, data);
}
template <class T>
u64 place(T& value) {
    return reinterpret_cast<u64>(&value);
}

bool read_remote(pid_t pid, u64 address, void* to, std::size_t bytes) {
    iovec local{to, bytes}, remote{reinterpret_cast<void*>(address), bytes};
    return ::process_vm_readv(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}
bool write_remote(pid_t pid, u64 address, const void* from, std::size_t bytes) {
    iovec local{const_cast<void*>(from), bytes}, remote{reinterpret_cast<void*>(address), bytes};
    return ::process_vm_writev(pid, &local, 1, &remote, 1, 0) == static_cast<ssize_t>(bytes);
}

const Record kLayout{};

/// A tracee's record, or a field of it.
class RemoteRecord {
public:
    RemoteRecord(pid_t pid, const Tracee& tracee) : pid_(pid), address_(tracee.record) {}
    bool known() const {
        u64 magic = 0;
        return address_ != 0 && read_remote(pid_, address_, &magic, sizeof magic) && magic == Record::kMagic;
    }
    template <class T>
    bool get(T Record::*field, T& value) const {
        return address_ != 0 && read_remote(pid_, address_ + offset(field), &value, sizeof value);
    }
    template <class T>
    bool put(T Record::*field, const std::type_identity_t<T>& value) const {
        return address_ != 0 && write_remote(pid_, address_ + offset(field), &value, sizeof value);
    }
    bool get_set(unsigned i, RegisterSet& set) const { return read_remote(pid_, set_address(i), &set, sizeof set); }
    bool put_set(unsigned i, const RegisterSet& set) const {
        return write_remote(pid_, set_address(i), &set, sizeof set);
    }
    u64 range_address(unsigned i) const { return address_ + offsetof(Record, ranges) + i * sizeof(Range); }

private:
    u64 set_address(unsigned i) const { return address_ + offsetof(Record, sets) + i * sizeof(RegisterSet); }
    template <class T>
    static u64 offset(T Record::*field) {
        return reinterpret_cast<u64>(&(kLayout.*field)) - reinterpret_cast<u64>(&kLayout);
    }
    pid_t pid_;
    u64 address_;
};

bool is_stop_signal(u64 signal) {
    return signal == SIGSTOP || signal == SIGTSTP || signal == SIGTTIN || signal == SIGTTOU;
}

siginfo_t request_info(Tracee& tracee, int signal) {
    siginfo_t info{};
    info.si_signo = SIGSEGV;
    info.si_code = kRequestCode;
    info.si_errno = signal;
    const Request request{tracee.options, tracee.seized, tracee.syscalls, std::exchange(tracee.interrupt_due, false),
                          0};
    std::memcpy(&info.si_value, &request, sizeof request);
    return info;
}

std::string proc_text(pid_t pid, const char* name) {
    return read_host_file("/proc/" + std::to_string(pid) + "/" + name);
}

/// The thread group of a thread: signals to threads need it.
pid_t group_of(pid_t pid) {
    const std::string status = proc_text(pid, "status");
    const std::size_t at = status.find("\nTgid:");
    return at == status.npos ? pid : std::atoi(status.c_str() + at + 6);
}

/// Whether the host's handler is there.
bool takes_requests(pid_t pid) {
    const std::string status = proc_text(pid, "status");
    const std::size_t at = status.find("\nSigCgt:");
    if (at == status.npos) return true;
    return std::strtoull(status.c_str() + at + 8, nullptr, 16) & signal_bit(SIGSEGV);
}

/// What it says is written when the host's kernel stops the task for it.
void send_request(pid_t pid) {
    siginfo_t info{};
    info.si_signo = SIGSEGV;
    info.si_code = kRequestCode;
    raw_syscall(SYS_rt_tgsigqueueinfo, static_cast<u64>(group_of(pid)), static_cast<u64>(pid), SIGSEGV, place(info));
}

std::nullopt_t go_on(pid_t pid, u64 signal = 0) {
    host_ptrace(PTRACE_CONT, pid, 0, signal);
    return std::nullopt;
}

int stop_status(unsigned what) { return static_cast<int>(what << 8 | 0x7f); }

}  // namespace

void Tracer::configure(pid_t pid, Tracee& tracee) {
    if (tracee.configured) return;
    const u64 options = (tracee.options & kHostOptions) | PTRACE_O_TRACEEXEC;
    tracee.configured = host_ptrace(PTRACE_SETOPTIONS, pid, 0, options) == 0;
}

std::optional<int> Tracer::stopped(pid_t pid, int status) {
    siginfo_t info{};
    const SyscallResult result = host_ptrace(PTRACE_GETSIGINFO, pid, 0, place(info));
    if (result == -ESRCH) return status;  // a child that we do not trace
    Tracee& tracee = tracees_[pid];
    if (result == -EINVAL && status >> 16 == 0) {
        tracee.state = Tracee::State::GroupStop;
        tracee.signal = static_cast<unsigned>(WSTOPSIG(status));
        return status;
    }
    return classify(pid, status, tracee, info);
}

std::optional<int> Tracer::classify(pid_t pid, int status, Tracee& tracee, const siginfo_t& info) {
    const auto signal = static_cast<unsigned>(WSTOPSIG(status));
    const unsigned event = static_cast<unsigned>(status) >> 16;
    const bool was_configured = tracee.configured;
    const bool is_kernels_stop = signal == SIGSTOP && info.si_code == SI_USER && info.si_pid == 0;
    if (!tracee.shown && !tracee.configured && (event == kEventStop || is_kernels_stop)) {
        // A task that a traced one has made, and that stops before we have been told of it.
        tracee.made_by_tracee = tracee.first_stop_due = tracee.configured = true;
        tracee.seized = event == kEventStop;
    }
    configure(pid, tracee);
    if (tracee.first_stop_due && (event == kEventStop || is_kernels_stop)) {
        tracee.first_stop_due = false;  // it stops by itself, before its first instruction
        return go_on(pid);
    }
    if (event != 0) return host_event(pid, event, signal, tracee);

    if (signal == SIGSEGV && info.si_code == kStopCode) {
        tracee.record = reinterpret_cast<u64>(info.si_value.sival_ptr);
        const RemoteRecord record(pid, tracee);
        u32 stop = 0;
        if (!record.known() || !record.get(&Record::status, stop)) return go_on(pid, signal);
        record.get(&Record::options, tracee.options);
        u32 seized = 0;
        record.get(&Record::seized, seized);
        tracee.seized = seized;
        tracee.state = Tracee::State::Stopped;
        tracee.shown = true;
        return stop_status(stop);
    }
    if (signal == SIGSTOP) {
        if (tracee.passes_stop) {
            tracee.passes_stop = false;
            return go_on(pid, SIGSTOP);
        }
        return deliver_request(pid, tracee, info);
    }
    if (signal == SIGSEGV && info.si_code == kRequestCode) return deliver_request(pid, tracee, info);
    if (is_stop_signal(signal)) tracee.passes_stop = false;
    // exec of a task that has not stopped before: the next translator says so itself.
    if (signal == SIGTRAP && !was_configured && info.si_code == SI_USER && info.si_pid == pid) return go_on(pid);
    return go_on(pid, signal);
}

std::nullopt_t Tracer::deliver_request(pid_t pid, Tracee& tracee, const siginfo_t& arrived) {
    const bool is_stop = arrived.si_signo == SIGSTOP;
    if (!takes_requests(pid)) {
        // A translator that has only just been executed: once more when it has run for a while.
        constexpr timespec kWhile{0, 300'000};
        go_on(pid);
        ::nanosleep(&kWhile, nullptr);
        if (is_stop) raw_syscall(SYS_tgkill, static_cast<u64>(group_of(pid)), static_cast<u64>(pid), SIGSTOP);
        else send_request(pid);
        return std::nullopt;
    }
    siginfo_t request = request_info(tracee, is_stop ? SIGSTOP : 0);
    if (is_stop && arrived.si_code != SI_KERNEL) {
        request.si_pid = arrived.si_pid;
        request.si_uid = arrived.si_uid;
    }
    host_ptrace(PTRACE_SETSIGINFO, pid, 0, place(request));
    return go_on(pid, SIGSEGV);
}

std::optional<int> Tracer::host_event(pid_t pid, unsigned event, unsigned signal, Tracee& tracee) {
    u64 message = 0;
    host_ptrace(PTRACE_GETEVENTMSG, pid, 0, place(message));
    switch (event) {
        case PTRACE_EVENT_FORK:
        case PTRACE_EVENT_CLONE:
        case PTRACE_EVENT_VFORK: {
            auto [child, is_new] = tracees_.try_emplace(static_cast<pid_t>(message));
            if (is_new) {
                child->second.made_by_tracee = child->second.first_stop_due = child->second.configured = true;
                child->second.options = tracee.options;
                child->second.seized = tracee.seized;
            }
            RemoteRecord record(pid, tracee);
            if (event != PTRACE_EVENT_VFORK || !record.known()) return go_on(pid);
            record.put(&Record::message, message);
            tracee.state = Tracee::State::HostEvent;
            return stop_status(PTRACE_EVENT_VFORK << 8 | SIGTRAP);
        }
        case PTRACE_EVENT_EXEC:
            if (message != static_cast<u64>(pid)) tracees_.erase(static_cast<pid_t>(message));
            tracee.record = 0;
            return go_on(pid);
        case kEventStop:
            if (signal != SIGTRAP) {
                tracee.state = Tracee::State::GroupStop;
                tracee.signal = signal;
                return stop_status(kEventStop << 8 | signal);
            }
            tracee.interrupt_due = true;
            send_request(pid);
            return go_on(pid);
        default: return go_on(pid);
    }
}

bool Tracer::ended(pid_t pid) {
    const auto at = tracees_.find(pid);
    if (at == tracees_.end()) return true;
    const bool shown = at->second.shown || !at->second.made_by_tracee;
    tracees_.erase(at);
    return shown;
}

bool Tracer::has_others(pid_t pid) const {
    return std::any_of(tracees_.begin(), tracees_.end(), [pid](const auto& other) {
        return other.first != pid && other.second.state == Tracee::State::Running;
    });
}

void Tracer::serve_others(pid_t pid) {
    std::vector<pid_t> running;
    for (const auto& [other, tracee] : tracees_) {
        if (other != pid && tracee.state == Tracee::State::Running) running.push_back(other);
    }
    for (pid_t other : running) {
        siginfo_t info{};
        constexpr u64 kPeek = WSTOPPED | WNOHANG | WNOWAIT | __WALL;
        if (raw_syscall(SYS_waitid, P_PID, static_cast<u64>(other), place(info), kPeek) != 0 || info.si_pid != other)
            continue;
        siginfo_t signal{};
        const bool is_shown = host_ptrace(PTRACE_GETSIGINFO, other, 0, place(signal)) != 0 ||
                              (signal.si_signo == SIGSEGV && signal.si_code == kStopCode) ||
                              (info.si_status >> 8) == PTRACE_EVENT_VFORK;
        if (is_shown) continue;
        stopped(other, stop_status(static_cast<unsigned>(info.si_status)));
    }
}

void Tracer::memory_opened(pid_t pid) {
    for (auto& [other, tracee] : tracees_) {
        if (other == pid || group_of(other) == group_of(pid)) tracee.memory_is_open = true;
    }
}

SyscallResult Tracer::attach(pid_t pid, bool seize, u64 options) {
    if (seize && (options & PTRACE_O_SUSPEND_SECCOMP)) return -EINVAL;  // as a kernel without checkpoint and restore
    if (seize && (options & ~kOptions)) return -EIO;
    if (!may_be_guest(std::to_string(pid))) return ::kill(pid, 0) != 0 && errno == ESRCH ? -ESRCH : -EPERM;
    if (proc_text(pid, "comm") == std::string(kHostThread) + "\n") return -ESRCH;
    const u64 host_options = (options & kHostOptions) | PTRACE_O_TRACEEXEC;
    const SyscallResult result =
        seize ? host_ptrace(PTRACE_SEIZE, pid, 0, host_options) : host_ptrace(PTRACE_ATTACH, pid);
    if (result != 0) return result;
    Tracee& tracee = tracees_[pid] = {};
    tracee.shown = true;
    tracee.seized = seize;
    tracee.configured = seize;
    tracee.options = seize ? static_cast<u32>(options) : 0;
    if (seize) send_request(pid);
    return 0;
}

SyscallResult Tracer::set_options(pid_t pid, Tracee& tracee, u64 options) {
    if (options & ~kOptions) return -EINVAL;
    tracee.options = static_cast<u32>(options);
    RemoteRecord(pid, tracee).put(&Record::options, tracee.options);
    return host_ptrace(PTRACE_SETOPTIONS, pid, 0, (options & kHostOptions) | PTRACE_O_TRACEEXEC);
}

SyscallResult Tracer::resume(u64 request, pid_t pid, Tracee& tracee, u64 signal) {
    if (signal > 64) return -EIO;
    const bool detaches = request == PTRACE_DETACH;
    const RemoteRecord record(pid, tracee);
    if (tracee.record != 0) {
        record.put(&Record::syscalls, request == PTRACE_SYSCALL);
        if (detaches) record.put(&Record::detached, 1);
        if (tracee.memory_is_open) record.put(&Record::range_count, Record::kRanges + 1);
        record.put(&Record::signal, static_cast<i32>(signal));
        record.put(&Record::answered, 1);
        tracee.passes_stop = !detaches && tracee.state == Tracee::State::Stopped && is_stop_signal(signal);
    } else if (!detaches) {
        tracee.syscalls = request == PTRACE_SYSCALL;
        send_request(pid);
    }
    tracee.state = Tracee::State::Running;
    const SyscallResult result = host_ptrace(detaches ? PTRACE_DETACH : PTRACE_CONT, pid);
    if (detaches) tracees_.erase(pid);
    return result;
}

namespace {

/// Of PTRACE_GETREGSET and PTRACE_SETREGSET.
SyscallResult transfer_registers(Task& task, const RemoteRecord& record, u64 type, u64 iovec_address, bool set) {
    struct {
        u64 base, length;
    } where;
    if (!task.read(where, iovec_address)) return -EFAULT;
    for (unsigned i = 0; i < Record::kSets; ++i) {
        RegisterSet registers;
        if (!record.get_set(i, registers)) return -ESRCH;
        if (registers.type != type || registers.size == 0) continue;
        if (where.length % 8 != 0) return -EINVAL;
        where.length = std::min<u64>(where.length, registers.size);
        if (set) {
            if (!task.read(registers.bytes, where.base, where.length)) return -EFAULT;
            registers.changed = 1;
            if (!record.put_set(i, registers)) return -ESRCH;
        } else if (!task.write(where.base, registers.bytes, where.length)) {
            return -EFAULT;
        }
        return task.write(iovec_address, where) ? 0 : -EFAULT;
    }
    return -EINVAL;
}

/// Signals that wait in the host's kernel. (Those that the tracee has in hand already come next, and stop it.)
SyscallResult peek_signals(Task& task, pid_t pid, u64 arguments, u64 to) {
    ptrace_peeksiginfo_args asked;
    if (!task.read(asked, arguments)) return -EFAULT;
    if (asked.nr < 0) return -EINVAL;
    constexpr i32 kMost = 64;
    std::vector<siginfo_t> signals(static_cast<std::size_t>(std::min(asked.nr, kMost)));
    asked.nr = std::min(asked.nr, kMost);
    const SyscallResult count =
        host_ptrace(PTRACE_PEEKSIGINFO, pid, place(asked), reinterpret_cast<u64>(signals.data()));
    if (count <= 0) return count;
    for (i64 i = 0; i < count; ++i) {
        if (!task.write(to + static_cast<u64>(i) * sizeof(siginfo_t), signals[static_cast<std::size_t>(i)]))
            return i > 0 ? i : -EFAULT;
    }
    return count;
}

/// The call that a task has stopped at, and where it is: in the first of its register sets.
struct StoppedCall {
    ptrace_syscall_info info;
    RegisterSet registers;

    bool read(const RemoteRecord& record) {
        return record.get(&Record::call, info) && record.get_set(0, registers) && registers.type == NT_PRSTATUS;
    }
};

SyscallResult get_syscall_info(Task& task, const RemoteRecord& record, u64 size, u64 to) {
    StoppedCall call;
    if (!call.read(record)) return -ESRCH;
    follow_registers(call.info, call.registers.bytes, *task.process->arch->call_registers);
    const std::size_t bytes = described_bytes(call.info);
    if (!task.write(to, &call.info, std::min<u64>(bytes, size))) return -EFAULT;
    return static_cast<i64>(bytes);
}

SyscallResult set_syscall_info(Task& task, const RemoteRecord& record, u64 size, u64 from) {
    ptrace_syscall_info wanted;
    if (size < sizeof wanted) return -EINVAL;
    if (!task.read(wanted, from)) return -EFAULT;
    StoppedCall call;
    if (!call.read(record)) return -ESRCH;
    const CallRegisters& places = *task.process->arch->call_registers;
    if (i64 error = change_call(call.info, wanted, call.registers.bytes, places)) return error;
    call.registers.changed = 1;
    return record.put(&Record::call, call.info) && record.put_set(0, call.registers) ? 0 : -ESRCH;
}

/// The kernel shows filters to those with CAP_SYS_ADMIN who have none themselves.
bool may_see_filters(const Task& task, pid_t pid) {
    return task.filter.mode() == SECCOMP_MODE_DISABLED && host_ptrace(PTRACE_SECCOMP_GET_FILTER, pid) != -EACCES;
}

/// The filters of a tracee, oldest first. @param owner of all of them @returns 0 or -errno
i64 read_filters(const RemoteRecord& record, pid_t pid, std::vector<const Filter*>& filters,
                 std::shared_ptr<const Filter>& owner) {
    u64 mode = 0, address = 0, bytes = 0;
    if (!record.get(&Record::filter_mode, mode) || !record.get(&Record::filters, address) ||
        !record.get(&Record::filter_bytes, bytes))
        return -ESRCH;
    if (mode != SECCOMP_MODE_FILTER) return -EINVAL;
    constexpr u64 kMost = 1 << 20;  // more than a chain of filters may have
    std::vector<u8> packed(std::min(bytes, kMost));
    if (!read_remote(pid, address, packed.data(), packed.size())) return -ESRCH;
    owner = unpack_filters(packed).value_or(nullptr);
    for (const Filter* filter = owner.get(); filter; filter = filter->before.get()) filters.push_back(filter);
    std::reverse(filters.begin(), filters.end());
    return 0;
}

SyscallResult get_filter(Task& task, const RemoteRecord& record, pid_t pid, u64 which, u64 to) {
    if (!may_see_filters(task, pid)) return -EACCES;
    std::vector<const Filter*> filters;
    std::shared_ptr<const Filter> owner;
    if (i64 error = read_filters(record, pid, filters, owner)) return error;
    if (which >= filters.size()) return -ENOENT;
    const auto& program = filters[which]->program;
    if (to != 0 && !task.write(to, program.data(), program.size() * sizeof program[0])) return -EFAULT;
    return static_cast<i64>(program.size());
}

SyscallResult get_filter_metadata(Task& task, const RemoteRecord& record, pid_t pid, u64 size, u64 at) {
    if (!may_see_filters(task, pid)) return -EACCES;
    seccomp_metadata metadata{};
    size = std::min<u64>(size, sizeof metadata);
    if (size < sizeof metadata.filter_off) return -EINVAL;
    if (!task.read(metadata.filter_off, at)) return -EFAULT;
    std::vector<const Filter*> filters;
    std::shared_ptr<const Filter> owner;
    if (i64 error = read_filters(record, pid, filters, owner)) return error;
    if (metadata.filter_off >= filters.size()) return -ENOENT;
    metadata.flags = filters[metadata.filter_off]->log ? SECCOMP_FILTER_FLAG_LOG : 0;
    return task.write(at, &metadata, size) ? static_cast<i64>(size) : -EFAULT;
}

SyscallResult poke(const RemoteRecord& record, pid_t pid, u64 address, u64 value) {
    u64 base = 0;
    record.get(&Record::guest_base, base);
    if (SyscallResult result = host_ptrace(PTRACE_POKEDATA, pid, address + base, value)) return result;
    u32 count = 0;
    if (!record.get(&Record::range_count, count)) return 0;
    const Range range{address, address + sizeof value};
    if (count < Record::kRanges) write_remote(pid, record.range_address(count), &range, sizeof range);
    record.put(&Record::range_count, std::min(count + 1, Record::kRanges + 1));
    return 0;
}

}  // namespace

SyscallResult Tracer::request(Task& task, u64 request, pid_t pid, u64 address, u64 data) {
    const auto at = tracees_.find(pid);
    if (at == tracees_.end()) return -ESRCH;
    Tracee& tracee = at->second;
    switch (request) {
        case PTRACE_KILL: return raw_syscall(SYS_kill, static_cast<u64>(pid), SIGKILL), 0;
        case PTRACE_INTERRUPT:
            if (!tracee.seized) return -EIO;
            // One that stands still stops again by itself when it goes on.
            return host_ptrace(PTRACE_INTERRUPT, pid);
        default: break;
    }
    if (tracee.state == Tracee::State::Running) return -ESRCH;
    const RemoteRecord record(pid, tracee);
    switch (request) {
        case PTRACE_CONT:
        case PTRACE_SYSCALL:
        case PTRACE_DETACH: return resume(request, pid, tracee, data);
        case PTRACE_LISTEN:
            if (!tracee.seized || tracee.state != Tracee::State::GroupStop) return -EIO;
            tracee.state = Tracee::State::Running;
            return host_ptrace(PTRACE_LISTEN, pid);
        case PTRACE_SETOPTIONS: return set_options(pid, tracee, data);
        default: break;
    }
    if (!record.known()) return -EIO;  // the task does not know yet that it is traced
    switch (request) {
        case PTRACE_PEEKTEXT:
        case PTRACE_PEEKDATA: {
            u64 base = 0, word = 0;
            record.get(&Record::guest_base, base);
            if (SyscallResult result = host_ptrace(PTRACE_PEEKDATA, pid, address + base, place(word))) return result;
            return task.write(data, word) ? 0 : -EFAULT;
        }
        case PTRACE_POKETEXT:
        case PTRACE_POKEDATA: return poke(record, pid, address, data);
        case PTRACE_SECCOMP_GET_FILTER: return get_filter(task, record, pid, address, data);
        case PTRACE_SECCOMP_GET_METADATA: return get_filter_metadata(task, record, pid, address, data);
        case PTRACE_PEEKSIGINFO: return peek_signals(task, pid, address, data);
        case PTRACE_GETREGSET: return transfer_registers(task, record, address, data, false);
        case PTRACE_SETREGSET: return transfer_registers(task, record, address, data, true);
        case PTRACE_GETEVENTMSG: {
            u64 message = 0;
            record.get(&Record::message, message);
            return task.write(data, message) ? 0 : -EFAULT;
        }
        case PTRACE_GETSIGINFO: {
            if (tracee.state == Tracee::State::GroupStop) {
                if (!tracee.seized) return -EINVAL;
                siginfo_t info{};
                info.si_signo = static_cast<int>(tracee.signal);
                info.si_code = static_cast<int>(kEventStop << 8 | tracee.signal);
                return task.write(data, info) ? 0 : -EFAULT;
            }
            siginfo_t info;
            if (!record.get(&Record::info, info)) return -ESRCH;
            return task.write(data, info) ? 0 : -EFAULT;
        }
        case PTRACE_SETSIGINFO: {
            siginfo_t info;
            if (!task.read(info, data)) return -EFAULT;
            record.put(&Record::info_changed, 1);
            return record.put(&Record::info, info) ? 0 : -ESRCH;
        }
        case PTRACE_GETSIGMASK: {
            SignalSet blocked = 0;
            if (address != sizeof blocked) return -EINVAL;
            record.get(&Record::blocked, blocked);
            return task.write(data, blocked) ? 0 : -EFAULT;
        }
        case PTRACE_SETSIGMASK: {
            SignalSet blocked;
            if (address != sizeof blocked) return -EINVAL;
            if (!task.read(blocked, data)) return -EFAULT;
            record.put(&Record::blocked_changed, 1);
            return record.put(&Record::blocked, blocked) ? 0 : -ESRCH;
        }
        case PTRACE_GET_SYSCALL_INFO: return get_syscall_info(task, record, address, data);
        case kSetSyscallInfo: return set_syscall_info(task, record, address, data);
        default: return -EIO;  // as the kernel does for what riscv64 has not: PTRACE_SINGLESTEP, PTRACE_GETREGS
    }
}

}  // namespace dragoman::linux_abi::trace

namespace dragoman::linux_abi {

SyscallResult sys_ptrace(Task& task, const SyscallArgs& args) {
    const u64 request = args[0];
    const auto pid = static_cast<pid_t>(args[1]);
    if (request == PTRACE_TRACEME) return trace::trace_me(task);
    if (!task.tracer) task.tracer = std::make_unique<trace::Tracer>();
    switch (request) {
        case PTRACE_ATTACH: return task.tracer->attach(pid, false, 0);
        case PTRACE_SEIZE: return args[2] != 0 ? -EIO : task.tracer->attach(pid, true, args[3]);
        default: return task.tracer->request(task, request, pid, args[2], args[3]);
    }
}

}  // namespace dragoman::linux_abi
