#include "base/crypto/sha2.h"

#include <immintrin.h>

#include <bit>
#include <initializer_list>

#include "base/cpu_features.h"

namespace dragoman::crypto {

namespace {

template <class T>
T rotate_sum(T x, int a, int b, int c) {
    return static_cast<T>(std::rotr(x, a) ^ std::rotr(x, b) ^ std::rotr(x, c));
}
template <class T>
T shift_sum(T x, int a, int b, int shift) {
    return static_cast<T>(std::rotr(x, a) ^ std::rotr(x, b) ^ x >> shift);
}

// The functions of FIPS 180-4, sections 4.1.2 and 4.1.3.
u32 sum0(u32 x) { return rotate_sum(x, 2, 13, 22); }
u32 sum1(u32 x) { return rotate_sum(x, 6, 11, 25); }
u32 sigma0(u32 x) { return shift_sum(x, 7, 18, 3); }
u32 sigma1(u32 x) { return shift_sum(x, 17, 19, 10); }
u64 sum0(u64 x) { return rotate_sum(x, 28, 34, 39); }
u64 sum1(u64 x) { return rotate_sum(x, 14, 18, 41); }
u64 sigma0(u64 x) { return shift_sum(x, 1, 8, 7); }
u64 sigma1(u64 x) { return shift_sum(x, 19, 61, 6); }

template <class T>
Words<T> rounds(Words<T> feba, Words<T> hgdc, T first, T second) {
    auto [f, e, b, a] = feba.w;
    auto [h, g, d, c] = hgdc.w;
    for (T word : {first, second}) {
        const T t1 = h + sum1(e) + ((e & f) ^ (~e & g)) + word;
        const T t2 = sum0(a) + ((a & b) ^ (a & c) ^ (b & c));
        h = g;
        g = f;
        f = e;
        e = d + t1;
        d = c;
        c = b;
        b = a;
        a = t1 + t2;
    }
    return {{f, e, b, a}};
}

template <class T>
Words<T> schedule(Words<T> from0, Words<T> from4, Words<T> from12) {
    const auto& w = from0.w;
    Words<T> next;
    next.w[0] = sigma1(from12.w[2]) + from4.w[1] + sigma0(w[1]) + w[0];
    next.w[1] = sigma1(from12.w[3]) + from4.w[2] + sigma0(w[2]) + w[1];
    next.w[2] = sigma1(next.w[0]) + from4.w[3] + sigma0(w[3]) + w[2];
    next.w[3] = sigma1(next.w[1]) + from12.w[0] + sigma0(from4.w[0]) + w[3];
    return next;
}

#define DRAGOMAN_SHA [[gnu::target("sha,ssse3,sse4.1")]]
DRAGOMAN_SHA Words<u32> host_rounds(Words<u32> feba, Words<u32> hgdc, u32 first, u32 second) {
    const __m128i words = _mm_set_epi32(0, 0, static_cast<int>(second), static_cast<int>(first));
    return std::bit_cast<Words<u32>>(
        _mm_sha256rnds2_epu32(std::bit_cast<__m128i>(hgdc), std::bit_cast<__m128i>(feba), words));
}
DRAGOMAN_SHA Words<u32> host_schedule(Words<u32> from0, Words<u32> from4, Words<u32> from12) {
    const __m128i a = std::bit_cast<__m128i>(from0), b = std::bit_cast<__m128i>(from4),
                  c = std::bit_cast<__m128i>(from12);
    const __m128i sum = _mm_add_epi32(_mm_sha256msg1_epu32(a, b), _mm_alignr_epi8(c, b, 4));
    return std::bit_cast<Words<u32>>(_mm_sha256msg2_epu32(sum, c));
}
#undef DRAGOMAN_SHA

bool has_instructions() { return cpu_features().sha && cpu_features().sse41; }

}  // namespace

Words<u32> sha2_rounds(Words<u32> feba, Words<u32> hgdc, u32 first, u32 second) {
    return has_instructions() ? host_rounds(feba, hgdc, first, second) : rounds(feba, hgdc, first, second);
}
Words<u64> sha2_rounds(Words<u64> feba, Words<u64> hgdc, u64 first, u64 second) {
    return rounds(feba, hgdc, first, second);
}
Words<u32> portable_sha2_rounds(Words<u32> feba, Words<u32> hgdc, u32 first, u32 second) {
    return rounds(feba, hgdc, first, second);
}

Words<u32> sha2_schedule(Words<u32> from0, Words<u32> from4, Words<u32> from12) {
    return has_instructions() ? host_schedule(from0, from4, from12) : schedule(from0, from4, from12);
}
Words<u64> sha2_schedule(Words<u64> from0, Words<u64> from4, Words<u64> from12) {
    return schedule(from0, from4, from12);
}
Words<u32> portable_sha2_schedule(Words<u32> from0, Words<u32> from4, Words<u32> from12) {
    return schedule(from0, from4, from12);
}

}  // namespace dragoman::crypto
