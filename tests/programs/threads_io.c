// flags: -O1
/* 200 threads: a ring of pipes, atomics, mutexes, condition variables, barriers, and signals sent to threads. */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>
#include "check.h"

enum { kThreads = 200, kRounds = 50 };
static int ring[kThreads][2];
static atomic_long total;
static long guarded;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t all_done = PTHREAD_COND_INITIALIZER;
static pthread_barrier_t start;
static int done;
static __thread int mine;
static atomic_int signalled;

static void on_signal(int signal) {
    (void)signal;
    CHECK(mine >= 0);
    atomic_fetch_add(&signalled, 1);
}

static void *run(void *argument) {
    int me = (int)(long)argument, token;
    mine = me;
    pthread_barrier_wait(&start);
    for (int i = 0; i < kRounds; ++i) {
        ssize_t got;
        while ((got = read(ring[me][0], &token, sizeof token)) < 0) CHECK(errno == EINTR);
        CHECK(got == sizeof token);
        ++token;
        CHECK(write(ring[(me + 1) % kThreads][1], &token, sizeof token) == sizeof token);
        atomic_fetch_add(&total, 1);
        pthread_mutex_lock(&lock);
        ++guarded;
        pthread_mutex_unlock(&lock);
        CHECK(mine == me);
    }
    pthread_mutex_lock(&lock);
    if (++done == kThreads) pthread_cond_signal(&all_done);
    pthread_mutex_unlock(&lock);
    return (void *)(long)(me * 2);
}

int main(void) {
    pthread_t threads[kThreads];
    pthread_attr_t attributes;
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0);
    pthread_barrier_init(&start, NULL, kThreads + 1);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, 64 << 10);
    for (int i = 0; i < kThreads; ++i) CHECK(pipe(ring[i]) == 0);
    for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], &attributes, run, (void *)i) == 0);
    pthread_barrier_wait(&start);
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_kill(threads[i], SIGUSR1) == 0);
    int token = 0;
    CHECK(write(ring[0][1], &token, sizeof token) == sizeof token);
    pthread_mutex_lock(&lock);
    while (done < kThreads) pthread_cond_wait(&all_done, &lock);
    pthread_mutex_unlock(&lock);
    for (long i = 0; i < kThreads; ++i) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && (long)result == i * 2);
    }
    CHECK(total == kThreads * kRounds && guarded == total && signalled == kThreads);
    CHECK(read(ring[0][0], &token, sizeof token) == sizeof token && token == kThreads * kRounds);
    return 0;
}
