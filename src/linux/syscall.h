// How a guest system call is represented and dispatched. One table per guest ABI (Arch::syscalls) lists every call of
// Linux 6.18; each row names the function that carries it out and how -strace prints it.
#pragma once

#include <array>
#include <atomic>
#include <cerrno>
#include <iterator>
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
constexpr bool is_restart(SyscallResult result) {
    return result == kRestartSys || result == kRestartNoInterrupt || result == kRestartNoHand ||
           result == kRestartBlock;
}
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
    // For docs/syscalls.md, which a test writes.
    const char* host = "";  ///< the version of the host's kernel that it takes; "": any
    const char* note = "";  ///< what is different from the guest's own kernel
};

/// The calls of one guest ABI.
struct SyscallTable {
    std::span<const SyscallInfo> rows;           ///< by ascending number
    std::span<const u16> row_of;                 ///< by number: position in `rows` plus one, 0 for none
    std::span<const SyscallFunction> functions;  ///< by number: all that a call without -strace touches

    /// The row for a guest number; null when there is none (the call then gives ENOSYS).
    const SyscallInfo* find(unsigned number) const {
        return number < row_of.size() && row_of[number] != 0 ? &rows[row_of[number] - 1u] : nullptr;
    }
};

/// A call that this kernel has not been configured with, or that the translator cannot carry out.
template <int Error>
SyscallResult refuse(Task&, const SyscallArgs&) {
    return -Error;
}

/// What a SyscallTable points to. Rows: a constexpr array of SyscallInfo by ascending number.
template <const auto& Rows>
struct SyscallIndex {
    static constexpr unsigned kNumbers = std::rbegin(Rows)->number + 1u;
    static constexpr auto kRowOf = [] {
        std::array<u16, kNumbers> rows{};
        for (unsigned i = 0; i < std::size(Rows); ++i) rows[Rows[i].number] = static_cast<u16>(i + 1);
        return rows;
    }();
    static constexpr auto kFunctions = [] {
        std::array<SyscallFunction, kNumbers> functions{};
        functions.fill(refuse<ENOSYS>);
        for (const SyscallInfo& info : Rows) functions[info.number] = info.run;
        return functions;
    }();
    static constexpr SyscallTable kTable{Rows, kRowOf, kFunctions};
};

/// A call that the guest is about to make.
struct SyscallEntry {
    unsigned number;
    SyscallArgs args;
    bool skip = false;         ///< the call is not made, and
    SyscallResult result = 0;  ///< this is its result
};

/// Sees every system call before it is made (what ptrace's stops and seccomp's filters need). Process::syscall_hooks.
class SyscallHook {
public:
    virtual ~SyscallHook() = default;
    /// May change number and arguments, or skip the call; the guest's registers keep what the guest has put there, so
    /// that a call that is restarted after a signal comes by again as it was. On the task's own thread; may block.
    virtual void syscall_entry(Task& task, SyscallEntry& entry) = 0;
};

/// The hooks of a process, in the order in which they are asked. Any thread may set one while others make calls; it
/// then stays until the process ends.
class SyscallHooks {
public:
    enum class Stage : u8 { Trace, Filter };  // as the kernel does: a tracer's changes are filtered, too

    void set(Stage stage, SyscallHook* hook) {
        hooks_[static_cast<unsigned>(stage)].store(hook, std::memory_order_release);
    }
    bool empty() const { return !at(0) && !at(1); }
    /// Asks them until one skips the call.
    void ask(Task& task, SyscallEntry& entry) const {
        for (unsigned i = 0; i < hooks_.size() && !entry.skip; ++i) {
            if (SyscallHook* hook = at(i)) hook->syscall_entry(task, entry);
        }
    }

private:
    SyscallHook* at(unsigned i) const { return hooks_[i].load(std::memory_order_acquire); }
    std::array<std::atomic<SyscallHook*>, 2> hooks_{};
};

/// Asks the hooks, in their order until one skips the call, and makes what they leave of it, with tracing (-strace
/// shows the changed call). The guest's registers are not touched.
SyscallResult run_syscall(Task& task, SyscallEntry& entry);

/// Makes the call, or skips it: no hooks, no tracing.
SyscallResult make_syscall(Task& task, const SyscallEntry& entry);

/// Makes host system call `number` such that a guest signal that arrives before the kernel has begun
/// it is not missed: the call is then not made, and the result is kRestartNoInterrupt. A call that the
/// kernel ends with EINTR because of a guest signal gives kRestartSys. Use it for every call that can block.
/// @returns value or -errno, like the raw call.
SyscallResult safe_syscall(Task& task, long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0,
                           u64 a5 = 0);
/// Raw host system call for calls that cannot block. @returns value or -errno.
SyscallResult raw_syscall(long number, u64 a0 = 0, u64 a1 = 0, u64 a2 = 0, u64 a3 = 0, u64 a4 = 0, u64 a5 = 0);

}  // namespace dragoman::linux_abi
