// Ways through a replay: to a place in it, and backwards. Going back is putting back an earlier image of the machine,
// and going on from there.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "machine/machine.h"
#include "machine/replay/machine_image.h"

namespace dragoman::machine {

class Hart;
class Replay;

/// All on the I/O thread, while no hart runs.
class Navigator {
public:
    Navigator(Machine& machine, Replay& replay);
    ~Navigator();

    /// The replay is about to begin.
    /// @param along  images are made along the way
    /// @returns what is wrong; empty: nothing
    std::string begin(bool along);
    /// Replay::Host::snapshot_due.
    void take_image();

    // Where to go. The machine stands, and goes on; when it is there, it stops. @returns why not; empty: it goes
    std::string seek(u64 insns);
    std::string reverse_step();
    std::string reverse_continue();
    /// Stops there, when the machine comes by; nothing: nowhere.
    void set_break(std::optional<u64> insns);
    std::optional<u64> break_at() const { return user_break_; }

    /// The machine has come to a break. @returns whether it goes on
    bool break_reached();
    /// The log is at its end: further on there is nothing.
    void end_reached();
    /// A breakpoint, a watchpoint or the end of a step has stopped `hart`. @returns whether the machine goes on
    bool debug_stop(Hart& hart);
    /// Whether the machine is on its way to a place.
    bool travels() const { return way_ != Way::None; }

private:
    enum class Way : u8 {
        None,
        Seek,    ///< to a place; what is on the way does not stop it
        Search,  ///< up to `goal_`, to see where it would stop last
    };
    std::string go(std::size_t image, Way way, u64 goal);
    std::size_t image_before(u64 insns) const;
    void arrive(Debugger::Arrival where);
    void step_over(Hart* hart);

    static constexpr std::size_t kMostImages = 32;
    static constexpr u64 kFirstInterval = 50'000'000;  ///< instructions

    Machine& machine_;
    Replay& replay_;
    std::vector<std::unique_ptr<MachineImage>> images_;  ///< ascending
    bool along_ = false;
    u64 interval_ = kFirstInterval;
    std::optional<u64> user_break_;

    Way way_ = Way::None;
    u64 goal_ = 0;
    std::size_t searched_ = 0;   ///< the image that the search began at
    std::optional<u64> found_;   ///< where it would have stopped
    Hart* stepping_ = nullptr;   ///< gets over what has stopped it
    bool begins_there_ = false;  ///< the way leads to the begin of the run
};

}  // namespace dragoman::machine
