// The Data Encryption Standard (FIPS 46-3), one block. It protects nothing any more; VNC's passwords are checked by it.
#pragma once

#include <array>

#include "base/bits.h"

namespace dragoman::crypto {

/// Encrypts a block. The first byte has the standard's bits 1 to 8, bit 1 the highest; parity bits of the key do not
/// count.
std::array<u8, 8> des_encrypt(const std::array<u8, 8>& key, const std::array<u8, 8>& block);

}  // namespace dragoman::crypto
