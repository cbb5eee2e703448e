// Group vector: counts of byte values in tables of their own by element: indexed loads and stores.
#include "vector.h"

enum { kBytes = 1 << 16, kTables = 8 };
static uint8_t bytes[kBytes];
static uint32_t counts[256], tables[kTables * 256];

__attribute__((noinline)) static void count(void) {
#ifdef __riscv_vector
    const size_t lanes = __riscv_vsetvl_e32m1(kTables);
    memset(tables, 0, sizeof tables);
    const vuint32m1_t own = __riscv_vsll_vx_u32m1(__riscv_vid_v_u32m1(lanes), 10, lanes);
    for (size_t i = 0; i < kBytes; i += lanes) {
        vuint32m1_t x = __riscv_vzext_vf4_u32m1(__riscv_vle8_v_u8mf4(bytes + i, lanes), lanes);
        x = __riscv_vadd_vv_u32m1(__riscv_vsll_vx_u32m1(x, 2, lanes), own, lanes);
        vuint32m1_t n = __riscv_vluxei32_v_u32m1(tables, x, lanes);
        __riscv_vsuxei32_v_u32m1(tables, x, __riscv_vadd_vx_u32m1(n, 1, lanes), lanes);
    }
    for (size_t i = 0; i < 256; i++) {
        counts[i] = 0;
        for (size_t t = 0; t < lanes; t++) counts[i] += tables[t * 256 + i];
    }
#else
    memset(tables, 0, sizeof tables);
    for (size_t i = 0; i < kBytes; i += kTables)
        for (size_t t = 0; t < kTables; t++) tables[t * 256 + bytes[i + t]]++;
    for (size_t i = 0; i < 256; i++) {
        counts[i] = 0;
        for (size_t t = 0; t < kTables; t++) counts[i] += tables[t * 256 + i];
    }
#endif
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < kBytes; i++) bytes[i] = (uint8_t)(random_next(&state) >> 7);
    for (int round = 0; round < rounds(argc, argv, 1500); round++) {
        count();
        bytes[round % kBytes] ^= (uint8_t)counts[round % 256];
    }
    print_hash(0, counts, sizeof counts);
    return 0;
}
