#include "machine/hart.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <utility>

#include "base/error.h"
#include "base/log.h"
#include "base/state.h"
#include "machine/counted_time.h"

namespace dragoman::machine {

Hart::Hart(unsigned id, engine::Engine& engine, const guest::Model& model, devices::Clock& clock, Host& host)
    : id_(id),
      engine_(engine),
      system_(*engine.guest().cpu.system),
      clock_(clock),
      host_(host),
      env_(engine.guest().cpu.create(model)) {
    attention_ = true;
    timer_ = clock.add_timer([this] {
        timer_due_.store(true, std::memory_order_release);
        kick();
    });
}

Hart::~Hart() {
    timer_.reset();
    engine_.guest().cpu.destroy(env_);
}

void Hart::start() {
    thread_ = std::thread([this] { main(); });
    std::string name = "hart " + std::to_string(id_);
    pthread_setname_np(thread_.native_handle(), name.c_str());
}

void Hart::request_pause() {
    {
        LockGuard lock(mutex_);
        pause_ = true;
        attention_.store(true, std::memory_order_release);
    }
    kick();
}

void Hart::wait_paused() {
    UniqueLock lock(mutex_);
    while (!paused_) state_.wait(lock);
}

void Hart::resume() {
    LockGuard lock(mutex_);
    pause_ = false;
    wake_.notify_one();
}

void Hart::call(const std::function<void()>& function) {
    UniqueLock lock(mutex_);
    DRAGOMAN_ASSERT(pause_);
    while (!paused_ || call_ != nullptr) state_.wait(lock);
    call_ = &function;
    wake_.notify_one();
    while (call_ == &function) state_.wait(lock);
}

void Hart::join() {
    if (!thread_.joinable()) return;
    {
        LockGuard lock(mutex_);
        quit_ = true;
        wake_.notify_one();
    }
    thread_.join();
}

void Hart::reset(u64 pc) {
    timer_->cancel();
    timer_due_ = false;
    in_call_ = waiting_ = told_stopped_ = false;
    halted_ = false;
    system_.reset(env_, id_);
    env_->pc = pc;
    if (log::enabled(log::Item::CpuReset)) [[unlikely]] {
        std::fprintf(log::stream(), "CPU Reset (CPU %u)\n%s", id_, engine_.guest().cpu.dump_registers(env_).c_str());
    }
}

void Hart::visit(State& state) {
    state.field("in call", in_call_);
    state.field("waiting", waiting_);
    state.field("last wait", last_wait_);
    if (state.loading()) {
        timer_->cancel();
        timer_due_ = false;
        polls_ = 0;
        halted_ = waiting_;
    }
    state.section("cpu", [&] { system_.visit(env_, state); });
}

void Hart::set_step(bool on) {
    step_ = on;
    engine_.set_single_step(env_, on);
}

void Hart::set_irq(unsigned line, bool level) {
    system_.set_interrupt(env_, line, level);
    if (level) kick();
}

void Hart::timer_changed() {
    u64 ticks = system_.next_timer(env_);
    u64 nanoseconds = ticks == ~u64{0} ? ticks : host_.deadline(ticks);
    if (nanoseconds == ~u64{0}) {
        timer_->cancel();
        return;
    }
    if (nanoseconds > clock_.now()) {
        timer_->arm(nanoseconds);
        return;
    }
    timer_->cancel();
    timer_due_.store(true, std::memory_order_release);
    engine::Engine::request_exit(env_);
}

void Hart::kick() {
    engine::Engine::request_exit(env_);
    kicked_.store(true, std::memory_order_relaxed);
    // Pairs with wait_for_interrupt and sleep_polling: either this sees the hart halted, or the hart sees what has
    // changed.
    std::atomic_thread_fence(std::memory_order_seq_cst);
    if (counted_ != nullptr) return counted_->wake(*this);
    if (halted_.load(std::memory_order_relaxed)) devices::WakeScope::wake(*this);
}

void Hart::wake_up() {
    { LockGuard lock(mutex_); }  // whoever has found nothing to do sleeps by now
    wake_.notify_one();
}

bool Hart::pause_point() {
    UniqueLock lock(mutex_);
    while (pause_ && !quit_) {
        paused_ = true;
        state_.notify_all();
        while (pause_ && !quit_ && call_ == nullptr) wake_.wait(lock);
        if (call_ == nullptr) continue;
        const std::function<void()>* function = call_;
        lock.unlock();
        (*function)();
        lock.lock();
        call_ = nullptr;
        state_.notify_all();
    }
    paused_ = false;
    attention_.store(false, std::memory_order_relaxed);
    return !quit_;
}

namespace {

/// A hart that waits this often at one place with an interrupt pending that it does not take polls for something else
/// (OpenSBI's harts do, before they are started): its thread then sleeps, as long as it has waited so far, until a
/// device speaks to it. Long sleeps matter beside the load: OpenSBI 1.1 tells a hart to start before it has said where,
/// and relies on harts that wait not looking in between.
constexpr unsigned kPollsBeforeSleep = 64;
constexpr auto kShortestSleep = std::chrono::microseconds(500);
constexpr unsigned kMostDoublings = 13;

}  // namespace

bool Hart::has_work() const { return system_.has_work(env_) || timer_due_.load(std::memory_order_acquire); }

bool Hart::has_something_to_do() const { return has_work() || wants_attention(); }

/// Sleeps until kick(), or for `longest`; not at all when there was one since the last sleep.
void Hart::sleep_polling(std::chrono::microseconds longest) {
    halted_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    {
        UniqueLock lock(mutex_);
        const auto end = std::chrono::steady_clock::now() + longest;
        auto awake = [&] {
            return kicked_.exchange(false) || timer_due_.load(std::memory_order_acquire) ||
                   attention_.load(std::memory_order_acquire);
        };
        while (!awake() && wake_.wait_until(lock, end) == std::cv_status::no_timeout) {
        }
    }
    halted_.store(false, std::memory_order_relaxed);
}

void Hart::wait_for_interrupt() {
    if (system_.has_work(env_) && env_->pc == last_wait_) {
        if (counted_ != nullptr) return counted_->yield(*this);
        if (++polls_ < kPollsBeforeSleep) return;
        sleep_polling(kShortestSleep * (1u << std::min(polls_ - kPollsBeforeSleep, kMostDoublings)));
        return;
    }
    last_wait_ = env_->pc;
    polls_ = 0;
    if (counted_ != nullptr) return wait_counted();
    halted_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    {
        UniqueLock lock(mutex_);
        while (!has_something_to_do()) wake_.wait(lock);
    }
    halted_.store(false, std::memory_order_relaxed);
}

void Hart::stay_stopped() {
    if (!std::exchange(told_stopped_, true)) host_.hart_stopped(*this);
    timer_due_.store(false, std::memory_order_relaxed);
    wait_for_interrupt();
}

void Hart::wait_counted() {
    halted_.store(true, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_seq_cst);
    // That it pauses is nothing that the guest may see: it goes on to wait.
    waiting_ = !counted_->wait(*this);
    if (!waiting_) halted_.store(false, std::memory_order_relaxed);
}

/// The run is to be the same whether it is looked at or not: steps take interrupts, and wait for them.
bool Hart::replayed() const { return counted_ != nullptr && counted_->replayed(); }

void Hart::execute() {
    if (timer_due_.load(std::memory_order_acquire)) {
        timer_due_.store(false, std::memory_order_relaxed);
        system_.timer_expired(env_);
    }
    if ((!step_ || replayed()) && !in_call_ && system_.take_interrupt(env_)) {
        polls_ = 0;
        if (counted_ != nullptr) counted_->note_event();
    }
    switch (counted_ != nullptr ? counted_->run(*this) : engine_.run(env_)) {
        case ir::ExitReason::Exception:
            if (env_->exception == ir::kExceptionDebug || env_->exception == ir::kExceptionWatch) {
                host_.debug_stop(*this);
            } else {
                if (!host_.handle_call(*this)) system_.take_exception(env_);
                if (step_) host_.debug_stop(*this);  // the trap was the step
            }
            break;
        case ir::ExitReason::Halt:
            if (!step_ || replayed()) wait_for_interrupt();
            if (step_) host_.debug_stop(*this);
            break;
        default: break;
    }
}

void Hart::main() {
    thread_id_ = gettid();
    engine_.attach(env_);
    for (;;) {
        if (wants_attention() && !pause_point()) break;
        if (waiting_ && (!step_ || replayed())) {
            wait_counted();
            continue;
        }
        if (std::exchange(waiting_, false)) halted_.store(false, std::memory_order_relaxed);
        if (system_.has_stopped != nullptr && system_.has_stopped(env_)) [[unlikely]] {
            stay_stopped();
            continue;
        }
        if (counted_ != nullptr && !counted_->begin(*this)) continue;
        execute();
    }
    engine_.detach(env_);
}

}  // namespace dragoman::machine
