// Vector cryptography: AES, GHASH, SHA-2, SM4, SM3 (RISC-V Cryptography Extensions Volume II). All work on groups of
// elements, of which the translator has made sure that vl and vstart are multiples.
#include <bit>

#include "base/crypto/aes.h"
#include "base/crypto/ghash.h"
#include "base/crypto/sha2.h"
#include "base/crypto/sm4.h"
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

using crypto::Block;
using crypto::Words;

/// Calls f(i) for each body group of `size` elements.
template <unsigned size, class F>
void for_groups(VectorRun& run, F f) {
    for (u64 i = run.vstart() / size, end = run.vl() / size; i < end; ++i) f(i);
}

/// vd[i] = f(vd[i], vs2[i]) on blocks; `scalar`: vs2[0] for all.
template <class F>
void cipher(VectorRun& run, bool scalar, F f) {
    Block* const d = run.group<Block>(run.vd());
    const Block* const keys = run.group<Block>(run.vs2());
    for_groups<4>(run, [&](u64 i) { d[i] = f(d[i], keys[scalar ? 0 : i]); });
}

// Of AES, for both forms.
template <bool scalar>
void aes_encrypt(VectorRun& run) {
    cipher(run, scalar, [&aes = crypto::aes()](Block state, Block key) { return aes.encrypt(state) ^ key; });
}
template <bool scalar>
void aes_encrypt_last(VectorRun& run) {
    cipher(run, scalar, [&aes = crypto::aes()](Block state, Block key) { return aes.encrypt_last(state) ^ key; });
}
template <bool scalar>
void aes_decrypt(VectorRun& run) {
    cipher(run, scalar,
           [&aes = crypto::aes()](Block state, Block key) { return aes.inverse_mix(aes.decrypt_last(state) ^ key); });
}
template <bool scalar>
void aes_decrypt_last(VectorRun& run) {
    cipher(run, scalar, [&aes = crypto::aes()](Block state, Block key) { return aes.decrypt_last(state) ^ key; });
}

using Group4 = Words<u32>;

/// Round numbers outside `first` to `last` have their bit 3 inverted.
unsigned key_round(const VectorRun& run, unsigned first, unsigned last) {
    const unsigned round = run.vs1() & 15;
    return round < first || round > last ? round ^ 8 : round;
}

/// The key of the next round: each word is the old one and the new one before it.
Group4 chain(Group4 key, u32 first) {
    for (u32& word : key.w) first = word ^= first;
    return key;
}

u32 rotated_sub_word(u32 word) { return crypto::aes_sub_word(std::rotr(word, 8)); }

template <bool scalar>
void sm4_rounds(VectorRun& run) {
    Group4* const d = run.group<Group4>(run.vd());
    const Group4* const keys = run.group<Group4>(run.vs2());
    for_groups<4>(run, [&](u64 i) {
        const Group4 key = keys[scalar ? 0 : i];
        Group4& x = d[i];
        for (unsigned r = 0; r < 4; ++r) {
            x.w[r] ^= crypto::sm4_mix_round(
                crypto::sm4_sub_word(x.w[(r + 1) % 4] ^ x.w[(r + 2) % 4] ^ x.w[(r + 3) % 4] ^ key.w[r]));
        }
    });
}

template <class T, unsigned first>
void sha2_two_rounds(VectorRun& run) {
    Words<T>* const d = run.group<Words<T>>(run.vd());
    const Words<T>* const state = run.group<Words<T>>(run.vs2());
    const Words<T>* const message = run.group<Words<T>>(run.vs1());
    for_groups<4>(
        run, [&](u64 i) { d[i] = crypto::sha2_rounds(state[i], d[i], message[i].w[first], message[i].w[first + 1]); });
}
template <unsigned first>
void sha2_compress(VectorRun& run) {
    if (run.sew() == 2) return sha2_two_rounds<u32, first>(run);
    sha2_two_rounds<u64, first>(run);
}

template <class T>
void sha2_message(VectorRun& run) {
    Words<T>* const d = run.group<Words<T>>(run.vd());
    const Words<T>* const from4 = run.group<Words<T>>(run.vs2());
    const Words<T>* const from12 = run.group<Words<T>>(run.vs1());
    for_groups<4>(run, [&](u64 i) { d[i] = crypto::sha2_schedule(d[i], from4[i], from12[i]); });
}

// --- SM3 (GB/T 32905-2016); its words have the other byte order ---

struct Group8 {
    u32 w[8];
};
u32 swapped(u32 word) { return __builtin_bswap32(word); }

u32 permute0(u32 x) { return x ^ std::rotl(x, 9) ^ std::rotl(x, 17); }
u32 permute1(u32 x) { return x ^ std::rotl(x, 15) ^ std::rotl(x, 23); }

/// The state of the compression function, and one round of it (section 5.3.3).
struct Sm3State {
    u32 a, b, c, d, e, f, g, h;
    void round(u32 word, u32 word4, unsigned j) {
        constexpr unsigned kEarly = 16;
        const u32 constant = j < kEarly ? 0x79cc'4519 : 0x7a87'9d8a;
        const u32 ss1 = std::rotl(std::rotl(a, 12) + e + std::rotl(constant, static_cast<int>(j % 32)), 7);
        const u32 ff = j < kEarly ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
        const u32 gg = j < kEarly ? e ^ f ^ g : (e & f) | (~e & g);
        const u32 tt1 = ff + d + (ss1 ^ std::rotl(a, 12)) + (word ^ word4), tt2 = gg + h + ss1 + word;
        d = c;
        c = std::rotl(b, 9);
        b = a;
        a = tt1;
        h = g;
        g = std::rotl(f, 19);
        f = e;
        e = permute0(tt2);
    }
};

}  // namespace

void vaesem_vv(VectorRun& run) { aes_encrypt<false>(run); }
void vaesem_vs(VectorRun& run) { aes_encrypt<true>(run); }
void vaesef_vv(VectorRun& run) { aes_encrypt_last<false>(run); }
void vaesef_vs(VectorRun& run) { aes_encrypt_last<true>(run); }
void vaesdm_vv(VectorRun& run) { aes_decrypt<false>(run); }
void vaesdm_vs(VectorRun& run) { aes_decrypt<true>(run); }
void vaesdf_vv(VectorRun& run) { aes_decrypt_last<false>(run); }
void vaesdf_vs(VectorRun& run) { aes_decrypt_last<true>(run); }
void vaesz(VectorRun& run) {
    cipher(run, true, [](Block state, Block key) { return state ^ key; });
}

void vaeskf1(VectorRun& run) {
    const u32 constant = crypto::aes_round_constant(key_round(run, 1, 10) - 1);
    Group4* const d = run.group<Group4>(run.vd());
    const Group4* const keys = run.group<Group4>(run.vs2());
    for_groups<4>(run, [&](u64 i) { d[i] = chain(keys[i], rotated_sub_word(keys[i].w[3]) ^ constant); });
}

/// Of AES-256: vd has the key two rounds before. Every second round has neither rotation nor constant.
void vaeskf2(VectorRun& run) {
    const unsigned round = key_round(run, 2, 14);
    const u32 constant = crypto::aes_round_constant(round / 2 - 1);
    Group4* const d = run.group<Group4>(run.vd());
    const Group4* const keys = run.group<Group4>(run.vs2());
    for_groups<4>(run, [&](u64 i) {
        const u32 last = keys[i].w[3];
        d[i] = chain(d[i], round % 2 != 0 ? crypto::aes_sub_word(last) : rotated_sub_word(last) ^ constant);
    });
}

void vgmul(VectorRun& run) { cipher(run, false, crypto::ghash_multiply); }
void vghsh(VectorRun& run) {
    Block* const d = run.group<Block>(run.vd());
    const Block* const hash = run.group<Block>(run.vs2());
    const Block* const text = run.group<Block>(run.vs1());
    for_groups<4>(run, [&](u64 i) { d[i] = crypto::ghash_multiply(d[i] ^ text[i], hash[i]); });
}

void vsha2ms(VectorRun& run) {
    if (run.sew() == 2) return sha2_message<u32>(run);
    sha2_message<u64>(run);
}
void vsha2cl(VectorRun& run) { sha2_compress<0>(run); }
void vsha2ch(VectorRun& run) { sha2_compress<2>(run); }

void vsm4k(VectorRun& run) {
    const unsigned round = run.vs1() & 7;
    Group4* const d = run.group<Group4>(run.vd());
    const Group4* const keys = run.group<Group4>(run.vs2());
    for_groups<4>(run, [&](u64 i) {
        Group4 k = keys[i];
        for (unsigned r = 0; r < 4; ++r) {
            k.w[r] ^= crypto::sm4_mix_key(crypto::sm4_sub_word(k.w[(r + 1) % 4] ^ k.w[(r + 2) % 4] ^ k.w[(r + 3) % 4] ^
                                                               crypto::sm4_key_constant(4 * round + r)));
        }
        d[i] = k;
    });
}
void vsm4r_vv(VectorRun& run) { sm4_rounds<false>(run); }
void vsm4r_vs(VectorRun& run) { sm4_rounds<true>(run); }

/// Message words 16 to 23 from the 16 before.
void vsm3me(VectorRun& run) {
    Group8* const d = run.group<Group8>(run.vd());
    const Group8* const from8 = run.group<Group8>(run.vs2());
    const Group8* const from0 = run.group<Group8>(run.vs1());
    for_groups<8>(run, [&](u64 i) {
        u32 w[24];
        for (unsigned k = 0; k < 8; ++k) {
            w[k] = swapped(from0[i].w[k]);
            w[8 + k] = swapped(from8[i].w[k]);
        }
        for (unsigned k = 16; k < 24; ++k) {
            w[k] = permute1(w[k - 16] ^ w[k - 9] ^ std::rotl(w[k - 3], 15)) ^ std::rotl(w[k - 13], 7) ^ w[k - 6];
            d[i].w[k - 16] = swapped(w[k]);
        }
    });
}

/// Two rounds. Of the state that is returned, the pairs are the new word and the one of the round before.
void vsm3c(VectorRun& run) {
    Group8* const d = run.group<Group8>(run.vd());
    const Group8* const message = run.group<Group8>(run.vs2());
    const unsigned j = 2 * run.vs1();
    for_groups<8>(run, [&](u64 i) {
        u32 s[8];
        for (unsigned k = 0; k < 8; ++k) s[k] = swapped(d[i].w[k]);
        auto word = [&](unsigned k) { return swapped(message[i].w[k]); };
        Sm3State first{s[0], s[1], s[2], s[3], s[4], s[5], s[6], s[7]};
        first.round(word(0), word(4), j);
        Sm3State second = first;
        second.round(word(1), word(5), j + 1);
        d[i] = {{swapped(second.a), swapped(second.b), swapped(second.c), swapped(second.d), swapped(second.e),
                 swapped(second.f), swapped(second.g), swapped(second.h)}};
    });
}

}  // namespace dragoman::riscv::vector_functions
