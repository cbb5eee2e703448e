// What a small compiler of RISC-V functions needs.
#pragma once
#include <stdint.h>

typedef long (*Function)(long);

enum { kA0 = 10 };

static inline uint32_t addi(int d, int s, int value) {
    return (uint32_t)(value & 0xfff) << 20 | s << 15 | d << 7 | 0x13;
}
static inline uint32_t xori(int d, int s, int value) { return addi(d, s, value) | 4 << 12; }
static const uint32_t kReturn = 0x00008067;

/// A function of `count` additions and exclusive ors of numbers from `seed`; *result is its value for x.
static inline void generate(uint32_t* code, int count, uint32_t seed, long x, long* result) {
    for (int i = 0; i < count; i++) {
        seed = seed * 1664525 + 1013904223;
        int value = seed >> 22;
        *code++ = seed & 1 << 16 ? addi(kA0, kA0, value) : xori(kA0, kA0, value);
        x = seed & 1 << 16 ? x + value : x ^ value;
    }
    *code = kReturn;
    *result = x;
}

static inline void flush(void* start, void* end) { __builtin___clear_cache(start, end); }
