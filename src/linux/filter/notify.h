// SECCOMP_RET_USER_NOTIF: a call that a filter hands to whoever holds the listener's descriptor. The listener is the
// host kernel's own, so that it can be polled, inherited and sent to others: a filter of the host's hands it calls with
// numbers that no system call has, and a guest's call is made as such a one.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

/// Gives the calling thread a listener. @param synchronise also the other threads. @returns its descriptor or -errno
SyscallResult open_listener(bool synchronise, bool killable);
/// The host's other threads are to have the host's filters of the calling one, and its no_new_privs.
void synchronise_host_threads();

/// Waits for what the listener says; the call is then made, or skipped.
void ask_listener(Task& task, SyscallEntry& entry);

/// SECCOMP_IOCTL_NOTIF_RECV and SECCOMP_IOCTL_NOTIF_SEND.
SyscallResult listener_ioctl(Task& task, const SyscallArgs& args);

}  // namespace dragoman::linux_abi
