// Group floating point: fast Fourier transforms forth and back.
#include <math.h>
#include <stdio.h>

#include "random.h"

enum { kBits = 14, kSize = 1 << kBits };
static double re[kSize], im[kSize], cosines[kSize / 2], sines[kSize / 2];

static void transform(double sign) {
    for (unsigned i = 1, j = 0; i < kSize; i++) {
        unsigned bit = kSize >> 1;
        for (; j & bit; bit >>= 1) j ^= bit;
        j ^= bit;
        if (i < j) {
            double kept = re[i];
            re[i] = re[j], re[j] = kept;
            kept = im[i];
            im[i] = im[j], im[j] = kept;
        }
    }
    for (unsigned half = 1; half < kSize; half *= 2) {
        const unsigned step = kSize / (2 * half);
        for (unsigned start = 0; start < kSize; start += 2 * half) {
            for (unsigned k = 0; k < half; k++) {
                const double c = cosines[k * step], s = sign * sines[k * step];
                const unsigned low = start + k, high = low + half;
                const double x = re[high] * c - im[high] * s, y = re[high] * s + im[high] * c;
                re[high] = re[low] - x, im[high] = im[low] - y;
                re[low] += x, im[low] += y;
            }
        }
    }
}

int main(void) {
    uint64_t state = 17;
    for (int k = 0; k < kSize / 2; k++) cosines[k] = cos(2 * M_PI * k / kSize), sines[k] = sin(2 * M_PI * k / kSize);
    for (int i = 0; i < kSize; i++) re[i] = random_double(&state);
    const double first = re[1234];
    for (int round = 0; round < 100; round++) {
        transform(1);
        transform(-1);
        for (int i = 0; i < kSize; i++) re[i] /= kSize, im[i] /= kSize;
    }
    printf("%s\n", fabs(re[1234] - first) < 1e-9 ? "same" : "wrong");
    return 0;
}
