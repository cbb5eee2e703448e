// File status.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "linux/layouts.h"
#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

// The host's struct stat may be larger than the guest's, so it never goes straight to guest memory.
SyscallResult put_stat(Task& task, u64 address, const struct stat& host) {
    return write_stat(task, address, host) ? 0 : -EFAULT;
}

}  // namespace

SyscallResult sys_fstat(Task& task, const SyscallArgs& args) {
    struct stat host;
    SyscallResult result = raw_syscall(SYS_fstat, args[0], reinterpret_cast<u64>(&host));
    return result < 0 ? result : put_stat(task, args[1], host);
}

SyscallResult sys_newfstatat(Task& task, const SyscallArgs& args) {
    GuestPath path;
    if (i64 error = path.load(task, args[1], (args[3] & AT_SYMLINK_NOFOLLOW) == 0, static_cast<int>(args[0])))
        return error;
    struct stat host;
    SyscallResult result = raw_syscall(SYS_newfstatat, args[0], path.host(), reinterpret_cast<u64>(&host), args[3]);
    return result < 0 ? result : put_stat(task, args[2], host);
}

}  // namespace dragoman::linux_abi
