// Reads and writes through arrays of buffers.
#include <sys/syscall.h>

#include "linux/files/host_iovec.h"
#include "linux/files/socket_timeout.h"
#include "linux/syscalls.h"

namespace dragoman::linux_abi {

namespace {

/// @tparam Array position of the array; its count is the next argument
template <long Number, unsigned Array = 1>
SyscallResult with_iovec(Task& task, const SyscallArgs& args) {
    HostIovec iovec;
    if (i64 error = iovec.load(task, args[Array], args[Array + 1])) return error;
    SyscallArgs h = args;
    h.a[Array] = iovec.address();
    return with_code_released(task, [&] { return safe_syscall(task, Number, h[0], h[1], h[2], h[3], h[4], h[5]); });
}

/// The addresses in another process are those of its own translator.
template <long Number>
SyscallResult with_remote_iovec(Task& task, const SyscallArgs& args) {
    HostIovec local, remote;
    if (i64 error = local.load(task, args[1], args[2])) return error;
    if (i64 error = remote.load(task, args[3], args[4])) return error;
    return with_code_released(task, [&] {
        return raw_syscall(Number, args[0], local.address(), args[2], remote.address(), args[4], args[5]);
    });
}

}  // namespace

SyscallResult sys_readv(Task& task, const SyscallArgs& args) {
    return socket_restart<SO_RCVTIMEO>(args, with_iovec<SYS_readv>(task, args));
}
SyscallResult sys_writev(Task& task, const SyscallArgs& args) {
    return socket_restart<SO_SNDTIMEO>(args, with_iovec<SYS_writev>(task, args));
}
SyscallResult sys_preadv(Task& task, const SyscallArgs& args) { return with_iovec<SYS_preadv>(task, args); }
SyscallResult sys_pwritev(Task& task, const SyscallArgs& args) { return with_iovec<SYS_pwritev>(task, args); }
SyscallResult sys_preadv2(Task& task, const SyscallArgs& args) { return with_iovec<SYS_preadv2>(task, args); }
SyscallResult sys_pwritev2(Task& task, const SyscallArgs& args) { return with_iovec<SYS_pwritev2>(task, args); }
SyscallResult sys_vmsplice(Task& task, const SyscallArgs& args) { return with_iovec<SYS_vmsplice>(task, args); }
SyscallResult sys_process_madvise(Task& task, const SyscallArgs& args) {
    return with_iovec<SYS_process_madvise>(task, args);
}
SyscallResult sys_process_vm_readv(Task& task, const SyscallArgs& args) {
    return with_remote_iovec<SYS_process_vm_readv>(task, args);
}
SyscallResult sys_process_vm_writev(Task& task, const SyscallArgs& args) {
    return with_remote_iovec<SYS_process_vm_writev>(task, args);
}

}  // namespace dragoman::linux_abi
