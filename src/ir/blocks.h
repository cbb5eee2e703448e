// The basic blocks of a function: what passes walk that look further than one extended basic block.
#pragma once

#include "base/bits.h"

namespace dragoman::ir {

inline constexpr u32 kNoLabel = ~u32{0};
inline constexpr u32 kNoBlock = ~u32{0};

/// Instructions that are executed one after the other. A block begins at the function's start, at a label, and behind a
/// conditional branch; it ends with a branch, with an op that leaves the TB, or in front of a label. (Ops that may
/// fault or raise do not end a block: where they go has no other code in this function.)
struct BasicBlock {
    u32 first, end;         ///< instructions [first, end)
    u32 label;              ///< of the label that it begins with; kNoLabel
    u32 fall_through;       ///< block that control runs on into: the next one; kNoBlock
    u32 taken;              ///< block that its branch goes to; kNoBlock
    u16 predecessors;       ///< edges that lead here; the function's entry counts as one
    bool entered_backward;  ///< some of them come from this block or a later one
    bool only_leaves;       ///< it is nothing but an exit to a constant address

    /// Whether control always comes from the one block in front of it, which ends with a conditional branch: then it
    /// goes on with all that is known there.
    bool continues() const { return label == kNoLabel && predecessors == 1; }
};

}  // namespace dragoman::ir
