#include "linux/proc/proc_path.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <climits>

namespace dragoman::linux_abi {

namespace {

/// Whether /proc/`who` is the calling process. Its number there is another one than getpid() where /proc shows another
/// PID namespace.
bool is_own_number(std::string_view who) {
    if (who.empty() || who[0] < '0' || who[0] > '9') return false;
    std::string own = read_link("/proc/self");
    return who == (own.empty() ? std::to_string(getpid()) : own);
}

/// The kernel takes a thread's number for its process's, too.
bool is_own_thread(const Task& task, std::string_view who) {
    LockGuard lock(task.process->tasks_lock);
    return std::any_of(task.process->tasks.begin(), task.process->tasks.end(),
                       [who](const Task* other) { return who == std::to_string(other->tid); });
}

}  // namespace

ProcPath parse_proc_path(const Task& task, std::string_view path) {
    ProcPath result;
    if (!path.starts_with("/proc/")) return result;
    path.remove_prefix(5);
    auto next = [&path] {
        while (path.starts_with('/') || path.starts_with("./")) path.remove_prefix(1);
        size_t slash = std::min(path.find('/'), path.size());
        std::string_view part = path.substr(0, slash);
        path.remove_prefix(slash);
        return part;
    };
    std::string_view who = next(), entry = next(), thread;
    if (entry == "task") {
        thread = next();
        entry = next();
    }
    if (!path.empty() || entry.empty()) return result;
    const bool is_number = !who.empty() && who[0] >= '0' && who[0] <= '9';
    result.own = who == "self" || who == "thread-self" || is_own_number(who) || is_own_thread(task, who);
    if (!result.own && !is_number) return result;
    result.who = who;
    result.entry = entry;
    return result;
}

std::string read_link(const std::string& path) {
    char target[PATH_MAX];
    ssize_t length = ::readlink(path.c_str(), target, sizeof target);
    return std::string(target, length > 0 ? static_cast<size_t>(length) : 0);
}

std::string descriptor_path(int fd) {
    return read_link(fd == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(fd));
}

std::string absolute_in_proc(int dirfd, const std::string& path) {
    if (path.empty() || path[0] == '/') return path;
    std::string directory = descriptor_path(dirfd);
    if (directory != "/proc" && !directory.starts_with("/proc/")) return path;
    std::string_view rest = path;
    for (; rest.starts_with("./") || rest.starts_with("../"); rest.remove_prefix(rest[1] == '/' ? 2 : 3)) {
        if (rest[1] == '.') directory.resize(std::max<size_t>(directory.rfind('/'), 1));
    }
    return directory + '/' + std::string(rest);
}

}  // namespace dragoman::linux_abi
