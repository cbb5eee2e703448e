// A thread that does a disk's work when it is told that there is some.
#pragma once

#include <atomic>
#include <functional>
#include <thread>

#include "base/bits.h"

namespace dragoman::devices::block {

class Worker {
public:
    /// `work` runs on the thread after each kick(); kicks that come while it runs make it run once more.
    Worker(const char* name, std::function<void()> work);
    ~Worker();  ///< lets running work end
    Worker(const Worker&) = delete;
    Worker& operator=(const Worker&) = delete;

    void kick();  ///< any thread; cheap

private:
    enum : u32 { kIdle, kKicked, kQuit };

    void run(const char* name);

    std::function<void()> work_;
    std::atomic<u32> state_{kIdle};
    std::thread thread_;
};

}  // namespace dragoman::devices::block
