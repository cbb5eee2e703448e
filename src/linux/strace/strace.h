// -strace: system calls decoded in strace's form, one line each, in the log (-D).
//
// The format of a table row has one word per argument: a number form (int uint long ulong hex oct ptr), a thing (fd,
// dirfd, path, in, out, stat, timespec, ...) or the name of a set of flags or of an enumeration (open, prot, mmap,
// ...).
// "= WORD" says how the result is shown.
#pragma once

#include <atomic>
#include <csignal>
#include <string>

#include "linux/syscall.h"

namespace dragoman::linux_abi {

/// Makes the call (make_syscall) and prints its line.
SyscallResult trace_syscall(Task& task, const SyscallEntry& entry);

/// "--- SIGSEGV {si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10} ---"; for the signals that the guest gets.
void trace_signal(Task& task, int signal, const siginfo_t& info);
/// "+++ exited with 0 +++" or "+++ killed by SIGSEGV +++" (signal not 0).
void trace_end(Task& task, int status, int signal, bool dumped = false);
/// The execve line that a program begins with.
void trace_start(Task& task);

/// Whether there has been more than one task: its number then stands in front of each line.
extern std::atomic<bool> trace_pids;

/// One line without its end, for a call and its result: what trace_syscall prints (for tests).
std::string format_call(Task& task, const SyscallInfo& info, const SyscallArgs& args, SyscallResult result);

}  // namespace dragoman::linux_abi
