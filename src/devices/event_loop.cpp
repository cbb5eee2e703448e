// The I/O thread's loop on epoll. Callbacks run without the loop's lock, so that they may call everything here.
#include "devices/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <ctime>
#include <thread>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/error.h"
#include "base/mutex.h"

namespace dragoman::devices {

namespace {

constexpr u64 kNever = ~u64{0};
constexpr u64 kSecond = 1'000'000'000;

/// Waits until `deadline`. Kernels before 5.11 have no epoll_pwait2: milliseconds must do there.
int wait_until(int epoll, epoll_event* events, int count, u64 deadline) {
    if (deadline == kNever) return epoll_wait(epoll, events, count, -1);
    u64 now = EventLoop::host_time();
    u64 left = deadline > now ? deadline - now : 0;
    if (left == 0) return epoll_wait(epoll, events, count, 0);
    timespec timeout{static_cast<time_t>(left / kSecond), static_cast<long>(left % kSecond)};
    int n = epoll_pwait2(epoll, events, count, &timeout, nullptr);
    if (n >= 0 || errno != ENOSYS) return n;
    u64 milliseconds = (left + 999'999) / 1'000'000;
    return epoll_wait(epoll, events, count, milliseconds > 60'000 ? 60'000 : static_cast<int>(milliseconds));
}

}  // namespace

struct EventLoop::Impl {
    using Callback = std::function<void(u32 events)>;
    struct Watch {
        u32 events = 0;
        bool always_ready = false;  ///< a regular file, which epoll does not take
        std::shared_ptr<Callback> callback;
    };

    int epoll = -1, event = -1;
    std::atomic<bool> woken{false}, quitting{false};
    std::atomic<std::thread::id> thread{};

    Mutex mutex;
    ConditionVariable callback_done;
    std::unordered_map<int, Watch> watches DRAGOMAN_GUARDED_BY(mutex);
    unsigned always_ready DRAGOMAN_GUARDED_BY(mutex) = 0;
    int running_fd DRAGOMAN_GUARDED_BY(mutex) = -1;  ///< whose callback runs now
    std::vector<std::function<void()>> posted DRAGOMAN_GUARDED_BY(mutex);
    struct Source {
        unsigned number;
        std::shared_ptr<std::function<u64()>> function;
    };
    std::vector<Source> sources DRAGOMAN_GUARDED_BY(mutex);
    unsigned next_source DRAGOMAN_GUARDED_BY(mutex) = 0;
    std::function<u64()>* running_source DRAGOMAN_GUARDED_BY(mutex) = nullptr;

    bool on_loop_thread() const { return thread.load() == std::this_thread::get_id(); }

    void wait_for_callback(UniqueLock& lock, int fd) DRAGOMAN_REQUIRES(mutex) {
        while (!on_loop_thread() && running_fd == fd) callback_done.wait(lock);
    }

    void call(int fd, u32 events) {
        std::shared_ptr<Callback> callback;
        {
            LockGuard lock(mutex);
            auto found = watches.find(fd);
            if (found == watches.end()) return;
            u32 wanted = found->second.events;
            if ((events & (EPOLLERR | EPOLLHUP)) != 0) events |= (wanted & kReadable) != 0 ? kReadable : kWritable;
            events &= wanted;
            if (events == 0) return;
            callback = found->second.callback;
            running_fd = fd;
        }
        (*callback)(events);
        {
            LockGuard lock(mutex);
            running_fd = -1;
        }
        callback_done.notify_all();
    }

    void call_always_ready() {
        std::vector<std::pair<int, u32>> ready;
        {
            LockGuard lock(mutex);
            if (always_ready == 0) return;
            for (const auto& [fd, watch] : watches)
                if (watch.always_ready) ready.emplace_back(fd, watch.events);
        }
        for (auto [fd, events] : ready) call(fd, events);
    }

    void run_posted() {
        std::vector<std::function<void()>> functions;
        {
            LockGuard lock(mutex);
            functions.swap(posted);
        }
        for (auto& function : functions) function();
    }

    u64 ask_sources() {
        u64 deadline = kNever;
        UniqueLock lock(mutex);
        // By number: a source may add and remove some.
        for (unsigned number = 0; number < next_source; ++number) {
            auto found =
                std::find_if(sources.begin(), sources.end(), [&](const Source& s) { return s.number == number; });
            if (found == sources.end()) continue;
            auto function = found->function;
            running_source = function.get();
            lock.unlock();
            u64 wish = (*function)();
            if (wish < deadline) deadline = wish;
            lock.lock();
            running_source = nullptr;
            callback_done.notify_all();
        }
        return deadline;
    }

    void drain_event() {
        u64 count;
        while (::read(event, &count, sizeof count) < 0 && errno == EINTR) {
        }
        // After the read: a wake() from now on writes again.
        woken.store(false);
    }
};

EventLoop::EventLoop() : impl_(std::make_unique<Impl>()) {
    impl_->epoll = epoll_create1(EPOLL_CLOEXEC);
    impl_->event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = impl_->event;
    if (impl_->epoll < 0 || impl_->event < 0 || epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, impl_->event, &e) != 0)
        throw FatalError(1, "cannot make the event loop: no file descriptors");
}

EventLoop::~EventLoop() {
    close(impl_->event);
    close(impl_->epoll);
}

void EventLoop::watch(int fd, u32 events, std::function<void(u32)> callback) {
    UniqueLock lock(impl_->mutex);
    Impl::Watch& watch = impl_->watches[fd];
    if (watch.always_ready) --impl_->always_ready;
    watch = {events, false, std::make_shared<Impl::Callback>(std::move(callback))};
    epoll_event e{};
    e.events = events;
    e.data.fd = fd;
    // The number may have been closed and opened again behind our back, so only the kernel knows which one it is.
    int failed = epoll_ctl(impl_->epoll, EPOLL_CTL_MOD, fd, &e);
    if (failed != 0 && errno == ENOENT) failed = epoll_ctl(impl_->epoll, EPOLL_CTL_ADD, fd, &e);
    if (failed != 0 && errno == EPERM) {
        watch.always_ready = true;
        ++impl_->always_ready;
        lock.unlock();
        wake();
    }
}

void EventLoop::unwatch(int fd) {
    UniqueLock lock(impl_->mutex);
    auto found = impl_->watches.find(fd);
    if (found != impl_->watches.end()) {
        if (found->second.always_ready) --impl_->always_ready;
        impl_->watches.erase(found);
        epoll_ctl(impl_->epoll, EPOLL_CTL_DEL, fd, nullptr);
    }
    impl_->wait_for_callback(lock, fd);
}

void EventLoop::post(std::function<void()> function) {
    {
        LockGuard lock(impl_->mutex);
        impl_->posted.push_back(std::move(function));
    }
    wake();
}

unsigned EventLoop::add_source(std::function<u64()> function) {
    unsigned number;
    {
        LockGuard lock(impl_->mutex);
        number = impl_->next_source++;
        impl_->sources.push_back({number, std::make_shared<std::function<u64()>>(std::move(function))});
    }
    wake();
    return number;
}

void EventLoop::remove_source(unsigned number) {
    UniqueLock lock(impl_->mutex);
    auto found =
        std::find_if(impl_->sources.begin(), impl_->sources.end(), [&](const auto& s) { return s.number == number; });
    if (found == impl_->sources.end()) return;
    auto function = found->function;
    impl_->sources.erase(found);
    while (!impl_->on_loop_thread() && impl_->running_source == function.get()) impl_->callback_done.wait(lock);
}

u64 EventLoop::host_time() {
    timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return static_cast<u64>(t.tv_sec) * kSecond + static_cast<u64>(t.tv_nsec);
}

void EventLoop::wake() {
    if (impl_->woken.exchange(true)) return;
    u64 one = 1;
    while (::write(impl_->event, &one, sizeof one) < 0 && errno == EINTR) {
    }
}

void EventLoop::run() {
    impl_->thread.store(std::this_thread::get_id());
    prctl(PR_SET_TIMERSLACK, 1);  // the guest's timers should not be late by the usual 50 us
    epoll_event events[16];
    while (!impl_->quitting.load()) {
        impl_->run_posted();
        u64 deadline = impl_->ask_sources();
        {
            LockGuard lock(impl_->mutex);
            if (!impl_->posted.empty() || impl_->always_ready != 0) deadline = 0;
        }
        if (impl_->quitting.load()) break;
        int n = wait_until(impl_->epoll, events, 16, deadline);
        for (int i = 0; i < n; ++i) {
            if (events[i].data.fd == impl_->event) impl_->drain_event();
            else impl_->call(events[i].data.fd, events[i].events);
        }
        impl_->call_always_ready();
    }
    impl_->run_posted();
    impl_->quitting.store(false);
    impl_->thread.store({});
}

void EventLoop::quit() {
    impl_->quitting.store(true);
    wake();
}

}  // namespace dragoman::devices
