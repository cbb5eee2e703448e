#include "linux/files/path.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/descriptors.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

namespace {

bool present = false;
/// -1 when there is none, or no descriptor for it: then names are put together.
std::atomic<int> root{-1};
std::string root_path;
std::string root_real_path;  // without symbolic links, as /proc/self/exe shows it
/// A kernel or a container may lack openat2: absolute links then lead out of the sysroot.
bool have_openat2 = true;

bool climbs(std::string_view path) {
    for (std::size_t at = path.find("/.."); at != path.npos; at = path.find("/..", at + 1)) {
        if (at + 3 == path.size() || path[at + 3] == '/') return true;
    }
    return false;
}

/// Guests also name files below the sysroot by where they are on the host, because that is how they were started. To
/// have absolute links in it mean the same then, such a path is taken for the one that it is inside.
const char* inside_root(const char* path) {
    for (const std::string* directory : {&root_path, &root_real_path}) {
        std::size_t length = directory->size();
        if (length > 1 && std::strncmp(path, directory->c_str(), length) == 0 && path[length] == '/') {
            return climbs(path + length) ? path : path + length;
        }
    }
    return path;
}

/// Where the kernel's own file systems are: those directories of a sysroot are mount points that nothing is mounted on.
/// What is below them is looked for in the sysroot first, like everything else.
bool is_mount_point(std::string_view path) {
    while (path.size() > 1 && path.back() == '/') path.remove_suffix(1);
    return path == "/proc" || path == "/sys" || path == "/dev";
}

i64 call(Task* task, long number, u64 a0, u64 a1, u64 a2, u64 a3) {
    return task ? safe_syscall(*task, number, a0, a1, a2, a3) : raw_syscall(number, a0, a1, a2, a3);
}

i64 open_in_root(Task* task, const char* path, int flags) {
    open_how how{};
    how.flags = static_cast<u32>(flags);
    how.resolve = RESOLVE_IN_ROOT;
    for (;;) {
        const int directory = root.load();
        i64 result = call(task, SYS_openat2, static_cast<u64>(directory), reinterpret_cast<u64>(path),
                          reinterpret_cast<u64>(&how), sizeof how);
        // The guest may have taken the number for itself meanwhile (make_way).
        if (directory == root.load()) return result;
        if (result >= 0) close(static_cast<int>(result));
    }
}

std::string join_if_present(const std::string& path, bool follow) {
    std::string joined = root_path + path;
    return faccessat(AT_FDCWD, joined.c_str(), F_OK, follow ? 0 : AT_SYMLINK_NOFOLLOW) == 0 ? joined : path;
}

/// Whether `error` of a try under the sysroot says that the path is to be looked for outside it.
bool is_absent(i64 error) { return error == -ENOENT || error == -ENOTDIR; }

}  // namespace

int open_sysroot(const std::string& directory) {
    if (directory.empty()) return 0;
    int fd = open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno != EMFILE && errno != ENFILE) return -errno;
    present = true;
    root_path = directory;
    std::unique_ptr<char, decltype(&std::free)> real(::realpath(directory.c_str(), nullptr), std::free);
    root_real_path = real ? real.get() : "";
    if (fd < 0) return 0;
    root = reserve_descriptor(fd, &root);
    if (root == fd) {  // where the guest could close or replace it
        close(fd);
        root = -1;
        return 0;
    }
    i64 probe = open_in_root(nullptr, "/", O_PATH | O_CLOEXEC);
    have_openat2 = probe >= 0;
    if (have_openat2) close(static_cast<int>(probe));
    return 0;
}

void close_sysroot() {
    if (root >= 0) release_descriptor(root);
    root = -1;
    present = false;
}

bool has_sysroot() { return present; }
int sysroot_fd() { return root; }

std::string resolve_path(const std::string& path, bool follow) {
    if (!present || path.empty() || path[0] != '/' || is_mount_point(path)) return path;
    if (!have_openat2 || root < 0) return join_if_present(path, follow);
    i64 fd = open_in_root(nullptr, inside_root(path.c_str()), O_PATH | O_CLOEXEC | (follow ? 0 : O_NOFOLLOW));
    if (fd == -EMFILE || fd == -ENFILE) return join_if_present(path, follow);
    if (fd < 0) return path;
    char link[32], target[PATH_MAX];
    std::snprintf(link, sizeof link, "/proc/self/fd/%d", static_cast<int>(fd));
    ssize_t length = readlink(link, target, sizeof target);
    close(static_cast<int>(fd));
    if (length <= 0 || target[0] != '/') return root_path + inside_root(path.c_str());  // no /proc here
    return std::string(target, static_cast<size_t>(length));
}

i64 open_path(Task* task, int dirfd, const char* path, int flags, unsigned mode) {
    std::string joined;
    if (present && path[0] == '/' && !is_mount_point(path)) {
        if (have_openat2 && root >= 0) {
            // A file that does not exist yet is created outside the sysroot.
            bool exclusive = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
            i64 fd =
                open_in_root(task, inside_root(path), exclusive ? O_PATH | O_NOFOLLOW | O_CLOEXEC : flags & ~O_CREAT);
            if (fd >= 0 && exclusive) {
                close(static_cast<int>(fd));
                return -EEXIST;
            }
            // openat2 refuses flag combinations that openat lets pass: leave the verdict to openat.
            if (!is_absent(fd) && fd != -EINVAL) return fd;
            if (fd == -EINVAL) joined = resolve_path(path, (flags & O_NOFOLLOW) == 0);
        } else {
            joined = join_if_present(path, (flags & O_NOFOLLOW) == 0);
        }
    }
    const char* name = joined.empty() ? path : joined.c_str();
    return call(task, SYS_openat, dirfd, reinterpret_cast<u64>(name), static_cast<u32>(flags), mode);
}

}  // namespace dragoman::linux_abi
