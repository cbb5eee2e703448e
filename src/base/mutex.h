// std::mutex, its guards and condition variable with the annotations of thread_annotations.h, which the standard
// library's own do not have. As cheap as those.
#pragma once

#include <condition_variable>
#include <mutex>
#include <shared_mutex>

#include "base/thread_annotations.h"

namespace dragoman {

class DRAGOMAN_LOCKABLE("mutex") Mutex {
public:
    void lock() DRAGOMAN_ACQUIRE() { mutex_.lock(); }
    void unlock() DRAGOMAN_RELEASE() { mutex_.unlock(); }
    bool try_lock() DRAGOMAN_TRY_ACQUIRE(true) { return mutex_.try_lock(); }

private:
    friend class UniqueLock;
    std::mutex mutex_;
};

/// Holds a mutex (or another lock) while it lives.
template <class M>
class DRAGOMAN_SCOPED_LOCK LockGuard {
public:
    explicit LockGuard(M& mutex) DRAGOMAN_ACQUIRE(mutex) : mutex_(mutex) { mutex.lock(); }
    ~LockGuard() DRAGOMAN_RELEASE() { mutex_.unlock(); }
    LockGuard(const LockGuard&) = delete;
    LockGuard& operator=(const LockGuard&) = delete;

private:
    M& mutex_;
};

/// Held by one who changes what it guards, or by any number who read it.
class DRAGOMAN_LOCKABLE("shared mutex") SharedMutex {
public:
    void lock() DRAGOMAN_ACQUIRE() { mutex_.lock(); }
    void unlock() DRAGOMAN_RELEASE() { mutex_.unlock(); }
    void lock_shared() DRAGOMAN_ACQUIRE_SHARED() { mutex_.lock_shared(); }
    void unlock_shared() DRAGOMAN_RELEASE_SHARED() { mutex_.unlock_shared(); }

private:
    std::shared_mutex mutex_;
};

/// Holds a shared mutex for reading while it lives.
class DRAGOMAN_SCOPED_LOCK SharedGuard {
public:
    explicit SharedGuard(SharedMutex& mutex) DRAGOMAN_ACQUIRE_SHARED(mutex) : mutex_(mutex) { mutex.lock_shared(); }
    ~SharedGuard() DRAGOMAN_RELEASE() { mutex_.unlock_shared(); }
    SharedGuard(const SharedGuard&) = delete;
    SharedGuard& operator=(const SharedGuard&) = delete;

private:
    SharedMutex& mutex_;
};

/// Holds a mutex while it lives, except between unlock and lock, and while a ConditionVariable waits.
class DRAGOMAN_SCOPED_LOCK UniqueLock {
public:
    explicit UniqueLock(Mutex& mutex) DRAGOMAN_ACQUIRE(mutex) : lock_(mutex.mutex_) {}
    ~UniqueLock() DRAGOMAN_RELEASE() {}
    void lock() DRAGOMAN_ACQUIRE() { lock_.lock(); }
    void unlock() DRAGOMAN_RELEASE() { lock_.unlock(); }
    /// Leaves the mutex locked, for somebody else to unlock. Where it is called, the checker cannot follow.
    void release() { lock_.release(); }

private:
    friend class ConditionVariable;
    std::unique_lock<std::mutex> lock_;
};

/// A std::condition_variable for UniqueLock. What guarded data a wait is for is tested in a loop around it: the checker
/// does not know that a predicate given to a wait runs with the lock held.
class ConditionVariable {
public:
    void wait(UniqueLock& lock) { condition_.wait(lock.lock_); }
    template <class Rep, class Period>
    std::cv_status wait_for(UniqueLock& lock, const std::chrono::duration<Rep, Period>& longest) {
        return condition_.wait_for(lock.lock_, longest);
    }
    template <class Clock, class Duration>
    std::cv_status wait_until(UniqueLock& lock, const std::chrono::time_point<Clock, Duration>& time) {
        return condition_.wait_until(lock.lock_, time);
    }
    void notify_one() { condition_.notify_one(); }
    void notify_all() { condition_.notify_all(); }

private:
    std::condition_variable condition_;
};

}  // namespace dragoman
