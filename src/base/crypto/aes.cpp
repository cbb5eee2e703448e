#include "base/crypto/aes.h"

#include <immintrin.h>

#include <bit>

#include "base/cpu_features.h"
#include "base/crypto/galois.h"

namespace dragoman::crypto {

namespace {

constexpr u32 kModulus = 0x11b;

constexpr Substitution make_forward() {
    Substitution table{};
    for (unsigned i = 0; i < 256; ++i) {
        const u8 x = inverse(static_cast<u8>(i), kModulus);
        const int y = x ^ std::rotl(x, 1) ^ std::rotl(x, 2) ^ std::rotl(x, 3) ^ std::rotl(x, 4);
        table[i] = static_cast<u8>(y ^ 0x63);
    }
    return table;
}
constexpr Substitution kForward = make_forward();

constexpr Substitution make_backward() {
    Substitution table{};
    for (unsigned i = 0; i < 256; ++i) table[kForward[i]] = static_cast<u8>(i);
    return table;
}
constexpr Substitution kBackward = make_backward();

/// A state as its 16 bytes, column by column.
struct State {
    u8 bytes[16];
};

/// Row r moves by r columns: to the left with `direction` 1, to the right with 3.
State shift_and_substitute(Block block, unsigned direction, const Substitution& table) {
    const State from = std::bit_cast<State>(block);
    State to{};
    for (unsigned column = 0; column < 4; ++column) {
        for (unsigned row = 0; row < 4; ++row) {
            to.bytes[4 * column + row] = table[from.bytes[4 * ((column + direction * row) % 4) + row]];
        }
    }
    return to;
}

/// Each column times the polynomial with the coefficients `c`, lowest first.
Block mix(const State& from, const u8 (&c)[4]) {
    State to{};
    for (unsigned i = 0; i < 16; ++i) {
        const u8* column = from.bytes + i / 4 * 4;
        for (unsigned k = 0; k < 4; ++k) {
            to.bytes[i] = static_cast<u8>(to.bytes[i] ^ multiply(column[k], c[(i - k) % 4], kModulus));
        }
    }
    return std::bit_cast<Block>(to);
}
constexpr u8 kMix[4] = {2, 1, 1, 3}, kInverseMix[4] = {14, 9, 13, 11};

constexpr Aes kPortable = {
    [](Block s) { return std::bit_cast<Block>(shift_and_substitute(s, 1, kForward)); },
    [](Block s) { return mix(shift_and_substitute(s, 1, kForward), kMix); },
    [](Block s) { return std::bit_cast<Block>(shift_and_substitute(s, 3, kBackward)); },
    [](Block s) { return mix(shift_and_substitute(s, 3, kBackward), kInverseMix); },
    [](Block s) { return mix(std::bit_cast<State>(s), kInverseMix); },
};

// With the instructions, whose round keys are 0.

#define DRAGOMAN_AES [[gnu::target("aes")]]
DRAGOMAN_AES Block host_encrypt_last(Block s) {
    return std::bit_cast<Block>(_mm_aesenclast_si128(std::bit_cast<__m128i>(s), _mm_setzero_si128()));
}
DRAGOMAN_AES Block host_encrypt(Block s) {
    return std::bit_cast<Block>(_mm_aesenc_si128(std::bit_cast<__m128i>(s), _mm_setzero_si128()));
}
DRAGOMAN_AES Block host_decrypt_last(Block s) {
    return std::bit_cast<Block>(_mm_aesdeclast_si128(std::bit_cast<__m128i>(s), _mm_setzero_si128()));
}
DRAGOMAN_AES Block host_decrypt(Block s) {
    return std::bit_cast<Block>(_mm_aesdec_si128(std::bit_cast<__m128i>(s), _mm_setzero_si128()));
}
DRAGOMAN_AES Block host_inverse_mix(Block s) {
    return std::bit_cast<Block>(_mm_aesimc_si128(std::bit_cast<__m128i>(s)));
}
#undef DRAGOMAN_AES

constexpr Aes kHost = {host_encrypt_last, host_encrypt, host_decrypt_last, host_decrypt, host_inverse_mix};

}  // namespace

const Aes& aes() { return cpu_features().aes ? kHost : kPortable; }

const Aes& portable_aes() { return kPortable; }

u32 aes_sub_word(u32 word) {
    u32 result = 0;
    for (unsigned i = 0; i < 32; i += 8) result |= u32{kForward[word >> i & 0xff]} << i;
    return result;
}

u32 aes_round_constant(unsigned round) {
    u8 constant = 1;
    for (; round != 0; --round) constant = multiply(constant, 2, kModulus);
    return constant;
}

}  // namespace dragoman::crypto
