// Group vector: pixels of three bytes to gray ones: segment loads, widening multiplications, narrowing.
#include "vector.h"

enum { kPixels = 1 << 16 };
static uint8_t rgb[kPixels * 3], gray[kPixels];

__attribute__((noinline)) static void convert(void) {
#ifdef __riscv_vector
    const uint8_t* from = rgb;
    uint8_t* to = gray;
    for (size_t left = kPixels, vl; left != 0; left -= vl, from += vl * 3, to += vl) {
        vl = __riscv_vsetvl_e8m1(left);
        vuint8m1x3_t pixels = __riscv_vlseg3e8_v_u8m1x3(from, vl);
        vuint16m2_t sum = __riscv_vwmulu_vx_u16m2(__riscv_vget_v_u8m1x3_u8m1(pixels, 0), 77, vl);
        sum = __riscv_vwmaccu_vx_u16m2(sum, 150, __riscv_vget_v_u8m1x3_u8m1(pixels, 1), vl);
        sum = __riscv_vwmaccu_vx_u16m2(sum, 29, __riscv_vget_v_u8m1x3_u8m1(pixels, 2), vl);
        __riscv_vse8_v_u8m1(to, __riscv_vnsrl_wx_u8m1(sum, 8, vl), vl);
    }
#else
    for (size_t i = 0; i < kPixels; i++)
        gray[i] = (uint8_t)((rgb[i * 3] * 77 + rgb[i * 3 + 1] * 150 + rgb[i * 3 + 2] * 29) >> 8);
#endif
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof rgb; i++) rgb[i] = (uint8_t)random_next(&state);
    for (int round = 0; round < rounds(argc, argv, 2000); round++) {
        convert();
        rgb[round % sizeof rgb] ^= gray[round % kPixels];
    }
    print_hash(0, gray, sizeof gray);
    return 0;
}
