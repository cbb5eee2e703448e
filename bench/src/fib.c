// Group integer: calls, deep and wide recursion.
#include <stdio.h>

__attribute__((noinline)) static long fib(long n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }
__attribute__((noinline)) static long ackermann(long m, long n) {
    if (m == 0) return n + 1;
    return n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

int main(void) {
    printf("%ld %ld\n", fib(37), ackermann(2, 1500));
    return 0;
}
