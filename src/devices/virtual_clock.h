// The two clocks of a machine: one that follows the host's time, and one that -icount derives from
// executed instructions.
#pragma once

#include <atomic>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/event_loop.h"
#include "devices/timer_queue.h"

namespace dragoman {
class State;
}

namespace dragoman::devices {

/// Follows CLOCK_MONOTONIC from 0 while the machine runs. The event loop runs its timers. Lives longer than
/// the loop's run().
class VirtualClock final : public Clock {
public:
    /// Starts stopped: cont() at the machine's first instruction.
    explicit VirtualClock(EventLoop& loop);

    u64 now() const override;
    std::unique_ptr<Timer> add_timer(std::function<void()> callback) override;

    /// The machine stops or goes on; twice is as once. Any thread.
    void stop();
    void cont();
    /// While the clock stands still: it shows `now`. Timers keep their deadlines.
    void set(u64 now);

private:
    u64 run_timers();

    static constexpr u64 kRunning = ~u64{0};
    EventLoop& loop_;
    TimerQueue timers_;
    Mutex mutex_;                     ///< of stop and cont
    std::atomic<u64> stopped_at_{0};  ///< the time while stopped, kRunning otherwise
    std::atomic<u64> host_start_{0};  ///< host's time at 0
};

/// A function of the instructions that harts, one at a time, have executed. Timers run on the thread of the one that
/// runs.
class InstructionClock final : public Clock {
public:
    /// @param on_earlier  called when a timer is armed that comes before announce(): the budget of instructions is to
    /// be
    ///                    computed anew
    explicit InstructionClock(std::function<void()> on_earlier) : timers_(std::move(on_earlier)) {}

    u64 now() const override;
    std::unique_ptr<Timer> add_timer(std::function<void()> callback) override {
        return timers_.add(std::move(callback));
    }

    /// How many have been executed, and would have been while none was. Any thread.
    u64 cycles() const;

    // The running hart's thread
    /// From now on time passes by 2^shift ns for each that `*left` becomes less than `budget`; until finish().
    void start(const i64* left, i64 budget, unsigned shift);
    void finish();
    /// So much time has passed while no instruction was executed; a cycle takes 2^shift ns.
    void advance(u64 nanoseconds, unsigned shift = 0);
    /// Calls the timers that have expired.
    void run_expired() { timers_.run_expired(now()); }
    /// While it is not running: saves or loads what it shows (base/state.h). Timers keep their deadlines.
    void visit(State& state);
    /// How far the hart may run, or an idle one may skip; ~0 for any time.
    u64 next_deadline() { return timers_.announce(); }

private:
    struct Reading {
        u64 time, cycles;
    };
    Reading read() const;
    /// What has passed so far is kept, and what `skipped` says more; then time follows `left`.
    void change(const i64* left, i64 budget, unsigned shift, Reading skipped = {0, 0});

    /// Odd while the hart's thread changes what follows: others read again.
    std::atomic<u32> version_{0};
    std::atomic<u64> base_{0};   ///< the time at start()
    std::atomic<u64> count_{0};  ///< the cycles at start()
    std::atomic<const i64*> left_{nullptr};
    std::atomic<i64> budget_{0};
    std::atomic<unsigned> shift_{0};
    u64 part_of_cycle_ = 0;  ///< nanoseconds that advance() has not counted yet
    TimerQueue timers_;
};

}  // namespace dragoman::devices
