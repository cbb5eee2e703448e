// Group vector: eight decimal digits at a time to integers: widening multiplications with weights, reductions.
#include "vector.h"

enum { kNumbers = 1 << 13 };
static char digits[kNumbers * 8];
static uint32_t values[kNumbers];

__attribute__((noinline)) static void parse(void) {
#ifdef __riscv_vector
    static const uint8_t tens[2] = {10, 1};
    static const uint16_t hundreds[2] = {100, 1};
    static const uint32_t myriads[2] = {10000, 1};
    const size_t bytes = __riscv_vsetvlmax_e8m2();
    // The weights of even and odd digits, pairs and fours.
    vuint8m2_t odd8 = __riscv_vand_vx_u8m2(__riscv_vid_v_u8m2(bytes), 1, bytes);
    vuint8m2_t weight8 = __riscv_vrgather_vv_u8m2(__riscv_vle8_v_u8m2(tens, 2), odd8, bytes);
    vuint16m2_t odd16 = __riscv_vand_vx_u16m2(__riscv_vid_v_u16m2(bytes / 2), 1, bytes / 2);
    vuint16m2_t weight16 = __riscv_vrgather_vv_u16m2(__riscv_vle16_v_u16m2(hundreds, 2), odd16, bytes / 2);
    vuint32m2_t odd32 = __riscv_vand_vx_u32m2(__riscv_vid_v_u32m2(bytes / 4), 1, bytes / 4);
    vuint32m2_t weight32 = __riscv_vrgather_vv_u32m2(__riscv_vle32_v_u32m2(myriads, 2), odd32, bytes / 4);
    for (size_t i = 0; i < kNumbers * 8; i += bytes) {
        vuint8m2_t x = __riscv_vsub_vx_u8m2(__riscv_vle8_v_u8m2((const uint8_t*)digits + i, bytes), '0', bytes);
        // Products of even and odd elements, added where they lie in one of twice the width.
        vuint16m2_t a = __riscv_vreinterpret_v_u8m2_u16m2(__riscv_vmul_vv_u8m2(x, weight8, bytes));
        a = __riscv_vadd_vv_u16m2(__riscv_vand_vx_u16m2(a, 0xff, bytes / 2), __riscv_vsrl_vx_u16m2(a, 8, bytes / 2), bytes / 2);
        vuint32m2_t b = __riscv_vreinterpret_v_u16m2_u32m2(__riscv_vmul_vv_u16m2(a, weight16, bytes / 2));
        b = __riscv_vadd_vv_u32m2(__riscv_vand_vx_u32m2(b, 0xffff, bytes / 4), __riscv_vsrl_vx_u32m2(b, 16, bytes / 4), bytes / 4);
        vuint64m2_t c = __riscv_vreinterpret_v_u32m2_u64m2(__riscv_vmul_vv_u32m2(b, weight32, bytes / 4));
        vuint32m1_t low = __riscv_vnsrl_wx_u32m1(c, 0, bytes / 8), high = __riscv_vnsrl_wx_u32m1(c, 32, bytes / 8);
        __riscv_vse32_v_u32m1(values + i / 8, __riscv_vadd_vv_u32m1(low, high, bytes / 8), bytes / 8);
    }
#else
    for (size_t i = 0; i < kNumbers; i++) {
        uint32_t value = 0;
        for (int k = 0; k < 8; k++) value = value * 10 + (uint32_t)(digits[i * 8 + (size_t)k] - '0');
        values[i] = value;
    }
#endif
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof digits; i++) digits[i] = (char)('0' + random_next(&state) % 10);
    for (int round = 0; round < rounds(argc, argv, 4000); round++) {
        parse();
        digits[(size_t)round % sizeof digits] = (char)('0' + values[round % kNumbers] % 10);
    }
    print_hash(0, values, sizeof values);
    return 0;
}
