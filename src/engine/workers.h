// The threads that use an engine, and how one of them gets to be alone (workers.cpp).
#pragma once

#include <atomic>
#include <vector>

#include "base/mutex.h"

namespace dragoman::engine {

struct Worker;

class Workers {
public:
    /// Taken before Blocks::lock where both are held.
    Mutex lock;
    /// Vcpus, and what translates for them.
    std::vector<Worker*> all DRAGOMAN_GUARDED_BY(lock);

    /// `w` may hold pointers to TBs, run their code and write code, from here ...
    void enter_running(Worker& w) DRAGOMAN_EXCLUDES(lock);
    /// ... to here.
    void leave_running(Worker& w) DRAGOMAN_EXCLUDES(lock);

    /// From here until end_exclusive no worker is running. `self` was, and is again afterwards.
    void begin_exclusive(Worker& self) DRAGOMAN_EXCLUDES(lock);
    void end_exclusive(Worker& self) DRAGOMAN_EXCLUDES(lock);

    /// Around fork: returns with the lock, when no exclusive section is under way.
    void begin_fork() DRAGOMAN_ACQUIRE(lock) DRAGOMAN_UNCHECKED_LOCKING;
    /// Only the thread of `self` has come into the child.
    void after_fork_child(Worker& self) DRAGOMAN_REQUIRES(lock);
    void end_fork() DRAGOMAN_RELEASE(lock) { lock.unlock(); }

private:
    void wait_for_end(UniqueLock& held) DRAGOMAN_REQUIRES(lock);
    bool others_running(const Worker& self) const DRAGOMAN_REQUIRES(lock);

    ConditionVariable changed_;
    /// Somebody wants to be alone, or is. Written under the lock.
    std::atomic<u32> pending_{0};
};

}  // namespace dragoman::engine
