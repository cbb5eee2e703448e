// Group threads: two threads with atomic operations, a spinlock made of them, a mutex and a condition variable.
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

enum { kRounds = 1000000 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t barrier;
static atomic_long sum, swapped;
static atomic_int narrow;
static _Alignas(64) atomic_long own[2][8];
static long guarded, turn;

static void* work(void* argument) {
    const long id = (long)argument;
    for (long i = 0; i < kRounds; i++) {
        atomic_fetch_add(&sum, i & 3);
        atomic_fetch_or(&narrow, (int)(i & 255));
    }
    pthread_barrier_wait(&barrier);
    for (long i = 0; i < kRounds / 2; i++) {
        long seen = atomic_load(&swapped);
        while (!atomic_compare_exchange_weak(&swapped, &seen, seen + 3)) {
        }
    }
    pthread_barrier_wait(&barrier);
    for (long i = 0; i < 4 * kRounds; i++) atomic_fetch_add_explicit(&own[id][0], i & 3, memory_order_relaxed);
    for (long i = 0; i < kRounds / 4; i++) {
        pthread_mutex_lock(&mutex);
        guarded++;
        pthread_mutex_unlock(&mutex);
    }
    for (int i = 0; i < 3000; i++) {
        pthread_mutex_lock(&mutex);
        while (turn % 2 != id) pthread_cond_wait(&changed, &mutex);
        turn++;
        pthread_cond_signal(&changed);
        pthread_mutex_unlock(&mutex);
    }
    return NULL;
}

int main(void) {
    pthread_t threads[2];
    pthread_barrier_init(&barrier, NULL, 2);
    for (long i = 0; i < 2; i++) pthread_create(&threads[i], NULL, work, (void*)i);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    printf("%ld %ld %ld %ld %ld %d\n", (long)sum, (long)swapped, (long)(own[0][0] + own[1][0]), guarded, turn,
           (int)narrow);
    return 0;
}
