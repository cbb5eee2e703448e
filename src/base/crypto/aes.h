// The transformations that a round of AES consists of (FIPS 197, sections 5.1 and 5.3), by the host's instructions
// where it has them. None of them adds a round key.
#pragma once

#include "base/crypto/block.h"

namespace dragoman::crypto {

struct Aes {
    Block (*encrypt_last)(Block state);  ///< SubBytes, ShiftRows
    Block (*encrypt)(Block state);       ///< SubBytes, ShiftRows, MixColumns
    Block (*decrypt_last)(Block state);  ///< InvShiftRows, InvSubBytes
    Block (*decrypt)(Block state);       ///< InvShiftRows, InvSubBytes, InvMixColumns
    Block (*inverse_mix)(Block state);   ///< InvMixColumns
};

/// The fastest that the host has.
const Aes& aes();
/// Without instructions for AES.
const Aes& portable_aes();

/// SubWord of the key expansion.
u32 aes_sub_word(u32 word);
/// Round constant `round`, from 0 on.
u32 aes_round_constant(unsigned round);

}  // namespace dragoman::crypto
