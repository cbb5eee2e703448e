// Draws a Julia set, in colours on a terminal, in characters elsewhere or with NO_COLOR in the environment, and says how
// long the arithmetic took. A riscv64 program for `make run`; it uses floating point, calls, stdio and the clock.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

enum { kWidth = 100, kHeight = 36, kLimit = 2000, kSamples = 4, kShades = 36 };

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

// Iterations of z = z*z + c until |z| > 2, smoothed; kLimit inside the set.
static double escape(double x, double y, long *steps) {
    const double cx = -0.8, cy = 0.156;
    for (int n = 0; n < kLimit; n++) {
        double xx = x * x, yy = y * y;
        if (xx + yy > 256.0) {
            *steps += n;
            return n + 1 - log2(log2(xx + yy) / 2);
        }
        y = 2 * x * y + cy;
        x = xx - yy + cx;
    }
    *steps += kLimit;
    return kLimit;
}

// Whether standard output shows colours (https://no-color.org).
static int has_colours(void) {
    const char *no_color = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return isatty(STDOUT_FILENO) && !(no_color && *no_color) && !(terminal && strcmp(terminal, "dumb") == 0);
}

int main(void) {
    static unsigned char picture[kHeight][kWidth];
    long steps = 0;
    double start = now();
    for (int row = 0; row < kHeight; row++) {
        for (int column = 0; column < kWidth; column++) {
            double sum = 0;
            for (int s = 0; s < kSamples * kSamples; s++) {
                double x = (column + (s % kSamples) / (double)kSamples - kWidth / 2.0) * (3.2 / kWidth);
                double y = (row + (s / kSamples) / (double)kSamples - kHeight / 2.0) * (2.2 / kHeight);
                sum += sqrt(escape(x, y, &steps));
            }
            double shade = sum / (kSamples * kSamples) * 1.6;
            picture[row][column] = (unsigned char)(shade > kShades - 1 ? kShades - 1 : shade);
        }
    }
    double seconds = now() - start;
    static const char characters[] = " .,:;+*%#@";
    int colours = has_colours();
    for (int row = 0; row < kHeight; row++) {
        for (int column = 0; column < kWidth; column++) {
            int level = picture[row][column];
            if (!colours) {
                putchar(characters[level * (int)(sizeof characters - 1) / kShades]);
                continue;
            }
            // From blue through magenta to yellow in the 6x6x6 colour cube.
            int red = level / 6, green = level > 20 ? (level - 20) / 3 : 0, blue = level < 18 ? 2 + level / 6 : 5 - (level - 18) / 4;
            printf("\033[48;5;%dm ", 16 + 36 * red + 6 * green + blue);
        }
        puts(colours ? "\033[0m" : "");
    }
    struct utsname machine;
    uname(&machine);
    printf("%s %s: %.1f million steps in %.3f s, %.0f million a second\n", machine.sysname, machine.machine, steps / 1e6,
           seconds, steps / 1e6 / seconds);
    return 0;
}
