// The system calls of processes, threads, signals and the memory map. They need the task loop, the signal
// machinery and the address space; the tables of guests take them from here.
#pragma once

#include "linux/syscall.h"

namespace dragoman::linux_abi {

// Processes and threads.
SyscallBody sys_clone, sys_clone3, sys_execve, sys_execveat, sys_exit, sys_exit_group, sys_set_tid_address, sys_wait4,
    sys_waitid;

// Futexes and robust lists.
SyscallBody sys_futex, sys_set_robust_list, sys_get_robust_list;
// process/futex2.cpp
SyscallBody sys_futex_wake, sys_futex_wait, sys_futex_requeue, sys_futex_waitv;

// rseq/registration.cpp
SyscallBody sys_rseq, sys_membarrier;
// process/landlock.cpp
SyscallBody sys_landlock_create_ruleset, sys_landlock_add_rule, sys_landlock_restrict_self;

// Signals.
SyscallBody sys_rt_sigaction, sys_rt_sigprocmask, sys_rt_sigpending, sys_rt_sigsuspend, sys_rt_sigtimedwait,
    sys_rt_sigreturn, sys_rt_sigqueueinfo, sys_rt_tgsigqueueinfo, sys_sigaltstack, sys_kill, sys_tkill, sys_tgkill;

// filter/seccomp.cpp
SyscallBody sys_seccomp;

// trace/tracer.cpp
SyscallBody sys_ptrace;

// Memory map.
SyscallBody sys_mmap, sys_munmap, sys_mprotect, sys_mremap, sys_brk, sys_madvise, sys_msync, sys_shmat, sys_shmdt,
    sys_move_pages, sys_remap_file_pages, sys_mseal, sys_userfaultfd;
// memory/mapping_policy.cpp
SyscallBody sys_personality;

}  // namespace dragoman::linux_abi
