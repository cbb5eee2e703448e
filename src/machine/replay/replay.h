// Record and replay of a machine's run (docs/replay.md): where what comes from outside meets the instructions.
#pragma once

#include <atomic>
#include <deque>
#include <functional>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "devices/replay/inputs.h"
#include "machine/config.h"
#include "machine/replay/log.h"

namespace dragoman {
class State;
}

namespace dragoman::machine {

class Hart;

/// Harts run one at a time (CountedTime). Between two runs of one there is a checkpoint: everything that comes from
/// outside gets to the guest there, so that a position in the run says all about when it came.
class Replay final : public devices::Inputs, private devices::TaskQueue {
public:
    /// What the machine around does.
    struct Host {
        /// The hart that runs is to come to a checkpoint. Any thread.
        std::function<void()> wake;
        /// A number for the state of the hart, whose thread it is.
        std::function<u64(Hart& hart)> hash;
        /// The log is at its end: the machine stops before its next instruction. So do the next two.
        std::function<void()> end_reached;
        std::function<void()> break_reached;
        std::function<void()> snapshot_due;
        /// The run is not the one that was recorded. The machine ends.
        std::function<void(const std::string& why)> fail;
    };
    /// Opens the log. @throws FatalError
    Replay(const Icount& options, Host host);

    bool recording() const { return writer_ != nullptr; }

    // devices::Inputs
    bool replaying() const override { return writer_ == nullptr; }
    unsigned add(Source source) override;
    void put(unsigned source, std::vector<u8> bytes) override;
    void ask(std::span<u8> bytes, const std::function<void(std::span<u8> bytes)>& fill) override;
    devices::TaskQueue& tasks() override { return *this; }

    /// The machine is made and is what `configuration` says. @throws FatalError when the log is another one's
    void begin(const std::string& configuration);
    /// Ends a record at `position`, where the machine stands. @returns what was wrong; empty: nothing
    std::string finish(ReplayPosition position);

    // The thread of `hart`, whose turn it is
    void checkpoint(Hart& hart, ReplayPosition now);
    void run_tasks();
    /// How many instructions may be executed until there must be a checkpoint, at `now`.
    u64 insns_left(ReplayPosition now);
    /// Something waits for a checkpoint.
    bool pending() const { return pending_.load(std::memory_order_acquire); }
    /// How far the time of the idle machine goes on at `now` before it is woken; nothing: nobody wakes it.
    std::optional<u64> take_warp(ReplayPosition now);
    /// Recording: it has gone on so far until it was woken.
    void note_warp(ReplayPosition now, u64 nanoseconds);
    /// Nothing will happen any more, and that is not what was recorded.
    void fail_idle(ReplayPosition now);

    // The I/O thread, while no hart runs
    /// Stops the machine when so many instructions have been executed; nothing: never.
    void set_break(std::optional<u64> insns) { break_ = insns; }
    std::optional<u64> break_at() const { return break_; }
    /// Has snapshot_due called when so many have been executed.
    void set_snapshot_at(u64 insns) { snapshot_at_ = insns; }
    /// Whether the machine's state cannot be saved here, as something is on its way to the guest.
    bool busy();
    bool at_end() const { return at_end_; }
    /// Where the log ends; of a replay.
    ReplayPosition end() const { return log_.records.back().position; }
    /// Saves, checks or loads how far the log has been followed (base/state.h).
    void visit(State& state);

private:
    void post(std::function<void()> function) override;
    std::function<void()> take_task();
    void record_inputs();
    void replay_records(Hart& hart, ReplayPosition now);
    void advance();
    void write(const ReplayRecord& record);
    void write(RecordKind kind, ReplayPosition position, u64 number);
    void fail(ReplayPosition now, const std::string& what);

    static constexpr u64 kCheckEvery = 1'000'000;  ///< instructions
    static constexpr u64 kNever = ~u64{0};

    std::string path_;
    Host host_;
    std::unique_ptr<LogWriter> writer_;  ///< of a record
    ReplayLog log_;                      ///< of a replay
    std::vector<Source> sources_;

    // Of the thread that runs the guest, or of a machine that stands
    ReplayPosition now_;  ///< of the last checkpoint
    u64 next_check_ = 0;
    u64 cursor_ = 0;     ///< the number of the record that comes next
    u64 stop_ = 0;       ///< the next one that is bound to its position
    u64 fruitless_ = 0;  ///< checkpoints at one position, where the log wants to be further
    bool at_end_ = false, failed_ = false;
    std::optional<u64> break_;
    u64 snapshot_at_ = kNever;

    struct Put {
        unsigned source;
        std::vector<u8> bytes;
    };
    Mutex mutex_;
    std::deque<Put> puts_ DRAGOMAN_GUARDED_BY(mutex_);
    std::deque<std::function<void()>> tasks_ DRAGOMAN_GUARDED_BY(mutex_);
    std::atomic<bool> pending_{false};
};

}  // namespace dragoman::machine
