#include "linux/proc_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <climits>
#include <cstdio>
#include <cstring>
#include <string_view>

#include "base/text.h"
#include "linux/path.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

namespace {

std::string read_host_file(const std::string& path) {
    std::string text;
    int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return text;
    char buffer[4096];
    for (ssize_t got; (got = read(fd, buffer, sizeof buffer)) > 0;) text.append(buffer, static_cast<size_t>(got));
    close(fd);
    return text;
}

/// A NUL-separated list as it lies in guest memory.
std::string guest_bytes(const Task& task, u64 start, u64 end) {
    std::string bytes(end - start, '\0');
    std::size_t missing = memory::copy_checked(bytes.data(), task.host(start), bytes.size());
    bytes.resize(bytes.size() - missing);
    return bytes;
}

void append_mapping(std::string& text, const memory::Mapping& mapping) {
    using memory::PageFlags;
    char line[160];
    int length = std::snprintf(
        line, sizeof line, "%08llx-%08llx %c%c%c%c %08llx 00:00 %u", static_cast<unsigned long long>(mapping.start),
        static_cast<unsigned long long>(mapping.end),
        has(mapping.flags, PageFlags::Read) && !has(mapping.flags, PageFlags::WriteOnly) ? 'r' : '-',
        has(mapping.flags, PageFlags::Write) ? 'w' : '-', has(mapping.flags, PageFlags::Exec) ? 'x' : '-',
        has(mapping.flags, PageFlags::Shared) ? 's' : 'p', static_cast<unsigned long long>(mapping.file_offset),
        mapping.name.empty() || mapping.name[0] == '[' ? 0u : 1u);
    text.append(line, static_cast<size_t>(length));
    if (!mapping.name.empty()) {
        text.append(length < 72 ? static_cast<size_t>(73 - length) : 1, ' ');
        text += mapping.name;
    }
    text += '\n';
}

std::string make_smaps(Task& task) {
    std::string text;
    for (const memory::Mapping& mapping : task.space().mappings()) {
        append_mapping(text, mapping);
        unsigned long long kib = (mapping.end - mapping.start) >> 10;
        for (const char* field :
             {"Size",          "KernelPageSize", "MMUPageSize",     "Rss",           "Pss",
              "Pss_Dirty",     "Shared_Clean",   "Shared_Dirty",    "Private_Clean", "Private_Dirty",
              "Referenced",    "Anonymous",      "LazyFree",        "AnonHugePages", "ShmemPmdMapped",
              "FilePmdMapped", "Shared_Hugetlb", "Private_Hugetlb", "Swap",          "SwapPss",
              "Locked"}) {
            std::string_view name = field;
            unsigned long long value = name == "Size" || name == "Rss" || name == "Pss" ? kib
                                       : name.ends_with("PageSize")                     ? 4
                                                                                        : 0;
            append(text, "%-15s %8llu kB\n", (std::string(name) + ":").c_str(), value);
        }
        text += "THPeligible:           0\nVmFlags: rd mr mw me\n";
    }
    return text;
}

std::string make_cmdline(Task& task) {
    const Process& process = *task.process;
    if (process.arg_end > process.arg_start) return guest_bytes(task, process.arg_start, process.arg_end);
    std::string text;
    for (const std::string& argument : process.arguments) text.append(argument.c_str(), argument.size() + 1);
    return text;
}

std::string make_environ(Task& task) { return guest_bytes(task, task.process->env_start, task.process->env_end); }

std::string make_auxv(Task& task) {
    const std::vector<u64>& auxv = task.process->auxv;
    return std::string(reinterpret_cast<const char*>(auxv.data()), auxv.size() * sizeof(u64));
}

/// The host's line with the fields replaced that describe the address space (proc(5), /proc/PID/stat).
std::string make_stat(Task& task, const std::string& host_path) {
    std::string host = read_host_file(host_path);
    size_t close_paren = host.rfind(')');
    if (close_paren == std::string::npos) return host;
    const Process& process = *task.process;
    std::string text = host.substr(0, close_paren + 1);
    unsigned field = 2;
    for (size_t at = close_paren + 1; at < host.size();) {
        size_t start = host.find_first_not_of(" \n", at);
        if (start == std::string::npos) break;
        at = host.find_first_of(" \n", start);
        if (at == std::string::npos) at = host.size();
        u64 value = 0;
        bool replaced = true;
        switch (++field) {
            case 26: value = process.start_code; break;
            case 27: value = process.end_code; break;
            case 28: value = process.stack_top; break;
            case 29:
            case 30: value = 0; break;  // kstkesp, kstkeip
            case 45: value = process.start_data; break;
            case 46: value = process.end_data; break;
            case 48: value = process.arg_start; break;
            case 49: value = process.arg_end; break;
            case 50: value = process.env_start; break;
            case 51: value = process.env_end; break;
            default: replaced = false;
        }
        text += ' ';
        text += replaced ? std::to_string(value) : host.substr(start, at - start);
    }
    return text + '\n';
}

/// The host's lines, with the signal sets of the guest.
std::string make_status(Task& task, const std::string& host_path) {
    std::string host = read_host_file(host_path), text;
    u64 ignored = 0, caught = 0;
    {
        std::lock_guard guard(task.handlers->lock);
        for (int signal = 1; signal <= kSignalCount; ++signal) {
            u64 handler = task.handlers->actions[signal].handler;
            (handler == 1 ? ignored : caught) |= handler ? signal_bit(signal) : 0;
        }
    }
    for (size_t at = 0; at < host.size();) {
        size_t end = host.find('\n', at);
        if (end == std::string::npos) end = host.size();
        std::string_view line(host.data() + at, end - at);
        auto set = [&](const char* name, u64 value) {
            append(text, "%s:\t%016llx\n", name, static_cast<unsigned long long>(value));
        };
        if (line.starts_with("SigBlk:")) {
            set("SigBlk", task.signals.blocked);
        } else if (line.starts_with("SigIgn:")) {
            set("SigIgn", ignored);
        } else if (line.starts_with("SigCgt:")) {
            set("SigCgt", caught);
        } else if (!line.starts_with("x86_")) {
            text.append(line).append("\n");
        }
        at = end + 1;
    }
    return text;
}

i64 memory_file(const char* name, const std::string& text, int flags) {
    if ((flags & O_ACCMODE) != O_RDONLY) return -EACCES;
    int fd = memfd_create(name, flags & O_CLOEXEC ? MFD_CLOEXEC : 0);
    if (fd < 0) return -errno;
    for (size_t done = 0; done < text.size();) {
        ssize_t wrote = write(fd, text.data() + done, text.size() - done);
        if (wrote <= 0) break;
        done += static_cast<size_t>(wrote);
    }
    lseek(fd, 0, SEEK_SET);
    // Open it again read-only, as a file of /proc is.
    char link[32];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    int reopened = open(link, O_RDONLY | (flags & (O_CLOEXEC | O_NONBLOCK)));
    if (reopened < 0) return fd;
    close(fd);
    // Give the guest the lowest free number, as open does.
    int lowest = fcntl(reopened, flags & O_CLOEXEC ? F_DUPFD_CLOEXEC : F_DUPFD, 0);
    if (lowest >= 0 && lowest < reopened) {
        close(reopened);
        return lowest;
    }
    if (lowest >= 0) close(lowest);
    return reopened;
}

std::string read_link(const char* path) {
    char target[PATH_MAX];
    ssize_t length = ::readlink(path, target, sizeof target);
    return std::string(target, length > 0 ? static_cast<size_t>(length) : 0);
}

/// Whether /proc/`who` is the calling process. Its number there is another one than getpid() where /proc shows another
/// PID namespace.
bool is_own_number(std::string_view who) {
    if (who.empty() || who[0] < '0' || who[0] > '9') return false;
    std::string own = read_link("/proc/self");
    return who == (own.empty() ? std::to_string(getpid()) : own);
}

/// What follows the directory of the calling process in `path` ("maps" in /proc/self/maps and in
/// /proc/PID/task/TID/maps); empty when it is not such a path.
std::string_view own_entry(std::string_view path) {
    if (!path.starts_with("/proc/")) return {};
    path.remove_prefix(5);
    auto next = [&path] {
        while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(1);
        size_t slash = std::min(path.find('/'), path.size());
        std::string_view part = path.substr(0, slash);
        path.remove_prefix(slash);
        return part;
    };
    std::string_view who = next(), entry = next();
    if (entry == "task") {
        next();
        entry = next();
    }
    bool is_last = path.empty() && !entry.empty();
    return is_last && (who == "self" || who == "thread-self" || is_own_number(who)) ? entry : std::string_view{};
}

constexpr std::string_view kOwnFiles[] = {"exe", "maps", "smaps", "cmdline", "environ", "auxv", "stat", "status"};

/// A relative path below /proc as an absolute one, if it may be one of kOwnFiles or cpuinfo; else as it is.
std::string absolute_in_proc(int dirfd, const std::string& path) {
    if (path.empty() || path[0] == '/') return path;
    std::string_view name = std::string_view(path).substr(path.rfind('/') + 1);
    if (name != "cpuinfo" && std::find(std::begin(kOwnFiles), std::end(kOwnFiles), name) == std::end(kOwnFiles)) {
        return path;
    }
    std::string directory =
        read_link(dirfd == AT_FDCWD ? "/proc/self/cwd" : ("/proc/self/fd/" + std::to_string(dirfd)).c_str());
    if (directory != "/proc" && !directory.starts_with("/proc/")) return path;
    std::string_view rest = path;
    for (; rest.starts_with("./") || rest.starts_with("../"); rest.remove_prefix(rest[1] == '/' ? 2 : 3)) {
        if (rest[1] == '.') directory.resize(std::max<size_t>(directory.rfind('/'), 1));
    }
    return directory + '/' + std::string(rest);
}

}  // namespace

std::string maps_text(Task& task) {
    std::string text;
    for (const memory::Mapping& mapping : task.space().mappings()) append_mapping(text, mapping);
    return text;
}

bool is_proc_self_exe(int dirfd, const std::string& path) { return own_entry(absolute_in_proc(dirfd, path)) == "exe"; }

std::optional<i64> open_proc_file(Task& task, int dirfd, const std::string& relative, int flags) {
    const std::string path = absolute_in_proc(dirfd, relative);
    if (!path.starts_with("/proc/")) return std::nullopt;
    if (path == "/proc/cpuinfo") return memory_file("cpuinfo", make_cpuinfo(task.space().limit() - 1), flags);
    std::string_view entry = own_entry(path);
    if (entry.empty()) return std::nullopt;
    if (entry == "exe") {
        if (flags & O_NOFOLLOW) return std::nullopt;
        return open_path(&task, AT_FDCWD, task.process->exe_path.c_str(), flags);
    }
    if (entry == "maps") return memory_file("maps", maps_text(task), flags);
    if (entry == "smaps") return memory_file("smaps", make_smaps(task), flags);
    if (entry == "cmdline") return memory_file("cmdline", make_cmdline(task), flags);
    if (entry == "environ") return memory_file("environ", make_environ(task), flags);
    if (entry == "auxv") return memory_file("auxv", make_auxv(task), flags);
    if (entry == "stat") return memory_file("stat", make_stat(task, path), flags);
    if (entry == "status") return memory_file("status", make_status(task, path), flags);
    return std::nullopt;
}

}  // namespace dragoman::linux_abi
