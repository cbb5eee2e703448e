// Group floating point: greatest singular value of an infinite matrix's corner: integer to floating point, divisions.
#include <math.h>
#include <stdio.h>

enum { kSize = 500 };

static double element(int i, int j) { return 1.0 / ((i + j) * (i + j + 1) / 2 + i + 1); }

static void multiply(const double* in, double* out, int transposed) {
    for (int i = 0; i < kSize; i++) {
        double sum = 0;
        for (int j = 0; j < kSize; j++) sum += (transposed ? element(j, i) : element(i, j)) * in[j];
        out[i] = sum;
    }
}

int main(void) {
    static double u[kSize], v[kSize], between[kSize];
    double above = 0, below = 0;
    for (int i = 0; i < kSize; i++) u[i] = 1;
    for (int round = 0; round < 50; round++) {
        multiply(u, between, 0);
        multiply(between, v, 1);
        multiply(v, between, 0);
        multiply(between, u, 1);
    }
    for (int i = 0; i < kSize; i++) above += u[i] * v[i], below += v[i] * v[i];
    printf("%.8f\n", sqrt(above / below));
    return 0;
}
