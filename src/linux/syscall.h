// How a guest system call is represented and dispatched. One table per guest ABI lists every call of
// Linux 6.12; each row names the function that carries it out and how -strace prints it.
#pragma once

#include <span>
#include <string_view>

#include "base/bits.h"

namespace dragoman::linux_abi {

class Task;

/// Arguments as the guest passed them.
struct SyscallArgs {
    u64 a[6];
    u64 operator[](unsigned i) const { return a[i]; }
};

/// Result of a call: value, or -errno (-4095..-1), or one of the internal results below.
using SyscallResult = i64;
/// Interrupted before any effect: restarted or turned into EINTR when the signal is delivered
/// (SA_RESTART), as the kernel's ERESTARTSYS.
inline constexpr SyscallResult kRestartSys = -512;
/// Interrupted before any effect: always restarted, after the handler (ERESTARTNOINTR).
inline constexpr SyscallResult kRestartNoInterrupt = -513;
/// Interrupted; restarted only when no handler runs (ERESTARTNOHAND).
inline constexpr SyscallResult kRestartNoHand = -514;
/// Interrupted; when no handler runs the guest makes restart_syscall instead, which goes on with the time that
/// is left (ERESTART_RESTARTBLOCK); the call has set the task's restart block (signals/signal_state.h).
inline constexpr SyscallResult kRestartBlock = -516;
/// The call has set the guest's registers itself (rt_sigreturn, execve): leave them alone.
inline constexpr SyscallResult kNoResult = -0x1000000;

/// What carries a call out. Declares functions too: `SyscallBody sys_close;`
using SyscallBody = SyscallResult(Task& task, const SyscallArgs& args);
using SyscallFunction = SyscallBody*;

struct SyscallInfo {
    u16 number;             ///< guest number
    std::string_view name;  ///< "openat"
    SyscallFunction run;
    /// For -strace: one word per argument, then '=' and that of the result if it is not a number (strace/strace.h).
    const char* format;
};

/// The row for a guest number; null when the table has none (the call then gives ENOSYS).
const SyscallInfo* find_syscall(unsigned number);
std::span<const SyscallInfo> syscall_table();

/// Runs a call with tracing; the guest's registers are not touched.
SyscallResult run_syscall(Task& task, unsigned number, const SyscallArgs& args);

/// Makes host system call `number` such that a guest signal that arrives before the kernel has begun
/// it is not missed: the call is then not made, and the result is kRestartNoInterrupt. A call that the
/// kernel ends with EINTR because of a guest signal gives kRestartSys. Use it for every call that can block.
/// @returns value or -errno, like the raw call.
SyscallResult safe_syscall(Task& task, long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0,
                           u64 a5 = 0);
/// Raw host system call for calls that cannot block. @returns value or -errno.
SyscallResult raw_syscall(long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0);

}  // namespace dragoman::linux_abi
