#include "devices/block/worker.h"

#include <csignal>

#include <pthread.h>

namespace dragoman::devices::block {

Worker::Worker(const char* name, std::function<void()> work) : work_(std::move(work)) {
    // Signals are for the threads that expect them.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    thread_ = std::thread([this, name] { run(name); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

Worker::~Worker() {
    state_.store(kQuit);
    state_.notify_one();
    thread_.join();
}

void Worker::kick() {
    u32 idle = kIdle;
    if (state_.compare_exchange_strong(idle, kKicked)) state_.notify_one();
}

void Worker::run(const char* name) {
    pthread_setname_np(pthread_self(), name);
    for (;;) {
        state_.wait(kIdle);
        u32 kicked = kKicked;
        if (!state_.compare_exchange_strong(kicked, kIdle)) return;
        work_();
    }
}

}  // namespace dragoman::devices::block
