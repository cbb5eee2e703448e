// flags: -O1
/* poll, ppoll with a signal mask, pselect, epoll, eventfd, timerfd, signalfd, inotify. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/select.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "check.h"

static volatile sig_atomic_t caught;
static void on_signal(int signal) { caught = signal; }

static void waits(int fds[2]) {
    struct pollfd p[2] = {{fds[0], POLLIN, 0}, {fds[1], POLLOUT, 0}};
    CHECK(poll(p, 2, 0) == 1 && p[0].revents == 0 && p[1].revents == POLLOUT);
    CHECK(write(fds[1], "abc", 3) == 3 && poll(p, 1, -1) == 1 && p[0].revents == POLLIN);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    struct timeval zero = {0, 0};
    CHECK(select(fds[0] + 1, &set, NULL, NULL, &zero) == 1 && FD_ISSET(fds[0], &set));
    char c[3];
    CHECK(read(fds[0], c, 3) == 3 && select(fds[0] + 1, &set, NULL, NULL, &zero) == 0);
    CHECK(FAILS(poll(bad_pointer, 1, 0), EFAULT));
}

static void masks(int fds[2]) {
    sigset_t blocked, empty, now;
    sigemptyset(&empty);
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    struct sigaction action = {.sa_handler = on_signal};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigprocmask(SIG_BLOCK, &blocked, NULL) == 0);
    CHECK(raise(SIGUSR1) == 0 && caught == 0);
    struct pollfd p = {fds[0], POLLIN, 0};
    struct timespec second = {10, 0};
    CHECK(FAILS(ppoll(&p, 1, &second, &empty), EINTR) && caught == SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, NULL, &now) == 0 && sigismember(&now, SIGUSR1));
    caught = 0;
    CHECK(raise(SIGUSR1) == 0);
    fd_set set;
    FD_ZERO(&set);
    FD_SET(fds[0], &set);
    CHECK(FAILS(pselect(fds[0] + 1, &set, NULL, NULL, &second, &empty), EINTR) && caught == SIGUSR1);
    caught = 0;
    CHECK(raise(SIGUSR1) == 0);
    int e = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event event;
    CHECK(FAILS(epoll_pwait(e, &event, 1, 10000, &empty), EINTR) && caught == SIGUSR1);
    caught = 0;
    CHECK(raise(SIGUSR1) == 0);
    CHECK(epoll_pwait(e, &event, 1, 1, &blocked) == 0 && caught == 0);
    int s = signalfd(-1, &blocked, SFD_NONBLOCK);
    struct signalfd_siginfo info;
    CHECK(s >= 0 && read(s, &info, sizeof info) == sizeof info && info.ssi_signo == SIGUSR1 && info.ssi_pid == (unsigned)getpid());
    CHECK(FAILS(read(s, &info, sizeof info), EAGAIN));
    close(s), close(e);
}

static void epolls(int fds[2]) {
    int e = epoll_create1(0), v = eventfd(3, EFD_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = 0x123456789abcdef0}, out[4];
    CHECK(epoll_ctl(e, EPOLL_CTL_ADD, v, &event) == 0 && FAILS(epoll_ctl(e, EPOLL_CTL_ADD, v, &event), EEXIST));
    event = (struct epoll_event){.events = EPOLLOUT | EPOLLET, .data.fd = fds[1]};
    CHECK(epoll_ctl(e, EPOLL_CTL_ADD, fds[1], &event) == 0);
    CHECK(epoll_wait(e, out, 4, 0) == 2);
    int first = out[0].events == EPOLLIN ? 0 : 1;
    CHECK(out[first].data.u64 == 0x123456789abcdef0 && out[first].events == EPOLLIN);
    CHECK(out[!first].data.fd == fds[1] && out[!first].events == EPOLLOUT);
    CHECK(epoll_wait(e, out, 4, 0) == 1);
    unsigned long long value;
    CHECK(read(v, &value, 8) == 8 && value == 3 && FAILS(read(v, &value, 8), EAGAIN));
    CHECK(epoll_ctl(e, EPOLL_CTL_DEL, v, NULL) == 0 && FAILS(epoll_ctl(e, EPOLL_CTL_MOD, v, &event), ENOENT));
    CHECK(FAILS(epoll_wait(e, out, 0, 0), EINVAL) && FAILS(epoll_ctl(e, EPOLL_CTL_ADD, v, bad_pointer), EFAULT));
    close(e), close(v);
}

static void others(void) {
    int t = timerfd_create(CLOCK_MONOTONIC, 0);
    struct itimerspec spec = {.it_value = {0, 1000000}}, old;
    unsigned long long ticks;
    CHECK(timerfd_settime(t, 0, &spec, NULL) == 0 && read(t, &ticks, 8) == 8 && ticks == 1);
    CHECK(timerfd_gettime(t, &old) == 0 && old.it_value.tv_sec == 0 && old.it_value.tv_nsec == 0);
    close(t);
    char dir[] = "/tmp/inotify-XXXXXX", file[64];
    CHECK(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/new", dir);
    int i = inotify_init1(IN_NONBLOCK), watch = inotify_add_watch(i, dir, IN_CREATE | IN_DELETE);
    CHECK(i >= 0 && watch > 0 && close(creat(file, 0600)) == 0 && unlink(file) == 0);
    char buffer[1024];
    ssize_t got = read(i, buffer, sizeof buffer);
    struct inotify_event *event = (void *)buffer;
    CHECK(got > 0 && event->wd == watch && event->mask == IN_CREATE && strcmp(event->name, "new") == 0);
    CHECK(inotify_rm_watch(i, watch) == 0 && rmdir(dir) == 0);
    close(i);
}

int main(void) {
    int fds[2];
    CHECK(pipe(fds) == 0);
    waits(fds);
    masks(fds);
    epolls(fds);
    others();
    return 0;
}
