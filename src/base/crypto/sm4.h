// The nonlinear part of the block cipher SM4 (GB/T 32907-2016, section 6.2).
#pragma once

#include <bit>

#include "base/bits.h"

namespace dragoman::crypto {

/// The S-box.
u8 sm4_substitute(u8 byte);
/// The S-box for each byte of a word.
u32 sm4_sub_word(u32 word);

/// The linear transformations behind it: L of rounds and L' of the key expansion.
constexpr u32 sm4_mix_round(u32 b) {
    return b ^ std::rotl(b, 2) ^ std::rotl(b, 10) ^ std::rotl(b, 18) ^ std::rotl(b, 24);
}
constexpr u32 sm4_mix_key(u32 b) { return b ^ std::rotl(b, 13) ^ std::rotl(b, 23); }

/// CK: constant `i` of 32 of the key expansion.
u32 sm4_key_constant(unsigned i);

}  // namespace dragoman::crypto
