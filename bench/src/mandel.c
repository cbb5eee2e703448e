// Group floating point: iterations of z * z + c in double and in single precision, with a comparison in each.
#include <stdio.h>

enum { kSize = 440, kLimit = 300 };

static long doubles(void) {
    long sum = 0;
    for (int row = 0; row < kSize; row++) {
        for (int column = 0; column < kSize; column++) {
            const double cx = -2.01 + 3.0 * column / kSize, cy = -1.501 + 3.0 * row / kSize;
            double x = 0, y = 0;
            int n = 0;
            for (; n < kLimit && x * x + y * y < 4; n++) {
                const double next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
            }
            sum += n == kLimit;
        }
    }
    return sum;
}

static long floats(void) {
    long sum = 0;
    for (int row = 0; row < kSize; row++) {
        for (int column = 0; column < kSize; column++) {
            const float cx = -2.01f + 3.0f * (float)column / kSize, cy = -1.501f + 3.0f * (float)row / kSize;
            float x = 0, y = 0;
            int n = 0;
            for (; n < kLimit && x * x + y * y < 4; n++) {
                const float next = x * x - y * y + cx;
                y = 2 * x * y + cy;
                x = next;
            }
            sum += n == kLimit;
        }
    }
    return sum;
}

int main(void) {
    printf("%ld %ld\n", doubles() / 1000, floats() / 1000);
    return 0;
}
