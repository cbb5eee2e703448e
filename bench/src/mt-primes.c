// Group threads: two threads that compute and have nothing to do with each other.
#include <pthread.h>
#include <stdio.h>

static void* count(void* argument) {
    long found = 0;
    for (long n = (long)argument; n < 700000; n += 4) {
        int prime = 1;
        for (long d = 3; d * d <= n && prime; d += 2) prime = n % d != 0;
        found += prime;
    }
    return (void*)found;
}

int main(void) {
    pthread_t threads[2];
    void* found[2];
    for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, count, (void*)(3 + 2 * i));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], &found[i]);
    printf("%ld\n", (long)found[0] + (long)found[1]);
    return 0;
}
