// What monitors say of a recorded run, and tell a replay to do (docs/replay.md).
#pragma once

#include <optional>
#include <string>

#include "base/bits.h"
#include "machine/machine.h"

namespace dragoman::machine {

struct ReplayInfo {
    const char* mode = "none";  ///< or "record", "play"
    std::string file;
    u64 insns = 0;  ///< executed so far
};
ReplayInfo replay_info(Machine& machine);
/// For info replay.
std::string describe_replay(Machine& machine);

// @returns what was wrong; empty: nothing
/// Goes to where so many instructions have been executed, and stops there.
std::string replay_seek(Machine& machine, u64 insns);
/// Stops there when the machine comes by; nothing: nowhere any more.
std::string replay_break(Machine& machine, std::optional<u64> insns);

}  // namespace dragoman::machine
