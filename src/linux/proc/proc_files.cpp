#include "linux/proc/proc_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "base/descriptors.h"
#include "linux/arch.h"
#include "linux/files/path.h"
#include "linux/memory/memory_limits.h"
#include "linux/proc/host_maps.h"
#include "linux/proc/map_files.h"
#include "linux/proc/other_guest.h"
#include "linux/proc/proc_path.h"
#include "linux/proc/proc_stat.h"
#include "linux/syscall.h"
#include "linux/trace/tracer.h"

namespace dragoman::linux_abi {

namespace {

/// A NUL-separated list as it lies in guest memory.
std::string guest_bytes(const Task& task, u64 start, u64 end) {
    std::string bytes(end - start, '\0');
    std::size_t missing = memory::copy_checked(bytes.data(), task.host(start), bytes.size());
    bytes.resize(bytes.size() - missing);
    return bytes;
}

std::string make_cmdline(const Task& task) {
    const Process& process = *task.process;
    if (process.arg_end > process.arg_start) return guest_bytes(task, process.arg_start, process.arg_end);
    std::string text;
    for (const std::string& argument : process.arguments) text.append(argument.c_str(), argument.size() + 1);
    return text;
}

std::string make_environ(const Task& task) { return guest_bytes(task, task.process->env_start, task.process->env_end); }

std::string make_auxv(const Task& task) {
    const std::vector<u8> auxv = words_as_bytes(task.process->arch->layouts, task.process->auxv);
    return {auxv.begin(), auxv.end()};
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

constexpr std::string_view kFiles[] = {"exe",     "maps", "smaps", "smaps_rollup", "numa_maps", "cmdline",
                                       "environ", "auxv", "stat",  "statm",        "status",    "limits"};

bool is_made(std::string_view name) {
    return name == "cpuinfo" || std::find(std::begin(kFiles), std::end(kFiles), name) != std::end(kFiles);
}

/// A relative path below /proc as an absolute one, if it may be one of kFiles or cpuinfo; else as it is.
std::string absolute_path(int dirfd, const std::string& path) {
    return is_made(std::string_view(path).substr(path.rfind('/') + 1)) ? absolute_in_proc(dirfd, path) : path;
}

/// Files about memory, of any guest process. Nothing: it is none of these.
std::optional<std::string> memory_text(const MemoryView& view, std::string_view entry) {
    if (entry == "maps") return maps_text(view);
    if (entry == "smaps") return smaps_text(view);
    if (entry == "smaps_rollup") return smaps_rollup_text(view);
    if (entry == "numa_maps") return numa_maps_text(view);
    return std::nullopt;
}

bool is_about_memory(std::string_view entry) {
    return entry == "maps" || entry == "smaps" || entry == "smaps_rollup" || entry == "numa_maps";
}

/// Of the guest's program, if that had no name when it was loaded; else -1.
std::atomic<int> held_program{-1};

bool has_name(const Process& process) {
    struct stat info;
    return ::stat(process.exe_path.c_str(), &info) == 0 && info.st_dev == process.exe_device &&
           info.st_ino == process.exe_inode;
}

std::string own_program(const Process& process) {
    return has_name(process) ? process.exe_path : process.exe_path + " (deleted)";
}

std::optional<std::string> own_text(const Task& task, const std::string& path, std::string_view entry) {
    if (is_about_memory(entry)) return memory_text(own_memory(*task.process), entry);
    if (entry == "cmdline") return make_cmdline(task);
    if (entry == "environ") return make_environ(task);
    if (entry == "auxv") return make_auxv(task);
    if (entry == "stat") return stat_text(task, path);
    if (entry == "statm") return statm_text(task, path);
    if (entry == "status") return status_text(task, path);
    if (entry == "limits") return limits_text(read_host_file(path));
    return std::nullopt;
}

}  // namespace

MemoryView own_memory(const Process& process) {
    return {"/proc/self", process.space->guest_base(), process.space->mappings()};
}

std::optional<std::string> proc_exe(const Task& task, int dirfd, const std::string& path) {
    if (!path.ends_with("exe")) return std::nullopt;
    const ProcPath parsed = parse_proc_path(task, absolute_path(dirfd, path));
    if (parsed.entry != "exe") return std::nullopt;
    return parsed.own ? own_program(*task.process) : other_program(parsed.who);
}

std::optional<std::string> proc_exe_file(const Task& task, const std::string& path) {
    std::optional<std::string> name = proc_exe(task, AT_FDCWD, path);
    if (!name || held_program < 0) return name;
    const bool own = parse_proc_path(task, absolute_path(AT_FDCWD, path)).own;
    return own && !has_name(*task.process) ? "/proc/self/fd/" + std::to_string(held_program) : name;
}

void hold_program(const Process& process, int file) {
    if (has_name(process)) return;
    const int copy = ::fcntl(file, F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) held_program = reserve_descriptor(copy, &held_program);
}

std::optional<i64> open_proc_file(Task& task, int dirfd, const std::string& relative, int flags) {
    if (auto host = host_map_file(task, dirfd, relative)) return open_path(&task, AT_FDCWD, host->c_str(), flags);
    const std::string path = absolute_path(dirfd, relative);
    if (!path.starts_with("/proc/")) return std::nullopt;
    if (path == "/proc/cpuinfo" && !(flags & O_PATH)) {
        const Process& process = *task.process;
        return memory_file("cpuinfo", process.arch->cpuinfo(process.engine->model(), process.space->limit() - 1),
                           flags);
    }
    const ProcPath parsed = parse_proc_path(task, path);
    if (parsed.entry == "mem" && task.tracer && (flags & O_ACCMODE) != O_RDONLY) {
        task.tracer->memory_opened(std::atoi(parsed.who.c_str()));
    }
    if (!is_made(parsed.entry) || ((flags & O_PATH) && parsed.entry != "exe")) return std::nullopt;
    if (parsed.entry == "exe") {
        if (flags & O_NOFOLLOW) return std::nullopt;
        std::optional<std::string> program = proc_exe_file(task, path);
        if (!program) return std::nullopt;
        return open_path(&task, AT_FDCWD, program->c_str(), flags);
    }
    std::optional<std::string> text;
    if (parsed.own) {
        text = own_text(task, path, parsed.entry);
    } else if (is_about_memory(parsed.entry)) {
        if (auto view = other_memory(parsed.who, task.process->arch->address_space_top))
            text = memory_text(*view, parsed.entry);
    }
    if (!text) return std::nullopt;
    return memory_file(parsed.entry.c_str(), *text, flags);
}

}  // namespace dragoman::linux_abi
