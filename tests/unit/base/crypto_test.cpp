// The parts of block ciphers: with and without the host's instructions, and against the standards' examples.
#include <gtest/gtest.h>

#include <random>

#include "base/crypto/aes.h"
#include "base/crypto/des.h"
#include "base/crypto/ghash.h"
#include "base/crypto/sha2.h"
#include "base/crypto/sm4.h"

namespace dragoman::crypto {
namespace {

/// A number as the standards print it.
std::array<u8, 8> bytes_of(u64 value) {
    std::array<u8, 8> bytes;
    for (unsigned i = 0; i < 8; i++) bytes[i] = static_cast<u8>(value >> (56 - 8 * i));
    return bytes;
}

// NIST SP 800-17: some of the tables of known answers.
TEST(Des, HasTheKnownAnswers) {
    const u64 answers[][3] = {{0x0101010101010101, 0x8000000000000000, 0x95f8a5e5dd31d900},
                              {0x0101010101010101, 0x0000000000000001, 0x166b40b44aba4bd6},
                              {0x8001010101010101, 0, 0x95a8d72813daa94d},
                              {0x7ca110454a1a6e57, 0x01a1d6d039776742, 0x690f5b0d9a26939b},
                              {0x0131d9619dc1376e, 0x5cd54ca83def57da, 0x7a389d10354bd271},
                              {0x133457799bbcdff1, 0x0123456789abcdef, 0x85e813540f0ab405}};
    for (auto [key, text, cipher] : answers) EXPECT_EQ(des_encrypt(bytes_of(key), bytes_of(text)), bytes_of(cipher));
}

TEST(Aes, IsTheSameWithAndWithoutInstructions) {
    std::mt19937_64 random(1);
    for (unsigned i = 0; i < 1000; ++i) {
        const Block block{random(), random()};
        EXPECT_EQ(aes().encrypt_last(block), portable_aes().encrypt_last(block));
        EXPECT_EQ(aes().encrypt(block), portable_aes().encrypt(block));
        EXPECT_EQ(aes().decrypt_last(block), portable_aes().decrypt_last(block));
        EXPECT_EQ(aes().decrypt(block), portable_aes().decrypt(block));
        EXPECT_EQ(aes().inverse_mix(block), portable_aes().inverse_mix(block));
    }
}

/// Expands the key and encrypts as FIPS 197 describes it.
Block encrypt(const Aes& aes, Block key, Block text) {
    Block state = text ^ key;
    for (unsigned round = 0; round < 10; ++round) {
        const u32 last = static_cast<u32>(key.high >> 32);
        const u32 w0 = static_cast<u32>(key.low) ^ aes_sub_word(std::rotr(last, 8)) ^ aes_round_constant(round);
        const u32 w1 = w0 ^ static_cast<u32>(key.low >> 32), w2 = w1 ^ static_cast<u32>(key.high), w3 = w2 ^ last;
        key = {u64{w1} << 32 | w0, u64{w3} << 32 | w2};
        state = (round == 9 ? aes.encrypt_last(state) : aes.encrypt(state)) ^ key;
    }
    return state;
}

TEST(Aes, EncryptsTheExampleOfFips197) {
    // Appendix C.1, least significant byte first.
    const Block key{0x0706050403020100, 0x0f0e0d0c0b0a0908}, text{0x7766554433221100, 0xffeeddccbbaa9988};
    const Block cipher{0x30047b6ad8e0c469, 0x5ac5b47080b7cdd8};
    EXPECT_EQ(encrypt(aes(), key, text), cipher);
    EXPECT_EQ(encrypt(portable_aes(), key, text), cipher);
}

TEST(Sm4, EncryptsTheExampleOfItsStandard) {
    // GB/T 32907-2016, appendix A: key and text are the same.
    const u32 word[4] = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210};
    const u32 family[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
    u32 k[4], x[4];
    for (unsigned i = 0; i < 4; ++i) k[i] = word[i] ^ family[i], x[i] = word[i];
    for (unsigned i = 0; i < 32; ++i) {
        u32& key = k[i % 4];
        key ^= sm4_mix_key(sm4_sub_word(k[(i + 1) % 4] ^ k[(i + 2) % 4] ^ k[(i + 3) % 4] ^ sm4_key_constant(i)));
        x[i % 4] ^= sm4_mix_round(sm4_sub_word(x[(i + 1) % 4] ^ x[(i + 2) % 4] ^ x[(i + 3) % 4] ^ key));
    }
    const u32 cipher[4] = {0x681edf34, 0xd206965e, 0x86b3e94f, 0x536e4246};
    for (unsigned i = 0; i < 4; ++i) EXPECT_EQ(x[3 - i], cipher[i]);
}

TEST(Ghash, IsTheSameWithAndWithoutInstructions) {
    std::mt19937_64 random(2);
    for (unsigned i = 0; i < 1000; ++i) {
        const Block a{random(), random()}, b{random(), random()};
        EXPECT_EQ(ghash_multiply(a, b), portable_ghash_multiply(a, b));
    }
    // The first bit is 1: one. The second one is x; x^127 times x is x^7 + x^2 + x + 1.
    const Block one{0x80, 0}, x{0x40, 0}, last{0, u64{1} << 56}, any{0x0123456789abcdef, 0xfedcba9876543210};
    EXPECT_EQ(ghash_multiply(one, any), any);
    EXPECT_EQ(ghash_multiply(last, x), (Block{0xe1, 0}));
}

TEST(Sha2, IsTheSameWithAndWithoutInstructions) {
    std::mt19937 random(3);
    auto word = [&] { return static_cast<u32>(random()); };
    auto words = [&] { return Words<u32>{{word(), word(), word(), word()}}; };
    for (unsigned i = 0; i < 1000; ++i) {
        const Words<u32> a = words(), b = words(), c = words();
        EXPECT_EQ(sha2_rounds(a, b, c.w[0], c.w[1]), portable_sha2_rounds(a, b, c.w[0], c.w[1]));
        EXPECT_EQ(sha2_schedule(a, b, c), portable_sha2_schedule(a, b, c));
    }
}

}  // namespace
}  // namespace dragoman::crypto
