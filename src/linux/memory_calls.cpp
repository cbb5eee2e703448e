// System calls about the memory map.
#include <sys/mman.h>
#include <sys/syscall.h>

#include <cerrno>

#include "base/descriptors.h"
#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

SyscallResult sys_mmap(Task& task, const SyscallArgs& args) {
    int flags = static_cast<int>(args[3]), fd = static_cast<int>(args[4]);
    if (!(flags & MAP_ANONYMOUS) && is_reserved_descriptor(fd)) return -EBADF;
    return task.space().mmap(args[0], args[1], static_cast<int>(args[2]), flags, fd, args[5]);
}

SyscallResult sys_munmap(Task& task, const SyscallArgs& args) { return task.space().munmap(args[0], args[1]); }

SyscallResult sys_mprotect(Task& task, const SyscallArgs& args) {
    return task.space().mprotect(args[0], args[1], static_cast<int>(args[2]));
}

SyscallResult sys_mremap(Task& task, const SyscallArgs& args) {
    return task.space().mremap(args[0], args[1], args[2], static_cast<int>(args[3]), args[4]);
}

SyscallResult sys_brk(Task& task, const SyscallArgs& args) { return task.space().brk(args[0]); }

SyscallResult sys_madvise(Task& task, const SyscallArgs& args) {
    return task.space().madvise(args[0], args[1], static_cast<int>(args[2]));
}

SyscallResult sys_msync(Task& task, const SyscallArgs& args) {
    return safe_syscall(task, SYS_msync, args[0] + task.space().guest_base(), args[1], args[2]);
}

SyscallResult sys_shmat(Task& task, const SyscallArgs& args) {
    return task.space().shmat(static_cast<int>(args[0]), args[1], static_cast<int>(args[2]));
}

SyscallResult sys_shmdt(Task& task, const SyscallArgs& args) { return task.space().shmdt(args[0]); }

}  // namespace dragoman::linux_abi
