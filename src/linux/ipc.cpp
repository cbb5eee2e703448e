// System V and POSIX IPC control calls, keys: structures that differ or hold pointers.
#include <linux/keyctl.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/syscall.h>

#include <csignal>

#include "linux/files/host_iovec.h"
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

SyscallResult instantiate_key(Task& task, const SyscallArgs& args) {
    HostIovec payload;
    if (i64 error = payload.load(task, args[2], args[3])) return error;
    return raw_syscall(SYS_keyctl, args[0], args[1], payload.address(), args[3], args[4]);
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
        case KEYCTL_SEARCH:
        case KEYCTL_RESTRICT_KEYRING: return blocking<SYS_keyctl, args_set(2, 3)>(task, args);
        case KEYCTL_CAPABILITIES: return direct<SYS_keyctl, args_set(1)>(task, args);
        case KEYCTL_PKEY_QUERY: return blocking<SYS_keyctl, args_set(3, 4)>(task, args);
        case KEYCTL_PKEY_ENCRYPT:
        case KEYCTL_PKEY_DECRYPT:
        case KEYCTL_PKEY_SIGN:
        case KEYCTL_PKEY_VERIFY: return blocking<SYS_keyctl, args_set(1, 2, 3, 4)>(task, args);
        case KEYCTL_INSTANTIATE_IOV: return instantiate_key(task, args);
        // Its last argument points to a structure of pointers.
        case KEYCTL_DH_COMPUTE:
            if (args[4] != 0 && !task.space().pointers_are_hosts()) return -EOPNOTSUPP;
            return blocking<SYS_keyctl, args_set(1, 2)>(task, args);
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
        case KEYCTL_MOVE:
        case KEYCTL_WATCH_KEY:
        case KEYCTL_GET_PERSISTENT: return direct<SYS_keyctl>(task, args);
        default: return -EOPNOTSUPP;
    }
}

}  // namespace dragoman::linux_abi
