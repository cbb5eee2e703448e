// What a Translator is asked for.
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include "engine/sections.h"
#include "guest/block_flow.h"

namespace dragoman::engine {

/// How changes of the guest code that a block was made from are noticed.
enum class Tracking : u8 {
    Watched,   ///< stores to its pages are seen
    Flushed,   ///< the guest says so (fence.i): its bytes are compared then
    Verified,  ///< the block compares its bytes each time
};

struct TranslationRequest {
    u64 pc = 0;
    u32 flags = 0;      ///< TB state flags to specialise on
    u32 max_insns = 0;  ///< guest instructions in a block; 1 and more
    guest::BlockKind kind = guest::BlockKind::Extended;
    Tracking tracking = Tracking::Watched;
    bool optimise = true;      ///< run the passes; not for code that will hardly be there for long
    bool first = false;        ///< a first translation, without the passes: made again when it runs much
    bool counts = false;       ///< of a first one: it counts its entries
    bool again = false;        ///< what takes the place of a first one
    bool begins_way = true;    ///< not one of those that are come to only through others that are near and in front
    bool assume_boxed = true;  ///< registers may be taken for boxed until a test (ir::Function::boxed_at_entry)
    /// Not empty: make a loop of these blocks, which come one after the other, from the last on to the first. The first
    /// is at `pc`, the lowest address. A loop of one is the extended block at `pc` that jumps to itself.
    std::span<const u64> loop{};
    u64 absent_at = 0;  ///< Blocks::insertions before it was looked for and not found; 0: it was not looked for
    bool entered_after_pass = false;  ///< of a loop: only code that has done a pass goes there
    bool stepped = false;             ///< one instruction of a single step, which stops nowhere
    bool in_section = false;          ///< one instruction for Engine::run_alone
    std::vector<u64> breakpoints{};   ///< addresses to stop at, ascending
    std::vector<Section> sections{};  ///< code to stop at, as far as it is near
    std::vector<u64> last_insns{};    ///< addresses of instructions that end the block, ascending
    bool part = false;  ///< runs once: there is an ordinary block, or may be, of which it is the beginning

    bool is_loop() const { return !loop.empty(); }
    bool leaves() const { return kind == guest::BlockKind::Leaving; }
    /// The exception to leave with before the instruction at `at`; 0: there is nothing to stop at.
    u32 stop_at(u64 at) const {
        if (!breakpoints.empty() && std::binary_search(breakpoints.begin(), breakpoints.end(), at))
            return ir::kExceptionDebug;
        const bool inside =
            std::any_of(sections.begin(), sections.end(), [at](const Section& s) { return s.contains(at); });
        return inside ? ir::kExceptionSection : 0;
    }
};

}  // namespace dragoman::engine
