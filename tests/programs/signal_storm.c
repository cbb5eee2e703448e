/* Signals that arrive all the time, in code and in system calls: none is lost, nothing is disturbed. */
#define _GNU_SOURCE
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "check.h"

enum { kRounds = 3000 };
static volatile int handled, sent, stop;
static int pipe_ends[2];

static void count(int signal) {
    (void)signal;
    handled++;
}

/* The next signal only when the last one was seen: each loss would be noticed as a hang. */
static void *sender(void *target) {
    pid_t tid = *(pid_t *)target;
    for (int i = 0; i < kRounds; i++) {
        while (handled != sent) sched_yield();
        sent++;
        CHECK(syscall(SYS_tgkill, getpid(), tid, i % 2 ? SIGUSR1 : SIGRTMIN + 2) == 0);
    }
    while (handled != sent) sched_yield();
    stop = 1;
    CHECK(write(pipe_ends[1], "x", 1) == 1);
    return NULL;
}

int main(void) {
    struct sigaction action = {.sa_handler = count, .sa_flags = SA_RESTART};
    sigaction(SIGUSR1, &action, NULL);
    sigaction(SIGRTMIN + 2, &action, NULL);
    CHECK(pipe(pipe_ends) == 0);
    pid_t self = gettid();
    pthread_t thread;
    pthread_create(&thread, NULL, sender, &self);
    unsigned long work = 0, rounds = 0;
    double x = 1;
    while (!stop && handled < kRounds / 2) {
        for (int i = 0; i < 100; i++) {
            work = work * 3 + i;
            x = x * 1.0000001 + 1;
        }
        CHECK(getppid() > 0);
        rounds++;
    }
    /* The rest comes while the read waits, which is restarted each time. */
    char byte;
    CHECK(read(pipe_ends[0], &byte, 1) == 1 && byte == 'x');
    pthread_join(thread, NULL);
    CHECK(handled == kRounds);
    unsigned long check = 0;
    double y = 1;
    for (unsigned long r = 0; r < rounds; r++) {
        for (int i = 0; i < 100; i++) {
            check = check * 3 + i;
            y = y * 1.0000001 + 1;
        }
    }
    CHECK(check == work && x == y);
    return 0;
}
