// Group floating point: bodies that attract each other, with square roots and divisions.
#include <math.h>
#include <stdio.h>

enum { kBodies = 6 };
struct Body {
    double at[3], speed[3], mass;
};

int main(void) {
    struct Body bodies[kBodies];
    for (int i = 0; i < kBodies; i++) {
        bodies[i] = (struct Body){{4.0 * i, 1.5 * i * i, 0.3 * i}, {0.1 * i, -0.2, 0.05 * i}, i == 0 ? 40 : 0.1 * i};
    }
    for (int step = 0; step < 600000; step++) {
        for (int i = 0; i < kBodies; i++) {
            for (int j = i + 1; j < kBodies; j++) {
                double d[3], square = 0;
                for (int k = 0; k < 3; k++) d[k] = bodies[i].at[k] - bodies[j].at[k], square += d[k] * d[k];
                const double force = 0.001 / (square * sqrt(square));
                for (int k = 0; k < 3; k++) {
                    bodies[i].speed[k] -= d[k] * bodies[j].mass * force;
                    bodies[j].speed[k] += d[k] * bodies[i].mass * force;
                }
            }
        }
        for (int i = 0; i < kBodies; i++)
            for (int k = 0; k < 3; k++) bodies[i].at[k] += 0.001 * bodies[i].speed[k];
    }
    double energy = 0;
    for (int i = 0; i < kBodies; i++)
        for (int k = 0; k < 3; k++) energy += 0.5 * bodies[i].mass * bodies[i].speed[k] * bodies[i].speed[k];
    printf("%.1f\n", energy);
    return 0;
}
