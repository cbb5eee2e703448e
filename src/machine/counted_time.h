// -icount: virtual time that passes with executed instructions. Harts keep their threads but run one at a time, in
// turns of a fixed number of instructions, so that every run with the same inputs executes the same ones.
#pragma once

#include <atomic>
#include <deque>
#include <vector>

#include "base/mutex.h"
#include "devices/virtual_clock.h"
#include "ir/env.h"
#include "machine/config.h"
#include "machine/replay/replay.h"

namespace dragoman::machine {

class Hart;

class CountedTime {
public:
    explicit CountedTime(const Icount& options);

    /// Everything that comes from outside comes by `replay`, at the instruction that it says. Before harts are added.
    void set_replay(Replay& replay);
    /// Where the run is, while no hart runs.
    ReplayPosition position() const { return position_; }
    /// The index of the hart whose turn it is.
    unsigned turn() const { return turn_; }

    /// Harts are added in the order of their turns, before they start.
    void add(Hart& hart);
    devices::Clock& clock() { return clock_; }
    u64 cycles() const { return clock_.cycles(); }

    // The I/O thread, while all harts are paused.
    /// Power-on: the first turn is the first hart's.
    void reset();
    /// `held` harts stay paused when the others go on, and get no turns.
    void hold(const std::vector<bool>& held);
    /// The machine stops, and goes on.
    void stop();
    void cont();
    /// Saves or loads time and turns, while no hart runs (base/state.h).
    void visit(State& state);

    // The thread of `hart`
    /// Waits for the hart's turn, and does what comes between two instructions. @returns false when it is to look for
    /// something else first (Hart::wants_attention)
    bool begin(Hart& hart);
    /// Runs the hart up to the next timer or the end of its turn.
    ir::ExitReason run(Hart& hart);
    /// Ends the hart's turn early: it waits for something that others must do.
    void yield(Hart& hart);
    /// The hart waits for an interrupt. @returns whether there is one, and it is the hart's turn; else it is to look
    /// for something else first
    bool wait(Hart& hart);
    /// The hart whose turn it is has done something that counts as no instruction.
    void note_event() { position_.events++; }
    bool replayed() const { return replay_ != nullptr; }

    /// Something has changed that `hart` may wait for. Any thread.
    void wake(Hart& hart);
    /// The hart whose turn it is has to look at something. Any thread.
    void wake_turn();

private:
    void timer_is_earlier();
    void pass_turn() DRAGOMAN_REQUIRES(mutex_);
    void give_turn(unsigned index) DRAGOMAN_REQUIRES(mutex_);
    Hart* next_with_work() DRAGOMAN_REQUIRES(mutex_);
    void idle(UniqueLock& lock, Hart& hart) DRAGOMAN_REQUIRES(mutex_);
    void idle_replayed(UniqueLock& lock, Hart& hart) DRAGOMAN_REQUIRES(mutex_);
    bool sleep_recorded(UniqueLock& lock, Hart& hart, u64& left) DRAGOMAN_REQUIRES(mutex_);
    u64 host_time() const;
    void keep_pace(Hart& hart);
    void adjust_shift(i64 ahead);

    Icount options_;
    devices::InstructionClock clock_;
    std::vector<Hart*> harts_;  ///< do not change once they have started
    unsigned shift_;
    i64 turn_length_;                         ///< instructions
    i64 left_in_turn_;                        ///< instructions; of the hart whose turn it is
    std::atomic<bool> timer_earlier_{false};  ///< the budget of instructions, or the sleep, is too long

    Replay* replay_ = nullptr;  ///< rr=
    ReplayPosition position_;   ///< written by the thread whose turn it is

    u64 host_offset_ = 0;  ///< from the host's time to that since the start, without stops
    u64 stopped_at_ = 0;
    u64 last_adjusted_ = 0;  ///< shift=auto: when, and how far ahead the guest was then
    i64 last_ahead_ = 0;

    Mutex mutex_;  ///< a leaf
    std::vector<bool> held_ DRAGOMAN_GUARDED_BY(mutex_);
    std::atomic<unsigned> turn_{0};             ///< written with the lock held
    std::deque<ConditionVariable> turn_given_;  ///< one per hart
};

}  // namespace dragoman::machine
