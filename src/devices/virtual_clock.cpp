#include "devices/virtual_clock.h"

namespace dragoman::devices {

VirtualClock::VirtualClock(EventLoop& loop) : loop_(loop), timers_([this] { loop_.wake(); }) {
    loop_.add_source([this] { return run_timers(); });
}

u64 VirtualClock::now() const {
    u64 stopped_at = stopped_at_.load(std::memory_order_acquire);
    if (stopped_at != kRunning) return stopped_at;
    return EventLoop::host_time() - host_start_.load(std::memory_order_relaxed);
}

std::unique_ptr<Clock::Timer> VirtualClock::add_timer(std::function<void()> callback) {
    return timers_.add(std::move(callback));
}

void VirtualClock::stop() {
    std::lock_guard lock(mutex_);
    stopped_at_.store(now(), std::memory_order_release);
}

void VirtualClock::cont() {
    {
        std::lock_guard lock(mutex_);
        u64 stopped_at = stopped_at_.load(std::memory_order_relaxed);
        if (stopped_at == kRunning) return;
        host_start_.store(EventLoop::host_time() - stopped_at, std::memory_order_relaxed);
        stopped_at_.store(kRunning, std::memory_order_release);
    }
    loop_.wake();  // it sleeps without a deadline while the clock stands still
}

u64 VirtualClock::run_timers() {
    if (stopped_at_.load(std::memory_order_acquire) != kRunning) {
        timers_.announce();
        return TimerQueue::kNever;
    }
    timers_.run_expired(now());
    u64 next = timers_.announce();
    u64 host = next + host_start_.load(std::memory_order_relaxed);
    return host < next ? TimerQueue::kNever : host;  // ~0 and what lies beyond the host's time
}

/// Since start().
u64 InstructionClock::executed() const {
    const i64* left = left_.load(std::memory_order_acquire);
    return left == nullptr ? 0 : static_cast<u64>(budget_ - __atomic_load_n(left, __ATOMIC_RELAXED));
}

u64 InstructionClock::now() const { return base_.load(std::memory_order_relaxed) + (executed() << shift_); }

u64 InstructionClock::instructions() const { return count_.load(std::memory_order_relaxed) + executed(); }

void InstructionClock::start(const i64* left, i64 budget, unsigned shift) {
    budget_ = budget;
    shift_ = shift;
    left_.store(left, std::memory_order_release);
}

void InstructionClock::finish() {
    u64 time = now(), count = instructions();
    left_.store(nullptr, std::memory_order_release);
    base_.store(time, std::memory_order_relaxed);
    count_.store(count, std::memory_order_relaxed);
}

}  // namespace dragoman::devices
