// Restarting socket calls: the kernel restarts them only when the socket has no timeout (sock_intr_errno); with one
// they end with EINTR.
#pragma once

#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>

#include "linux/pass.h"

namespace dragoman::linux_abi {

/// `result` of a call on descriptor args[0], with a restart turned into EINTR where the socket has a timeout.
template <int TimeoutOption>
SyscallResult socket_restart(const SyscallArgs& args, SyscallResult result) {
    if (result != kRestartSys) [[likely]]
        return result;
    timeval timeout{};
    socklen_t size = sizeof timeout;
    i64 error = raw_syscall(SYS_getsockopt, args[0], SOL_SOCKET, TimeoutOption, reinterpret_cast<u64>(&timeout),
                            reinterpret_cast<u64>(&size));
    bool limited = error == 0 && (timeout.tv_sec != 0 || timeout.tv_usec != 0);
    return limited ? -EINTR : kRestartSys;
}

/// A call that can block on a socket (or on another file, which has no timeout).
template <long Number, unsigned Pointers, int TimeoutOption>
SyscallResult on_socket(Task& task, const SyscallArgs& args) {
    return socket_restart<TimeoutOption>(args, blocking<Number, Pointers>(task, args));
}

}  // namespace dragoman::linux_abi
