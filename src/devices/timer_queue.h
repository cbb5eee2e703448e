// The timers of one clock, whatever the clock derives its time from.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "devices/clock.h"

namespace dragoman::devices {

/// A machine has one or two timers per hart and a few of devices, so that a plain list does. Any thread may
/// add, arm and cancel; one thread at a time runs what has expired.
class TimerQueue {
public:
    static constexpr u64 kNever = ~u64{0};

    /// @param on_earlier  called (any thread, without locks) when the earliest deadline comes before the one that
    ///                    announce() told last
    explicit TimerQueue(std::function<void()> on_earlier) : on_earlier_(std::move(on_earlier)) {}

    std::unique_ptr<Clock::Timer> add(std::function<void()> callback);
    /// The earliest deadline; kNever when there is none.
    u64 next() const { return next_.load(std::memory_order_acquire); }
    /// The same, remembered: whoever sleeps until then is told of earlier ones.
    u64 announce();
    /// Calls those that have expired at `now`, by deadline, each at most once.
    void run_expired(u64 now);

private:
    class Entry;
    void set_deadline(Entry& entry, u64 deadline);
    void remove(Entry& entry);
    void update_next() DRAGOMAN_REQUIRES(mutex_);

    std::function<void()> on_earlier_;
    std::atomic<u64> next_{kNever};
    Mutex mutex_;
    ConditionVariable callback_done_;
    std::vector<Entry*> entries_ DRAGOMAN_GUARDED_BY(mutex_);
    u64 announced_ DRAGOMAN_GUARDED_BY(mutex_) = kNever;
    u64 round_ DRAGOMAN_GUARDED_BY(mutex_) = 0;  ///< run_expired's number
    Entry* running_ DRAGOMAN_GUARDED_BY(mutex_) = nullptr;
    std::thread::id runner_ DRAGOMAN_GUARDED_BY(mutex_){};
};

}  // namespace dragoman::devices
