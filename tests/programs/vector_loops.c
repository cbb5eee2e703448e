// flags: -O1 -march=rv64gc -fno-strict-aliasing
// options: -cpu max,v=on,vlen=256
// Strip-mined loops that run long enough to get registers of their own, whose register groups are parts of registers:
// what they compute, and that nothing above these parts changes but to all ones.
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"

enum { kCount = 100003 };
static unsigned char text[kCount + 64];
static int32_t numbers[kCount + 64], results[kCount + 64];
static float floats[kCount + 64];

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}

/// Registers v0 to v3, as the loops leave them; before, all bytes are 0x5a.
static _Alignas(64) unsigned char registers[4][256];
static unsigned long vlenb;

#define SET_REGISTERS                       \
    "vsetvli t0, zero, e8, m4, ta, ma\n"    \
    "li t1, 0x5a\n"                         \
    "vmv.v.x v0, t1\n"
#define SAVE_REGISTERS "vs4r.v v0, (%[registers])\n"

/// The bytes of register `n` from `first` on are old ones, or all ones, bit by bit where `mask`.
static void check_above(unsigned n, unsigned first) {
    for (unsigned i = first; i < vlenb; ++i) {
        const unsigned char byte = registers[0][n * vlenb + i];
        CHECK(byte == 0x5a || byte == 0xff);
    }
}

/// How often `c` is in the text, as gcc counts: a mask of some bits in each pass, and sums of 64 bits.
static uint64_t count(unsigned char c) {
    uint64_t n = kCount, sum;
    const unsigned char* p = text;
    __asm__ volatile(V(SET_REGISTERS
                       "vsetvli t0, zero, e64, m1, ta, ma\n"
                       "vmv.v.i v1, 0\n"
                       "1: vsetvli t0, %[n], e32, mf2, ta, ma\n"
                       "vle8.v v2, (%[p])\n"
                       "sub %[n], %[n], t0\n"
                       "add %[p], %[p], t0\n"
                       "vzext.vf4 v0, v2\n"
                       "vmseq.vx v0, v0, %[c]\n"
                       "vsetvli zero, zero, e64, m1, tu, mu\n"
                       "vadd.vi v1, v1, 1, v0.t\n"
                       "bnez %[n], 1b\n"
                       SAVE_REGISTERS
                       "vsetvli t0, zero, e64, m1, ta, ma\n"
                       "vmv.s.x v2, zero\n"
                       "vredsum.vs v1, v1, v2\n"
                       "vmv.x.s %[sum], v1\n")
                     : [n] "+r"(n), [p] "+r"(p), [sum] "=r"(sum)
                     : [c] "r"((unsigned long)c), [registers] "r"(registers)
                     : "t0", "t1", "memory");
    check_above(0, vlenb / 2);
    check_above(2, vlenb / 8);
    check_above(3, 0);
    return sum;
}

/// results = number < limit ? number * 3 : number, by a mask in each pass.
static void triple_below(int32_t limit) {
    uint64_t n = kCount;
    const int32_t* p = numbers;
    int32_t* q = results;
    __asm__ volatile(V(SET_REGISTERS
                       "1: vsetvli t0, %[n], e32, mf2, ta, mu\n"
                       "vle32.v v1, (%[p])\n"
                       "vmslt.vx v0, v1, %[limit]\n"
                       "vadd.vv v2, v1, v1\n"
                       "vadd.vv v1, v1, v2, v0.t\n"
                       "vse32.v v1, (%[q])\n"
                       "sub %[n], %[n], t0\n"
                       "slli t0, t0, 2\n"
                       "add %[p], %[p], t0\n"
                       "add %[q], %[q], t0\n"
                       "bnez %[n], 1b\n"
                       SAVE_REGISTERS)
                     : [n] "+r"(n), [p] "+r"(p), [q] "+r"(q)
                     : [limit] "r"((long)limit), [registers] "r"(registers)
                     : "t0", "t1", "memory");
    for (unsigned r = 1; r < 3; ++r) check_above(r, vlenb / 2);
    check_above(3, 0);
}

/// Floats of half a register; what lies above them, signalling NaNs, must raise nothing.
static uint64_t above_limit(float limit, uint64_t* flags) {
    uint64_t n = kCount, sum = 0;
    const float* p = floats;
    __asm__ volatile("fsflags zero\n" V("vsetvli t0, zero, e32, m4, ta, ma\n"
                       "li t1, 0x7f812345\n"
                       "vmv.v.x v0, t1\n"
                       "1: vsetvli t0, %[n], e32, mf2, ta, mu\n"
                       "vle32.v v1, (%[p])\n"
                       "vfadd.vv v2, v1, v1\n"
                       "vmfgt.vf v3, v2, %[limit]\n"
                       "vcpop.m t1, v3\n"
                       "add %[sum], %[sum], t1\n"
                       "sub %[n], %[n], t0\n"
                       "slli t0, t0, 2\n"
                       "add %[p], %[p], t0\n"
                       "bnez %[n], 1b\n") "frflags %[flags]\n"
                     : [n] "+r"(n), [p] "+r"(p), [sum] "+r"(sum), [flags] "=r"(*flags)
                     : [limit] "f"(limit)
                     : "t0", "t1", "memory");
    return sum;
}

int main(void) {
    __asm__ volatile(V("csrr %0, vlenb") : "=r"(vlenb));
    for (unsigned i = 0; i < kCount; ++i) {
        text[i] = (unsigned char)('a' + next_random() % 26);
        numbers[i] = (int32_t)next_random() / 4;
        floats[i] = (float)(numbers[i] % 1000);
    }
    uint64_t e_count = 0, above = 0;
    for (unsigned i = 0; i < kCount; ++i) {
        e_count += text[i] == 'e';
        above += floats[i] * 2 > 100.5f;
    }
    CHECK(count('e') == e_count);
    triple_below(1000);
    for (unsigned i = 0; i < kCount; ++i) CHECK(results[i] == (numbers[i] < 1000 ? numbers[i] * 3 : numbers[i]));
    uint64_t flags;
    CHECK(above_limit(100.5f, &flags) == above);
    CHECK(flags == 0);
    return 0;
}
