#include "base/crypto/sm4.h"

#include <bit>

#include "base/crypto/galois.h"

namespace dragoman::crypto {

namespace {

/// The affine map before and after the inversion. Bit i of the product is the parity of x and row 0 rotated by i.
constexpr u8 affine(u8 x) {
    constexpr u8 kRow = 0xa7, kConstant = 0xd3;
    u32 y = 0;
    for (int i = 0; i < 8; ++i) y |= (std::popcount(static_cast<u8>(std::rotl(kRow, i) & x)) & 1u) << i;
    return static_cast<u8>(y ^ kConstant);
}

constexpr Substitution kTable = [] {
    constexpr u32 kModulus = 0x1f5;
    Substitution table{};
    for (unsigned i = 0; i < 256; ++i) table[i] = affine(inverse(affine(static_cast<u8>(i)), kModulus));
    return table;
}();

}  // namespace

u8 sm4_substitute(u8 byte) { return kTable[byte]; }

u32 sm4_sub_word(u32 word) {
    u32 result = 0;
    for (unsigned i = 0; i < 32; i += 8) result |= u32{kTable[word >> i & 0xff]} << i;
    return result;
}

u32 sm4_key_constant(unsigned i) {
    // Byte j from the top is (4i + j) * 7 modulo 256.
    u32 constant = 0;
    for (unsigned j = 0; j < 4; ++j) constant = constant << 8 | ((4 * i + j) * 7 & 0xff);
    return constant;
}

}  // namespace dragoman::crypto
