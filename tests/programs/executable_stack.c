// flags: -O2 -zexecstack
/* PT_GNU_STACK with PF_X: code runs on the stack of the first thread, as GCC's nested functions need. */
#define _GNU_SOURCE
#include "check.h"

static int apply(int (*f)(int), int x) { return f(x); }

int main(int argc, char **argv) {
    (void)argv;
    int calls = 0;
    int add(int x) {
        calls++;
        return x + argc;
    }
    CHECK(apply(add, 41) == 42 && calls == 1);
    for (int i = 0; i < 100; i++) {
        int times(int x) { return x * i; }
        CHECK(apply(times, 3) == 3 * i);
    }
    return 0;
}
