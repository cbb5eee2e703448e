// What comes to a machine from outside, where runs of it are to be the same (docs/replay.md): everything that devices
// are told by the host goes through here, and is written down with the instruction before which it came, or comes from
// what was written down.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "base/bits.h"
#include "devices/task_queue.h"

namespace dragoman::devices {

class Inputs {
public:
    virtual ~Inputs() = default;

    /// Whether this is a run that was recorded: the host is not asked for anything then.
    virtual bool replaying() const = 0;

    struct Source {
        std::string name;  ///< no two have the same; in the same order in every run
        /// Takes what has come. On the thread of the hart that runs, between two instructions, without locks.
        std::function<void(std::span<const u8> bytes)> deliver;
        /// Whether some of what was delivered has not got to the guest yet: such a state cannot be saved. Null: never.
        std::function<bool()> busy = nullptr;
        /// The machine is made what it was at another time: nothing of that kind is there. Null: never is.
        std::function<void()> forget = nullptr;
    };
    /// While the machine is made. @returns the number of the source
    virtual unsigned add(Source source) = 0;
    /// Something has come from outside: it is delivered soon. Any thread.
    virtual void put(unsigned source, std::vector<u8> bytes) = 0;

    /// What the host answers when the guest asks it: `fill` puts it into `bytes`, or the run that was recorded did.
    /// While the machine is made, or on the thread of the hart that runs.
    virtual void ask(std::span<u8> bytes, const std::function<void(std::span<u8> bytes)>& fill) = 0;

    /// Where devices do what they do not do within the access that caused it: behind the instruction, on the hart's
    /// thread.
    virtual TaskQueue& tasks() = 0;
};

}  // namespace dragoman::devices
