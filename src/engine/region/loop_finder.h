// What one vCPU knows of the loops that it runs and that may be worth code of their own (sampling.cpp, follow.cpp).
#pragma once

#include <array>

#include "engine/region/loop_path.h"
#include "engine/tb.h"

namespace dragoman::engine {

/// A slot by the code that leaves through it.
struct SlotPlace {
    const u8* host_pc = nullptr;
    u32 slot = 0;
    bool operator==(const SlotPlace&) const = default;
};

struct LoopFinder {
    static constexpr u32 kFirstPeriod = 1000;

    /// Passes through loops, of any TBs, from one sample to the next: Env::loop_sample counts them down.
    u32 period = kFirstPeriod;
    bool probing = false;   ///< whether the back edge at `back_edge` comes again soon is being seen
    SlotPlace back_edge{};  ///< of the loop of several blocks that is probed or followed
    LoopPath path{};        ///< active: the loop is being followed
    u64 epoch = 0;          ///< Blocks::epoch when that began
    std::array<TranslationBlock*, LoopPath::kMaxBlocks> blocks{};  ///< code for it that leaves after each block
};

}  // namespace dragoman::engine
