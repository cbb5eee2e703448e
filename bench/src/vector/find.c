// Group vector: strlen and memchr as a vector C library has them: fault-only-first loads, first set bits.
#include "vector.h"

enum { kBytes = 1 << 16 };
static char text[kBytes + 64];

#ifdef __riscv_vector
__attribute__((noinline)) static size_t length(const char* s) {
    const uint8_t* p = (const uint8_t*)s;
    for (;;) {
        size_t vl = __riscv_vsetvlmax_e8m2();
        vuint8m2_t x = __riscv_vle8ff_v_u8m2(p, &vl, vl);
        const long first = __riscv_vfirst_m_b4(__riscv_vmseq_vx_u8m2_b4(x, 0, vl), vl);
        if (first >= 0) return (size_t)(p - (const uint8_t*)s) + (size_t)first;
        p += vl;
    }
}
__attribute__((noinline)) static const char* find(const char* s, int c, size_t n) {
    const uint8_t* p = (const uint8_t*)s;
    for (size_t vl; n != 0; n -= vl, p += vl) {
        vl = __riscv_vsetvl_e8m2(n);
        const long first = __riscv_vfirst_m_b4(__riscv_vmseq_vx_u8m2_b4(__riscv_vle8_v_u8m2(p, vl), (uint8_t)c, vl), vl);
        if (first >= 0) return (const char*)p + first;
    }
    return NULL;
}
#else
#define length strlen
#define find memchr
#endif

int main(int argc, char** argv) {
    uint64_t state = 1, hash = 0;
    for (size_t i = 0; i < kBytes; i++) text[i] = (char)('a' + random_next(&state) % 26);
    for (int round = 0; round < rounds(argc, argv, 400); round++) {
        for (int i = 0; i < 400; i++) {
            const uint64_t r = random_next(&state);
            const size_t start = r % 4096, n = r >> 20 & 255, end = start + (i % 40 == 0 ? 40000 : n);
            const char old = text[end];
            text[end] = 0;
            hash = hash * 31 + length(text + start);
            text[end] = '~';
            const char* found = find(text + start, '~', kBytes - start);
            hash = hash * 31 + (size_t)(found - text);
            text[end] = old;
        }
    }
    print_hash(hash, text, 64);
    return 0;
}
