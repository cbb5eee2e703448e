// System V and POSIX IPC control calls, keys and vectors of futexes: structures that differ or hold pointers.
#include <linux/futex.h>
#include <linux/keyctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <csignal>

#include "linux/layouts.h"
#include "linux/pass.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

// The kernel's structures of shared memory and message queues are the same on both sides.

constexpr unsigned kSemStatAny = 20;  // SEM_STAT_ANY
constexpr unsigned kShmStatAny = 15;  // SHM_STAT_ANY
constexpr unsigned kMsgStatAny = 13;  // MSG_STAT_ANY

/// semctl, shmctl, msgctl pass the last argument as a pointer where the command takes one.
SyscallResult control(Task& task, long number, const SyscallArgs& args, unsigned last) {
    SyscallArgs h = args;
    h.a[last] = host_pointer(task, args[last]);
    return with_code_released(task, [&] { return raw_syscall(number, h[0], h[1], h[2], h[3]); });
}

SyscallResult get_semid(Task& task, const SyscallArgs& args) {
    HostSemid host;
    SyscallResult result = raw_syscall(SYS_semctl, args[0], args[1], args[2], reinterpret_cast<u64>(&host));
    if (result < 0) return result;
    return write_semid(task, args[3], host) ? result : -EFAULT;
}

SyscallResult set_semid(Task& task, const SyscallArgs& args) {
    HostSemid host;
    if (!read_semid(task, args[3], host)) return -EFAULT;
    return raw_syscall(SYS_semctl, args[0], args[1], args[2], reinterpret_cast<u64>(&host));
}

}  // namespace

SyscallResult sys_semctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[2])) {
        case IPC_STAT:
        case SEM_STAT:
        case kSemStatAny: return get_semid(task, args);
        case IPC_SET: return set_semid(task, args);
        case GETALL:
        case SETALL:
        case IPC_INFO:
        case SEM_INFO: return control(task, SYS_semctl, args, 3);
        default: return raw_syscall(SYS_semctl, args[0], args[1], args[2], args[3]);
    }
}

SyscallResult sys_shmctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[1])) {
        case IPC_STAT:
        case IPC_SET:
        case IPC_INFO:
        case SHM_INFO:
        case SHM_STAT:
        case kShmStatAny: return control(task, SYS_shmctl, args, 2);
        default: return raw_syscall(SYS_shmctl, args[0], args[1], args[2]);
    }
}

SyscallResult sys_msgctl(Task& task, const SyscallArgs& args) {
    switch (static_cast<unsigned>(args[1])) {
        case IPC_STAT:
        case IPC_SET:
        case IPC_INFO:
        case MSG_INFO:
        case MSG_STAT:
        case kMsgStatAny: return control(task, SYS_msgctl, args, 2);
        default: return raw_syscall(SYS_msgctl, args[0], args[1], args[2]);
    }
}

SyscallResult sys_mq_notify(Task& task, const SyscallArgs& args) {
    sigevent event;
    if (args[1] == 0) return raw_syscall(SYS_mq_notify, args[0], 0);
    if (!task.read(event, args[1])) return -EFAULT;
    if (event.sigev_notify == SIGEV_THREAD)
        event.sigev_value.sival_ptr = task.host(reinterpret_cast<u64>(event.sigev_value.sival_ptr));
    return raw_syscall(SYS_mq_notify, args[0], reinterpret_cast<u64>(&event));
}

SyscallResult sys_keyctl(Task& task, const SyscallArgs& args) {
    switch (args[0]) {
        case KEYCTL_JOIN_SESSION_KEYRING: return direct<SYS_keyctl, args_set(1)>(task, args);
        case KEYCTL_UPDATE:
        case KEYCTL_DESCRIBE:
        case KEYCTL_READ:
        case KEYCTL_INSTANTIATE:
        case KEYCTL_GET_SECURITY: return blocking<SYS_keyctl, args_set(2)>(task, args);
        case KEYCTL_SEARCH: return blocking<SYS_keyctl, args_set(2, 3)>(task, args);
        case KEYCTL_GET_KEYRING_ID:
        case KEYCTL_REVOKE:
        case KEYCTL_CHOWN:
        case KEYCTL_SETPERM:
        case KEYCTL_CLEAR:
        case KEYCTL_LINK:
        case KEYCTL_UNLINK:
        case KEYCTL_NEGATE:
        case KEYCTL_SET_REQKEY_KEYRING:
        case KEYCTL_SET_TIMEOUT:
        case KEYCTL_ASSUME_AUTHORITY:
        case KEYCTL_SESSION_TO_PARENT:
        case KEYCTL_REJECT:
        case KEYCTL_INVALIDATE:
        case KEYCTL_GET_PERSISTENT: return direct<SYS_keyctl>(task, args);
        default: return -EOPNOTSUPP;  // as of a kernel without these kinds of key
    }
}

SyscallResult sys_futex_waitv(Task& task, const SyscallArgs& args) {
    constexpr u64 kMaxWaiters = FUTEX_WAITV_MAX;
    futex_waitv waiters[kMaxWaiters];
    u64 count = static_cast<u32>(args[1]);
    if (count == 0 || count > kMaxWaiters || args[0] == 0 || args[2] != 0) return -EINVAL;
    if (args[3] != 0 && args[4] != CLOCK_MONOTONIC && args[4] != CLOCK_REALTIME) return -EINVAL;
    if (!task.read(waiters, args[0], count * sizeof(futex_waitv))) return -EFAULT;
    for (u64 i = 0; i < count; ++i) waiters[i].uaddr = host_pointer(task, waiters[i].uaddr);
    return safe_syscall(task, SYS_futex_waitv, reinterpret_cast<u64>(waiters), count, args[2],
                        host_pointer(task, args[3]), args[4]);
}

}  // namespace dragoman::linux_abi
