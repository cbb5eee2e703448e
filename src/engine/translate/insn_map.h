// Compressed form of a TB's map from host code to the guest instructions that may fault, and of what is not at home
// there: per instruction two LEB128 numbers, the distance in host code and, times 2, that in guest code, each from the
// entry before. Where an instruction has a state map of its own (ir::encode_state), 1 is added to the second number and
// the map follows. The first number of all is doubled; where the TB has a state map, 1 is added and that follows.
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
    const u8* tb_state = nullptr;    ///< encoded; null: none
    const u8* insn_state = nullptr;  ///< encoded; null: none
};

/// The guest instruction whose host code contains `host_offset`, where a fault was taken, or a helper called that
/// raises. @returns false when the offset lies before all of them
bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, InsnPoint& found);

}  // namespace dragoman::engine
