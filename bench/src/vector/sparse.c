// Group vector: products of a sparse matrix, in rows of indices and values, and a vector: gathers and float reductions.
#include "vector.h"

enum { kRows = 1024, kInRow = 48, kColumns = 4096 };
static uint32_t columns[kRows * kInRow];
static float values[kRows * kInRow], x[kColumns], y[kRows];

__attribute__((noinline)) static void multiply(void) {
    for (size_t row = 0; row < kRows; row++) {
        const uint32_t* c = columns + row * kInRow;
        const float* v = values + row * kInRow;
#ifdef __riscv_vector
        const size_t most = __riscv_vsetvlmax_e32m1();
        vfloat32m1_t sum = __riscv_vfmv_v_f_f32m1(0, most);
        for (size_t i = 0, vl; i < kInRow; i += vl) {
            vl = __riscv_vsetvl_e32m1(kInRow - i);
            vuint32m1_t offsets = __riscv_vsll_vx_u32m1(__riscv_vle32_v_u32m1(c + i, vl), 2, vl);
            vfloat32m1_t factors = __riscv_vluxei32_v_f32m1(x, offsets, vl);
            sum = __riscv_vfmacc_vv_f32m1_tu(sum, factors, __riscv_vle32_v_f32m1(v + i, vl), vl);
        }
        vfloat32m1_t zero = __riscv_vfmv_s_f_f32m1(0, 1);
        y[row] = __riscv_vfmv_f_s_f32m1_f32(__riscv_vfredusum_vs_f32m1_f32m1(sum, zero, most));
#else
        float sum = 0;
        for (size_t i = 0; i < kInRow; i++) sum += v[i] * x[c[i]];
        y[row] = sum;
#endif
    }
}

int main(int argc, char** argv) {
    // Small integers: the order of additions does not matter.
    uint64_t state = 1;
    for (size_t i = 0; i < kRows * kInRow; i++) {
        columns[i] = (uint32_t)(random_next(&state) % kColumns);
        values[i] = (float)(random_next(&state) % 16);
    }
    for (size_t i = 0; i < kColumns; i++) x[i] = (float)(random_next(&state) % 16);
    for (int round = 0; round < rounds(argc, argv, 2000); round++) {
        multiply();
        x[round % kColumns] = (float)((int)y[round % kRows] % 16);
    }
    print_hash(0, y, sizeof y);
    return 0;
}
