/* Threads: many at once, mutexes and atomics, thread-local storage, robust mutexes, cancellation, the end of
   the first thread before the others. */
#define _GNU_SOURCE
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kThreads = 200, kSteps = 500 };
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static atomic_long atomic_sum;
static long sum;
static _Thread_local int local = 7;

static void *work(void *argument) {
    CHECK(local == 7);
    local = (int)(long)argument;
    for (int i = 0; i < kSteps; i++) {
        atomic_fetch_add(&atomic_sum, 1);
        pthread_mutex_lock(&mutex);
        sum++;
        pthread_mutex_unlock(&mutex);
    }
    CHECK(local == (int)(long)argument);
    return argument;
}

static void many(void) {
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; i++) CHECK(pthread_create(&threads[i], NULL, work, (void *)i) == 0);
    for (long i = 0; i < kThreads; i++) {
        void *result;
        CHECK(pthread_join(threads[i], &result) == 0 && result == (void *)i);
    }
    CHECK(sum == (long)kThreads * kSteps && atomic_sum == sum);
}

static pthread_mutex_t robust;
static void *die_with_lock(void *unused) {
    CHECK(pthread_mutex_lock(&robust) == 0);
    return unused;
}

static void robust_mutex(void) {
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&robust, &attributes);
    for (int i = 0; i < 20; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, die_with_lock, NULL);
        pthread_join(thread, NULL);
        CHECK(pthread_mutex_lock(&robust) == EOWNERDEAD);
        CHECK(pthread_mutex_consistent(&robust) == 0 && pthread_mutex_unlock(&robust) == 0);
    }
}

static sem_t semaphore;
static void *wait_forever(void *unused) {
    sem_post(&semaphore);
    for (;;) pause();
    return unused;
}

/* Cancellation uses signal 32, set*id signal 33. */
static void cancellation(void) {
    sem_init(&semaphore, 0, 0);
    pthread_t thread;
    void *result;
    pthread_create(&thread, NULL, wait_forever, NULL);
    sem_wait(&semaphore);
    CHECK(setgid(getgid()) == 0);
    CHECK(pthread_cancel(thread) == 0 && pthread_join(thread, &result) == 0 && result == PTHREAD_CANCELED);
}

static atomic_int directed;
static void on_signal(int signal) {
    (void)signal;
    directed = gettid();
}
static void *wait_for_signal(void *tid) {
    *(atomic_int *)tid = gettid();
    while (!directed) sched_yield();
    return NULL;
}

static void directed_signals(void) {
    signal(SIGUSR1, on_signal);
    atomic_int tid = 0;
    pthread_t thread;
    pthread_create(&thread, NULL, wait_for_signal, &tid);
    while (!tid) sched_yield();
    CHECK(pthread_kill(thread, SIGUSR1) == 0);
    pthread_join(thread, NULL);
    CHECK(directed == tid && FAILS(syscall(SYS_tgkill, getpid(), tid, 0), ESRCH));
}

/* exit() while another thread unwinds its stack would take the unwind tables away from it. */
static pthread_t first;
static void *finish_later(void *status) {
    CHECK(pthread_join(first, NULL) == 0);
    if (status) exit((int)(long)status);
    return NULL;
}

static int child_status(void (*body)(void)) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(99);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}
static void first_thread_leaves(void) {
    pthread_t thread;
    first = pthread_self();
    pthread_create(&thread, NULL, finish_later, (void *)42);
    pthread_exit(NULL);
}
static void all_threads_leave(void) {
    pthread_t thread;
    first = pthread_self();
    pthread_create(&thread, NULL, finish_later, NULL);
    pthread_exit(NULL);
}
static void fork_from_thread(void) {
    pthread_t threads[4];
    for (int i = 0; i < 4; i++) pthread_create(&threads[i], NULL, wait_forever, NULL);
    for (int i = 0; i < 20; i++) CHECK(child_status(all_threads_leave) == 0);
    exit(5);
}

int main(void) {
    many();
    robust_mutex();
    cancellation();
    directed_signals();
    CHECK(child_status(first_thread_leaves) == 42);
    CHECK(child_status(all_threads_leave) == 0);
    CHECK(child_status(fork_from_thread) == 5);
    return 0;
}
