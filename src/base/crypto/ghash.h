// Multiplication in the field of GHASH (NIST SP 800-38D, section 6.3), by the host's carry-less multiplication where it
// has one.
#pragma once

#include "base/crypto/block.h"

namespace dragoman::crypto {

/// The product of two polynomials modulo x^128 + x^7 + x^2 + x + 1, of which the first bit of byte 0, its highest, is
/// the coefficient of 1.
Block ghash_multiply(Block a, Block b);
/// The same without instructions for it.
Block portable_ghash_multiply(Block a, Block b);

}  // namespace dragoman::crypto
