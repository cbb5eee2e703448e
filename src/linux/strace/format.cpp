#include "linux/strace/format.h"

#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <algorithm>
#include <cstring>

#include "linux/arch.h"
#include "linux/layouts.h"
#include "linux/strace/flags.h"
#include "linux/strace/structures.h"
#include "linux/strace/text.h"

namespace dragoman::linux_abi {

namespace {

/// One argument that is being shown.
struct Argument {
    const TracedCall& call;
    u64 value;
    unsigned index;

    const Task& task() const { return call.task; }
    bool failed() const { return call.failed(); }
    /// The argument behind this one: often its length.
    u64 next() const { return call.args[index + 1]; }
    i32 number() const { return static_cast<i32>(value); }
    u32 low_word() const { return static_cast<u32>(value); }
};

/// Points to a T, which kText shows.
template <class T, auto kText>
std::string pointed(const Argument& a) {
    return at<T>(a.task(), a.value, kText);
}

/// The same; a failed call has not filled it.
template <class T, auto kText>
std::string filled(const Argument& a) {
    return a.failed() ? pointer(a.value) : pointed<T, kText>(a);
}

std::string number_in_brackets(i32 x) { return print("[%d]", x); }
std::string unsigned_in_brackets(u32 x) { return print("[%u]", x); }
std::string long_in_brackets(i64 x) { return print("[%lld]", static_cast<long long>(x)); }
std::string hex_in_brackets(u64 x) { return "[" + hex(x) + "]"; }

std::string decimal(const Argument& a) { return print("%d", a.number()); }

std::string directory_entries(const Argument& a) {
    if (a.failed()) return pointer(a.value);
    unsigned entries = 0;
    for (u64 at = 0; at < static_cast<u64>(a.call.result); ++entries) {
        u16 length = 0;
        if (!a.task().read(length, a.value + at + 16) || length == 0) break;
        at += length;
    }
    return pointer(a.value) + print(" /* %u entries */", entries);
}

std::string written_iovec(const Argument& a) {
    return iovec_at(a.task(), a.value, a.next(), a.failed() ? 0 : static_cast<u64>(a.call.result));
}

struct DescriptorPair {
    i32 a, b;
};
std::string descriptor_pair_text(const DescriptorPair& x) { return print("[%d, %d]", x.a, x.b); }

std::string groups(const Argument& a) {
    if (a.failed() || a.call.args[0] == 0) return pointer(a.value);
    std::string text = "[";
    for (i64 n = 0; n < a.call.result && n < kMaxElements; ++n) {
        u32 gid = 0;
        a.task().read(gid, a.value + static_cast<u64>(n) * 4);
        text += (n ? ", " : "") + std::to_string(gid);
    }
    return text + "]";
}

/// Only shown where the flags before it create a file: O_CREAT or O_TMPFILE.
std::string open_mode(const Argument& a) {
    return a.call.args[a.index - 1] & (O_CREAT | 020000000) ? octal(a.low_word()) : "";
}

std::string siginfo(const Argument& a) {
    siginfo_t info;
    return a.value != 0 && read_siginfo(a.task(), a.value, info) ? siginfo_text(info) : pointer(a.value);
}

/// Longs alone.
std::string used_resources(const Argument& a) {
    u64 words[sizeof(rusage) / sizeof(u64)];
    if (a.failed() || a.value == 0 || !read_words(a.task(), a.value, words, std::size(words))) return pointer(a.value);
    rusage usage;
    std::memcpy(&usage, words, sizeof usage);
    return rusage_text(usage);
}

struct OpenHow {
    u64 flags, mode, resolve;
};
std::string open_how_text(const OpenHow& h) {
    return "{flags=" + flags("open", h.flags) + ", mode=" + octal(h.mode) + ", resolve=" + hex(h.resolve) + "}";
}

std::string fcntl_argument(const Argument& a) {
    switch (a.call.args[1]) {
        case F_GETFD:
        case F_GETFL:
        case F_GETOWN:
        case F_GETSIG:
        case F_GETLEASE:
        case F_GETPIPE_SZ:
        case F_GET_SEALS: return "";
        case F_SETFD: return a.value == 1 ? "FD_CLOEXEC" : hex(a.value);
        case F_SETFL: return flags("open", a.value);
        case F_GETLK:
        case F_SETLK:
        case F_SETLKW:
        case F_OFD_GETLK:
        case F_OFD_SETLK:
        case F_OFD_SETLKW: return pointed<struct flock, flock_text>(a);
        default: return decimal(a);
    }
}

std::string fcntl_result(const Argument& a) {
    if (a.call.args[1] == F_GETFL) return hex(a.value) + " (flags " + flags("open", a.value) + ")";
    if (a.call.args[1] == F_GETFD && a.value) return hex(a.value) + " (flags FD_CLOEXEC)";
    return print("%lld", static_cast<long long>(a.value));
}

struct WindowSize {
    u16 rows, columns, x, y;
};
std::string window_size_text(const WindowSize& s) {
    return print("{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}", s.rows, s.columns, s.x, s.y);
}
std::string ioctl_argument(const Argument& a) {
    constexpr u64 kTiocgwinsz = 0x5413;
    return a.call.args[1] == kTiocgwinsz ? filled<WindowSize, window_size_text>(a) : pointer(a.value);
}

std::string prctl_option(const Argument& a) {
    for (const FlagName& option : a.task().process->arch->prctl_options) {
        if (option.value == a.low_word()) return std::string(option.name);
    }
    return flags("prctl", a.value);
}

std::string prctl_argument(const Argument& a) {
    if (a.call.args[0] == 15) return string_at(a.task(), a.value, kMaxString);  // PR_SET_NAME
    if (a.call.args[0] == 1) return signal_name(static_cast<int>(a.value));     // PR_SET_PDEATHSIG
    return hex(a.value);
}

struct FileTimes {
    timespec access, modification;
};
std::string file_times_text(const FileTimes& t) {
    return "[" + file_time_text(t.access) + ", " + file_time_text(t.modification) + "]";
}

/// pselect6's sixth argument.
std::string sigset_and_size(const Argument& a) {
    struct Pair {
        u64 mask, size;
    };
    return at<Pair>(a.task(), a.value, [&a](const Pair& p) {
        return "{sigmask=" + at<SignalSet>(a.task(), p.mask, sigset_text) +
               print(", sigsetsize=%llu}", static_cast<ull>(p.size));
    });
}

std::string wait_status(const Argument& a) {
    return a.call.result <= 0 ? pointer(a.value) : pointed<i32, wait_status_text>(a);
}

std::string filled_sockaddr(const Argument& a) {
    u32 length = 0;
    if (a.failed() || !a.next() || !a.task().read(length, a.next())) return pointer(a.value);
    return sockaddr_at(a.task(), a.value, length);
}

std::string socket_option(const Argument& a) {
    return a.next() == 4 ? pointed<i32, number_in_brackets>(a) : pointer(a.value);
}
std::string filled_socket_option(const Argument& a) {
    u32 length = 0;
    a.task().read(length, a.next());
    return length == 4 ? filled<i32, number_in_brackets>(a) : pointer(a.value);
}

std::string socket_protocol(const Argument& a) {
    if (a.call.args[0] != AF_INET && a.call.args[0] != AF_INET6) return decimal(a);
    switch (a.value) {
        case IPPROTO_IP: return "IPPROTO_IP";
        case IPPROTO_TCP: return "IPPROTO_TCP";
        case IPPROTO_UDP: return "IPPROTO_UDP";
        default: return decimal(a);
    }
}

std::string filled_msghdr(const Argument& a) {
    return a.failed() ? pointer(a.value) : msghdr_at(a.task(), a.value, static_cast<u64>(a.call.result));
}

std::string filled_stat(const Argument& a) {
    struct stat stat;
    const bool there = !a.failed() && a.value != 0 && read_stat(a.task(), a.value, stat);
    return there ? stat_text(stat) : pointer(a.value);
}

std::string sigaction(const Argument& a) {
    GuestSigaction action;
    const bool there = a.value != 0 && read_sigaction(a.task(), a.value, action);
    return there ? sigaction_text(action) : pointer(a.value);
}

std::string epoll_event(const Argument& a) {
    constexpr u64 kEpollCtlDel = 2;
    return a.value && a.call.args[1] != kEpollCtlDel ? epoll_events_at(a.task(), a.value, 1) : pointer(a.value);
}

std::string system_names(const Argument& a) {
    if (a.failed()) return pointer(a.value);
    return "{sysname=" + string_at(a.task(), a.value, 65) + ", nodename=" + string_at(a.task(), a.value + 65, 65) +
           ", ...}";
}

struct SystemInfo {
    i64 uptime;
    u64 loads[3], total, free;
};
std::string system_info_text(const SystemInfo& s) {
    return print("{uptime=%lld, loads=[%llu, %llu, %llu], totalram=%llu, freeram=%llu, ...}",
                 static_cast<long long>(s.uptime), static_cast<ull>(s.loads[0]), static_cast<ull>(s.loads[1]),
                 static_cast<ull>(s.loads[2]), static_cast<ull>(s.total), static_cast<ull>(s.free));
}

std::string ipc_get_flags(const Argument& a) {
    u64 mode = a.value & 0777, bits = a.value & 0xfffffe00;
    return bits ? flags("ipc_bits", bits) + print("|%#llo", static_cast<ull>(mode)) : octal(mode);
}

struct SemaphoreOperation {
    u16 number;
    i16 op, flags;
};
std::string semaphore_operation_text(const SemaphoreOperation& s) {
    return print("{%u, %d, %#x}", s.number, s.op, static_cast<unsigned>(s.flags));
}
std::string semaphore_operations(const Argument& a) {
    std::string text = "[";
    for (u64 n = 0; n < std::min<u64>(a.next(), kMaxElements); ++n) {
        u64 address = a.value + n * sizeof(SemaphoreOperation);
        text += (n ? ", " : "") + at<SemaphoreOperation>(a.task(), address, semaphore_operation_text);
    }
    return text + "]";
}

/// clone's flags, with the signal at its end in their low byte.
std::string clone_flags(const Argument& a) {
    u64 bits = a.value & ~u64{0xff}, signal = a.value & 0xff;
    std::string text = bits || !signal ? flags("clone_bits", bits) : "";
    return signal ? text + (bits ? "|" : "") + signal_name(static_cast<int>(signal)) : text;
}

struct CloneArgs {
    u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};
std::string clone_args_text(const CloneArgs& c) {
    return "{flags=" + flags("clone_bits", c.flags) + ", child_tid=" + pointer(c.child_tid) +
           ", parent_tid=" + pointer(c.parent_tid) + ", exit_signal=" + signal_name(static_cast<int>(c.exit_signal)) +
           ", stack=" + pointer(c.stack) + ", stack_size=" + hex(c.stack_size) + ", tls=" + pointer(c.tls) + "}";
}

std::string futex_operation(const Argument& a) {
    return flags("futex_command", a.value & 0x7f) + (a.value & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "") +
           (a.value & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
}

// What the later arguments of futex are depends on its operation; those that it does not use are not shown.
u64 futex_command(const Argument& a) { return a.call.args[1] & 0x7f; }

std::string futex_timeout(const Argument& a) {
    switch (futex_command(a)) {
        case FUTEX_WAIT:
        case FUTEX_LOCK_PI:
        case FUTEX_LOCK_PI2:
        case FUTEX_WAIT_BITSET:
        case FUTEX_WAIT_REQUEUE_PI: return pointed<timespec, timespec_text>(a);
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE:
        case FUTEX_WAKE_OP:
        case FUTEX_CMP_REQUEUE_PI: return print("%u", a.low_word());
        default: return "";
    }
}

std::string futex_second_address(const Argument& a) {
    switch (futex_command(a)) {
        case FUTEX_REQUEUE:
        case FUTEX_CMP_REQUEUE:
        case FUTEX_WAKE_OP:
        case FUTEX_CMP_REQUEUE_PI:
        case FUTEX_WAIT_REQUEUE_PI: return pointer(a.value);
        default: return "";
    }
}

std::string futex_third_value(const Argument& a) {
    switch (futex_command(a)) {
        case FUTEX_WAIT_BITSET:
        case FUTEX_WAKE_BITSET:
            return a.low_word() == FUTEX_BITSET_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hex(a.low_word());
        case FUTEX_CMP_REQUEUE:
        case FUTEX_WAKE_OP:
        case FUTEX_CMP_REQUEUE_PI: return hex(a.low_word());
        default: return "";
    }
}

struct Kind {
    std::string_view word;
    bool output;  ///< shown as it is after the call
    std::string (*format)(const Argument& a);
};

// clang-format off
constexpr Kind kKinds[] = {
    // numbers
    {"int", false, decimal},
    {"uint", false, [](const Argument& a) { return print("%u", a.low_word()); }},
    {"long", false, [](const Argument& a) { return print("%lld", static_cast<long long>(a.value)); }},
    {"ulong", false, [](const Argument& a) { return print("%llu", static_cast<ull>(a.value)); }},
    {"hex", false, [](const Argument& a) { return hex(a.value); }},
    {"oct", false, [](const Argument& a) { return octal(a.low_word()); }},
    {"ptr", false, [](const Argument& a) { return pointer(a.value); }},
    {"int_at", true, pointed<i32, number_in_brackets>},
    {"uint_at", true, pointed<u32, unsigned_in_brackets>},
    {"long_at", false, pointed<i64, long_in_brackets>},
    // strings and buffers
    {"path", false, [](const Argument& a) { return string_at(a.task(), a.value, 4096); }},
    {"str", false, [](const Argument& a) { return string_at(a.task(), a.value, kMaxString); }},
    {"in", false, [](const Argument& a) { return bytes_at(a.task(), a.value, a.next()); }},
    {"out", true, [](const Argument& a) {
        return a.failed() ? pointer(a.value) : bytes_at(a.task(), a.value, static_cast<u64>(a.call.result)); }},
    {"outstr", true, [](const Argument& a) {
        return a.failed() ? pointer(a.value) : string_at(a.task(), a.value, 4096); }},
    {"iov_in", false, [](const Argument& a) { return iovec_at(a.task(), a.value, a.next(), ~u64{0}); }},
    {"iov", false, [](const Argument& a) { return iovec_at(a.task(), a.value, a.next(), 0); }},
    {"iov_out", true, written_iovec},
    {"argv", false, [](const Argument& a) { return strings_at(a.task(), a.value); }},
    {"env", false, [](const Argument& a) { return environment_at(a.task(), a.value); }},
    // files
    {"fd", false, decimal},
    {"dirfd", false, [](const Argument& a) { return a.number() == AT_FDCWD ? "AT_FDCWD" : decimal(a); }},
    {"fdpair", true, filled<DescriptorPair, descriptor_pair_text>},
    {"mode", false, [](const Argument& a) { return mode_text(a.low_word()); }},
    {"dev", false, [](const Argument& a) {
        return a.value ? print("makedev(%#x, %#x)", major(a.value), minor(a.value)) : "0"; }},
    {"open_mode", false, open_mode},
    {"open_how", false, pointed<OpenHow, open_how_text>},
    {"dents", true, directory_entries},
    {"fcntl_arg", false, fcntl_argument},
    {"fcntl_result", false, fcntl_result},
    {"ioctl_arg", true, ioctl_argument},
    {"stat", true, filled_stat},
    {"statx", true, filled<struct statx, statx_text>},
    {"statfs", true, filled<struct statfs, statfs_text>},
    // time
    {"timespec", false, pointed<timespec, timespec_text>},
    {"timespec_out", true, filled<timespec, timespec_text>},
    {"timespec2", false, pointed<FileTimes, file_times_text>},
    {"timeval", false, pointed<timeval, timeval_text>},
    {"timeval_out", true, filled<timeval, timeval_text>},
    {"itimerspec", false, pointed<itimerspec, itimerspec_text>},
    {"itimerspec_out", true, pointed<itimerspec, itimerspec_text>},
    {"itimerval", false, pointed<itimerval, itimerval_text>},
    {"itimerval_out", true, pointed<itimerval, itimerval_text>},
    // signals
    {"signal", false, [](const Argument& a) { return signal_name(static_cast<int>(a.value)); }},
    {"sigset", false, pointed<SignalSet, sigset_text>},
    {"sigset_out", true, pointed<SignalSet, sigset_text>},
    {"sigset_pair", false, sigset_and_size},
    {"sigaction", false, sigaction},
    {"sigaction_out", true, [](const Argument& a) { return a.failed() ? pointer(a.value) : sigaction(a); }},
    {"sigstack", false, [](const Argument& a) { return stack_at(a.task(), a.value); }},
    {"sigstack_out", true, [](const Argument& a) { return stack_at(a.task(), a.value); }},
    {"siginfo", false, siginfo},
    {"siginfo_out", true, [](const Argument& a) { return a.failed() ? pointer(a.value) : siginfo(a); }},
    {"sigevent", false, pointed<sigevent, sigevent_text>},
    // processes and the system
    {"clone", false, clone_flags},
    {"clone_args", false, pointed<CloneArgs, clone_args_text>},
    {"wait_status", true, wait_status},
    {"rusage", true, used_resources},
    {"rlimit", false, pointed<rlimit64, limit_text>},
    {"rlimit_out", true, filled<rlimit64, limit_text>},
    {"gids", true, groups},
    {"prctl", false, prctl_option},
    {"prctl_arg", false, prctl_argument},
    {"utsname", true, system_names},
    {"sysinfo", true, filled<SystemInfo, system_info_text>},
    {"sched_param", false, pointed<i32, number_in_brackets>},
    {"sched_param_out", true, pointed<i32, number_in_brackets>},
    {"cpuset_in", false, pointed<u64, hex_in_brackets>},
    {"cpuset", true, filled<u64, hex_in_brackets>},
    // sockets and events
    {"sockaddr", false, [](const Argument& a) {
        return sockaddr_at(a.task(), a.value, static_cast<u32>(a.next())); }},
    {"sockaddr_out", true, filled_sockaddr},
    {"sockopt_value", false, socket_option},
    {"sockopt_value_out", true, filled_socket_option},
    {"socket_protocol", false, socket_protocol},
    {"msghdr", false, [](const Argument& a) { return msghdr_at(a.task(), a.value, ~u64{0}); }},
    {"msghdr_out", true, filled_msghdr},
    {"pollfds", false, [](const Argument& a) { return pollfds_at(a.task(), a.value, a.next(), false); }},
    {"fd_set", false, [](const Argument& a) { return fd_set_at(a.task(), a.value, a.call.args[0]); }},
    {"epoll_event", false, epoll_event},
    {"epoll_events", true, [](const Argument& a) {
        return a.failed() ? pointer(a.value) : epoll_events_at(a.task(), a.value, a.call.result); }},
    // messages between processes
    {"mq_attr", false, pointed<mq_attr, mq_attr_text>},
    {"mq_attr_out", true, pointed<mq_attr, mq_attr_text>},
    {"ipc_key", false, [](const Argument& a) { return a.value ? hex(a.low_word()) : "IPC_PRIVATE"; }},
    {"ipc_get", false, ipc_get_flags},
    {"sembufs", false, semaphore_operations},
    {"futex", false, futex_operation},
    {"futex_timeout", false, futex_timeout},
    {"futex_second", false, futex_second_address},
    {"futex_third", false, futex_third_value},
};
// clang-format on

const Kind* find_kind(std::string_view word) {
    for (const Kind& kind : kKinds) {
        if (kind.word == word) return &kind;
    }
    return nullptr;
}

}  // namespace

bool is_output(std::string_view word) {
    const Kind* kind = find_kind(word);
    return kind && kind->output;
}

bool is_known_word(std::string_view word) { return find_kind(word) || find_flag_set(word); }

std::string format_argument(const TracedCall& call, std::string_view word, unsigned index) {
    u64 value = index < 6 ? call.args[index] : static_cast<u64>(call.result);
    if (const Kind* kind = find_kind(word)) return kind->format({call, value, index});
    return flags(word, value);
}

}  // namespace dragoman::linux_abi
