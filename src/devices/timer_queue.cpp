#include "devices/timer_queue.h"

#include <algorithm>

namespace dragoman::devices {

class TimerQueue::Entry final : public Clock::Timer {
public:
    Entry(TimerQueue& queue, std::function<void()> callback) : queue_(queue), callback_(std::move(callback)) {}
    ~Entry() override { queue_.remove(*this); }
    void arm(u64 deadline) override { queue_.set_deadline(*this, deadline); }
    void cancel() override { queue_.set_deadline(*this, kNever); }

private:
    friend class TimerQueue;
    TimerQueue& queue_;
    std::function<void()> callback_;
    u64 deadline_ = kNever;
    u64 round_ = 0;  ///< in which it was called last
};

std::unique_ptr<Clock::Timer> TimerQueue::add(std::function<void()> callback) {
    auto entry = std::make_unique<Entry>(*this, std::move(callback));
    LockGuard lock(mutex_);
    entries_.push_back(entry.get());
    return entry;
}

void TimerQueue::update_next() {
    u64 earliest = kNever;
    for (const Entry* entry : entries_) earliest = std::min(earliest, entry->deadline_);
    next_.store(earliest, std::memory_order_release);
}

void TimerQueue::set_deadline(Entry& entry, u64 deadline) {
    {
        LockGuard lock(mutex_);
        if (entry.deadline_ == deadline) return;
        entry.deadline_ = deadline;
        update_next();
        if (deadline >= announced_) return;
        announced_ = deadline;
    }
    if (on_earlier_) on_earlier_();
}

void TimerQueue::remove(Entry& entry) {
    UniqueLock lock(mutex_);
    std::erase(entries_, &entry);
    update_next();
    if (runner_ == std::this_thread::get_id()) return;
    while (running_ == &entry) callback_done_.wait(lock);
}

u64 TimerQueue::announce() {
    LockGuard lock(mutex_);
    return announced_ = next_.load(std::memory_order_relaxed);
}

void TimerQueue::run_expired(u64 now) {
    if (next() > now) return;
    UniqueLock lock(mutex_);
    ++round_;
    runner_ = std::this_thread::get_id();
    while (true) {
        Entry* first = nullptr;
        for (Entry* entry : entries_) {
            if (entry->deadline_ > now || entry->round_ == round_) continue;
            if (first == nullptr || entry->deadline_ < first->deadline_) first = entry;
        }
        if (first == nullptr) break;
        first->deadline_ = kNever;
        first->round_ = round_;
        running_ = first;
        update_next();
        // The callback may delete its own timer.
        auto callback = first->callback_;
        lock.unlock();
        callback();
        lock.lock();
        running_ = nullptr;
        callback_done_.notify_all();
    }
    runner_ = {};
}

}  // namespace dragoman::devices
