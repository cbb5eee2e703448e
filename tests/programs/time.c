// flags: -O1
/* Clocks, sleeps that signals interrupt, interval timers and POSIX timers. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/times.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static volatile sig_atomic_t count;
static volatile int value;
static void on_alarm(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    count = count + 1;
    value = info->si_value.sival_int;
}

static double seconds(clockid_t clock) {
    struct timespec t;
    CHECK(clock_gettime(clock, &t) == 0);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(void) {
    struct timespec t, rest;
    struct timeval v;
    CHECK(clock_getres(CLOCK_MONOTONIC, &t) == 0 && t.tv_sec == 0 && t.tv_nsec > 0);
    CHECK(gettimeofday(&v, NULL) == 0 && v.tv_sec - time(NULL) <= 1 && v.tv_sec > 1600000000);
    CHECK(syscall(SYS_clock_gettime, CLOCK_REALTIME, &t) == 0 && t.tv_sec >= v.tv_sec);
    CHECK(FAILS(clock_gettime(99, &t), EINVAL) && FAILS(syscall(SYS_clock_gettime, CLOCK_REALTIME, bad_pointer), EFAULT));

    double start = seconds(CLOCK_MONOTONIC);
    t = (struct timespec){0, 20000000};
    CHECK(nanosleep(&t, NULL) == 0 && seconds(CLOCK_MONOTONIC) - start >= 0.02);
    t.tv_nsec = 1000000000;
    CHECK(FAILS(nanosleep(&t, NULL), EINVAL) && FAILS(syscall(SYS_nanosleep, bad_pointer, NULL), EFAULT));
    CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0 && clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL) == 0);

    struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO | SA_RESTART};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && sigaction(SIGRTMIN + 3, &action, NULL) == 0);
    struct itimerval timer = {.it_value = {0, 20000}}, old;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0 && getitimer(ITIMER_REAL, &old) == 0 && old.it_value.tv_usec <= 20000);
    t = (struct timespec){100, 0};
    CHECK(FAILS(nanosleep(&t, &rest), EINTR) && count == 1 && rest.tv_sec >= 98 && rest.tv_sec < 100);
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
    CHECK(clock_nanosleep(CLOCK_REALTIME, 0, &t, &rest) == EINTR && count == 2 && rest.tv_sec >= 98);

    timer_t id;
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 3, .sigev_value.sival_int = 4711};
    struct itimerspec spec = {.it_value = {0, 1000000}};
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &id) == 0 && timer_settime(id, 0, &spec, NULL) == 0);
    while (count < 3) pause();
    CHECK(value == 4711 && timer_gettime(id, &spec) == 0 && spec.it_value.tv_nsec == 0);
    CHECK(timer_getoverrun(id) == 0 && timer_delete(id) == 0);

    struct rusage usage;
    struct tms tms;
    CHECK(getrusage(RUSAGE_SELF, &usage) == 0 && usage.ru_maxrss > 0 && times(&tms) != (clock_t)-1);
    CHECK(seconds(CLOCK_PROCESS_CPUTIME_ID) > 0 && seconds(CLOCK_THREAD_CPUTIME_ID) > 0);
    return 0;
}
