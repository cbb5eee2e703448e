// What the engine puts in front of a block's own code.
#pragma once

#include "ir/builder.h"

namespace dragoman::engine {

/// A comparison of the block's guest bytes with what was translated; where they differ it leaves with StaleCode. A
/// fault there is the first instruction's.
void emit_verification(ir::Builder& b, u64 pc, const u8* bytes, u32 size);

/// Takes `insns` off Env::insn_budget, behind the first insn_start; leaves with Budget when nothing is left, or,
/// `exact`, less than that.
void emit_budget(ir::Builder& b, u64 pc, u32 insns, bool exact);

}  // namespace dragoman::engine
