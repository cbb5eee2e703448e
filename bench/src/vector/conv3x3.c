// Group vector: a 3x3 convolution of a gray image: slides, widening multiplications, narrowing with rounding.
#include "vector.h"

enum { kWidth = 640, kHeight = 480 };
static uint8_t in[kHeight][kWidth], out[kHeight][kWidth];
static const int8_t kernel[3][3] = {{1, 2, 1}, {2, 4, 2}, {1, 2, 1}};

__attribute__((noinline)) static void convolve(void) {
    for (int y = 1; y < kHeight - 1; y++) {
#ifdef __riscv_vector
        for (size_t x = 1, vl; x < kWidth - 1; x += vl) {
            vl = __riscv_vsetvl_e8m1(kWidth - 1 - x);
            vuint16m2_t sum = __riscv_vmv_v_x_u16m2(0, vl);
            for (int j = 0; j < 3; j++) {
                const uint8_t* row = &in[y + j - 1][x - 1];
                vuint8m1_t a = __riscv_vle8_v_u8m1(row, vl);
                vuint8m1_t b = __riscv_vslide1down_vx_u8m1(a, row[vl], vl);
                vuint8m1_t c = __riscv_vslide1down_vx_u8m1(b, row[vl + 1], vl);
                sum = __riscv_vwmaccu_vx_u16m2(sum, (uint8_t)kernel[j][0], a, vl);
                sum = __riscv_vwmaccu_vx_u16m2(sum, (uint8_t)kernel[j][1], b, vl);
                sum = __riscv_vwmaccu_vx_u16m2(sum, (uint8_t)kernel[j][2], c, vl);
            }
            __riscv_vse8_v_u8m1(&out[y][x], __riscv_vnclipu_wx_u8m1(sum, 4, __RISCV_VXRM_RNU, vl), vl);
        }
#else
        for (int x = 1; x < kWidth - 1; x++) {
            int sum = 0;
            for (int j = 0; j < 3; j++)
                for (int i = 0; i < 3; i++) sum += kernel[j][i] * in[y + j - 1][x + i - 1];
            out[y][x] = (uint8_t)((sum + 8) >> 4);
        }
#endif
    }
}

int main(int argc, char** argv) {
    uint64_t state = 1;
    for (size_t i = 0; i < sizeof in; i++) (&in[0][0])[i] = (uint8_t)random_next(&state);
    for (int round = 0; round < rounds(argc, argv, 600); round++) {
        convolve();
        in[round % kHeight][round % kWidth] ^= out[round % 400 + 1][round % 600 + 1];
    }
    print_hash(0, out, sizeof out);
    return 0;
}
