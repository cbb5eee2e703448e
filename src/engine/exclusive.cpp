// Exclusive sections: one vCPU waits until no other is running.
//
// Entering translated code happens far more often (at every system call) than an exclusive section. So
// the store of `running` and the load of `exclusive_pending` behind it are not ordered by a fence; the
// rare side makes all threads of the process pass one instead (membarrier).
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "engine/impl.h"

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
    static std::mutex lock;
    std::lock_guard guard(lock);
    DRAGOMAN_ASSERT(page != MAP_FAILED);
    ::mprotect(page, 4096, PROT_READ | PROT_WRITE);
    __atomic_fetch_add(static_cast<u32*>(page), 1, __ATOMIC_SEQ_CST);
    ::mprotect(page, 4096, PROT_READ);
}

}  // namespace

void Engine::Impl::enter_running(Worker& w) {
    for (;;) {
        w.running.store(true, std::memory_order_relaxed);
        // Pairs with begin_exclusive: either it sees us running, or we see it pending.
        std::atomic_signal_fence(std::memory_order_seq_cst);
        if (exclusive_pending.load(std::memory_order_acquire) == 0) return;
        leave_running(w);
        std::unique_lock lock(exclusive_lock);
        exclusive_changed.wait(lock, [&] { return exclusive_pending.load() == 0; });
    }
}

void Engine::Impl::leave_running(Worker& w) {
    w.running.store(false, std::memory_order_release);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (exclusive_pending.load(std::memory_order_acquire) != 0) {
        std::lock_guard lock(exclusive_lock);
        exclusive_changed.notify_all();
    }
}

void Engine::Impl::begin_exclusive(Worker& self) {
    leave_running(self);
    std::unique_lock lock(exclusive_lock);
    exclusive_changed.wait(lock, [&] { return exclusive_pending.load() == 0; });
    exclusive_pending.store(1);
    lock.unlock();
    barrier_on_all_threads();
    {
        // Who is added from now on waits in enter_running; who is removed is not running.
        std::lock_guard guard(tb_lock);
        for (Vcpu* v : vcpus) {
            if (v != &self) __atomic_fetch_or(&v->env->request, u32{kRequestExclusive}, __ATOMIC_SEQ_CST);
        }
    }
    lock.lock();
    exclusive_changed.wait(lock, [&] {
        std::lock_guard guard(tb_lock);
        for (const Worker* w : workers) {
            if (w != &self && w->running.load()) return false;
        }
        return true;
    });
}

void Engine::Impl::end_exclusive(Worker& self) {
    {
        std::lock_guard lock(exclusive_lock);
        exclusive_pending.store(0);
        exclusive_changed.notify_all();
    }
    enter_running(self);
}

void Engine::stop_others(ir::Env* env) { impl_->begin_exclusive(vcpu_of(env)); }

}  // namespace dragoman::engine
