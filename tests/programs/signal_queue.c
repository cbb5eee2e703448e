/* Real-time signals queue with their values and come in order; sigwaitinfo, sigtimedwait, signalfd. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
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

/* A signal that a thread queues itself may look like a fault; another process's may not. */
static volatile siginfo_t queued;
static void keep(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    queued = *info;
}

static void faults_that_are_none(void) {
    static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP}, codes[] = {1, 2, 0x80, 0x7fff, -1, -60};
    const pid_t self = getpid();
    struct sigaction action = {.sa_sigaction = keep, .sa_flags = SA_SIGINFO};
    for (unsigned i = 0; i < sizeof signals / sizeof *signals; i++) {
        int signal = signals[i];
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, signal);
        sigaction(signal, &action, NULL);
        for (unsigned k = 0; k < sizeof codes / sizeof *codes; k++) {
            siginfo_t info = {.si_signo = signal, .si_code = codes[k]}, got = {0};
            info.si_addr = (void *)0x1234;
            queued.si_addr = NULL;
            CHECK(syscall(SYS_rt_sigqueueinfo, self, signal, &info) == 0);
            CHECK(queued.si_signo == signal && queued.si_code == codes[k] && queued.si_addr == (void *)0x1234);
            queued.si_addr = NULL;
            CHECK(syscall(SYS_rt_tgsigqueueinfo, self, self, signal, &info) == 0);
            CHECK(queued.si_signo == signal && queued.si_code == codes[k] && queued.si_addr == (void *)0x1234);
            sigprocmask(SIG_BLOCK, &set, NULL);
            CHECK(syscall(SYS_rt_sigqueueinfo, self, signal, &info) == 0);
            CHECK(sigwaitinfo(&set, &got) == signal && got.si_code == codes[k] && got.si_addr == (void *)0x1234);
            sigprocmask(SIG_UNBLOCK, &set, NULL);
            if (codes[k] > 0) CHECK(FAILS(syscall(SYS_rt_sigqueueinfo, getppid(), signal, &info), EPERM));
        }
    }
    /* The default action is the signal's. */
    pid_t child = fork();
    if (child == 0) {
        struct rlimit none = {0, 0};
        setrlimit(RLIMIT_CORE, &none);
        siginfo_t info = {.si_signo = SIGSEGV, .si_code = SEGV_MAPERR};
        sigaction(SIGSEGV, &(struct sigaction){.sa_handler = SIG_DFL}, NULL);
        syscall(SYS_rt_sigqueueinfo, getpid(), SIGSEGV, &info);
        _exit(1);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
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
    faults_that_are_none();
    return 0;
}
