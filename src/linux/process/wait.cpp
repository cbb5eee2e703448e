// Waiting for children. The structures are the same on both sides; they go through the translator's own
// memory, because a child whose status could not be written would be lost.
#include <sys/resource.h>
#include <sys/syscall.h>

#include <cerrno>

#include "linux/syscalls_process.h"
#include "linux/task.h"

namespace dragoman::linux_abi {

SyscallResult sys_wait4(Task& task, const SyscallArgs& args) {
    int status = 0;
    rusage usage{};
    SyscallResult result = safe_syscall(task, SYS_wait4, args[0], reinterpret_cast<u64>(&status), args[2],
                                        args[3] != 0 ? reinterpret_cast<u64>(&usage) : 0);
    if (result <= 0) return result;
    if (args[1] != 0 && !task.write(args[1], status)) return -EFAULT;
    if (args[3] != 0 && !task.write(args[3], usage)) return -EFAULT;
    return result;
}

SyscallResult sys_waitid(Task& task, const SyscallArgs& args) {
    siginfo_t info{};
    rusage usage{};
    SyscallResult result = safe_syscall(task, SYS_waitid, args[0], args[1], reinterpret_cast<u64>(&info), args[3],
                                        args[4] != 0 ? reinterpret_cast<u64>(&usage) : 0);
    if (result < 0) return result;
    // The kernel writes these members only.
    constexpr std::size_t kWritten = offsetof(siginfo_t, si_status) + sizeof(int);
    if (args[2] != 0 && !task.write(args[2], &info, kWritten)) return -EFAULT;
    if (args[4] != 0 && info.si_pid != 0 && !task.write(args[4], usage)) return -EFAULT;
    return result;
}

}  // namespace dragoman::linux_abi
