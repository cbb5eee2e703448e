// Helpers of scalar cryptography: what needs tables, or the host's instructions for AES.
#include <bit>

#include "base/crypto/aes.h"
#include "base/crypto/sm4.h"
#include "guest/riscv/helper.h"

namespace dragoman::riscv {

using crypto::aes;

// The state is rs1, its columns 0 and 1, and rs2; the result has the new columns 0 and 1.
u64 helper_aes64es(u64 rs1, u64 rs2) { return aes().encrypt_last({rs1, rs2}).low; }
u64 helper_aes64esm(u64 rs1, u64 rs2) { return aes().encrypt({rs1, rs2}).low; }
u64 helper_aes64ds(u64 rs1, u64 rs2) { return aes().decrypt_last({rs1, rs2}).low; }
u64 helper_aes64dsm(u64 rs1, u64 rs2) { return aes().decrypt({rs1, rs2}).low; }
u64 helper_aes64im(u64 rs1) { return aes().inverse_mix({rs1, 0}).low; }

u64 helper_aes64ks1i(u64 rs1, u32 round) {
    constexpr u32 kNoRotation = 10;
    u32 word = static_cast<u32>(rs1 >> 32);
    if (round == kNoRotation) {
        word = crypto::aes_sub_word(word);
    } else {
        word = crypto::aes_sub_word(std::rotr(word, 8)) ^ crypto::aes_round_constant(round);
    }
    return u64{word} << 32 | word;
}

u64 helper_aes32(u64 rs1, u64 rs2, u32 shift, u32 decrypt, u32 mix) {
    const u64 byte = extract(rs2, shift, 8);
    u32 column;
    if (decrypt != 0) {
        // Row 0 is not shifted.
        const u64 substituted = aes().decrypt_last({byte, 0}).low & 0xff;
        column = static_cast<u32>(mix != 0 ? aes().inverse_mix({substituted, 0}).low : substituted);
    } else {
        const u32 substituted = crypto::aes_sub_word(static_cast<u32>(byte)) & 0xff;
        constexpr u32 kPolynomial = 0x11b;
        const u32 doubled = substituted << 1 ^ ((substituted >> 7) != 0 ? kPolynomial : 0);
        column =
            mix != 0 ? (doubled ^ substituted) << 24 | substituted << 16 | substituted << 8 | doubled : substituted;
    }
    const u32 result = static_cast<u32>(rs1) ^ std::rotl(column, static_cast<int>(shift));
    return static_cast<u64>(i64{static_cast<i32>(result)});
}

u64 helper_sm4(u64 rs1, u64 rs2, u32 shift, u32 key) {
    // The transformations are defined on words with the other byte order.
    const u32 x = u32{crypto::sm4_substitute(static_cast<u8>(rs2 >> shift))} << 24;
    const u32 y = __builtin_bswap32(key != 0 ? crypto::sm4_mix_key(x) : crypto::sm4_mix_round(x));
    const u32 mixed = std::rotl(y, static_cast<int>(shift));
    return static_cast<u64>(i64{static_cast<i32>(static_cast<u32>(rs1) ^ mixed)});
}

}  // namespace dragoman::riscv
