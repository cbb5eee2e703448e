// Compressed form of a TB's map from host code to guest instructions: per instruction three LEB128
// numbers, each the difference from the previous entry (data: xor).
#pragma once

#include <span>

#include "base/plain_vector.h"
#include "host/host.h"

namespace dragoman::engine {

using InsnMapBytes = PlainVector<u8>;

/// The encoded form of `map`.
void encode_insn_map(std::span<const host::InsnMapEntry> map, InsnMapBytes& out);

/// The guest instruction whose host code contains `host_offset`.
/// @returns false when the offset lies before the first instruction.
bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, host::InsnMapEntry& found);

}  // namespace dragoman::engine
