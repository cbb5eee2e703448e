// Finds the way that a loop of several TBs takes: the blocks from a back edge's target round to the same place.
#pragma once

#include <algorithm>
#include <array>
#include <span>

#include "base/bits.h"

namespace dragoman::engine {

/// Follows one vCPU through a loop that runs. The loop has a path when it goes the same way several times in a row: so
/// it has many passes, and its branches mostly go one way.
class LoopPath {
public:
    static constexpr unsigned kMaxBlocks = 12;
    static constexpr unsigned kMaxInsns = 64;  ///< in one pass
    static constexpr unsigned kPasses = 8;

    enum class Outcome : u8 { Continues, Closed, Fails };

    /// The vCPU is about to run the block at `head`.
    void begin(u64 head, u32 tb_flags) {
        blocks_[0] = head;
        flags_ = tb_flags;
        count_ = at_ = passes_ = insns_ = 0;
        active_ = true;
    }
    void stop() { active_ = false; }
    bool active() const { return active_; }
    u64 head() const { return blocks_[0]; }
    u32 flags() const { return flags_; }

    /// The current block, of `insns` instructions, has gone on to `next`. Closed: the path is known, and has been
    /// stopped.
    Outcome add(u64 next, u32 insns);

    /// The blocks of one pass.
    std::span<const u64> blocks() const { return {blocks_.data(), count_}; }

private:
    bool active_ = false;
    u32 flags_ = 0;
    unsigned count_ = 0;  ///< blocks of a pass; 0 until the first one is complete
    unsigned at_ = 0;     ///< the current block's index
    unsigned passes_ = 0;
    unsigned insns_ = 0;
    std::array<u64, kMaxBlocks> blocks_{};
};

}  // namespace dragoman::engine
