# shellcheck shell=bash
# needs: gcc
cat >prog.c <<'C'
#include <stdio.h>
#include <math.h>
#include <string.h>
static int cmp(const void* a, const void* b) { return *(const int*)a - *(const int*)b; }
#include <stdlib.h>
int main(void) {
    int v[100];
    for (int i = 0; i < 100; i++) v[i] = i * 7919 % 101;
    qsort(v, 100, sizeof *v, cmp);
    printf("%d %d %d %.6f %zu\n", v[0], v[50], v[99], sqrt(2), strlen("compiled"));
    return 9;
}
C
g gcc -B"$ROOT/usr/bin/" --sysroot="$ROOT" -O2 -Wall -o prog prog.c -lm
echo "gcc $?"
"$dragoman" -L "$ROOT" ./prog
echo "prog $?"
g gcc --sysroot="$ROOT" -B"$ROOT/usr/bin/" -c bad.c 2>&1 | head -n 2 | sed 's/^[^:]*: //'
