// Signals of the guest: how they come from the host, and how they reach the guest's handlers.
#pragma once

#include "linux/signals/signal_state.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi {

class Task;
struct Process;

/// Signals that the host thread never blocks, because guest accesses raise them.
inline constexpr SignalSet kNeverBlocked = signal_bit(SIGSEGV) | signal_bit(SIGBUS);
inline constexpr SignalSet kUnblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);

/// Takes over what the process inherited: ignored signals, the mask. Installs the fault handlers.
/// `task` is the calling thread's.
void init_signals(Task& task);
/// Gives the calling thread a stack for host signal handlers; freed by the other function.
void make_host_signal_stack();
void free_host_signal_stack();

/// Makes the host act as the guest's disposition of `signal` demands.
void install_host_action(int signal, const GuestSigaction& action);

/// Sets the calling thread's host mask, with SIGSEGV and SIGBUS unblocked, unless a signal is in hand.
/// @returns whether it was set
bool set_host_mask(Task& task, SignalSet mask);
/// Blocks all signals on the calling thread. @returns the mask before
SignalSet block_host_signals();
void restore_host_signals(SignalSet mask);

/// A system call that is to be made again, or has to give EINTR: that depends on the signal.
struct Restart {
    SyscallResult kind = 0;  ///< kRestartSys and so on; 0: none
    u64 first_argument = 0;
};

/// While somebody traces a task of the process, all signals come to us, whatever the guest has chosen.
void catch_all_signals(Task& task, bool all);

/// Whether deliver_signals has something to do.
bool has_signals(const Task& task);
/// Brings the signals in hand to the guest: enters handlers, carries out default actions.
void deliver_signals(Task& task, Restart& restart);
/// Brings one signal to the guest, as deliver_signals does.
void deliver_signal(Task& task, siginfo_t info, Restart& restart);
/// Settles `restart` when no signal is in hand.
void restart_now(Task& task, Restart& restart);

/// A guest may queue itself a signal with the si_code of a fault, as only the kernel may to others. On its way through
/// the host such a code carries another sign, so that the fault handlers tell it from a fault.
/// @returns the code to queue with `signal`
i32 queued_code(int signal, i32 code);
/// @returns the code that was queued
i32 code_from_queue(int signal, i32 code);

/// A signal that the guest's own instruction caused: cannot be blocked or ignored.
void force_signal(Task& task, siginfo_t info);
/// Ends the process as the default action of the signal does.
[[noreturn]] void die_by_signal(Task& task, const siginfo_t& info);

/// The same, without a core dump.
[[noreturn]] void end_by_signal(Task& task, int signal);

/// sigaltstack as rt_sigreturn does it: errors are ignored.
void restore_altstack(Task& task, u64 sp, u64 size, u32 flags);

}  // namespace dragoman::linux_abi
