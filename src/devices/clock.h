// Virtual time of a machine, and timers on it.
#pragma once

#include <functional>
#include <memory>

#include "base/bits.h"

namespace dragoman::devices {

/// Time as the guest sees it: stands still while the machine is stopped; with -icount it is a function of the
/// number of executed instructions. All functions from any thread.
class Clock {
public:
    virtual ~Clock() = default;
    /// Nanoseconds since the machine was made.
    virtual u64 now() const = 0;

    /// Calls a function once when the clock reaches a deadline; made by add_timer. The callback runs without
    /// locks of the clock, on the thread that runs timers (the machine's event loop, or a hart with -icount).
    class Timer {
    public:
        virtual ~Timer() = default;          ///< cancels, and waits for a running callback to end
        virtual void arm(u64 deadline) = 0;  ///< nanoseconds; replaces an earlier deadline
        virtual void cancel() = 0;
    };
    virtual std::unique_ptr<Timer> add_timer(std::function<void()> callback) = 0;
};

}  // namespace dragoman::devices
