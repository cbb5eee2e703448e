// Group floating point: solves systems of linear equations by elimination with pivots.
#include <math.h>
#include <stdio.h>

#include "random.h"

enum { kSize = 200 };
static double a[kSize][kSize + 1];

int main(void) {
    uint64_t state = 13;
    double error = 0;
    for (int round = 0; round < 75; round++) {
        for (int i = 0; i < kSize; i++) {
            a[i][kSize] = 0;
            for (int j = 0; j < kSize; j++) a[i][j] = random_double(&state) - 0.5, a[i][kSize] += a[i][j];
        }
        for (int k = 0; k < kSize; k++) {
            int pivot = k;
            for (int i = k + 1; i < kSize; i++)
                if (fabs(a[i][k]) > fabs(a[pivot][k])) pivot = i;
            for (int j = k; j <= kSize; j++) {
                const double kept = a[k][j];
                a[k][j] = a[pivot][j], a[pivot][j] = kept;
            }
            for (int i = k + 1; i < kSize; i++) {
                const double factor = a[i][k] / a[k][k];
                for (int j = k; j <= kSize; j++) a[i][j] -= factor * a[k][j];
            }
        }
        for (int k = kSize - 1; k >= 0; k--) {
            for (int j = k + 1; j < kSize; j++) a[k][kSize] -= a[k][j] * a[j][kSize];
            a[k][kSize] /= a[k][k];
            error += fabs(a[k][kSize] - 1);
        }
    }
    printf("%s\n", error < 1e-6 ? "solved" : "wrong");
    return 0;
}
