// Group system calls: the cheapest ones, the clock, a pipe.
#include <stdio.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

int main(void) {
    int ends[2];
    char buffer[64] = {0};
    long total = 0;
    struct timespec now;
    if (pipe(ends)) return 1;
    for (int i = 0; i < 200000; i++) {
        total += syscall(SYS_getppid) > 0;
        total += syscall(SYS_gettid) > 0;
        total += write(ends[1], buffer, sizeof buffer);
        total += read(ends[0], buffer, sizeof buffer);
        clock_gettime(CLOCK_MONOTONIC, &now);
    }
    printf("%ld\n", total);
    return 0;
}
