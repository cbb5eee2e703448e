// Group threads: mutex and atomics, then two threads that compute.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_long shared;
static long guarded;

static void* work(void* argument) {
    unsigned long x = (unsigned long)argument;
    for (int i = 0; i < 1000000; i++) {
        atomic_fetch_add(&shared, 1);
        if (i % 16 == 0) {
            pthread_mutex_lock(&mutex);
            guarded++;
            pthread_mutex_unlock(&mutex);
        }
    }
    for (int i = 0; i < 60000000; i++) x = x * 6364136223846793005ul + 1442695040888963407ul;
    return (void*)x;
}

int main(void) {
    pthread_t threads[2];
    void* result[2];
    for (long i = 0; i < 2; i++) pthread_create(&threads[i], 0, work, (void*)(i + 1));
    for (int i = 0; i < 2; i++) pthread_join(threads[i], &result[i]);
    printf("%ld %ld %lx\n", (long)shared, guarded, (unsigned long)result[0] ^ (unsigned long)result[1]);
    return 0;
}
