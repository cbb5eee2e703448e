// Group floating point: dense matrix products.
#include <stdio.h>

enum { kSize = 240 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

int main(void) {
    for (int i = 0; i < kSize; i++)
        for (int j = 0; j < kSize; j++) a[i][j] = i * 0.5 + j, b[i][j] = i - j * 0.25;
    for (int round = 0; round < 20; round++)
        for (int i = 0; i < kSize; i++)
            for (int k = 0; k < kSize; k++)
                for (int j = 0; j < kSize; j++) c[i][j] += a[i][k] * b[k][j];
    double sum = 0;
    for (int i = 0; i < kSize; i++) sum += c[i][(i * 7) % kSize];
    printf("%.10g\n", sum);
    return 0;
}
