// flags: -O1
/* Process descriptors, waiting for signals by descriptor and by call, what is pending. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define NOBODY 0x3fffffff
#ifndef P_PIDFD
#define P_PIDFD 3
#endif

static int pidfd_open(pid_t pid, unsigned flags) { return (int)syscall(SYS_pidfd_open, pid, flags); }
static long pidfd_send_signal(int fd, int signal, void *info, unsigned flags) {
    return syscall(SYS_pidfd_send_signal, fd, signal, info, flags);
}

static void check_pidfd(void) {
    CHECK(FAILS(pidfd_open(NOBODY, 0), ESRCH) && FAILS(pidfd_open(-1, 0), EINVAL) && FAILS(pidfd_open(1, 1), EINVAL));
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t child = fork();
    if (child == 0) {
        pause();
        _exit(1);
    }
    int fd = pidfd_open(child, 0);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    struct pollfd ended = {fd, POLLIN, 0};
    CHECK(poll(&ended, 1, 0) == 0);
    CHECK(pidfd_send_signal(fd, 0, NULL, 0) == 0);
    CHECK(FAILS(pidfd_send_signal(fd, 65, NULL, 0), EINVAL) && FAILS(pidfd_send_signal(fd, 0, NULL, 0x100), EINVAL));
    CHECK(FAILS(pidfd_send_signal(ends[0], 0, NULL, 0), EBADF) && FAILS(pidfd_send_signal(-1, 0, NULL, 0), EBADF));
    siginfo_t info = {.si_signo = SIGUSR1, .si_code = SI_QUEUE};
    CHECK(FAILS(pidfd_send_signal(fd, SIGUSR2, &info, 0), EINVAL)); /* another signal */
    CHECK(FAILS(pidfd_send_signal(fd, SIGUSR1, bad_pointer, 0), EFAULT));
    info.si_code = SI_USER;
    CHECK(FAILS(pidfd_send_signal(fd, SIGUSR1, &info, 0), EPERM)); /* only the kernel says so, of others */
    CHECK(FAILS(syscall(SYS_pidfd_getfd, fd, 999, 0), EBADF) && FAILS(syscall(SYS_pidfd_getfd, fd, 0, 1), EINVAL));
    int copy = (int)syscall(SYS_pidfd_getfd, fd, ends[1], 0);
    CHECK((copy >= 0 && write(copy, "p", 1) == 1) || errno == EPERM); /* may be forbidden (ptrace_scope) */
    CHECK(FAILS(syscall(SYS_process_mrelease, fd, 0), EINVAL)); /* it does not end */
    CHECK(FAILS(syscall(SYS_process_mrelease, fd, 1), EINVAL) && FAILS(syscall(SYS_process_mrelease, -1, 0), EBADF));
    CHECK(FAILS(waitid(P_PIDFD, (id_t)ends[0], &info, WEXITED), EBADF));
    CHECK(pidfd_send_signal(fd, SIGTERM, NULL, 0) == 0 && poll(&ended, 1, 10000) == 1 && ended.revents & POLLIN);
    memset(&info, 0, sizeof info);
    CHECK(waitid(P_PIDFD, (id_t)fd, &info, WEXITED) == 0);
    CHECK(info.si_pid == child && info.si_code == CLD_KILLED && info.si_status == SIGTERM);
    CHECK(FAILS(waitid(P_PIDFD, (id_t)fd, &info, WEXITED), ECHILD));
    CHECK(FAILS(pidfd_send_signal(fd, 0, NULL, 0), ESRCH) && close(fd) == 0);
    CHECK(close(ends[0]) == 0 && close(ends[1]) == 0 && (copy < 0 || close(copy) == 0));
}

static sigset_t set_of(int one, int other) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, one);
    sigaddset(&set, other);
    return set;
}

static void check_waiting(void) {
    sigset_t set = set_of(SIGUSR1, SIGRTMIN), pending;
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct timespec none = {0, 0}, bad = {0, 1000000000}, soon = {0, 1000000};
    siginfo_t info;
    CHECK(FAILS(sigtimedwait(&set, &info, &none), EAGAIN) && FAILS(sigtimedwait(&set, &info, &soon), EAGAIN));
    CHECK(FAILS(sigtimedwait(&set, &info, &bad), EINVAL));
    CHECK(FAILS(syscall(SYS_rt_sigtimedwait, &set, &info, &none, 7), EINVAL));
    CHECK(FAILS(syscall(SYS_rt_sigtimedwait, bad_pointer, &info, &none, 8), EFAULT));
    CHECK(raise(SIGUSR1) == 0 && sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 1}) == 0);
    CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 2}) == 0);
    CHECK(sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1) && sigismember(&pending, SIGRTMIN));
    CHECK(FAILS(syscall(SYS_rt_sigpending, &pending, 9), EINVAL) && FAILS(syscall(SYS_rt_sigpending, bad_pointer, 8), EFAULT));
    CHECK(sigtimedwait(&set, &info, &none) == SIGUSR1 && info.si_pid == getpid());
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN && info.si_code == SI_QUEUE && info.si_value.sival_int == 1);
    CHECK(sigwaitinfo(&set, NULL) == SIGRTMIN && sigpending(&pending) == 0 && sigisemptyset(&pending));
}

static void check_signalfd(void) {
    sigset_t set = set_of(SIGUSR1, SIGRTMIN);
    int fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    struct signalfd_siginfo got[3];
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC);
    CHECK(FAILS(read(fd, got, sizeof got), EAGAIN) && FAILS(read(fd, got, sizeof got[0] - 1), EINVAL));
    CHECK(sigqueue(getpid(), SIGRTMIN, (union sigval){.sival_int = 7}) == 0 && raise(SIGUSR1) == 0);
    struct pollfd ready = {fd, POLLIN, 0};
    CHECK(poll(&ready, 1, 0) == 1);
    CHECK(read(fd, got, sizeof got) == 2 * sizeof got[0]);
    CHECK(got[0].ssi_signo == SIGUSR1 && got[0].ssi_code == SI_TKILL && got[0].ssi_pid == (unsigned)getpid());
    CHECK(got[1].ssi_signo == (unsigned)SIGRTMIN && got[1].ssi_int == 7 && got[1].ssi_code == SI_QUEUE);
    sigset_t less = set_of(SIGUSR2, SIGUSR2); /* the set can change */
    CHECK(signalfd(fd, &less, 0) == fd && raise(SIGUSR1) == 0 && poll(&ready, 1, 0) == 0);
    CHECK(signalfd(fd, &set, 0) == fd && read(fd, got, sizeof got) == sizeof got[0]);
    CHECK(FAILS(signalfd(fd, &set, 1), EINVAL) && FAILS(signalfd(STDERR_FILENO + 900, &set, 0), EBADF));
    int ends[2];
    CHECK(pipe(ends) == 0 && FAILS(signalfd(ends[0], &set, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_signalfd4, -1, &set, 7, 0), EINVAL) && FAILS(syscall(SYS_signalfd4, -1, bad_pointer, 8, 0), EFAULT));
    CHECK(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

int main(void) {
    check_pidfd();
    check_waiting();
    check_signalfd();
    return 0;
}
