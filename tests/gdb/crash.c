// Ends with a core dump. crash HOW: segv, abort, ill, break, quit, thread (in a second thread), nodump (not dumpable).
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

double ratio = 1.5;
int counter = 41;
char *heap, *left_out;
pthread_barrier_t ready;
volatile int busy_runs;

__attribute__((noinline)) static int inner(const char *how, int depth) {
    volatile double kept = ratio * depth;
    counter++;
    if (strcmp(how, "segv") == 0 || strcmp(how, "thread") == 0) *(volatile int *)0x10 = depth;
    if (strcmp(how, "abort") == 0) abort();
    if (strcmp(how, "ill") == 0) __asm__ volatile(".word 0");
    if (strcmp(how, "break") == 0) __asm__ volatile("ebreak");
    if (strcmp(how, "quit") == 0) raise(SIGQUIT);
    for (;;) pause();
    return (int)kept;
}

__attribute__((noinline)) static int outer(const char *how, int depth) { return inner(how, depth + 1) + 1; }

static void *second(void *how) {
    pthread_barrier_wait(&ready);
    if (strcmp(how, "thread") == 0) outer(how, 7);
    for (;;) pause();
}

static void *busy(void *unused) {
    (void)unused;
    pthread_barrier_wait(&ready);
    for (volatile unsigned long i = 0;; i++) {
        if (i == 1000) busy_runs = 1;
    }
}

int main(int argc, char **argv) {
    const char *how = argc > 1 ? argv[1] : "segv";
    heap = malloc(1 << 20);
    memset(heap, 'h', 1 << 20);
    strcpy(heap, "on the heap");
    left_out = mmap(0, 1 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    memset(left_out, 'x', 1 << 20);
    madvise(left_out, 1 << 20, MADV_DONTDUMP);
    if (strcmp(how, "nodump") == 0) {
        prctl(PR_SET_DUMPABLE, 0);
        how = "segv";
    }
    pthread_t threads[2];
    pthread_barrier_init(&ready, 0, 3);
    pthread_create(&threads[0], 0, second, (void *)how);
    pthread_create(&threads[1], 0, busy, 0);
    pthread_barrier_wait(&ready);
    while (!busy_runs) usleep(1000);
    if (strcmp(how, "thread") == 0) {
        for (;;) pause();
    }
    return outer(how, 5);
}
