#include "linux/files/text_busy.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <string>

#include "linux/files/path.h"
#include "linux/syscall.h"

#ifndef AT_EXECVE_CHECK
#define AT_EXECVE_CHECK 0x10000
#endif

namespace dragoman::linux_abi {

namespace {

/// Where no file has bytes, and nobody else locks any alone. Being a lock for reading, it is only in the way of one for
/// writing on all of the file, which needs it open for writing: that is what may not be.
constexpr off_t kLockedByte = 0x7fff'6472'6167'6f6d;

/// Locks there are messages to a server.
constexpr u32 kRemote[] = {0x6969 /* NFS */,      0x517b /* SMB */,    0xfe534d42 /* SMB2 */, 0xff534d42 /* CIFS */,
                           0x65735546 /* FUSE */, 0x01021997 /* 9P */, 0x00c36400 /* Ceph */, 0x5346414f /* AFS */};

bool is_remote(int fd) {
    struct statfs info;
    return ::fstatfs(fd, &info) != 0 ||
           std::find(std::begin(kRemote), std::end(kRemote), static_cast<u32>(info.f_type)) != std::end(kRemote);
}

struct flock lock_of(short type) {
    struct flock lock {};
    lock.l_type = type;
    lock.l_whence = SEEK_SET;
    lock.l_start = kLockedByte;
    lock.l_len = 1;
    return lock;
}

bool may_be_program(const struct stat& info) { return S_ISREG(info.st_mode) && (info.st_mode & 0111) != 0; }

bool is_locked(int fd) {
    struct flock lock = lock_of(F_WRLCK);
    return ::fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type == F_RDLCK && lock.l_start == kLockedByte &&
           lock.l_len == 1;
}

SyscallResult ask_kernel(int fd) {
    static const char kNoName[] = "";
    return raw_syscall(SYS_execveat, static_cast<u64>(fd), reinterpret_cast<u64>(kNoName), 0, 0,
                       AT_EMPTY_PATH | AT_EXECVE_CHECK);
}

}  // namespace

// The lock belongs to the open file, which the mappings of its segments hold after the descriptor has been closed.
void mark_executed(int fd) {
    if (is_remote(fd)) return;
    struct flock lock = lock_of(F_RDLCK);
    ::fcntl(fd, F_OFD_SETLK, &lock);
}

bool may_write_existing(int flags) {
    const bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0;
    const bool is_new = (flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL) || (flags & O_TMPFILE) == O_TMPFILE;
    return writes && !is_new && !(flags & O_PATH);
}

bool is_executed(int fd) {
    struct stat info;
    return ::fstat(fd, &info) == 0 && may_be_program(info) && is_locked(fd);
}

bool is_executed(int dirfd, const char* path, int flags) {
    if (!may_write_existing(flags)) return false;
    struct stat info;
    const int follow = flags & O_NOFOLLOW ? AT_SYMLINK_NOFOLLOW : 0;
    std::string resolved;
    if (path[0] == '/' && has_sysroot()) {
        resolved = resolve_path(path, follow == 0);
        path = resolved.c_str();
    }
    if (::fstatat(dirfd, path, &info, follow) != 0 || !may_be_program(info)) return false;
    constexpr int kQuiet = O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = ::openat(dirfd, path, O_RDONLY | kQuiet);
    if (fd < 0) fd = ::openat(dirfd, path, O_WRONLY | kQuiet);
    if (fd < 0) return false;
    const bool locked = is_locked(fd);
    ::close(fd);
    return locked;
}

bool host_checks_execution() {
    static const bool checks = ask_kernel(-1) != -EINVAL;
    return checks;
}

i64 check_execution(int fd) {
    const SyscallResult checked = ask_kernel(fd);
    if (checked != -EINVAL) return checked == -ETXTBSY || checked == -EACCES ? checked : 0;
    // A kernel without that check. A lease for reading is not given while somebody writes; who comes while we have it
    // has to wait, and we would be told with a signal.
    ::fcntl(fd, F_SETSIG, SIGURG);
    if (::fcntl(fd, F_SETLEASE, F_RDLCK) != 0) return errno == EAGAIN ? -ETXTBSY : 0;
    ::fcntl(fd, F_SETLEASE, F_UNLCK);
    return 0;
}

}  // namespace dragoman::linux_abi
