// One hart: its CPU state, the host thread that runs it, and its interrupt inputs.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "devices/clock.h"
#include "devices/irq.h"
#include "devices/wake_scope.h"
#include "engine/engine.h"

namespace dragoman {
class State;
}

namespace dragoman::machine {

class CountedTime;

class Hart final : public devices::IrqSink, private devices::Sleeper {
public:
    /// What the machine around decides for a hart. All are called on the hart's thread.
    class Host {
    public:
        virtual ~Host() = default;
        /// A debugger's breakpoint, watchpoint or step stopped the hart, which stays stopped until the machine goes on.
        virtual void debug_stop(Hart& hart) = 0;
        /// The hart has an exception that stands for a call of whoever runs the guest: makes it. False: it is one.
        virtual bool handle_call(Hart& hart) = 0;
        /// The hart has come to an end by what the guest has done, and executes nothing more until it is reset.
        virtual void hart_stopped(Hart& hart) = 0;
        /// When the clock will show the timer's `ticks`, in its nanoseconds; ~0: never.
        virtual u64 deadline(u64 ticks) = 0;
    };

    /// @param model  the engine's, or one that has less of the same guest: translations are the engine's
    Hart(unsigned id, engine::Engine& engine, const guest::Model& model, devices::Clock& clock, Host& host);
    ~Hart() override;
    Hart(const Hart&) = delete;
    Hart& operator=(const Hart&) = delete;

    unsigned id() const { return id_; }
    engine::Engine& engine() { return engine_; }
    ir::Env* env() const { return env_; }
    /// Waits for an interrupt.
    bool halted() const { return halted_.load(std::memory_order_relaxed); }

    /// -icount. Before start().
    void set_counted_time(CountedTime& counted) { counted_ = &counted; }

    /// Need not wait for an interrupt any longer. The hart's thread, or any other while the hart is not executing.
    bool has_something_to_do() const;
    /// An interrupt or a timer is there for it. The hart's thread, or any other while the hart is not executing.
    bool has_work() const;
    /// Is to pause, or has paused. Any thread.
    bool wants_attention() const { return attention_.load(std::memory_order_acquire); }

    /// Of the host's thread; 0 before it runs.
    int thread_id() const { return thread_id_.load(std::memory_order_relaxed); }

    /// Starts the thread, paused.
    void start();
    /// Asks the thread to pause before its next instruction. Any thread.
    void request_pause();
    /// Waits until it has paused. Not from a hart's thread.
    void wait_paused();
    void resume();
    /// Runs `function` on the hart's paused thread and waits for its end.
    void call(const std::function<void()>& function);
    /// Ends the thread, which is paused.
    void join();

    /// Debugger's single step: the hart executes one instruction, with interrupts held back, and then calls
    /// Host::debug_stop. While it is paused.
    void set_step(bool on);

    /// The call of the exception at which the hart stands is under way: it is made again before the hart takes an
    /// interrupt. The hart's thread.
    void set_in_call(bool on) { in_call_ = on; }

    /// Power-on state, with the first instruction at `pc`. On the hart's thread (call).
    void reset(u64 pc);

    /// Saves, checks or loads its state (base/state.h). On the hart's thread (call).
    void visit(State& state);

    /// Level of an interrupt line, numbered as the guest does (guest::SystemOps). Any thread.
    void set_irq(unsigned line, bool level) override;
    /// MachineHooks::timer_changed of this hart.
    void timer_changed();

    /// Makes the thread look at what has changed. Any thread.
    void kick();

private:
    void wake_up() override;
    void main();
    void execute();
    /// Pauses while asked to. @returns false when the thread is to end.
    bool pause_point();
    void wait_for_interrupt();
    void wait_counted();
    void stay_stopped();
    bool replayed() const;
    void sleep_polling(std::chrono::microseconds longest);

    const unsigned id_;
    engine::Engine& engine_;
    const guest::SystemOps& system_;
    devices::Clock& clock_;
    Host& host_;
    ir::Env* env_;
    std::unique_ptr<devices::Clock::Timer> timer_;

    CountedTime* counted_ = nullptr;  ///< -icount
    std::atomic<int> thread_id_{0};
    bool step_ = false;
    bool in_call_ = false;
    std::atomic<bool> timer_due_{false};
    std::atomic<bool> halted_{false};
    std::atomic<bool> kicked_{false};     ///< since it last slept while it polled
    bool told_stopped_ = false;           ///< SystemOps::has_stopped
    bool waiting_ = false;                ///< -icount: it waits for an interrupt, perhaps paused
    u64 last_wait_ = 0;                   ///< where the hart waited for an interrupt last
    unsigned polls_ = 0;                  ///< how often it waited there in vain since it took one
    std::atomic<bool> attention_{false};  ///< pause_point has something to do

    Mutex mutex_;
    ConditionVariable wake_;   ///< of the hart's thread
    ConditionVariable state_;  ///< of those who wait for it
    bool pause_ DRAGOMAN_GUARDED_BY(mutex_) = true;
    bool paused_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    bool quit_ DRAGOMAN_GUARDED_BY(mutex_) = false;
    const std::function<void()>* call_ DRAGOMAN_GUARDED_BY(mutex_) = nullptr;

    std::thread thread_;
};

}  // namespace dragoman::machine
