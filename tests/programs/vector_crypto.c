// flags: -O1 -march=rv64gc -fno-strict-aliasing
// options: -cpu max,v=on,zvkng=on,zvksg=on
// Vector cryptography against the examples of the standards, in one group of elements and in several; and what is reserved.
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

#include "check.h"

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"
// An instruction of OP-VE by funct6 and the numbers of its registers.
#define VE(funct6, vd, vs2, vs1) \
    ".insn r 0x77, 2, (" #funct6 " << 1 | 1), x" #vd ", x" #vs1 ", x" #vs2 "\n"
#define VGMUL(vd, vs2) VE(0x28, vd, vs2, 17)
#define VGHSH(vd, vs2, vs1) VE(0x2c, vd, vs2, vs1)
#define VAESDM_VV(vd, vs2) VE(0x28, vd, vs2, 0)
#define VAESDF_VV(vd, vs2) VE(0x28, vd, vs2, 1)
#define VAESEM_VV(vd, vs2) VE(0x28, vd, vs2, 2)
#define VAESEF_VV(vd, vs2) VE(0x28, vd, vs2, 3)
#define VAESDM_VS(vd, vs2) VE(0x29, vd, vs2, 0)
#define VAESDF_VS(vd, vs2) VE(0x29, vd, vs2, 1)
#define VAESEM_VS(vd, vs2) VE(0x29, vd, vs2, 2)
#define VAESEF_VS(vd, vs2) VE(0x29, vd, vs2, 3)
#define VAESZ_VS(vd, vs2) VE(0x29, vd, vs2, 7)
#define VAESKF1(vd, vs2, round) VE(0x22, vd, vs2, round)
#define VAESKF2(vd, vs2, round) VE(0x2a, vd, vs2, round)
#define VSHA2MS(vd, vs2, vs1) VE(0x2d, vd, vs2, vs1)
#define VSHA2CH(vd, vs2, vs1) VE(0x2e, vd, vs2, vs1)
#define VSHA2CL(vd, vs2, vs1) VE(0x2f, vd, vs2, vs1)
#define VSM4K(vd, vs2, round) VE(0x21, vd, vs2, round)
#define VSM4R_VV(vd, vs2) VE(0x28, vd, vs2, 16)
#define VSM4R_VS(vd, vs2) VE(0x29, vd, vs2, 16)
#define VSM3ME(vd, vs2, vs1) VE(0x20, vd, vs2, vs1)
#define VSM3C(vd, vs2, rounds) VE(0x2b, vd, vs2, rounds)

static void from_hex(void* to, const char* hex) {
    for (unsigned char* out = to; *hex; hex += 2) {
        unsigned byte = 0;
        for (int i = 0; i < 2; ++i) byte = byte * 16 + (unsigned)(hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10);
        *out++ = (unsigned char)byte;
    }
}
static int is_hex(const void* bytes, const char* hex) {
    unsigned char expected[64];
    from_hex(expected, hex);
    return memcmp(bytes, expected, strlen(hex) / 2) == 0;
}

// --- AES: groups of registers, so that one instruction has several blocks ---

enum { kBlocks = 4 };
static unsigned char text[kBlocks][16], keys[15][16];

static void aes128(void) {
    from_hex(keys[0], "000102030405060708090a0b0c0d0e0f");
    __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v1, (%0)\n" VAESKF1(2, 1, 1) VAESKF1(3, 2, 2)
                           VAESKF1(4, 3, 3) VAESKF1(5, 4, 4) VAESKF1(6, 5, 5) VAESKF1(7, 6, 6) VAESKF1(8, 7, 7)
                               VAESKF1(9, 8, 8) VAESKF1(10, 9, 9) VAESKF1(11, 10, 10) "vse32.v v11, (%1)")
                     :
                     : "r"(keys[0]), "r"(keys[10])
                     : "memory");
    CHECK(is_hex(keys[10], "13111d7fe3944a17f307a78b4d2b30c5"));
    for (int i = 0; i < kBlocks; ++i) from_hex(text[i], "00112233445566778899aabbccddeeff");
    __asm__ volatile(V("vsetivli zero, 16, e32, m4, ta, ma\n vle32.v v12, (%0)\n" VAESZ_VS(12, 1) VAESEM_VS(12, 2)
                           VAESEM_VS(12, 3) VAESEM_VS(12, 4) VAESEM_VS(12, 5) VAESEM_VS(12, 6) VAESEM_VS(12, 7)
                               VAESEM_VS(12, 8) VAESEM_VS(12, 9) VAESEM_VS(12, 10) VAESEF_VS(12, 11) "vse32.v v12, (%0)")
                     :
                     : "r"(text)
                     : "memory");
    for (int i = 0; i < kBlocks; ++i) CHECK(is_hex(text[i], "69c4e0d86a7b0430d8cdb78070b4c55a"));
    __asm__ volatile(V("vsetivli zero, 16, e32, m4, ta, ma\n vle32.v v12, (%0)\n" VAESZ_VS(12, 11) VAESDM_VS(12, 10)
                           VAESDM_VS(12, 9) VAESDM_VS(12, 8) VAESDM_VS(12, 7) VAESDM_VS(12, 6) VAESDM_VS(12, 5)
                               VAESDM_VS(12, 4) VAESDM_VS(12, 3) VAESDM_VS(12, 2) VAESDF_VS(12, 1) "vse32.v v12, (%0)")
                     :
                     : "r"(text)
                     : "memory");
    for (int i = 0; i < kBlocks; ++i) CHECK(is_hex(text[i], "00112233445566778899aabbccddeeff"));
    // One block with the forms that have a key per block.
    __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v12, (%0)\n" VAESZ_VS(12, 1) VAESEM_VV(12, 2)
                           VAESEM_VV(12, 3) VAESEM_VV(12, 4) VAESEM_VV(12, 5) VAESEM_VV(12, 6) VAESEM_VV(12, 7)
                               VAESEM_VV(12, 8) VAESEM_VV(12, 9) VAESEM_VV(12, 10) VAESEF_VV(12, 11) "vse32.v v12, (%0)\n"
                                   VAESZ_VS(12, 11) VAESDM_VV(12, 10) VAESDM_VV(12, 9) VAESDM_VV(12, 8) VAESDM_VV(12, 7)
                                       VAESDM_VV(12, 6) VAESDM_VV(12, 5) VAESDM_VV(12, 4) VAESDM_VV(12, 3)
                                           VAESDM_VV(12, 2) VAESDF_VV(12, 1) "vse32.v v12, (%1)")
                     :
                     : "r"(text[0]), "r"(text[1])
                     : "memory");
    CHECK(is_hex(text[0], "69c4e0d86a7b0430d8cdb78070b4c55a"));
    CHECK(is_hex(text[1], "00112233445566778899aabbccddeeff"));
}

static void aes256(void) {
    from_hex(keys[0], "000102030405060708090a0b0c0d0e0f");
    from_hex(keys[1], "101112131415161718191a1b1c1d1e1f");
    // v1, v2 are the key; each further round key comes from the two before it.
#define NEXT(before, last, next, round) "vmv.v.v v" #next ", v" #before "\n" VAESKF2(next, last, round)
    __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v1, (%0)\n vle32.v v2, (%1)\n" NEXT(1, 2, 3, 2)
                           NEXT(2, 3, 4, 3) NEXT(3, 4, 5, 4) NEXT(4, 5, 6, 5) NEXT(5, 6, 7, 6) NEXT(6, 7, 8, 7)
                               NEXT(7, 8, 9, 8) NEXT(8, 9, 10, 9) NEXT(9, 10, 11, 10) NEXT(10, 11, 12, 11)
                                   NEXT(11, 12, 13, 12) NEXT(12, 13, 14, 13) NEXT(13, 14, 15, 14) "vse32.v v15, (%2)")
                     :
                     : "r"(keys[0]), "r"(keys[1]), "r"(keys[14])
                     : "memory");
    CHECK(is_hex(keys[14], "24fc79ccbf0979e9371ac23c6d68de36"));
    from_hex(text[0], "00112233445566778899aabbccddeeff");
    __asm__ volatile(V("vle32.v v16, (%0)\n" VAESZ_VS(16, 1) VAESEM_VV(16, 2) VAESEM_VV(16, 3) VAESEM_VV(16, 4)
                           VAESEM_VV(16, 5) VAESEM_VV(16, 6) VAESEM_VV(16, 7) VAESEM_VV(16, 8) VAESEM_VV(16, 9)
                               VAESEM_VV(16, 10) VAESEM_VV(16, 11) VAESEM_VV(16, 12) VAESEM_VV(16, 13) VAESEM_VV(16, 14)
                                   VAESEF_VV(16, 15) "vse32.v v16, (%0)")
                     :
                     : "r"(text[0])
                     : "memory");
    CHECK(is_hex(text[0], "8ea2b7ca516745bfeafc49904b496089"));
    // Numbers of rounds that there are not have bit 3 inverted.
    unsigned char pair[2][16];
    __asm__ volatile(V(VAESKF1(16, 1, 0) VAESKF1(17, 1, 8) "vse32.v v16, (%0)\n vse32.v v17, (%1)")
                     :
                     : "r"(pair[0]), "r"(pair[1])
                     : "memory");
    CHECK(memcmp(pair[0], pair[1], 16) == 0);
    __asm__ volatile(V(NEXT(1, 2, 16, 15) NEXT(1, 2, 17, 7) "vse32.v v16, (%0)\n vse32.v v17, (%1)")
                     :
                     : "r"(pair[0]), "r"(pair[1])
                     : "memory");
    CHECK(memcmp(pair[0], pair[1], 16) == 0);
}

// --- GCM ---

static void ghash(void) {
    // The second case of the GCM specification: two blocks.
    unsigned char h[16], x[2][16] = {{0}}, y[16] = {0};
    from_hex(h, "66e94bd4ef8a2c3b884cfa59ca342b2e");
    from_hex(x[0], "0388dace60b6a392f328c2b971b2fe78");
    from_hex(x[1], "00000000000000000000000000000080");
    __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v1, (%0)\n vle32.v v2, (%1)\n vle32.v v3, (%2)\n"
                       "vle32.v v4, (%3)\n" VGHSH(4, 1, 2) VGHSH(4, 1, 3) "vse32.v v4, (%3)")
                     :
                     : "r"(h), "r"(x[0]), "r"(x[1]), "r"(y)
                     : "memory");
    CHECK(is_hex(y, "f38cbb1ad69223dcc3457ae5b6b0f885"));
    // vgmul is vghsh with a text of zeros.
    __asm__ volatile(V("vmv.v.i v2, 0\n vmv.v.v v5, v4\n" VGHSH(4, 1, 2) VGMUL(5, 1) "vse32.v v4, (%0)\n vse32.v v5, (%1)")
                     :
                     : "r"(x[0]), "r"(x[1])
                     : "memory");
    CHECK(memcmp(x[0], x[1], 16) == 0 && memcmp(x[0], y, 16) != 0);
}

// --- SHA-2: one block, "abc". The schedule and the rounds are done four words at a time. ---

static uint64_t root_fraction(unsigned prime, int cubic) {
    // The first 64 bits of the fractional part of the root, by bisection on the root times 2^64 in 128 bits.
    unsigned __int128 low = 0, high = (unsigned __int128)64 << 64;
    while (high - low > 1) {
        unsigned __int128 middle = low + (high - low) / 2;
        // Compare middle^2 or middle^3 with prime: long multiplication in 32-bit digits.
        uint32_t digit[4];
        for (int i = 0; i < 4; ++i) digit[i] = (uint32_t)(middle >> (32 * i));
        uint64_t product[12] = {0}, next[12];
        for (int i = 0; i < 4; ++i) product[i] = digit[i];
        for (int power = 1; power < (cubic ? 3 : 2); ++power) {
            memset(next, 0, sizeof next);
            for (int i = 0; i < 8; ++i) {
                uint64_t carry = 0;
                for (int j = 0; j < 4; ++j) {
                    uint64_t sum = next[i + j] + product[i] * digit[j] + carry;
                    next[i + j] = (uint32_t)sum;
                    carry = sum >> 32;
                }
                next[i + 4] += carry;
            }
            memcpy(product, next, sizeof next);
        }
        const int whole = cubic ? 6 : 4;  // digits behind the point
        if (product[whole] + (product[whole + 1] << 32) >= prime) high = middle;
        else low = middle;
    }
    return (uint64_t)low;
}
static unsigned nth_prime(unsigned n) {
    unsigned p = 1;
    for (unsigned found = 0; found <= n;) {
        ++p;
        unsigned d = 2;
        while (d * d <= p && p % d != 0) ++d;
        if (d * d > p) ++found;
    }
    return p;
}

#define ROUNDS(load, store, type)                                                                                      \
    __asm__ volatile(V("vsetivli zero, 4, " type ", ta, ma\n" load " v4, (%0)\n" load " v6, (%1)\n" load              \
                       " v8, (%2)\n" VSHA2CL(6, 4, 8) VSHA2CH(4, 6, 8) store " v4, (%0)\n" store " v6, (%1)\n")        \
                     :                                                                                                 \
                     : "r"(abef), "r"(cdgh), "r"(sums)                                                                 \
                     : "memory");                                                                                      \
    __asm__ volatile(V(load " v4, (%0)\n" load " v6, (%1)\n" load " v8, (%2)\n" VSHA2MS(4, 6, 8) store " v4, (%0)")    \
                     :                                                                                                 \
                     : "r"(w), "r"(from4), "r"(w + 12)                                                                 \
                     : "memory");

// After the second half-step the older state lies where the newer one was: cl leaves it in cdgh, ch in abef.
#define SHA2(name, word, rounds, load, store, type)                                                                    \
    static void name(word hash[8], const word block[16], const word* constants) {                                      \
        word w[16], abef[4] = {hash[5], hash[4], hash[1], hash[0]}, cdgh[4] = {hash[7], hash[6], hash[3], hash[2]};    \
        memcpy(w, block, sizeof w);                                                                                    \
        for (unsigned r = 0; r < rounds; r += 4) {                                                                     \
            word sums[4], from4[4] = {w[4], w[9], w[10], w[11]};                                                       \
            for (unsigned i = 0; i < 4; ++i) sums[i] = w[i] + constants[r + i];                                        \
            ROUNDS(load, store, type)                                                                                  \
            word next[4];                                                                                              \
            memcpy(next, w, sizeof next);                                                                              \
            memmove(w, w + 4, 12 * sizeof *w);                                                                         \
            memcpy(w + 12, next, sizeof next);                                                                         \
        }                                                                                                              \
        const word end[8] = {abef[3], abef[2], cdgh[3], cdgh[2], abef[1], abef[0], cdgh[1], cdgh[0]};                  \
        for (unsigned i = 0; i < 8; ++i) hash[i] += end[i];                                                            \
    }
SHA2(sha256_block, uint32_t, 64, "vle32.v", "vse32.v", "e32, m1")
SHA2(sha512_block, uint64_t, 80, "vle64.v", "vse64.v", "e64, m2")

static void sha2(void) {
    uint32_t hash[8], constants[64], block[16] = {0x61626380, [15] = 24};
    uint64_t hash64[8], constants64[80], block64[16] = {0x6162638000000000, [15] = 24};
    for (unsigned i = 0; i < 80; ++i) {
        constants64[i] = root_fraction(nth_prime(i), 1);
        if (i < 64) constants[i] = (uint32_t)(constants64[i] >> 32);
    }
    for (unsigned i = 0; i < 8; ++i) {
        hash64[i] = root_fraction(nth_prime(i), 0);
        hash[i] = (uint32_t)(hash64[i] >> 32);
    }
    CHECK(constants[0] == 0x428a2f98 && hash[7] == 0x5be0cd19);
    sha256_block(hash, block, constants);
    const uint32_t expected[8] = {0xba7816bf, 0x8f01cfea, 0x414140de, 0x5dae2223,
                                  0xb00361a3, 0x96177a9c, 0xb410ff61, 0xf20015ad};
    CHECK(memcmp(hash, expected, sizeof hash) == 0);
    sha512_block(hash64, block64, constants64);
    const uint64_t expected64[8] = {0xddaf35a193617aba, 0xcc417349ae204131, 0x12e6fa4e89a97ea2, 0x0a9eeee64b55d39a,
                                    0x2192992a274fc1a8, 0x36ba3c23a3feebbd, 0x454d4423643ce80e, 0x2a9ac94fa54ca49f};
    CHECK(memcmp(hash64, expected64, sizeof hash64) == 0);
}

// --- SM4, SM3 ---

static void sm4(void) {
    // GB/T 32907-2016, appendix A: the key is the text.
    uint32_t key[4] = {0x01234567, 0x89abcdef, 0xfedcba98, 0x76543210}, x[4], both[2][4];
    const uint32_t family[4] = {0xa3b1bac6, 0x56aa3350, 0x677d9197, 0xb27022dc};
    memcpy(x, key, sizeof x);
    for (unsigned i = 0; i < 4; ++i) key[i] ^= family[i];
    __asm__ volatile(V("vsetivli zero, 4, e32, m1, ta, ma\n vle32.v v1, (%0)\n" VSM4K(2, 1, 0) VSM4K(3, 2, 1) VSM4K(4, 3, 2)
                           VSM4K(5, 4, 3) VSM4K(6, 5, 4) VSM4K(7, 6, 5) VSM4K(8, 7, 6) VSM4K(9, 8, 7)
                       "vle32.v v10, (%1)\n vmv.v.v v11, v10\n" VSM4R_VV(10, 2) VSM4R_VV(10, 3) VSM4R_VV(10, 4)
                           VSM4R_VV(10, 5) VSM4R_VV(10, 6) VSM4R_VV(10, 7) VSM4R_VV(10, 8) VSM4R_VV(10, 9) VSM4R_VS(11, 2)
                               VSM4R_VS(11, 3) VSM4R_VS(11, 4) VSM4R_VS(11, 5) VSM4R_VS(11, 6) VSM4R_VS(11, 7)
                                   VSM4R_VS(11, 8) VSM4R_VS(11, 9) "vse32.v v10, (%2)\n vse32.v v11, (%3)")
                     :
                     : "r"(key), "r"(x), "r"(both[0]), "r"(both[1])
                     : "memory");
    const uint32_t expected[4] = {0x536e4246, 0x86b3e94f, 0xd206965e, 0x681edf34};  // the last words first
    CHECK(memcmp(both[0], expected, 16) == 0 && memcmp(both[1], expected, 16) == 0);
}

static void sm3(void) {
    // GB/T 32905-2016, appendix A.1: "abc". Words are as they lie in memory.
    unsigned char block[64] = {'a', 'b', 'c', 0x80, [63] = 24}, hash[32], words[2][32];
    from_hex(hash, "7380166f4914b2b9172442d7da8a0600a96f30bc163138aae38dee4db0fb0e4e");
    memcpy(words, block, 64);
    // v4: the state, in the order that the rounds take; v8, v10: eight words each; each pair of rounds takes words 0, 1, 4, 5 of v12.
#define PAIR(number, slide) \
    "vslidedown.vi v12, v8, " #slide "\n vslideup.vi v12, v10, 8 - " #slide "\n" VSM3C(4, 12, number)
#define EIGHT(a, b, c, d) PAIR(a, 0) PAIR(b, 2) PAIR(c, 4) PAIR(d, 6)
    // With e32, m2 a group of eight elements fits any VLEN.
#define EXPAND "vmv.v.v v14, v10\n" VSM3ME(16, 10, 8) "vmv.v.v v8, v14\n vmv.v.v v10, v16\n"
    __asm__ volatile(
        V("vsetivli zero, 8, e32, m2, tu, ma\n vle32.v v4, (%0)\n vmv.v.v v18, v4\n vle32.v v8, (%1)\n"
          "vle32.v v10, (%2)\n" EIGHT(0, 1, 2, 3) EXPAND EIGHT(4, 5, 6, 7) EXPAND EIGHT(8, 9, 10, 11) EXPAND EIGHT(12, 13, 14, 15)
              EXPAND EIGHT(16, 17, 18, 19) EXPAND EIGHT(20, 21, 22, 23) EXPAND EIGHT(24, 25, 26, 27) EXPAND EIGHT(28, 29, 30, 31)
          "vxor.vv v4, v4, v18\n vse32.v v4, (%0)")
        :
        : "r"(hash), "r"(words[0]), "r"(words[1])
        : "memory");
    CHECK(is_hex(hash, "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"));
}

// --- reserved ---

static sigjmp_buf back;
static void illegal(int signal) { siglongjmp(back, signal); }
#define ILLEGAL(setup, insn)                                  \
    do {                                                      \
        volatile int came = sigsetjmp(back, 1);               \
        if (!came) {                                          \
            __asm__ volatile(V(setup "\n" insn) ::: "memory"); \
        }                                                     \
        CHECK(came == SIGILL);                                \
    } while (0)

static void reserved(void) {
    signal(SIGILL, illegal);
    // element width
    ILLEGAL("vsetivli zero, 4, e64, m2, ta, ma", VAESEM_VV(4, 8));
    ILLEGAL("vsetivli zero, 4, e16, m1, ta, ma", VAESEM_VV(4, 8));
    ILLEGAL("vsetivli zero, 4, e16, m1, ta, ma", VSHA2MS(4, 8, 12));
    ILLEGAL("vsetivli zero, 8, e64, m4, ta, ma", VSM3C(4, 8, 1));
    // vl and vstart that cut a group
    ILLEGAL("vsetivli zero, 3, e32, m1, ta, ma", VAESEM_VV(4, 8));
    ILLEGAL("vsetivli zero, 6, e32, m2, ta, ma", VGMUL(4, 8));
    ILLEGAL("vsetivli zero, 4, e32, m2, ta, ma", VSM3ME(4, 8, 12));
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma\n csrwi vstart, 2", VAESEM_VV(4, 8));
    // LMUL that has no room for a group
    ILLEGAL("vsetvli zero, zero, e32, mf2, ta, ma\n vsetivli zero, 0, e32, mf2, ta, ma", VSM3C(4, 8, 1));
    // registers
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma", VAESEM_VV(5, 8));
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma", VAESEM_VV(4, 9));
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma", VAESEM_VS(4, 5));
    ILLEGAL("vsetivli zero, 4, e32, m1, ta, ma", VAESZ_VS(4, 4));
    ILLEGAL("vsetivli zero, 4, e32, m1, ta, ma", VSHA2MS(4, 4, 8));
    ILLEGAL("vsetivli zero, 4, e32, m1, ta, ma", VSHA2CL(4, 8, 4));
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma", VSM3ME(4, 4, 8));
    ILLEGAL("vsetivli zero, 8, e32, m2, ta, ma", VSM3C(4, 4, 8));
    // with a mask
    ILLEGAL("vsetivli zero, 4, e32, m1, ta, ma", ".insn r 0x77, 2, 0x28 << 1, x4, x2, x8");
    signal(SIGILL, SIG_DFL);
}

// vstart: groups before it stay.
static void from_the_middle(void) {
    uint32_t before[8], key[8], after[8];
    for (unsigned i = 0; i < 8; ++i) before[i] = 0x01010101 * i, key[i] = 0x10000000 + i;
    unsigned long vstart;
    __asm__ volatile(V("vsetivli zero, 8, e32, m2, ta, ma\n vle32.v v4, (%1)\n vle32.v v6, (%2)\n csrwi vstart, 4\n"
                           VAESZ_VS(4, 6) "csrr %0, vstart\n vse32.v v4, (%3)")
                     : "=r"(vstart)
                     : "r"(before), "r"(key), "r"(after)
                     : "memory");
    CHECK(vstart == 0);
    for (unsigned i = 0; i < 8; ++i) CHECK(after[i] == (i < 4 ? before[i] : (before[i] ^ key[i - 4])));
}

int main(void) {
    aes128();
    aes256();
    ghash();
    sha2();
    sm4();
    sm3();
    reserved();
    from_the_middle();
    return 0;
}
