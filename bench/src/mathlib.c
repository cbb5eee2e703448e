// Group floating point: functions of the mathematics library, double and single precision.
#include <math.h>
#include <stdio.h>

#include "random.h"

int main(void) {
    uint64_t state = 19;
    double sum[12] = {0};
    float single[4] = {0};
    for (int i = 0; i < 500000; i++) {
        const double x = random_double(&state) * 16 - 8, y = random_double(&state) * 6 + 0.1;
        sum[0] += sin(x) + cos(3 * x);
        sum[1] += exp(x) * 1e-3;
        sum[2] += log(y) + log2(y);
        sum[3] += pow(y, x * 0.25) * 1e-3;
        sum[4] += atan2(x, y);
        sum[5] += fmod(x, y);
        sum[6] += cbrt(x);
        sum[7] += hypot(x, y);
        sum[8] += floor(x) + rint(y) + trunc(x * y);
        sum[9] += erf(x * 0.3);
        sum[10] += fmin(x, y) + fmax(x, -y) + copysign(x, y);
        sum[11] += (double)lrint(x * 1000);
        single[0] += sinf((float)x);
        single[1] += expf((float)x * 0.25f) * 1e-3f;
        single[2] += logf((float)y);
        single[3] += sqrtf((float)y);
    }
    for (int i = 0; i < 12; i++) printf("%.6g ", sum[i]);
    for (int i = 0; i < 4; i++) printf("%.3g ", (double)single[i]);
    printf("\n");
    return 0;
}
