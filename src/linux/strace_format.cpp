#include "linux/strace_format.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdarg>
#include <cstdio>
#include <cstring>

#include "linux/riscv/guest_stat.h"
#include "linux/strace_flags.h"

namespace dragoman::linux_abi {

namespace {

constexpr std::size_t kMaxString = 32;   ///< strace's -s default
constexpr unsigned kMaxElements = 32;

std::string print(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string print(const char* format, ...) {
    char text[512];
    va_list args;
    va_start(args, format);
    std::vsnprintf(text, sizeof text, format, args);
    va_end(args);
    return text;
}

using ull = unsigned long long;

std::string hex(u64 value) { return value ? print("%#llx", static_cast<ull>(value)) : "0"; }
std::string pointer(u64 value) { return value ? print("%#llx", static_cast<ull>(value)) : "NULL"; }
std::string octal(u64 value) { return value ? print("%#llo", static_cast<ull>(value)) : "0"; }

std::string flags(std::string_view word, u64 value) {
    const FlagSet* set = find_flag_set(word);
    return set ? format_flags(*set, value) : hex(value);
}

/// Shows the T at `address`; null and unreadable addresses as pointers.
template <class T, class Show> std::string at(const TracedCall& call, u64 address, Show show) {
    T value;
    if (address == 0 || !call.task.read(value, address)) return pointer(address);
    return show(value);
}

std::string string_at(const TracedCall& call, u64 address, std::size_t limit) {
    std::string text;
    if (address == 0 || call.task.read_string(text, address) != 0) return pointer(address);
    return quote(text, limit);
}

std::string bytes_at(const TracedCall& call, u64 address, u64 length) {
    std::string bytes(std::min<u64>(length, kMaxString), '\0');
    if (address == 0 || !call.task.read(bytes.data(), address, bytes.size())) return pointer(address);
    std::string text = quote(bytes);
    return length > kMaxString ? text + "..." : text;
}

std::string timespec_text(const timespec& t) {
    return print("{tv_sec=%lld, tv_nsec=%lld}", static_cast<long long>(t.tv_sec), static_cast<long long>(t.tv_nsec));
}
std::string timeval_text(const timeval& t) {
    return print("{tv_sec=%lld, tv_usec=%lld}", static_cast<long long>(t.tv_sec), static_cast<long long>(t.tv_usec));
}

std::string mode_text(u32 mode) {
    const char* type = nullptr;
    switch (mode & S_IFMT) {
        case S_IFREG: type = "S_IFREG"; break;
        case S_IFDIR: type = "S_IFDIR"; break;
        case S_IFLNK: type = "S_IFLNK"; break;
        case S_IFCHR: type = "S_IFCHR"; break;
        case S_IFBLK: type = "S_IFBLK"; break;
        case S_IFIFO: type = "S_IFIFO"; break;
        case S_IFSOCK: type = "S_IFSOCK"; break;
        default: break;
    }
    return type ? print("%s|%#o", type, mode & 07777) : print("%#o", mode);
}

std::string device_or_size(u32 mode, u64 device, u64 size) {
    if (S_ISCHR(mode) || S_ISBLK(mode)) return print("st_rdev=makedev(%#x, %#x)", major(device), minor(device));
    return print("st_size=%llu", static_cast<ull>(size));
}

std::string stat_text(const GuestStat& s) {
    return print("{st_mode=%s, %s, ...}", mode_text(s.mode).c_str(),
                 device_or_size(s.mode, s.rdev, static_cast<u64>(s.size)).c_str());
}

std::string sigset_text(SignalSet set) {
    // strace shows the complement of sets that are nearly full.
    bool inverted = __builtin_popcountll(set) > 32;
    SignalSet shown = inverted ? ~set : set;
    std::string text = inverted ? "~[" : "[";
    for (int signal = 1; signal <= kSignalCount; ++signal) {
        if (!(shown & signal_bit(signal))) continue;
        if (text.back() != '[') text += ' ';
        std::string name = signal_name(signal);
        text += name.starts_with("SIG") ? name.substr(3) : name;
    }
    return text + "]";
}

std::string sigaction_text(const GuestSigaction& action) {
    std::string handler = action.handler == 0 ? "SIG_DFL" : action.handler == 1 ? "SIG_IGN" : hex(action.handler);
    return "{sa_handler=" + handler + ", sa_mask=" + sigset_text(action.mask) + ", sa_flags=" + flags("sa_flags", action.flags) + "}";
}

std::string sockaddr_at(const TracedCall& call, u64 address, u64 length) {
    sockaddr_storage storage{};
    length = std::min<u64>(length, sizeof storage);
    if (address == 0 || length < sizeof(sa_family_t) || !call.task.read(&storage, address, length)) return pointer(address);
    char text[INET6_ADDRSTRLEN];
    std::string family = "{sa_family=" + flags("domain", storage.ss_family);
    switch (storage.ss_family) {
        case AF_INET: {
            auto& in = reinterpret_cast<sockaddr_in&>(storage);
            inet_ntop(AF_INET, &in.sin_addr, text, sizeof text);
            return family + print(", sin_port=htons(%u), sin_addr=inet_addr(\"%s\")}", ntohs(in.sin_port), text);
        }
        case AF_INET6: {
            auto& in = reinterpret_cast<sockaddr_in6&>(storage);
            inet_ntop(AF_INET6, &in.sin6_addr, text, sizeof text);
            return family + print(", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", &sin6_addr), "
                                  "sin6_scope_id=%u}",
                                  ntohs(in.sin6_port), ntohl(in.sin6_flowinfo), text, in.sin6_scope_id);
        }
        case AF_UNIX: {
            auto& un = reinterpret_cast<sockaddr_un&>(storage);
            std::size_t size = length - sizeof(sa_family_t);
            if (size == 0) return family + "}";
            bool abstract = un.sun_path[0] == '\0';
            std::size_t used = abstract ? size - 1 : strnlen(un.sun_path, size);
            return family + ", sun_path=" + (abstract ? "@" : "") + quote({un.sun_path + abstract, used}, 108) + "}";
        }
        default: return family + ", ...}";
    }
}

std::string iovec_at(const TracedCall& call, u64 address, u64 count, u64 available) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (u64 i = 0; i < count; ++i) {
        if (i) text += ", ";
        iovec part;
        if (i == kMaxElements) return text + "...]";
        if (!call.task.read(part, address + i * sizeof part)) return text + "???]";
        u64 length = std::min<u64>(part.iov_len, available);
        text += "{iov_base=" + bytes_at(call, reinterpret_cast<u64>(part.iov_base), length) +
                print(", iov_len=%zu}", part.iov_len);
        available -= length;
    }
    return text + "]";
}

std::string msghdr_at(const TracedCall& call, u64 address, u64 available) {
    return at<msghdr>(call, address, [&](const msghdr& header) {
        std::string text = "{msg_name=" + sockaddr_at(call, reinterpret_cast<u64>(header.msg_name), header.msg_namelen);
        text += print(", msg_namelen=%u, msg_iov=", header.msg_namelen);
        text += iovec_at(call, reinterpret_cast<u64>(header.msg_iov), header.msg_iovlen, available);
        text += print(", msg_iovlen=%zu, ", header.msg_iovlen);
        if (header.msg_controllen) text += "msg_control=" + pointer(reinterpret_cast<u64>(header.msg_control)) + ", ";
        return text + print("msg_controllen=%zu, msg_flags=", header.msg_controllen) +
               flags("msg", static_cast<u32>(header.msg_flags)) + "}";
    });
}

std::string pollfds_at(const TracedCall& call, u64 address, u64 count, bool after) {
    std::string text = "[";
    for (u64 i = 0; i < count && i < kMaxElements; ++i) {
        pollfd fd;
        if (!call.task.read(fd, address + i * sizeof fd)) return pointer(address);
        if (after && fd.revents == 0) continue;
        if (text.size() > 1) text += ", ";
        u16 bits = static_cast<u16>(after ? fd.revents : fd.events);
        text += print("{fd=%d, %s=%s}", fd.fd, after ? "revents" : "events", flags("poll_bits", bits).c_str());
    }
    return text + "]";
}

std::string fd_set_at(const TracedCall& call, u64 address, u64 count) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (u64 fd = 0; fd < std::min<u64>(count, 1024); ++fd) {
        u8 byte;
        if (!call.task.read(byte, address + fd / 8)) return pointer(address);
        if (byte >> fd % 8 & 1) text += (text.size() > 1 ? " " : "") + std::to_string(fd);
    }
    return text + "]";
}

std::string epoll_events_at(const TracedCall& call, u64 address, i64 count) {
    struct Event {
        u32 events, pad;
        u64 data;
    };
    std::string text = "[";
    for (i64 i = 0; i < count && i < kMaxElements; ++i) {
        Event event;
        if (!call.task.read(event, address + static_cast<u64>(i) * sizeof event)) return pointer(address);
        text += (i ? ", " : "") + print("{events=%s, data=%#llx}", flags("epoll_bits", event.events).c_str(), static_cast<ull>(event.data));
    }
    return text + "]";
}

std::string strings_at(const TracedCall& call, u64 address) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (unsigned i = 0;; ++i) {
        u64 item = 0;
        if (!call.task.read(item, address + i * sizeof item)) return pointer(address);
        if (item == 0) return text + "]";
        if (i) text += ", ";
        if (i == kMaxElements) return text + "...]";
        text += string_at(call, item, kMaxString);
    }
}

std::string environment_at(const TracedCall& call, u64 address) {
    if (address == 0) return "NULL";
    unsigned count = 0;
    for (u64 item = 1; call.task.read(item, address + count * sizeof item) && item; ++count) {}
    return print("%#llx /* %u vars */", static_cast<ull>(address), count);
}

std::string wait_status_text(i32 status) {
    if (WIFEXITED(status)) return print("[{WIFEXITED(s) && WEXITSTATUS(s) == %d}]", WEXITSTATUS(status));
    if (WIFSIGNALED(status))
        return "[{WIFSIGNALED(s) && WTERMSIG(s) == " + signal_name(WTERMSIG(status)) +
               (WCOREDUMP(status) ? " && WCOREDUMP(s)}]" : "}]");
    if (WIFSTOPPED(status)) return "[{WIFSTOPPED(s) && WSTOPSIG(s) == " + signal_name(WSTOPSIG(status)) + "}]";
    return WIFCONTINUED(status) ? "[{WIFCONTINUED(s)}]" : print("[%#x]", static_cast<unsigned>(status));
}

std::string limit_text(const rlimit64& limit) {
    auto one = [](u64 value) {
        if (value == RLIM64_INFINITY) return std::string("RLIM64_INFINITY");
        return value > 1024 && value % 1024 == 0 ? print("%llu*1024", static_cast<ull>(value / 1024))
                                                 : print("%llu", static_cast<ull>(value));
    };
    return "{rlim_cur=" + one(limit.rlim_cur) + ", rlim_max=" + one(limit.rlim_max) + "}";
}

std::string sigevent_text(const sigevent& event) {
    const char* notify = event.sigev_notify == SIGEV_SIGNAL ? "SIGEV_SIGNAL"
                         : event.sigev_notify == SIGEV_NONE ? "SIGEV_NONE"
                         : event.sigev_notify == SIGEV_THREAD ? "SIGEV_THREAD" : "SIGEV_THREAD_ID";
    return "{sigev_value={sival_ptr=" + pointer(reinterpret_cast<u64>(event.sigev_value.sival_ptr)) +
           "}, sigev_signo=" + signal_name(event.sigev_signo) + ", sigev_notify=" + notify + "}";
}

std::string stack_text(const TracedCall& call, u64 address) {
    struct Stack {
        u64 sp;
        u32 flags, pad;
        u64 size;
    };
    return at<Stack>(call, address, [](const Stack& s) {
        return "{ss_sp=" + pointer(s.sp) + ", ss_flags=" + flags("ss_flags", s.flags) + print(", ss_size=%llu}", static_cast<ull>(s.size));
    });
}

using Format = std::string (*)(const TracedCall& call, u64 value, unsigned index);

struct Kind {
    std::string_view word;
    bool output;
    Format format;
};

#define SHOW [](const TracedCall& call, u64 v, unsigned i) -> std::string
#define UNUSED (void)call, (void)v, (void)i

const Kind kKinds[] = {
    {"int", false, SHOW { UNUSED; return print("%d", static_cast<i32>(v)); }},
    {"uint", false, SHOW { UNUSED; return print("%u", static_cast<u32>(v)); }},
    {"long", false, SHOW { UNUSED; return print("%lld", static_cast<long long>(v)); }},
    {"ulong", false, SHOW { UNUSED; return print("%llu", static_cast<ull>(v)); }},
    {"hex", false, SHOW { UNUSED; return hex(v); }},
    {"oct", false, SHOW { UNUSED; return octal(v & 0xffffffff); }},
    {"mode", false, SHOW { UNUSED; return mode_text(static_cast<u32>(v)); }},
    {"dev", false, SHOW { UNUSED; return v ? print("makedev(%#x, %#x)", major(v), minor(v)) : "0"; }},
    {"ptr", false, SHOW { UNUSED; return pointer(v); }},
    {"fd", false, SHOW { UNUSED; return print("%d", static_cast<i32>(v)); }},
    {"dirfd", false, SHOW { UNUSED; return static_cast<i32>(v) == AT_FDCWD ? "AT_FDCWD" : print("%d", static_cast<i32>(v)); }},
    {"path", false, SHOW { UNUSED; return string_at(call, v, 4096); }},
    {"str", false, SHOW { UNUSED; return string_at(call, v, kMaxString); }},
    {"in", false, SHOW { UNUSED; return bytes_at(call, v, call.args[i + 1]); }},
    {"out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : bytes_at(call, v, static_cast<u64>(call.result)); }},
    {"outstr", true, SHOW { UNUSED; return call.failed() ? pointer(v) : string_at(call, v, 4096); }},
    {"dents", true, SHOW {
         UNUSED;
         if (call.failed()) return pointer(v);
         unsigned entries = 0;
         for (u64 at = 0; at < static_cast<u64>(call.result); ++entries) {
             u16 length = 0;
             if (!call.task.read(length, v + at + 16) || length == 0) break;
             at += length;
         }
         return pointer(v) + print(" /* %u entries */", entries);
     }},
    {"iov_in", false, SHOW { UNUSED; return iovec_at(call, v, call.args[i + 1], ~u64{0}); }},
    {"iov", false, SHOW { UNUSED; return iovec_at(call, v, call.args[i + 1], 0); }},
    {"iov_out", true, SHOW {
         UNUSED;
         return iovec_at(call, v, call.args[i + 1], call.failed() ? 0 : static_cast<u64>(call.result));
     }},
    {"int_at", true, SHOW { UNUSED; return at<i32>(call, v, [](i32 x) { return print("[%d]", x); }); }},
    {"uint_at", true, SHOW { UNUSED; return at<u32>(call, v, [](u32 x) { return print("[%u]", x); }); }},
    {"long_at", false, SHOW { UNUSED; return at<i64>(call, v, [](i64 x) { return print("[%lld]", static_cast<long long>(x)); }); }},
    {"fdpair", true, SHOW {
         UNUSED;
         struct Pair { i32 a, b; };
         return call.failed() ? pointer(v) : at<Pair>(call, v, [](const Pair& x) { return print("[%d, %d]", x.a, x.b); });
     }},
    {"gids", true, SHOW {
         UNUSED;
         if (call.failed() || call.args[0] == 0) return pointer(v);
         std::string text = "[";
         for (i64 n = 0; n < call.result && n < kMaxElements; ++n) {
             u32 gid = 0;
             call.task.read(gid, v + static_cast<u64>(n) * 4);
             text += (n ? ", " : "") + std::to_string(gid);
         }
         return text + "]";
     }},
    {"open_mode", false, SHOW { UNUSED; return call.args[i - 1] & (O_CREAT | 020000000) ? octal(v & 0xffffffff) : ""; }},
    {"open_how", false, SHOW {
         UNUSED;
         struct How { u64 flags, mode, resolve; };
         return at<How>(call, v, [](const How& h) {
             return "{flags=" + flags("open", h.flags) + ", mode=" + octal(h.mode) + ", resolve=" + hex(h.resolve) + "}";
         });
     }},
    {"fcntl_arg", false, SHOW {
         UNUSED;
         switch (call.args[1]) {
             case F_GETFD: case F_GETFL: case F_GETOWN: case F_GETSIG: case F_GETLEASE: case F_GETPIPE_SZ: case F_GET_SEALS: return "";
             case F_SETFD: return v == 1 ? "FD_CLOEXEC" : hex(v);
             case F_SETFL: return flags("open", v);
             case F_GETLK: case F_SETLK: case F_SETLKW: case F_OFD_GETLK: case F_OFD_SETLK: case F_OFD_SETLKW:
                 return at<struct flock>(call, v, [](const struct flock& l) {
                     const char* type = l.l_type == F_RDLCK ? "F_RDLCK" : l.l_type == F_WRLCK ? "F_WRLCK" : "F_UNLCK";
                     return print("{l_type=%s, l_whence=%s, l_start=%lld, l_len=%lld}", type,
                                  flags("whence", static_cast<u64>(l.l_whence)).c_str(), static_cast<long long>(l.l_start),
                                  static_cast<long long>(l.l_len));
                 });
             default: return print("%d", static_cast<i32>(v));
         }
     }},
    {"ioctl_arg", true, SHOW {
         UNUSED;
         struct Size { u16 rows, columns, x, y; };
         if (call.args[1] == 0x5413 && !call.failed())
             return at<Size>(call, v, [](const Size& s) {
                 return print("{ws_row=%u, ws_col=%u, ws_xpixel=%u, ws_ypixel=%u}", s.rows, s.columns, s.x, s.y);
             });
         return pointer(v);
     }},
    {"prctl_arg", false, SHOW {
         UNUSED;
         if (call.args[0] == 15) return string_at(call, v, kMaxString);
         if (call.args[0] == 1) return signal_name(static_cast<int>(v));
         return hex(v);
     }},
    {"stat", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<GuestStat>(call, v, stat_text); }},
    {"statx", true, SHOW {
         UNUSED;
         if (call.failed()) return pointer(v);
         return at<struct statx>(call, v, [](const struct statx& s) {
             return print("{stx_mask=%s, stx_mode=%s, stx_size=%llu, ...}", flags("statx_mask", s.stx_mask).c_str(),
                          mode_text(s.stx_mode).c_str(), static_cast<ull>(s.stx_size));
         });
     }},
    {"statfs", true, SHOW {
         UNUSED;
         if (call.failed()) return pointer(v);
         return at<struct statfs>(call, v, [](const struct statfs& s) {
             return print("{f_type=%#lx, f_bsize=%ld, f_blocks=%lu, f_bfree=%lu, ...}", static_cast<long>(s.f_type),
                          static_cast<long>(s.f_bsize), s.f_blocks, s.f_bfree);
         });
     }},
    {"timespec", false, SHOW { UNUSED; return at<timespec>(call, v, timespec_text); }},
    {"timespec_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<timespec>(call, v, timespec_text); }},
    {"timespec2", false, SHOW {
         UNUSED;
         struct Two { timespec a, b; };
         auto one = [](const timespec& t) {
             return t.tv_nsec == UTIME_NOW ? "UTIME_NOW" : t.tv_nsec == UTIME_OMIT ? "UTIME_OMIT" : timespec_text(t);
         };
         return at<Two>(call, v, [one](const Two& t) { return "[" + one(t.a) + ", " + one(t.b) + "]"; });
     }},
    {"timeval", false, SHOW { UNUSED; return at<timeval>(call, v, timeval_text); }},
    {"timeval_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<timeval>(call, v, timeval_text); }},
    {"itimerspec", false, SHOW {
         UNUSED;
         return at<itimerspec>(call, v, [](const itimerspec& t) {
             return "{it_interval=" + timespec_text(t.it_interval) + ", it_value=" + timespec_text(t.it_value) + "}";
         });
     }},
    {"itimerspec_out", true, SHOW {
         UNUSED;
         return at<itimerspec>(call, v, [](const itimerspec& t) {
             return "{it_interval=" + timespec_text(t.it_interval) + ", it_value=" + timespec_text(t.it_value) + "}";
         });
     }},
    {"itimerval", false, SHOW {
         UNUSED;
         struct Timer { timeval interval, value; };
         return at<Timer>(call, v, [](const Timer& t) {
             return "{it_interval=" + timeval_text(t.interval) + ", it_value=" + timeval_text(t.value) + "}";
         });
     }},
    {"itimerval_out", true, SHOW {
         UNUSED;
         struct Timer { timeval interval, value; };
         return at<Timer>(call, v, [](const Timer& t) {
             return "{it_interval=" + timeval_text(t.interval) + ", it_value=" + timeval_text(t.value) + "}";
         });
     }},
    {"signal", false, SHOW { UNUSED; return signal_name(static_cast<int>(v)); }},
    {"sigset", false, SHOW { UNUSED; return at<SignalSet>(call, v, sigset_text); }},
    {"sigset_out", true, SHOW { UNUSED; return at<SignalSet>(call, v, sigset_text); }},
    {"sigset_pair", false, SHOW {
         UNUSED;
         struct Pair { u64 mask, size; };
         return at<Pair>(call, v, [&call](const Pair& p) {
             return "{sigmask=" + at<SignalSet>(call, p.mask, sigset_text) + print(", sigsetsize=%llu}", static_cast<ull>(p.size));
         });
     }},
    {"sigaction", false, SHOW { UNUSED; return at<GuestSigaction>(call, v, sigaction_text); }},
    {"sigaction_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<GuestSigaction>(call, v, sigaction_text); }},
    {"sigstack", false, SHOW { UNUSED; return stack_text(call, v); }},
    {"sigstack_out", true, SHOW { UNUSED; return stack_text(call, v); }},
    {"siginfo", false, SHOW { UNUSED; return at<siginfo_t>(call, v, format_siginfo); }},
    {"siginfo_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<siginfo_t>(call, v, format_siginfo); }},
    {"sigevent", false, SHOW { UNUSED; return at<sigevent>(call, v, sigevent_text); }},
    {"wait_status", true, SHOW { UNUSED; return call.result <= 0 ? pointer(v) : at<i32>(call, v, wait_status_text); }},
    {"rusage", true, SHOW {
         UNUSED;
         if (call.failed()) return pointer(v);
         return at<rusage>(call, v, [](const rusage& r) {
             return "{ru_utime=" + timeval_text(r.ru_utime) + ", ru_stime=" + timeval_text(r.ru_stime) + ", ...}";
         });
     }},
    {"rlimit", false, SHOW { UNUSED; return at<rlimit64>(call, v, limit_text); }},
    {"rlimit_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<rlimit64>(call, v, limit_text); }},
    {"sockaddr", false, SHOW { UNUSED; return sockaddr_at(call, v, call.args[i + 1] & 0xffffffff); }},
    {"sockaddr_out", true, SHOW {
         UNUSED;
         u32 length = 0;
         if (call.failed() || !call.args[i + 1] || !call.task.read(length, call.args[i + 1])) return pointer(v);
         return sockaddr_at(call, v, length);
     }},
    {"sockopt_value", false, SHOW { UNUSED; return call.args[i + 1] == 4 ? at<i32>(call, v, [](i32 x) { return print("[%d]", x); }) : pointer(v); }},
    {"sockopt_value_out", true, SHOW {
         UNUSED;
         u32 length = 0;
         call.task.read(length, call.args[i + 1]);
         return length == 4 && !call.failed() ? at<i32>(call, v, [](i32 x) { return print("[%d]", x); }) : pointer(v);
     }},
    {"socket_protocol", false, SHOW {
         UNUSED;
         if (call.args[0] != AF_INET && call.args[0] != AF_INET6) return print("%d", static_cast<i32>(v));
         return v == IPPROTO_IP ? "IPPROTO_IP" : v == IPPROTO_TCP ? "IPPROTO_TCP" : v == IPPROTO_UDP ? "IPPROTO_UDP" : print("%d", static_cast<i32>(v));
     }},
    {"msghdr", false, SHOW { UNUSED; return msghdr_at(call, v, ~u64{0}); }},
    {"msghdr_out", true, SHOW { UNUSED; return call.failed() ? pointer(v) : msghdr_at(call, v, static_cast<u64>(call.result)); }},
    {"pollfds", false, SHOW { UNUSED; return pollfds_at(call, v, call.args[i + 1], false); }},
    {"fd_set", false, SHOW { UNUSED; return fd_set_at(call, v, call.args[0]); }},
    {"epoll_event", false, SHOW { UNUSED; return v && call.args[1] != 2 ? epoll_events_at(call, v, 1) : pointer(v); }},
    {"epoll_events", true, SHOW { UNUSED; return call.failed() ? pointer(v) : epoll_events_at(call, v, call.result); }},
    {"argv", false, SHOW { UNUSED; return strings_at(call, v); }},
    {"env", false, SHOW { UNUSED; return environment_at(call, v); }},
    {"utsname", true, SHOW { UNUSED; return call.failed() ? pointer(v) : "{sysname=" + string_at(call, v, 65) + ", nodename=" + string_at(call, v + 65, 65) + ", ...}"; }},
    {"sysinfo", true, SHOW {
         UNUSED;
         struct Info { i64 uptime; u64 loads[3], total, free; };
         if (call.failed()) return pointer(v);
         return at<Info>(call, v, [](const Info& s) {
             return print("{uptime=%lld, loads=[%llu, %llu, %llu], totalram=%llu, freeram=%llu, ...}", static_cast<long long>(s.uptime),
                          static_cast<ull>(s.loads[0]), static_cast<ull>(s.loads[1]), static_cast<ull>(s.loads[2]),
                          static_cast<ull>(s.total), static_cast<ull>(s.free));
         });
     }},
    {"sched_param", false, SHOW { UNUSED; return at<i32>(call, v, [](i32 p) { return print("[%d]", p); }); }},
    {"sched_param_out", true, SHOW { UNUSED; return at<i32>(call, v, [](i32 p) { return print("[%d]", p); }); }},
    {"cpuset_in", false, SHOW { UNUSED; return at<u64>(call, v, [](u64 m) { return "[" + hex(m) + "]"; }); }},
    {"cpuset", true, SHOW { UNUSED; return call.failed() ? pointer(v) : at<u64>(call, v, [](u64 m) { return "[" + hex(m) + "]"; }); }},
    {"mq_attr", false, SHOW { UNUSED; return at<mq_attr>(call, v, [](const mq_attr& a) { return print("{mq_flags=%#lx, mq_maxmsg=%ld, mq_msgsize=%ld, mq_curmsgs=%ld}", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs); }); }},
    {"mq_attr_out", true, SHOW { UNUSED; return at<mq_attr>(call, v, [](const mq_attr& a) { return print("{mq_flags=%#lx, mq_maxmsg=%ld, mq_msgsize=%ld, mq_curmsgs=%ld}", a.mq_flags, a.mq_maxmsg, a.mq_msgsize, a.mq_curmsgs); }); }},
    {"ipc_key", false, SHOW { UNUSED; return v ? hex(v & 0xffffffff) : "IPC_PRIVATE"; }},
    {"ipc_get", false, SHOW {
         UNUSED;
         u64 mode = v & 0777, bits = v & 0xfffffe00;
         return bits ? flags("ipc_bits", bits) + print("|%#llo", static_cast<ull>(mode)) : octal(mode);
     }},
    {"sembufs", false, SHOW {
         UNUSED;
         struct Buf { u16 number; i16 op, flags; };
         std::string text = "[";
         for (u64 n = 0; n < std::min<u64>(call.args[i + 1], kMaxElements); ++n) {
             text += (n ? ", " : "") + at<Buf>(call, v + n * sizeof(Buf), [](const Buf& b) { return print("{%u, %d, %#x}", b.number, b.op, static_cast<unsigned>(b.flags)); });
         }
         return text + "]";
     }},
    {"clone", false, SHOW {
         UNUSED;
         u64 bits = v & ~u64{0xff}, signal = v & 0xff;
         std::string text = bits || !signal ? flags("clone_bits", bits) : "";
         return signal ? text + (bits ? "|" : "") + signal_name(static_cast<int>(signal)) : text;
     }},
    {"futex", false, SHOW {
         UNUSED;
         return flags("futex_command", v & 0x7f) + (v & FUTEX_PRIVATE_FLAG ? "_PRIVATE" : "") +
                (v & FUTEX_CLOCK_REALTIME ? "|FUTEX_CLOCK_REALTIME" : "");
     }},
    {"futex_timeout", false, SHOW {
         UNUSED;
         switch (call.args[1] & 0x7f) {
             case FUTEX_WAIT: case FUTEX_LOCK_PI: case FUTEX_LOCK_PI2: case FUTEX_WAIT_BITSET: case FUTEX_WAIT_REQUEUE_PI:
                 return at<timespec>(call, v, timespec_text);
             case FUTEX_REQUEUE: case FUTEX_CMP_REQUEUE: case FUTEX_WAKE_OP: case FUTEX_CMP_REQUEUE_PI:
                 return print("%u", static_cast<u32>(v));
             default: return "";
         }
     }},
    {"futex_second", false, SHOW {
         UNUSED;
         switch (call.args[1] & 0x7f) {
             case FUTEX_REQUEUE: case FUTEX_CMP_REQUEUE: case FUTEX_WAKE_OP: case FUTEX_CMP_REQUEUE_PI: case FUTEX_WAIT_REQUEUE_PI:
                 return pointer(v);
             default: return "";
         }
     }},
    {"futex_third", false, SHOW {
         UNUSED;
         switch (call.args[1] & 0x7f) {
             case FUTEX_WAIT_BITSET: case FUTEX_WAKE_BITSET:
                 return static_cast<u32>(v) == FUTEX_BITSET_MATCH_ANY ? "FUTEX_BITSET_MATCH_ANY" : hex(v & 0xffffffff);
             case FUTEX_CMP_REQUEUE: case FUTEX_WAKE_OP: case FUTEX_CMP_REQUEUE_PI: return hex(v & 0xffffffff);
             default: return "";
         }
     }},
    {"clone_args", false, SHOW {
         UNUSED;
         struct Args { u64 flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls; };
         return at<Args>(call, v, [](const Args& a) {
             return "{flags=" + flags("clone_bits", a.flags) + ", child_tid=" + pointer(a.child_tid) + ", parent_tid=" + pointer(a.parent_tid) +
                    ", exit_signal=" + signal_name(static_cast<int>(a.exit_signal)) + ", stack=" + pointer(a.stack) + ", stack_size=" + hex(a.stack_size) +
                    ", tls=" + pointer(a.tls) + "}";
         });
     }},
    {"fcntl_result", false, SHOW {
         UNUSED;
         if (call.args[1] == F_GETFL) return hex(v) + " (flags " + flags("open", v) + ")";
         if (call.args[1] == F_GETFD && v) return hex(v) + " (flags FD_CLOEXEC)";
         return print("%lld", static_cast<long long>(v));
     }},
};

const Kind* find_kind(std::string_view word) {
    for (const Kind& kind : kKinds) {
        if (kind.word == word) return &kind;
    }
    return nullptr;
}

const char* fault_code_name(const siginfo_t& info) {
    switch (info.si_signo) {
        case SIGSEGV: return info.si_code == SEGV_MAPERR ? "SEGV_MAPERR" : info.si_code == SEGV_ACCERR ? "SEGV_ACCERR" : nullptr;
        case SIGBUS: return info.si_code == BUS_ADRALN ? "BUS_ADRALN" : info.si_code == BUS_ADRERR ? "BUS_ADRERR" : nullptr;
        case SIGILL: return info.si_code == ILL_ILLOPC ? "ILL_ILLOPC" : info.si_code == ILL_ILLTRP ? "ILL_ILLTRP" : nullptr;
        case SIGTRAP: return info.si_code == TRAP_BRKPT ? "TRAP_BRKPT" : info.si_code == TRAP_TRACE ? "TRAP_TRACE" : nullptr;
        case SIGFPE: return info.si_code == FPE_INTDIV ? "FPE_INTDIV" : nullptr;
        case SIGCHLD:
            switch (info.si_code) {
                case CLD_EXITED: return "CLD_EXITED";
                case CLD_KILLED: return "CLD_KILLED";
                case CLD_DUMPED: return "CLD_DUMPED";
                case CLD_STOPPED: return "CLD_STOPPED";
                case CLD_CONTINUED: return "CLD_CONTINUED";
                default: return nullptr;
            }
        default: return nullptr;
    }
}

}  // namespace

bool is_output(std::string_view word) {
    const Kind* kind = find_kind(word);
    return kind && kind->output;
}

bool is_known_word(std::string_view word) { return find_kind(word) || find_flag_set(word); }

std::string format_argument(const TracedCall& call, std::string_view word, unsigned index) {
    u64 value = index < 6 ? call.args[index] : static_cast<u64>(call.result);
    // An enumeration of options that the kind's own formatter does not know.
    if (const Kind* kind = find_kind(word)) return kind->format(call, value, index);
    return flags(word, value);
}

std::string quote(std::string_view bytes, std::size_t limit) {
    std::string text = "\"";
    std::size_t shown = std::min(bytes.size(), limit);
    for (std::size_t i = 0; i < shown; ++i) {
        unsigned char c = static_cast<unsigned char>(bytes[i]);
        switch (c) {
            case '\n': text += "\\n"; break;
            case '\t': text += "\\t"; break;
            case '\r': text += "\\r"; break;
            case '\v': text += "\\v"; break;
            case '\f': text += "\\f"; break;
            case '"': text += "\\\""; break;
            case '\\': text += "\\\\"; break;
            default:
                if (c >= 0x20 && c < 0x7f) {
                    text += static_cast<char>(c);
                } else {
                    // Three digits only where a digit follows that would be taken for part of the number.
                    bool digit_follows = i + 1 < shown && bytes[i + 1] >= '0' && bytes[i + 1] <= '9';
                    text += print(digit_follows ? "\\%03o" : "\\%o", c);
                }
        }
    }
    text += '"';
    return bytes.size() > limit ? text + "..." : text;
}

std::string format_siginfo(const siginfo_t& info) {
    std::string text = "{si_signo=" + signal_name(info.si_signo) + ", si_code=";
    const char* fault = info.si_code > 0 ? fault_code_name(info) : nullptr;
    text += fault ? fault : flags("si_code", static_cast<u64>(info.si_code));
    bool from_fault = info.si_code > 0 && info.si_code < 0x80;
    if (from_fault && info.si_signo == SIGCHLD) {
        text += print(", si_pid=%d, si_uid=%u, si_status=", info.si_pid, info.si_uid);
        text += info.si_code == CLD_EXITED ? print("%d", info.si_status) : signal_name(info.si_status);
        text += print(", si_utime=%ld, si_stime=%ld", static_cast<long>(info.si_utime), static_cast<long>(info.si_stime));
    } else if (from_fault) {
        text += ", si_addr=" + pointer(reinterpret_cast<u64>(info.si_addr));
    } else if (info.si_code == SI_TIMER) {
        text += print(", si_timerid=%#x, si_overrun=%d", static_cast<unsigned>(info.si_timerid), info.si_overrun);
    } else if (info.si_code <= 0) {
        text += print(", si_pid=%d, si_uid=%u", info.si_pid, info.si_uid);
        if (info.si_code == SI_QUEUE)
            text += print(", si_int=%d, si_ptr=%#llx", info.si_int, static_cast<ull>(reinterpret_cast<u64>(info.si_ptr)));
    }
    return text + "}";
}

}  // namespace dragoman::linux_abi
