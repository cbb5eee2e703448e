// Signal state of a task and of its process: dispositions, masks, signals in hand, alternate stack.
#pragma once

#include <atomic>
#include <csignal>

#include "base/bits.h"
#include "base/mutex.h"

namespace dragoman::linux_abi {

inline constexpr int kSignalCount = 64;

/// A guest signal set: bit n-1 is signal n.
using SignalSet = u64;
constexpr SignalSet signal_bit(int signal) { return SignalSet{1} << (signal - 1); }

/// The guest's struct sigaction, in no architecture's layout (linux/layouts.h).
struct GuestSigaction {
    u64 handler;
    u64 flags;
    SignalSet mask;
    u64 restorer = 0;  ///< where architectures have one; elsewhere the vDSO has the return trampoline
};

struct SignalHandlers {
    Mutex lock;
    GuestSigaction actions[kSignalCount + 1] DRAGOMAN_GUARDED_BY(lock) = {};
};

/// Signals that the host has delivered to this thread and the guest has not seen yet, oldest first. The
/// host's signal handler puts them in, the thread itself takes them out.
class SignalQueue {
public:
    static constexpr u32 kCapacity = 64;

    /// Address of the two indices, for the check in front of a host system call (safe_syscall).
    const u32* indices() const { return &head_; }
    u32 count() const { return __atomic_load_n(&tail_, __ATOMIC_ACQUIRE) - __atomic_load_n(&head_, __ATOMIC_ACQUIRE); }
    bool empty() const { return count() == 0; }

    /// In the host's signal handler.
    void put(const siginfo_t& info) {
        // The handler may be interrupted by another signal: each has a place of its own.
        const u32 at = __atomic_fetch_add(&tail_, 1, __ATOMIC_RELEASE);
        items_[at % kCapacity] = info;
    }
    /// In the thread itself.
    siginfo_t take() {
        siginfo_t info = items_[head_ % kCapacity];
        __atomic_store_n(&head_, head_ + 1, __ATOMIC_RELEASE);
        return info;
    }

private:
    u32 head_ = 0, tail_ = 0;
    siginfo_t items_[kCapacity];
};

/// Never the value of SignalState::host_blocked when that is known.
inline constexpr SignalSet kUnknownMask = ~SignalSet{0};

/// Per task. While nothing is in hand, the host thread blocks exactly what the guest blocks, except
/// SIGSEGV and SIGBUS; so the kernel keeps the guest's pending signals.
struct SignalState {
    SignalSet blocked = 0;
    /// Mask in force during a call like rt_sigsuspend, until a handler has been entered.
    bool suspended = false;
    SignalSet suspend_mask = 0;
    /// The host thread's mask as last set, without SIGSEGV and SIGBUS.
    SignalSet host_blocked = 0;

    SignalQueue queue;
    /// SIGSEGV and SIGBUS that were sent while the guest blocks them.
    SignalSet held = 0;
    siginfo_t held_segv, held_bus;

    u64 altstack_sp = 0, altstack_size = 0;
    u32 altstack_flags = 2;  ///< SS_DISABLE
    siginfo_t fault_info;    ///< of the last host fault, host addresses
};

}  // namespace dragoman::linux_abi
