// Exclusive sections: one worker waits until no other is running.
//
// Entering translated code happens far more often (at every system call) than an exclusive section. So
// the store of `running` and the load of `pending_` behind it are not ordered by a fence; the
// rare side makes all threads of the process pass one instead (membarrier).
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <new>

#include "base/error.h"
#include "engine/vcpu.h"
#include "engine/workers.h"

namespace dragoman::engine {

namespace {

/// Every running thread of the process executes a full memory barrier before this returns.
void barrier_on_all_threads() {
    static const bool expedited = ::syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
    if (expedited && ::syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) == 0) return;
    if (::syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0) return;
    // Kernels without membarrier: taking write permission from a touched page interrupts all CPUs that
    // run this process.
    static void* const page = ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    static Mutex lock;
    LockGuard guard(lock);
    DRAGOMAN_ASSERT(page != MAP_FAILED);
    ::mprotect(page, 4096, PROT_READ | PROT_WRITE);
    __atomic_fetch_add(static_cast<u32*>(page), 1, __ATOMIC_SEQ_CST);
    ::mprotect(page, 4096, PROT_READ);
}

}  // namespace

void Workers::wait_for_end(UniqueLock& held) {
    while (pending_.load() != 0) changed_.wait(held);
}

bool Workers::others_running(const Worker& self) const {
    return std::any_of(all.begin(), all.end(), [&](const Worker* w) { return w != &self && w->running.load(); });
}

void Workers::enter_running(Worker& w) {
    for (;;) {
        w.running.store(true, std::memory_order_relaxed);
        // Pairs with begin_exclusive: either it sees us running, or we see it pending.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (pending_.load(std::memory_order_acquire) == 0) return;
        leave_running(w);
        UniqueLock held(lock);
        wait_for_end(held);
    }
}

void Workers::leave_running(Worker& w) {
    w.running.store(false, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (pending_.load(std::memory_order_acquire) != 0) {
        LockGuard guard(lock);
        changed_.notify_all();
    }
}

void Workers::begin_exclusive(Worker& self) {
    leave_running(self);
    UniqueLock held(lock);
    wait_for_end(held);
    pending_.store(1);
    held.unlock();
    barrier_on_all_threads();
    held.lock();
    // Who is added from now on waits in enter_running; who is removed is not running.
    for (Worker* w : all) {
        if (w != &self) w->ask_to_leave();
    }
    while (others_running(self)) changed_.wait(held);
}

void Workers::end_exclusive(Worker& self) {
    {
        LockGuard guard(lock);
        pending_.store(0);
        changed_.notify_all();
    }
    enter_running(self);
}

/// Not followed by the checker, as end_fork unlocks what is locked here.
void Workers::begin_fork() {
    UniqueLock held(lock);
    wait_for_end(held);
    held.release();
}

void Workers::after_fork_child(Worker& self) {
    // What the others were translating is lost with their chunks, whose arenas they may have been changing.
    for (const Worker* w : all) {
        if (w != &self && w->translator.chunk() != nullptr) new (&w->translator.chunk()->arena) Arena;
    }
    all.assign(1, &self);
    // They wait for nothing any more.
    new (&changed_) ConditionVariable;
}

}  // namespace dragoman::engine
