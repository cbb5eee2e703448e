#include "linux/core/core_status.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/close_range.h>
#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "base/bits.h"
#include "linux/core/core_name.h"
#include "linux/signals/signals.h"

namespace dragoman::linux_abi {

namespace {

/// Removes the files of a directory, and it. No allocation: other threads' locks are as they were at the fork.
void remove_directory(const char* path) {
    int fd = ::open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    alignas(8) char buffer[4096];
    for (long size; fd >= 0 && (size = ::syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
        for (long at = 0; at < size;) {
            auto* entry = reinterpret_cast<dirent64*>(buffer + at);
            ::unlinkat(fd, entry->d_name, 0);
            at += entry->d_reclen;
        }
    }
    ::rmdir(path);
}

/// The process that is left: of no session and no parent's, with no descriptor of the guest's.
[[noreturn]] void wait_and_remove(int process, const char* directory) {
    ::setsid();
    ::dup2(process, 0);
    ::syscall(SYS_close_range, 1u, ~0u, 0u);
    pollfd end{0, POLLIN, 0};
    ::poll(&end, 1, 60'000);
    remove_directory(directory);
    ::_exit(0);
}

bool leave_remover(const char* directory) {
    int process = static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0));
    if (process < 0) return false;
    block_host_signals();
    // Without a signal at its end: nothing that the guest could see.
    long child = ::syscall(SYS_clone, 0, 0, 0, 0, 0);
    if (child == 0) {
        if (::syscall(SYS_clone, 0, 0, 0, 0, 0) == 0) wait_and_remove(process, directory);
        ::_exit(0);
    }
    if (child > 0) ::syscall(SYS_wait4, child, 0, __WALL, 0);
    ::close(process);
    return child > 0;
}

bool limit_to_headers() {
    int fd = ::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && ::write(fd, "0", 1) == 1;
    if (fd >= 0) ::close(fd);
    return done;
}

}  // namespace

void forbid_host_dump() {
    // 1 and not 0, because only 1 keeps the kernel from starting the program of a core_pattern that is a pipe.
    rlimit limit{};
    if (::getrlimit(RLIMIT_CORE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max == 0 ? 0 : 1;
    ::setrlimit(RLIMIT_CORE, &limit);
}

void tell_of_dump(std::string_view pattern) {
    if (is_pipe(pattern)) {
        if (!limit_to_headers()) forbid_host_dump();
        return;
    }
    bool relative = !pattern.empty() && pattern.find('/') == pattern.npos;
    for (const char* place : {"/dev/shm", "/tmp", "."}) {
        char directory[] = "/dev/shm/dragoman-XXXXXX";
        if (!relative) break;
        std::strcpy(directory, place);
        std::strcat(directory, "/dragoman-XXXXXX");
        if (::mkdtemp(directory) == nullptr) continue;
        if (limit_to_headers() && leave_remover(directory) && ::chdir(directory) == 0) return;
        ::rmdir(directory);
        break;
    }
    forbid_host_dump();
}

}  // namespace dragoman::linux_abi
