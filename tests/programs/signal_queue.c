/* Real-time signals queue with their values and come in order; sigwaitinfo, sigtimedwait, signalfd. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

static int order[64], orders;
static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    order[orders++] = signal * 100 + info->si_value.sival_int;
}

static void queue(int signal, int value) {
    CHECK(sigqueue(getpid(), signal, (union sigval){.sival_int = value}) == 0);
}

int main(void) {
    sigset_t set, none;
    struct sigaction action = {.sa_sigaction = note, .sa_flags = SA_SIGINFO};
    sigfillset(&action.sa_mask);
    sigemptyset(&none);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    for (int s = SIGRTMIN; s <= SIGRTMAX; s++) sigaddset(&set, s);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);

    /* All at once, with handlers: lowest signal first, values in order, standard signals once. */
    sigaction(SIGUSR1, &action, NULL);
    sigaction(40, &action, NULL);
    sigaction(64, &action, NULL);
    queue(64, 1);
    for (int i = 0; i < 5; i++) queue(40, i);
    queue(SIGUSR1, 7);
    queue(SIGUSR1, 8);
    CHECK(sigprocmask(SIG_UNBLOCK, &set, NULL) == 0);
    CHECK(orders == 7 && order[0] == SIGUSR1 * 100 + 7 && order[1] == 4000 && order[5] == 4004 && order[6] == 6401);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);

    siginfo_t info;
    struct timespec soon = {0, 1000000};
    queue(50, 3);
    queue(45, 4);
    CHECK(sigwaitinfo(&set, &info) == 45 && info.si_value.sival_int == 4 && info.si_code == SI_QUEUE);
    CHECK(sigtimedwait(&set, &info, &soon) == 50 && info.si_value.sival_int == 3);
    CHECK(FAILS(sigtimedwait(&set, &info, &soon), EAGAIN));

    int fd = signalfd(-1, &set, SFD_CLOEXEC);
    struct signalfd_siginfo from_fd;
    queue(60, 9);
    CHECK(read(fd, &from_fd, sizeof from_fd) == sizeof from_fd && from_fd.ssi_signo == 60 && from_fd.ssi_int == 9);

    /* rt_sigsuspend lets in what is blocked outside. */
    orders = 0;
    queue(40, 1);
    CHECK(FAILS(sigsuspend(&none), EINTR) && orders == 1);
    sigprocmask(SIG_BLOCK, NULL, &none);
    CHECK(sigismember(&none, 40));
    return 0;
}
