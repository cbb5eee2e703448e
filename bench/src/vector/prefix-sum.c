// Group vector: running sums of integers: slides by 1, 2, 4 under masks.
#include "vector.h"

enum { kCount = 1 << 15 };
static uint32_t in[kCount], out[kCount];

__attribute__((noinline)) static void sum(void) {
#ifdef __riscv_vector
    uint32_t before = 0;
    for (size_t i = 0, vl; i < kCount; i += vl) {
        vl = __riscv_vsetvl_e32m1(kCount - i);
        vuint32m1_t x = __riscv_vle32_v_u32m1(in + i, vl);
        for (size_t distance = 1; distance < vl; distance *= 2) {
            vuint32m1_t zero = __riscv_vmv_v_x_u32m1(0, vl);
            x = __riscv_vadd_vv_u32m1(x, __riscv_vslideup_vx_u32m1(zero, x, distance, vl), vl);
        }
        x = __riscv_vadd_vx_u32m1(x, before, vl);
        __riscv_vse32_v_u32m1(out + i, x, vl);
        before = out[i + vl - 1];
    }
#else
    uint32_t before = 0;
    for (size_t i = 0; i < kCount; i++) out[i] = before += in[i];
#endif
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < kCount; i++) in[i] = (uint32_t)random_next(&state);
    for (int round = 0; round < rounds(argc, argv, 6000); round++) {
        sum();
        in[round % kCount] ^= out[round * 7 % kCount];
    }
    print_hash(0, out, sizeof out);
    return 0;
}
