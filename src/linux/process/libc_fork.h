// fork() of the C library with what only clone3 can ask for.
#pragma once

#include <linux/sched.h>
#include <sys/types.h>
#include <ucontext.h>

namespace dragoman::linux_abi {

/// si_code of the SIGSYS that the kernel makes of a system call for libc_fork.
inline constexpr int kSysUserDispatch = 2;  // SYS_USER_DISPATCH

/// Forks with `args`, which do not share memory. Like fork(), this takes the C library's locks before and puts them
/// right in the child, so that the child may allocate memory. SIGSYS must have the host handler, and not be blocked.
/// @returns the process id, 0 in the child, or -errno
pid_t libc_fork(clone_args& args);

/// Whether libc_fork is at work on this thread.
bool in_libc_fork();
/// Makes the system call that `uc` stands behind.
void make_diverted_syscall(ucontext_t* uc);

}  // namespace dragoman::linux_abi
