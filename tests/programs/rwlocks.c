// flags: -O2
/* Readers and writers on one lock: compare-and-swap loops and exchanges from several threads on the same words. */
#include <pthread.h>
#include "check.h"

enum { kThreads = 6, kRounds = 50000 };
static pthread_rwlock_t lock = PTHREAD_RWLOCK_INITIALIZER;
static long first, second;

static void *run(void *argument) {
    unsigned seed = (unsigned)(long)argument;
    long writes = 0;
    for (int i = 0; i < kRounds; ++i) {
        seed = seed * 1103515245 + 12345;
        if (seed >> 16 & 3) {
            pthread_rwlock_rdlock(&lock);
            CHECK(first == second);
        } else {
            pthread_rwlock_wrlock(&lock);
            ++first, ++second, ++writes;
        }
        pthread_rwlock_unlock(&lock);
    }
    return (void *)writes;
}

int main(void) {
    pthread_t threads[kThreads];
    long sum = 0;
    for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, run, (void *)(i + 1)) == 0);
    for (int i = 0; i < kThreads; ++i) {
        void *writes;
        CHECK(pthread_join(threads[i], &writes) == 0);
        sum += (long)writes;
    }
    CHECK(first == sum && second == sum);
    return 0;
}
