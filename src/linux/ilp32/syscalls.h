// System calls of 32-bit ABIs whose time has always had 64 bits, where structures or arguments differ from those of
// 64-bit ones. All others are the same functions.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

// files.cpp
SyscallBody sys32_fcntl64, sys32_llseek, sys32_mmap2, sys32_preadv2, sys32_pwritev2, sys32_statfs64, sys32_fstatfs64,
    sys32_pselect6_time64, sys32_ioctl;
// process.cpp
SyscallBody sys32_getrusage, sys32_times, sys32_getitimer, sys32_setitimer, sys32_sysinfo, sys32_timer_create;
// ipc.cpp
SyscallBody sys32_mq_open, sys32_mq_getsetattr, sys32_mq_notify, sys32_semctl, sys32_shmctl, sys32_msgctl, sys32_msgsnd,
    sys32_msgrcv;

}  // namespace dragoman::linux_abi
