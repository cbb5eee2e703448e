// Compressed form of a TB's map from host code to guest instructions: per instruction three LEB128
// numbers, each the difference from the previous entry (data: xor).
#pragma once

#include <span>
#include <vector>

#include "host/host.h"

namespace dragoman::engine {

/// Appends the encoded map to `out`.
void encode_insn_map(std::span<const host::InsnMapEntry> map, std::vector<u8>& out);

/// The guest instruction whose host code contains `host_offset`.
/// @returns false when the offset lies before the first instruction.
bool find_in_insn_map(const u8* map, u32 size, u32 host_offset, host::InsnMapEntry& found);

}  // namespace dragoman::engine
