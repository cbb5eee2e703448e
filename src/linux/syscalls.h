// The system calls that need code of their own (all others pass through pass.h), by the file they are in.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

// files/files.cpp
SyscallBody sys_openat, sys_openat2, sys_truncate, sys_close, sys_close_range, sys_dup, sys_dup3, sys_fcntl,
    sys_getdents64, sys_readlinkat, sys_chdir, sys_chroot, sys_pivot_root, sys_setns;
// files/stat.cpp
SyscallBody sys_newfstatat, sys_fstat;
// files/vector_io.cpp
SyscallBody sys_readv, sys_writev, sys_preadv, sys_pwritev, sys_preadv2, sys_pwritev2, sys_vmsplice,
    sys_process_vm_readv, sys_process_vm_writev, sys_process_madvise;
// files/poll.cpp
SyscallBody sys_ppoll, sys_pselect6, sys_epoll_ctl, sys_epoll_pwait, sys_epoll_pwait2, sys_signalfd4;
/// pselect6 with host addresses, but for the last argument: the guest's pair of signal set and size.
SyscallBody select_descriptors;
// files/socket.cpp
SyscallBody sys_sendmsg, sys_recvmsg, sys_sendmmsg, sys_recvmmsg, sys_setsockopt;
// time.cpp
SyscallBody sys_clock_gettime, sys_gettimeofday, sys_getcpu, sys_nanosleep, sys_clock_nanosleep, sys_restart_syscall;
// ipc.cpp
SyscallBody sys_semctl, sys_shmctl, sys_msgctl, sys_mq_notify, sys_keyctl;
// tracing_calls.cpp
SyscallBody sys_perf_event_open, sys_bpf;
// files/native_aio.cpp
SyscallBody sys_io_setup, sys_io_destroy, sys_io_submit, sys_io_cancel, sys_io_getevents, sys_io_pgetevents;
// files/io_uring.cpp
SyscallBody sys_io_uring_setup, sys_io_uring_enter, sys_io_uring_register;
// files/xattrat.cpp
SyscallBody sys_setxattrat, sys_getxattrat;
// files/ioctl.cpp
SyscallBody sys_ioctl;
// system.cpp
SyscallBody sys_uname, sys_getrandom, sys_prctl, sys_getrlimit, sys_setrlimit, sys_prlimit64;

}  // namespace dragoman::linux_abi
