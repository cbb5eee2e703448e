#include "devices/virtual_clock.h"

#include "base/bits.h"
#include "base/state.h"

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
    LockGuard lock(mutex_);
    stopped_at_.store(now(), std::memory_order_release);
}

void VirtualClock::cont() {
    {
        LockGuard lock(mutex_);
        u64 stopped_at = stopped_at_.load(std::memory_order_relaxed);
        if (stopped_at == kRunning) return;
        host_start_.store(EventLoop::host_time() - stopped_at, std::memory_order_relaxed);
        stopped_at_.store(kRunning, std::memory_order_release);
    }
    loop_.wake();  // it sleeps without a deadline while the clock stands still
}

void VirtualClock::set(u64 now) {
    LockGuard lock(mutex_);
    if (stopped_at_.load(std::memory_order_relaxed) != kRunning) stopped_at_.store(now, std::memory_order_release);
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

InstructionClock::Reading InstructionClock::read() const {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    for (;;) {
        u32 version = version_.load(std::memory_order_acquire);
        Reading reading{base_.load(kRelaxed), count_.load(kRelaxed)};
        if (const i64* left = left_.load(kRelaxed)) {
            auto executed = static_cast<u64>(budget_.load(kRelaxed) - __atomic_load_n(left, __ATOMIC_RELAXED));
            reading.time += executed << shift_.load(kRelaxed);
            reading.cycles += executed;
        }
        std::atomic_thread_fence(std::memory_order_acquire);
        if ((version & 1) == 0 && version_.load(kRelaxed) == version) return reading;
    }
}

u64 InstructionClock::now() const { return read().time; }

u64 InstructionClock::cycles() const { return read().cycles; }

void InstructionClock::change(const i64* left, i64 budget, unsigned shift, Reading skipped) {
    constexpr auto kRelaxed = std::memory_order_relaxed;
    Reading reading = read();
    version_.fetch_add(1, kRelaxed);
    std::atomic_thread_fence(std::memory_order_release);
    base_.store(reading.time + skipped.time, kRelaxed);
    count_.store(reading.cycles + skipped.cycles, kRelaxed);
    left_.store(left, kRelaxed);
    budget_.store(budget, kRelaxed);
    shift_.store(shift, kRelaxed);
    version_.fetch_add(1, std::memory_order_release);
}

void InstructionClock::start(const i64* left, i64 budget, unsigned shift) { change(left, budget, shift); }

void InstructionClock::finish() { change(nullptr, 0, 0); }

void InstructionClock::advance(u64 nanoseconds, unsigned shift) {
    u64 counted = part_of_cycle_ + nanoseconds;
    part_of_cycle_ = counted & low_mask(shift);
    change(nullptr, 0, 0, {nanoseconds, counted >> shift});
}

void InstructionClock::visit(State& state) {
    Reading reading = read();
    state.field("time", reading.time);
    state.field("cycles", reading.cycles);
    state.field("part of cycle", part_of_cycle_);
    if (!state.loading()) return;
    base_ = reading.time;
    count_ = reading.cycles;
}

}  // namespace dragoman::devices
