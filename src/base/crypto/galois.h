// Arithmetic in GF(2^8), from which the tables of byte substitutions are made.
#pragma once

#include <array>

#include "base/bits.h"

namespace dragoman::crypto {

/// The product of two polynomials over GF(2) modulo `modulus`, which has degree 8.
constexpr u8 multiply(u8 a, u8 b, u32 modulus) {
    u32 product = 0, shifted = a;
    for (unsigned bit = 0; bit < 8; ++bit) {
        if ((b >> bit & 1) != 0) product ^= shifted;
        shifted <<= 1;
        if ((shifted & 0x100) != 0) shifted ^= modulus;
    }
    return static_cast<u8>(product);
}

/// The multiplicative inverse, 0 for 0: the 254th power.
constexpr u8 inverse(u8 a, u32 modulus) {
    u8 result = 1, power = a;
    for (unsigned bit = 1; bit < 8; ++bit) {
        power = multiply(power, power, modulus);
        result = multiply(result, power, modulus);
    }
    return result;
}

using Substitution = std::array<u8, 256>;

}  // namespace dragoman::crypto
