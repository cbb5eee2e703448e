// Exclusive sections: one vCPU waits until no other is running.
#include "engine/impl.h"

namespace dragoman::engine {

void Engine::Impl::enter_running(Vcpu& v) {
    for (;;) {
        v.running.store(true);
        // Pairs with begin_exclusive: either it sees us running, or we see it pending.
        if (exclusive_pending.load() == 0) return;
        leave_running(v);
        std::unique_lock lock(exclusive_lock);
        exclusive_changed.wait(lock, [&] { return exclusive_pending.load() == 0; });
    }
}

void Engine::Impl::leave_running(Vcpu& v) {
    v.running.store(false);
    if (exclusive_pending.load() != 0) {
        std::lock_guard lock(exclusive_lock);
        exclusive_changed.notify_all();
    }
}

void Engine::Impl::begin_exclusive(Vcpu& self) {
    leave_running(self);
    std::unique_lock lock(exclusive_lock);
    exclusive_changed.wait(lock, [&] { return exclusive_pending.load() == 0; });
    exclusive_pending.store(1);
    lock.unlock();
    {
        // A vCPU that attaches from now on waits in enter_running; one that detaches is not running.
        std::lock_guard guard(tb_lock);
        for (Vcpu* v : vcpus) {
            if (v != &self) __atomic_fetch_or(&v->env->request, u32{kRequestExclusive}, __ATOMIC_SEQ_CST);
        }
    }
    lock.lock();
    exclusive_changed.wait(lock, [&] {
        std::lock_guard guard(tb_lock);
        for (Vcpu* v : vcpus) {
            if (v != &self && v->running.load()) return false;
        }
        return true;
    });
}

void Engine::Impl::end_exclusive(Vcpu& self) {
    {
        std::lock_guard lock(exclusive_lock);
        exclusive_pending.store(0);
        exclusive_changed.notify_all();
    }
    enter_running(self);
}

}  // namespace dragoman::engine
