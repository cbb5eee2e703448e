#include "machine/counted_time.h"

#include <algorithm>
#include <chrono>

#include "base/state.h"
#include "machine/hart.h"

namespace dragoman::machine {

namespace {

using Nanoseconds = std::chrono::nanoseconds;

constexpr u64 kMostInstructions = u64{1} << 30;
/// Instructions of a turn, where there are several harts: long enough that changing threads costs little, short enough
/// that one hart that spins for another's answer does not spin for long.
constexpr i64 kTurn = 50'000;
/// The same where turns end to the instruction, for which the last block is translated each time.
constexpr i64 kExactTurn = 200'000;

// shift=auto and align=on follow the host's time.
constexpr unsigned kFirstShift = 3, kLastShift = 10;
constexpr u64 kLookEvery = 10'000'000;     ///< virtual time between two looks at the host's clock
constexpr u64 kAdjustEvery = 100'000'000;  ///< host's time between two changes of the shift
constexpr i64 kTolerance = 100'000'000;    ///< shift=auto: this much ahead or behind is no reason to change it
constexpr i64 kMostAhead = 3'000'000;      ///< align=on: further ahead, the guest waits

}  // namespace

CountedTime::CountedTime(const Icount& options)
    : options_(options),
      clock_([this] { timer_is_earlier(); }),
      shift_(options.automatic ? kFirstShift : options.shift),
      turn_length_(kTurn),
      left_in_turn_(kTurn) {}

void CountedTime::set_replay(Replay& replay) {
    replay_ = &replay;
    left_in_turn_ = turn_length_ = kExactTurn;
}

void CountedTime::add(Hart& hart) {
    LockGuard lock(mutex_);
    harts_.push_back(&hart);
    held_.push_back(false);
    turn_given_.emplace_back();
}

void CountedTime::reset() {
    LockGuard lock(mutex_);
    turn_ = 0;
    left_in_turn_ = turn_length_;
}

void CountedTime::hold(const std::vector<bool>& held) {
    LockGuard lock(mutex_);
    held_ = held;
    if (held_[turn_]) pass_turn();
}

void CountedTime::stop() { stopped_at_ = host_time(); }

void CountedTime::cont() { host_offset_ = stopped_at_ - devices::EventLoop::host_time(); }

void CountedTime::visit(State& state) {
    state.section("clock", [&] { clock_.visit(state); });
    const unsigned turn = state.peek("turn", turn_.load(), harts_.size() - 1);
    state.field("left in turn", left_in_turn_);
    state.field("shift", shift_, kLastShift);
    if (replay_ != nullptr) {
        state.section("replay", [&] {
            state.field("insns", position_.insns);
            state.field("events", position_.events);
            replay_->visit(state);
        });
    }
    if (!state.loading()) return;
    LockGuard lock(mutex_);
    turn_ = turn;
    left_in_turn_ = std::min(left_in_turn_, turn_length_);
}

/// The host's time since the start, without that of stops.
u64 CountedTime::host_time() const { return devices::EventLoop::host_time() + host_offset_; }

void CountedTime::timer_is_earlier() {
    timer_earlier_ = true;
    harts_[turn_]->kick();
}

void CountedTime::wake_turn() { harts_[turn_]->kick(); }

void CountedTime::wake(Hart& hart) {
    LockGuard lock(mutex_);
    turn_given_[hart.id()].notify_one();
    turn_given_[turn_].notify_one();  // which may be idle for all
}

void CountedTime::give_turn(unsigned index) {
    turn_ = index;
    left_in_turn_ = turn_length_;
    note_event();
    turn_given_[index].notify_one();
}

/// The next hart in turn, the present one last, that has instructions to execute.
Hart* CountedTime::next_with_work() {
    unsigned count = static_cast<unsigned>(harts_.size());
    for (unsigned i = 1; i <= count; i++) {
        unsigned index = (turn_ + i) % count;
        Hart& hart = *harts_[index];
        if (!held_[index] && (!hart.halted() || hart.has_work())) return &hart;
    }
    return nullptr;
}

void CountedTime::pass_turn() {
    if (Hart* next = next_with_work()) return give_turn(next->id());
    // All wait: any that is not held may be the one that waits for all.
    auto first = std::find(held_.begin(), held_.end(), false);
    give_turn(first != held_.end() ? static_cast<unsigned>(first - held_.begin()) : turn_.load());
}

bool CountedTime::begin(Hart& hart) {
    UniqueLock lock(mutex_);
    while (turn_ != hart.id() && !hart.wants_attention()) turn_given_[hart.id()].wait(lock);
    if (turn_ != hart.id() || hart.wants_attention()) return false;
    lock.unlock();
    if (replay_ != nullptr) replay_->checkpoint(hart, position_);
    return !hart.wants_attention();
}

void CountedTime::yield(Hart& hart) {
    LockGuard lock(mutex_);
    if (turn_ == hart.id()) pass_turn();
}

bool CountedTime::wait(Hart& hart) {
    UniqueLock lock(mutex_);
    while (!hart.wants_attention()) {
        if (turn_ != hart.id()) {
            turn_given_[hart.id()].wait(lock);
        } else if (hart.has_work()) {
            return true;
        } else if (Hart* next = next_with_work()) {
            give_turn(next->id());
        } else if (replay_ != nullptr) {
            idle_replayed(lock, hart);
        } else {
            idle(lock, hart);
        }
    }
    return false;
}

/// As idle(), where time goes on by the same amounts in each run, and what wakes the machine comes at a checkpoint.
void CountedTime::idle_replayed(UniqueLock& lock, Hart& hart) {
    lock.unlock();
    replay_->checkpoint(hart, position_);
    lock.lock();
    if (hart.wants_attention() || next_with_work() != nullptr) return;
    const u64 deadline = clock_.next_deadline(), now = clock_.now();
    u64 left = deadline > now ? deadline - now : 0;
    if (replay_->recording()) {
        if ((options_.sleep || deadline == ~u64{0}) && left != 0 && !sleep_recorded(lock, hart, left)) return;
    } else if (std::optional<u64> warp = replay_->take_warp(position_)) {
        left = *warp;
    } else if (deadline == ~u64{0}) {
        return replay_->fail_idle(position_);
    }
    note_event();
    clock_.advance(left, shift_);
    lock.unlock();
    clock_.run_expired();
    replay_->run_tasks();
    lock.lock();
}

/// Sleeps until the next timer, or something comes from outside. @returns whether time goes on, by `left`
bool CountedTime::sleep_recorded(UniqueLock& lock, Hart& hart, u64& left) {
    const bool forever = clock_.next_deadline() == ~u64{0};
    const u64 start = host_time();
    const auto until = std::chrono::steady_clock::now() + Nanoseconds(forever ? 0 : left);
    ConditionVariable& wake = turn_given_[hart.id()];
    auto done = [&] { return replay_->pending() || hart.wants_attention(); };
    while (!done()) {
        if (forever) wake.wait(lock);
        else if (wake.wait_until(lock, until) == std::cv_status::timeout) return true;
    }
    // While the machine is stopped, its time stands.
    if (!replay_->pending() || !options_.sleep) return false;
    left = std::min(left, host_time() - start);
    replay_->note_warp(position_, left);
    return true;
}

/// No hart has anything to execute: time goes on to the next timer, at once or as the host's time passes. Once around;
/// the caller looks again.
void CountedTime::idle(UniqueLock& lock, Hart& hart) {
    timer_earlier_ = false;
    u64 deadline = clock_.next_deadline(), now = clock_.now();
    u64 left = deadline > now ? deadline - now : 0;
    auto done = [&]() DRAGOMAN_REQUIRES(mutex_) {
        return timer_earlier_ || hart.wants_attention() || next_with_work() != nullptr;
    };
    ConditionVariable& wake = turn_given_[hart.id()];
    if (deadline == ~u64{0}) {
        while (!done()) wake.wait(lock);
        return;
    }
    if (options_.sleep && left != 0) {
        u64 start = host_time(), sleep = left;
        // With shift=auto, the guest is neither ahead of nor behind the host's time when it has slept.
        if (options_.automatic) sleep = deadline > start ? deadline - start : 0;
        const auto until = std::chrono::steady_clock::now() + Nanoseconds(sleep);
        while (!done() && wake.wait_until(lock, until) == std::cv_status::no_timeout) {
        }
        if (done()) {
            u64 end = host_time(), passed = options_.automatic ? std::max(end, now) - now : end - start;
            left = std::min(left, passed);
        }
    }
    clock_.advance(left, shift_);
    mutex_.unlock();
    clock_.run_expired();
    mutex_.lock();
}

ir::ExitReason CountedTime::run(Hart& hart) {
    timer_earlier_ = false;
    bool alone = harts_.size() == 1, paced = options_.automatic || options_.align;
    u64 deadline = clock_.next_deadline(), now = clock_.now();
    u64 unit = u64{1} << shift_;
    u64 insns = kMostInstructions;
    if (deadline != ~u64{0}) insns = deadline > now ? (deadline - now - 1) / unit + 1 : 0;
    if (paced) insns = std::min(insns, kLookEvery >> shift_);
    i64 most = alone ? static_cast<i64>(kMostInstructions) : left_in_turn_;
    i64 budget = std::min(static_cast<i64>(std::min(insns, kMostInstructions)), most);
    if (replay_ != nullptr) {
        const u64 left = replay_->insns_left(position_);
        if (left < static_cast<u64>(budget)) budget = static_cast<i64>(left);
    }
    ir::Env* env = hart.env();
    env->insn_budget = budget;
    clock_.start(&env->insn_budget, budget, shift_);
    ir::ExitReason reason = hart.engine().run(env);
    left_in_turn_ -= budget - env->insn_budget;
    clock_.finish();
    if (replay_ != nullptr) {
        position_.insns += static_cast<u64>(budget - env->insn_budget);
        const bool debugger = env->exception == ir::kExceptionDebug || env->exception == ir::kExceptionWatch;
        if (reason == ir::ExitReason::Halt || (reason == ir::ExitReason::Exception && !debugger)) note_event();
    }
    clock_.run_expired();
    if (replay_ != nullptr) replay_->run_tasks();
    if (paced) keep_pace(hart);
    if (!alone && left_in_turn_ <= 0 && reason != ir::ExitReason::Halt) yield(hart);
    return reason;
}

void CountedTime::keep_pace(Hart& hart) {
    i64 ahead = static_cast<i64>(clock_.now() - host_time());
    if (options_.automatic) adjust_shift(ahead);
    if (!options_.align || ahead <= kMostAhead) return;
    UniqueLock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + Nanoseconds(ahead);
    ConditionVariable& wake = turn_given_[hart.id()];
    while (!hart.wants_attention() && wake.wait_until(lock, until) == std::cv_status::no_timeout) {
    }
}

/// Another shift where the guest, going on as since the last look, would soon be too far from the host's time.
void CountedTime::adjust_shift(i64 ahead) {
    u64 host = host_time();
    if (host - last_adjusted_ < kAdjustEvery) return;
    i64 expected = ahead + (ahead - last_ahead_);
    if (ahead > 0 && expected > kTolerance && shift_ > 0) --shift_;
    if (ahead < 0 && expected < -kTolerance && shift_ < kLastShift) ++shift_;
    last_adjusted_ = host;
    last_ahead_ = ahead;
}

}  // namespace dragoman::machine
