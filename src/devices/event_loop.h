// The machine's I/O thread: file descriptors, timers and posted functions. Block I/O has threads of its own.
#pragma once

#include <functional>
#include <memory>

#include "base/bits.h"
#include "devices/task_queue.h"

namespace dragoman::devices {

class EventLoop final : public TaskQueue {
public:
    EventLoop();
    ~EventLoop();
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;

    enum : u32 { kReadable = 1, kWritable = 4 };  // as EPOLLIN, EPOLLOUT

    /// Calls `callback(events)` on the loop's thread while `fd` is ready for some of `events`; error and hang-up are
    /// reported as readable. Any thread. A second call for the same fd replaces the first.
    /// Regular files count as always ready.
    void watch(int fd, u32 events, std::function<void(u32 events)> callback);
    /// Ends the watching of `fd` (nothing where there was none), before it is closed. On other threads than the
    /// loop's it waits for a running callback of `fd`: don't hold a lock then that the callback takes.
    void unwatch(int fd);
    /// Runs `function` on the loop's thread soon. Any thread.
    void post(std::function<void()> function) override;
    /// Calls `function` before each sleep; it returns the host time (CLOCK_MONOTONIC, ns) at which the loop must wake
    /// for it at the latest, ~0 for never. For timers and libslirp.
    /// @returns its number for remove_source
    unsigned add_source(std::function<u64()> function);
    /// On other threads than the loop's it waits for a running call to end.
    void remove_source(unsigned number);
    /// Makes the loop ask its sources anew. Any thread.
    void wake();

    /// CLOCK_MONOTONIC in nanoseconds.
    static u64 host_time();

    /// Runs until quit() is called.
    void run();
    void quit();

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace dragoman::devices
