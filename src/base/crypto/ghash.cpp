#include "base/crypto/ghash.h"

#include <immintrin.h>

#include "base/cpu_features.h"

namespace dragoman::crypto {

namespace {

/// Reverses the bits of each byte, so that bit i is the coefficient of x^i.
u64 reverse_in_bytes(u64 v) {
    v = (v & 0x5555'5555'5555'5555) << 1 | (v >> 1 & 0x5555'5555'5555'5555);
    v = (v & 0x3333'3333'3333'3333) << 2 | (v >> 2 & 0x3333'3333'3333'3333);
    return (v & 0x0f0f'0f0f'0f0f'0f0f) << 4 | (v >> 4 & 0x0f0f'0f0f'0f0f'0f0f);
}
Block reverse_in_bytes(Block b) { return {reverse_in_bytes(b.low), reverse_in_bytes(b.high)}; }

struct Product {
    u64 low, high;
};

struct Portable {
    static Product multiply(u64 a, u64 b) {
        Product p{0, 0};
        for (unsigned bit = 0; bit < 64; ++bit) {
            const u64 mask = 0 - (b >> bit & 1);
            p.low ^= a << bit & mask;
            if (bit != 0) p.high ^= a >> (64 - bit) & mask;
        }
        return p;
    }
};

struct Host {
    [[gnu::target("pclmul")]] static Product multiply(u64 a, u64 b) {
        const __m128i p =
            _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<i64>(a)), _mm_cvtsi64_si128(static_cast<i64>(b)), 0);
        return {static_cast<u64>(_mm_cvtsi128_si64(p)), static_cast<u64>(_mm_cvtsi128_si64(_mm_srli_si128(p, 8)))};
    }
};

template <class Multiplier>
Block multiply(Block a, Block b) {
    a = reverse_in_bytes(a);
    b = reverse_in_bytes(b);
    const Product low = Multiplier::multiply(a.low, b.low), high = Multiplier::multiply(a.high, b.high);
    Product middle = Multiplier::multiply(a.low ^ a.high, b.low ^ b.high);
    middle.low ^= low.low ^ high.low;
    middle.high ^= low.high ^ high.high;
    const u64 words[4] = {low.low, low.high ^ middle.low, high.low ^ middle.high, high.high};
    // x^128 is x^7 + x^2 + x + 1. What the highest word leaves above bit 127 is reduced with the word below it.
    constexpr u64 kReduction = 0x87;
    const Product top = Multiplier::multiply(words[3], kReduction);
    const Product next = Multiplier::multiply(words[2] ^ top.high, kReduction);
    return reverse_in_bytes(Block{words[0] ^ next.low, words[1] ^ top.low ^ next.high});
}

}  // namespace

Block ghash_multiply(Block a, Block b) {
    return cpu_features().pclmul ? multiply<Host>(a, b) : multiply<Portable>(a, b);
}

Block portable_ghash_multiply(Block a, Block b) { return multiply<Portable>(a, b); }

}  // namespace dragoman::crypto
