// Compressed form of a TB's map from host code to guest instructions, and of what is not at home there: the TB's state
// map (ir::encode_state), then per instruction two LEB128 numbers, the distance in host code and, times 2, that in
// guest code, each from the entry before. Where an instruction has a map of its own, 1 is added and the map follows.
#pragma once

#include <span>

#include "base/plain_vector.h"
#include "host/host.h"

namespace dragoman::engine {

using InsnMapBytes = PlainVector<u8>;

/// The encoded form of `code`'s insn_map, states and state.
void encode_insn_map(const host::CompiledCode& code, InsnMapBytes& out);

/// What is known of a place in the code.
struct InsnPoint {
    u32 pc_offset = 0;
    const u8* tb_state = nullptr;    ///< encoded
    const u8* insn_state = nullptr;  ///< encoded; null: none
};

/// The guest instruction whose host code contains `host_offset`.
/// @returns false when the offset lies before the first instruction.
bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, InsnPoint& found);

}  // namespace dragoman::engine
