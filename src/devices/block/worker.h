// A thread that does a disk's work when it is told that there is some.
#pragma once

#include <functional>
#include <thread>

#include "base/mutex.h"
#include "devices/task_queue.h"
#include "devices/wake_scope.h"

namespace dragoman::devices::block {

class Worker final : private Sleeper {
public:
    /// `work` runs on the thread after each kick(); kicks that come while it runs make it run once more.
    /// @param tasks  who runs it instead of a thread of its own; null: nobody
    Worker(const char* name, std::function<void()> work, TaskQueue* tasks = nullptr);
    ~Worker();  ///< lets running work end
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void kick();  ///< any thread; cheap. The thread is woken at the end of the caller's WakeScope.

private:
    void run(const char* name);
    void wake_up() override { wake_.notify_one(); }

    std::function<void()> work_;
    TaskQueue* const tasks_;
    // No std::atomic::wait: it yields the processor before it sleeps, and by that a turn that is due at the next kick
    // when all processors are busy.
    Mutex lock_;
    ConditionVariable wake_;
    bool kicked_ DRAGOMAN_GUARDED_BY(lock_) = false;
    bool quit_ DRAGOMAN_GUARDED_BY(lock_) = false;
    std::thread thread_;
};

}  // namespace dragoman::devices::block
