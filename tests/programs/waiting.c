// flags: -O1
/* pause (Zihintpause) and wrs.nto, wrs.sto (Zawrs): more threads than processors that wait for each other; a signal
   ends a wait, and so does a reservation that there is not. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <unistd.h>

#include "check.h"

enum { kThreads = 4, kRounds = 400 };
static volatile int turn;

static void wait_pausing(int me) {
    while (turn % kThreads != me) asm volatile(".word 0x0100000f" ::: "memory");
}
static void wait_reserved(int me, int forever) {
    for (;;) {
        int now;
        asm volatile("lr.w %0, (%1)" : "=r"(now) : "r"(&turn) : "memory");
        if (now % kThreads == me) return;
        if (forever) asm volatile(".word 0x00d00073" ::: "memory");
        else asm volatile(".word 0x01d00073" ::: "memory");
    }
}

static void *run(void *argument) {
    int me = (int)(long)argument;
    for (int i = 0; i < 3 * kRounds; ++i) {
        if (i < kRounds) wait_pausing(me);
        else wait_reserved(me, i < 2 * kRounds);
        __atomic_fetch_add(&turn, 1, __ATOMIC_SEQ_CST);
    }
    return NULL;
}

static volatile sig_atomic_t alarms;
static void on_alarm(int signal) {
    (void)signal;
    ++alarms;
}

int main(void) {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(turn == kThreads * 3 * kRounds);

    signal(SIGALRM, on_alarm);
    ualarm(10000, 0);
    int word = 0, now;
    do {
        asm volatile("lr.w %0, (%1)\n .word 0x00d00073" : "=&r"(now) : "r"(&word) : "memory");
    } while (!alarms);
    asm volatile("sc.w %0, zero, (%1)\n .word 0x00d00073\n .word 0x01d00073" : "=&r"(now) : "r"(&word) : "memory");
    return 0;
}
