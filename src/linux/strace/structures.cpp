#include "linux/strace/structures.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <mqueue.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstring>

#include "linux/layouts.h"
#include "linux/strace/flags.h"
#include "linux/strace/text.h"

namespace dragoman::linux_abi {

namespace {

std::string device_or_size(u32 mode, u64 device, u64 size) {
    if (S_ISCHR(mode) || S_ISBLK(mode)) return print("st_rdev=makedev(%#x, %#x)", major(device), minor(device));
    return print("st_size=%llu", static_cast<ull>(size));
}

const char* fault_code_name(const siginfo_t& info) {
    switch (info.si_signo) {
        case SIGSEGV:
            switch (info.si_code) {
                case SEGV_MAPERR: return "SEGV_MAPERR";
                case SEGV_ACCERR: return "SEGV_ACCERR";
                case 10: return "SEGV_CPERR";
                default: return nullptr;
            }
        case SIGBUS:
            return info.si_code == BUS_ADRALN ? "BUS_ADRALN" : info.si_code == BUS_ADRERR ? "BUS_ADRERR" : nullptr;
        case SIGILL:
            return info.si_code == ILL_ILLOPC ? "ILL_ILLOPC" : info.si_code == ILL_ILLTRP ? "ILL_ILLTRP" : nullptr;
        case SIGTRAP:
            return info.si_code == TRAP_BRKPT ? "TRAP_BRKPT" : info.si_code == TRAP_TRACE ? "TRAP_TRACE" : nullptr;
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

std::string timespec_text(const timespec& t) {
    return print("{tv_sec=%lld, tv_nsec=%lld}", static_cast<long long>(t.tv_sec), static_cast<long long>(t.tv_nsec));
}
std::string timeval_text(const timeval& t) {
    return print("{tv_sec=%lld, tv_usec=%lld}", static_cast<long long>(t.tv_sec), static_cast<long long>(t.tv_usec));
}

std::string itimerspec_text(const itimerspec& t) {
    return "{it_interval=" + timespec_text(t.it_interval) + ", it_value=" + timespec_text(t.it_value) + "}";
}
std::string itimerval_text(const itimerval& t) {
    return "{it_interval=" + timeval_text(t.it_interval) + ", it_value=" + timeval_text(t.it_value) + "}";
}
std::string file_time_text(const timespec& t) {
    return t.tv_nsec == UTIME_NOW ? "UTIME_NOW" : t.tv_nsec == UTIME_OMIT ? "UTIME_OMIT" : timespec_text(t);
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

std::string stat_text(const struct stat& s) {
    return print("{st_mode=%s, %s, ...}", mode_text(s.st_mode).c_str(),
                 device_or_size(s.st_mode, s.st_rdev, static_cast<u64>(s.st_size)).c_str());
}

std::string statx_text(const struct statx& s) {
    return print("{stx_mask=%s, stx_mode=%s, stx_size=%llu, ...}", flags("statx_mask", s.stx_mask).c_str(),
                 mode_text(s.stx_mode).c_str(), static_cast<ull>(s.stx_size));
}

std::string statfs_text(const struct statfs& s) {
    return print("{f_type=%#lx, f_bsize=%ld, f_blocks=%lu, f_bfree=%lu, ...}", static_cast<long>(s.f_type),
                 static_cast<long>(s.f_bsize), s.f_blocks, s.f_bfree);
}

std::string flock_text(const struct flock& l) {
    const char* type = l.l_type == F_RDLCK ? "F_RDLCK" : l.l_type == F_WRLCK ? "F_WRLCK" : "F_UNLCK";
    return print("{l_type=%s, l_whence=%s, l_start=%lld, l_len=%lld}", type,
                 flags("whence", static_cast<u64>(l.l_whence)).c_str(), static_cast<long long>(l.l_start),
                 static_cast<long long>(l.l_len));
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
    return "{sa_handler=" + handler + ", sa_mask=" + sigset_text(action.mask) +
           ", sa_flags=" + flags("sa_flags", action.flags) + "}";
}

std::string sockaddr_at(const Task& task, u64 address, u64 length) {
    sockaddr_storage storage{};
    length = std::min<u64>(length, sizeof storage);
    if (address == 0 || length < sizeof(sa_family_t) || !task.read(&storage, address, length)) return pointer(address);
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
            return family +
                   print(
                       ", sin6_port=htons(%u), sin6_flowinfo=htonl(%u), inet_pton(AF_INET6, \"%s\", &sin6_addr), "
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

std::string iovec_at(const Task& task, u64 address, u64 count, u64 available) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (u64 i = 0; i < count; ++i) {
        if (i) text += ", ";
        u64 part[2];  // struct iovec
        if (i == kMaxElements) return text + "...]";
        if (!read_words(task, address + i * 2 * word_bytes(task), part, 2)) return text + "???]";
        u64 length = std::min<u64>(part[1], available);
        text += "{iov_base=" + bytes_at(task, part[0], length) + print(", iov_len=%llu}", static_cast<ull>(part[1]));
        available -= length;
    }
    return text + "]";
}

std::string msghdr_at(const Task& task, u64 address, u64 available) {
    u64 header[7];  // struct msghdr: each member takes a word
    if (address == 0 || !read_words(task, address, header, std::size(header))) return pointer(address);
    const u32 name_length = static_cast<u32>(header[1]);
    std::string text = "{msg_name=" + sockaddr_at(task, header[0], name_length);
    text += print(", msg_namelen=%u, msg_iov=", name_length) + iovec_at(task, header[2], header[3], available);
    text += print(", msg_iovlen=%llu, ", static_cast<ull>(header[3]));
    if (header[5] != 0) text += "msg_control=" + pointer(header[4]) + ", ";
    return text + print("msg_controllen=%llu, msg_flags=", static_cast<ull>(header[5])) +
           flags("msg", static_cast<u32>(header[6])) + "}";
}

std::string pollfds_at(const Task& task, u64 address, u64 count, bool after) {
    std::string text = "[";
    for (u64 i = 0; i < count && i < kMaxElements; ++i) {
        pollfd fd;
        if (!task.read(fd, address + i * sizeof fd)) return pointer(address);
        if (after && fd.revents == 0) continue;
        if (text.size() > 1) text += ", ";
        u16 bits = static_cast<u16>(after ? fd.revents : fd.events);
        text += print("{fd=%d, %s=%s}", fd.fd, after ? "revents" : "events", flags("poll_bits", bits).c_str());
    }
    return text + "]";
}

std::string fd_set_at(const Task& task, u64 address, u64 count) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (u64 fd = 0; fd < std::min<u64>(count, 1024); ++fd) {
        u8 byte;
        if (!task.read(byte, address + fd / 8)) return pointer(address);
        if (byte >> fd % 8 & 1) text += (text.size() > 1 ? " " : "") + std::to_string(fd);
    }
    return text + "]";
}

std::string epoll_events_at(const Task& task, u64 address, i64 count) {
    std::string text = "[";
    for (i64 i = 0; i < count && i < kMaxElements; ++i) {
        epoll_event event;
        if (!read_epoll_event(task, address + static_cast<u64>(i) * epoll_event_bytes(task), event))
            return pointer(address);
        text += (i ? ", " : "") + print("{events=%s, data=%#llx}", flags("epoll_bits", event.events).c_str(),
                                        static_cast<ull>(event.data.u64));
    }
    return text + "]";
}

std::string strings_at(const Task& task, u64 address) {
    if (address == 0) return "NULL";
    std::string text = "[";
    for (unsigned i = 0;; ++i) {
        u64 item = 0;
        if (!read_words(task, address + i * word_bytes(task), &item, 1)) return pointer(address);
        if (item == 0) return text + "]";
        if (i) text += ", ";
        if (i == kMaxElements) return text + "...]";
        text += string_at(task, item, kMaxString);
    }
}

std::string environment_at(const Task& task, u64 address) {
    if (address == 0) return "NULL";
    unsigned count = 0;
    u64 item;
    while (read_words(task, address + count * word_bytes(task), &item, 1) && item) ++count;
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

std::string rusage_text(const rusage& r) {
    return "{ru_utime=" + timeval_text(r.ru_utime) + ", ru_stime=" + timeval_text(r.ru_stime) + ", ...}";
}

std::string mq_attr_text(const mq_attr& a) {
    return print("{mq_flags=%#lx, mq_maxmsg=%ld, mq_msgsize=%ld, mq_curmsgs=%ld}", a.mq_flags, a.mq_maxmsg,
                 a.mq_msgsize, a.mq_curmsgs);
}

std::string sigevent_text(const sigevent& event) {
    const char* notify = event.sigev_notify == SIGEV_SIGNAL   ? "SIGEV_SIGNAL"
                         : event.sigev_notify == SIGEV_NONE   ? "SIGEV_NONE"
                         : event.sigev_notify == SIGEV_THREAD ? "SIGEV_THREAD"
                                                              : "SIGEV_THREAD_ID";
    return "{sigev_value={sival_ptr=" + pointer(reinterpret_cast<u64>(event.sigev_value.sival_ptr)) +
           "}, sigev_signo=" + signal_name(event.sigev_signo) + ", sigev_notify=" + notify + "}";
}

std::string stack_at(const Task& task, u64 address) {
    GuestStack s;
    if (address == 0 || !read_stack(task, address, s)) return pointer(address);
    return "{ss_sp=" + pointer(s.sp) + ", ss_flags=" + flags("ss_flags", s.flags) +
           print(", ss_size=%llu}", static_cast<ull>(s.size));
}

std::string siginfo_text(const siginfo_t& info) {
    std::string text = "{si_signo=" + signal_name(info.si_signo) + ", si_code=";
    const char* fault = info.si_code > 0 ? fault_code_name(info) : nullptr;
    text += fault ? fault : flags("si_code", static_cast<u64>(info.si_code));
    bool from_fault = info.si_code > 0 && info.si_code < 0x80;
    if (from_fault && info.si_signo == SIGCHLD) {
        text += print(", si_pid=%d, si_uid=%u, si_status=", info.si_pid, info.si_uid);
        text += info.si_code == CLD_EXITED ? print("%d", info.si_status) : signal_name(info.si_status);
        text +=
            print(", si_utime=%ld, si_stime=%ld", static_cast<long>(info.si_utime), static_cast<long>(info.si_stime));
    } else if (from_fault) {
        text += ", si_addr=" + pointer(reinterpret_cast<u64>(info.si_addr));
    } else if (info.si_code == SI_TIMER) {
        text += print(", si_timerid=%#x, si_overrun=%d", static_cast<unsigned>(info.si_timerid), info.si_overrun);
    } else if (info.si_code <= 0) {
        text += print(", si_pid=%d, si_uid=%u", info.si_pid, info.si_uid);
        if (info.si_code == SI_QUEUE)
            text +=
                print(", si_int=%d, si_ptr=%#llx", info.si_int, static_cast<ull>(reinterpret_cast<u64>(info.si_ptr)));
    }
    return text + "}";
}

}  // namespace dragoman::linux_abi
