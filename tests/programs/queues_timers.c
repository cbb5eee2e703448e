// flags: -O1
/* POSIX message queues, timers of processes, timer and event descriptors: order, limits, notification, errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <mqueue.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

static void check_queue(void) {
    char name[32], text[16];
    snprintf(name, sizeof name, "/queues.%d", getpid());
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 8};
    mqd_t queue = mq_open(name, O_CREAT | O_EXCL | O_RDWR | O_NONBLOCK, 0600, &attributes);
    if (queue < 0 && (errno == ENOSYS || errno == EACCES || errno == EMFILE)) return;
    CHECK(queue >= 0 && FAILS(mq_open(name, O_CREAT | O_EXCL | O_RDWR, 0600, NULL), EEXIST));
    unsigned priority = 9;
    CHECK(mq_send(queue, "low", 3, 1) == 0 && mq_send(queue, "high", 4, 5) == 0);
    CHECK(FAILS(mq_send(queue, "more", 4, 1), EAGAIN) && FAILS(mq_send(queue, "too long!", 9, 1), EMSGSIZE));
    CHECK(FAILS(mq_send(queue, "x", 1, 32768), EINVAL));
    CHECK(mq_getattr(queue, &attributes) == 0 && attributes.mq_curmsgs == 2 && attributes.mq_flags == O_NONBLOCK);
    CHECK(FAILS(mq_receive(queue, text, 7, NULL), EMSGSIZE));
    CHECK(mq_receive(queue, text, sizeof text, &priority) == 4 && priority == 5 && memcmp(text, "high", 4) == 0);
    CHECK(mq_receive(queue, text, sizeof text, NULL) == 3 && FAILS(mq_receive(queue, text, sizeof text, NULL), EAGAIN));
    attributes.mq_flags = 0;
    struct mq_attr before;
    CHECK(mq_setattr(queue, &attributes, &before) == 0 && before.mq_flags == O_NONBLOCK);
    struct timespec past = {1, 0}, wrong = {0, 1000000000};
    CHECK(FAILS(mq_timedreceive(queue, text, sizeof text, NULL, &past), ETIMEDOUT));
    CHECK(FAILS(mq_timedreceive(queue, text, sizeof text, NULL, &wrong), EINVAL));
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1, .sigev_value.sival_int = 42};
    CHECK(mq_notify(queue, &event) == 0 && FAILS(mq_notify(queue, &event), EBUSY));
    CHECK(mq_send(queue, "n", 1, 0) == 0);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGUSR1 && info.si_code == SI_MESGQ && info.si_value.sival_int == 42 && info.si_pid == getpid());
    CHECK(mq_notify(queue, &event) == 0 && mq_notify(queue, NULL) == 0); /* it was for once, and can be taken back */
    event.sigev_signo = 65;
    CHECK(FAILS(mq_notify(queue, &event), EINVAL));
    CHECK(mq_close(queue) == 0 && FAILS(mq_send(queue, "x", 1, 0), EBADF));
    CHECK(mq_unlink(name) == 0 && FAILS(mq_unlink(name), ENOENT) && FAILS(mq_open(name, O_RDWR), ENOENT));
    CHECK(FAILS(mq_open("/a/b", O_RDWR), EACCES));
}

static void check_process_timers(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGRTMIN + 1);
    CHECK(sigprocmask(SIG_BLOCK, &set, NULL) == 0);
    struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 1, .sigev_value.sival_int = 7};
    timer_t timer;
    CHECK(timer_create(CLOCK_MONOTONIC, &event, &timer) == 0);
    struct itimerspec every = {{0, 1000000}, {0, 1000000}}, left;
    CHECK(timer_settime(timer, 0, &every, NULL) == 0);
    usleep(20000);
    siginfo_t info;
    CHECK(sigwaitinfo(&set, &info) == SIGRTMIN + 1 && info.si_code == SI_TIMER && info.si_value.sival_int == 7);
    CHECK(info.si_overrun >= 5 && timer_getoverrun(timer) == info.si_overrun); /* one signal for all of them */
    CHECK(timer_gettime(timer, &left) == 0 && left.it_interval.tv_nsec == 1000000 && left.it_value.tv_nsec <= 1000000);
    every.it_value.tv_nsec = 1000000000;
    CHECK(FAILS(timer_settime(timer, 0, &every, NULL), EINVAL));
    every = (struct itimerspec){{0, 0}, {0, 0}};
    CHECK(timer_settime(timer, 0, &every, &left) == 0 && left.it_interval.tv_nsec == 1000000);
    CHECK(timer_gettime(timer, &left) == 0 && left.it_value.tv_nsec == 0);
    CHECK(timer_delete(timer) == 0);
    int number;
    CHECK(FAILS(syscall(SYS_timer_create, 99, NULL, &number), EINVAL));
    CHECK(FAILS(syscall(SYS_timer_create, CLOCK_REALTIME, bad_pointer, &number), EFAULT));
    event.sigev_notify = 77;
    CHECK(FAILS(syscall(SYS_timer_create, CLOCK_REALTIME, &event, &number), EINVAL));
    CHECK(FAILS(syscall(SYS_timer_settime, 12345, 0, &every, NULL), EINVAL) && FAILS(syscall(SYS_timer_delete, 12345), EINVAL));
    CHECK(FAILS(syscall(SYS_timer_getoverrun, 12345), EINVAL));
}

static void check_timer_descriptors(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    unsigned long long times = 0;
    struct itimerspec every = {{0, 1000000}, {0, 1000000}}, left;
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && FAILS(read(fd, &times, 8), EAGAIN));
    CHECK(timerfd_settime(fd, 0, &every, NULL) == 0);
    struct pollfd ready = {fd, POLLIN, 0};
    usleep(10000);
    CHECK(poll(&ready, 1, 10000) == 1 && FAILS(read(fd, &times, 7), EINVAL));
    CHECK(read(fd, &times, 8) == 8 && times >= 2);
    CHECK(timerfd_gettime(fd, &left) == 0 && left.it_interval.tv_nsec == 1000000);
    every = (struct itimerspec){{0, 0}, {1, 0}};
    CHECK(timerfd_settime(fd, TFD_TIMER_ABSTIME, &every, NULL) == 0 && poll(&ready, 1, 10000) == 1); /* long ago */
    CHECK(read(fd, &times, 8) == 8 && times == 1);
    CHECK(FAILS(timerfd_create(99, 0), EINVAL) && FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL));
    CHECK(FAILS(timerfd_settime(fd, 8, &every, NULL), EINVAL) && FAILS(timerfd_settime(-1, 0, &every, NULL), EBADF));
    CHECK(FAILS(timerfd_settime(fd, 0, bad_pointer, NULL), EFAULT) && FAILS(timerfd_gettime(STDERR_FILENO, &left), EINVAL));
    CHECK(FAILS(write(fd, &times, 8), EINVAL) && close(fd) == 0);
}

static void check_events(void) {
    int fd = eventfd(3, EFD_NONBLOCK | EFD_SEMAPHORE);
    unsigned long long value = 0;
    CHECK(fd >= 0 && read(fd, &value, 8) == 8 && value == 1); /* one at a time */
    CHECK(read(fd, &value, 8) == 8 && read(fd, &value, 8) == 8 && FAILS(read(fd, &value, 8), EAGAIN));
    CHECK(FAILS(read(fd, &value, 4), EINVAL) && FAILS(write(fd, &value, 4), EINVAL));
    value = ~0ull;
    CHECK(FAILS(write(fd, &value, 8), EINVAL));
    value = ~0ull - 1;
    CHECK(write(fd, &value, 8) == 8);
    value = 1;
    CHECK(FAILS(write(fd, &value, 8), EAGAIN)); /* full */
    struct pollfd ready = {fd, POLLIN | POLLOUT, 0};
    CHECK(poll(&ready, 1, 0) == 1 && ready.revents == POLLIN);
    CHECK(FAILS(syscall(SYS_eventfd2, 0, 2), EINVAL) && close(fd) == 0);
}

int main(void) {
    check_queue();
    check_process_timers();
    check_timer_descriptors();
    check_events();
    return 0;
}
