// Group fp: dense matrix product and an orbit.
#include <math.h>
#include <stdio.h>

enum { kSize = 160 };
static double a[kSize][kSize], b[kSize][kSize], c[kSize][kSize];

int main(void) {
    for (int i = 0; i < kSize; i++)
        for (int j = 0; j < kSize; j++) a[i][j] = i * 0.5 + j, b[i][j] = i - j * 0.25;
    for (int round = 0; round < 12; round++)
        for (int i = 0; i < kSize; i++)
            for (int k = 0; k < kSize; k++)
                for (int j = 0; j < kSize; j++) c[i][j] += a[i][k] * b[k][j];
    double x = 1, y = 0, vx = 0, vy = 1;
    for (int step = 0; step < 2000000; step++) {
        double r = sqrt(x * x + y * y), f = -1e-4 / (r * r * r);
        vx += x * f, vy += y * f, x += vx * 1e-4, y += vy * 1e-4;
    }
    printf("%.10g %.10g\n", c[7][9], x + y);
    return 0;
}
