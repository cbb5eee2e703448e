// Waiting without sleeping, for a few instructions of another thread.
#pragma once

#include <atomic>

#include "base/mutex.h"
#include "base/thread_annotations.h"

namespace dragoman {

/// Of a loop that waits for another thread: leaves the core's resources to its other hardware thread for a moment.
inline void spin_hint() {
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("isb");
#endif
}

/// A lock that is hardly ever held, and never for long. Taken with LockGuard (base/mutex.h).
class DRAGOMAN_LOCKABLE("spin lock") SpinLock {
public:
    void lock() DRAGOMAN_ACQUIRE() {
        while (held_.exchange(true, std::memory_order_acquire)) spin_hint();
    }
    void unlock() DRAGOMAN_RELEASE() { held_.store(false, std::memory_order_release); }

private:
    std::atomic<bool> held_{false};
};

}  // namespace dragoman
