// Signal state of a task and of its process: dispositions, masks, pending signals, alternate stack.
#pragma once

#include <atomic>
#include <csignal>
#include <mutex>

#include "base/bits.h"

namespace dragoman::linux_abi {

inline constexpr int kSignalCount = 64;

/// A guest signal set: bit n-1 is signal n.
using SignalSet = u64;
constexpr SignalSet signal_bit(int signal) { return SignalSet{1} << (signal - 1); }

/// The guest's struct sigaction (riscv64: no restorer).
struct GuestSigaction {
    u64 handler;
    u64 flags;
    SignalSet mask;
};

struct SignalHandlers {
    std::mutex lock;
    GuestSigaction actions[kSignalCount + 1] = {};
};

/// Per task. Host signal handlers write `pending` and `info`; the task's own thread takes them.
struct SignalState {
    SignalSet blocked = 0;
    SignalSet saved_blocked = 0;  ///< mask to restore after sigsuspend, ppoll, pselect
    bool restore_blocked = false;
    std::atomic<SignalSet> pending{0};
    siginfo_t info[kSignalCount + 1];  ///< host siginfo of pending signals
    u64 altstack_sp = 0, altstack_size = 0;
    u32 altstack_flags = 2;  ///< SS_DISABLE
    siginfo_t fault_info;    ///< of the host fault behind kExceptionHostFault
};

}  // namespace dragoman::linux_abi
