// Group vector: columns of eight integers sorted by a network of minima and maxima, then transposed by segment stores.
#include "vector.h"

enum { kColumns = 1 << 12 };
static int32_t in[8][kColumns], out[kColumns * 8];

// Batcher's network for eight.
static const uint8_t network[19][2] = {{0, 1}, {2, 3}, {4, 5}, {6, 7}, {0, 2}, {1, 3}, {4, 6}, {5, 7}, {1, 2}, {5, 6},
                                       {0, 4}, {1, 5}, {2, 6}, {3, 7}, {2, 4}, {3, 5}, {1, 2}, {3, 4}, {5, 6}};

__attribute__((noinline)) static void sort(void) {
#ifdef __riscv_vector
#define EXCHANGE(a, b)                                    \
    do {                                                  \
        vint32m1_t low = __riscv_vmin_vv_i32m1(a, b, vl); \
        b = __riscv_vmax_vv_i32m1(a, b, vl);              \
        a = low;                                          \
    } while (0)
    (void)network;
    for (size_t i = 0, vl; i < kColumns; i += vl) {
        vl = __riscv_vsetvl_e32m1(kColumns - i);
        vint32m1_t v0 = __riscv_vle32_v_i32m1(in[0] + i, vl), v1 = __riscv_vle32_v_i32m1(in[1] + i, vl);
        vint32m1_t v2 = __riscv_vle32_v_i32m1(in[2] + i, vl), v3 = __riscv_vle32_v_i32m1(in[3] + i, vl);
        vint32m1_t v4 = __riscv_vle32_v_i32m1(in[4] + i, vl), v5 = __riscv_vle32_v_i32m1(in[5] + i, vl);
        vint32m1_t v6 = __riscv_vle32_v_i32m1(in[6] + i, vl), v7 = __riscv_vle32_v_i32m1(in[7] + i, vl);
        EXCHANGE(v0, v1); EXCHANGE(v2, v3); EXCHANGE(v4, v5); EXCHANGE(v6, v7);
        EXCHANGE(v0, v2); EXCHANGE(v1, v3); EXCHANGE(v4, v6); EXCHANGE(v5, v7);
        EXCHANGE(v1, v2); EXCHANGE(v5, v6);
        EXCHANGE(v0, v4); EXCHANGE(v1, v5); EXCHANGE(v2, v6); EXCHANGE(v3, v7);
        EXCHANGE(v2, v4); EXCHANGE(v3, v5);
        EXCHANGE(v1, v2); EXCHANGE(v3, v4); EXCHANGE(v5, v6);
        vint32m1x8_t all = __riscv_vcreate_v_i32m1x8(v0, v1, v2, v3, v4, v5, v6, v7);
        __riscv_vsseg8e32_v_i32m1x8(out + i * 8, all, vl);
    }
#else
    for (size_t i = 0; i < kColumns; i++) {
        int32_t v[8];
        for (int k = 0; k < 8; k++) v[k] = in[k][i];
#pragma GCC unroll 19
        for (int n = 0; n < 19; n++) {
            const int32_t a = v[network[n][0]], b = v[network[n][1]];
            v[network[n][0]] = a < b ? a : b;
            v[network[n][1]] = a < b ? b : a;
        }
        for (int k = 0; k < 8; k++) out[i * 8 + (size_t)k] = v[k];
    }
#endif
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof in / 4; i++) (&in[0][0])[i] = (int32_t)random_next(&state);
    for (int round = 0; round < rounds(argc, argv, 4000); round++) {
        sort();
        in[round % 8][round % kColumns] ^= out[round * 11 % (kColumns * 8)];
    }
    print_hash(0, out, sizeof out);
    return 0;
}
