#include "devices/block/worker.h"

#include <csignal>

#include <pthread.h>

#include "devices/short_turns.h"

namespace dragoman::devices::block {

Worker::Worker(const char* name, std::function<void()> work, TaskQueue* tasks) : work_(std::move(work)), tasks_(tasks) {
    if (tasks_ != nullptr) return;
    // Signals are for the threads that expect them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, name] { run(name); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Worker::~Worker() {
    {
        LockGuard held(lock_);
        quit_ = true;
    }
    wake_.notify_one();
    if (tasks_ == nullptr) thread_.join();
}

void Worker::kick() {
    {
        LockGuard held(lock_);
        if (kicked_) return;
        kicked_ = true;
    }
    if (tasks_ == nullptr) return WakeScope::wake(*this);
    tasks_->post([this] {
        {
            LockGuard held(lock_);
            kicked_ = false;
        }
        work_();
    });
}

void Worker::run(const char* name) {
    pthread_setname_np(pthread_self(), name);
    ask_for_short_turns();
    UniqueLock held(lock_);
    for (;;) {
        while (!kicked_ && !quit_) wake_.wait(held);
        if (quit_) return;
        kicked_ = false;
        held.unlock();
        work_();
        held.lock();
    }
}

}  // namespace dragoman::devices::block
