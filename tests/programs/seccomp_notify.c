// flags: -O1
/* SECCOMP_RET_USER_NOTIF: a supervisor answers a filtered process's calls through the listener's descriptor. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include "seccomp.h"

#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND 2
#endif

static int channel[2];
static pid_t parent;

static void send_descriptor(int fd) {
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control = {0};
    struct iovec data = {"", 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(sizeof(int))};
    memcpy(CMSG_DATA(header), &fd, sizeof fd);
    CHECK(sendmsg(channel[1], &message, 0) == 1);
}
static int receive_descriptor(void) {
    union {
        char space[CMSG_SPACE(sizeof(int))];
        struct cmsghdr align;
    } control;
    char byte;
    struct iovec data = {&byte, 1};
    struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    int fd;
    CHECK(recvmsg(channel[0], &message, 0) == 1);
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof fd);
    return fd;
}

/* The answers that the supervisor gives, by the call's first argument. */
enum { kValue, kError, kGoOn, kDescriptor, kDescriptorIsAnswer, kSignal, kGone, kEnd };
#define ASK(question) syscall(SYS_getppid, question, 2, 3, 4, 5, 0x123456789abcdef0)

static volatile sig_atomic_t signals;
static void on_signal(int signal) { signals += signal == SIGUSR1; }

static void *ask_in_thread(void *unused) {
    CHECK(ASK(kValue) == 0x12345678abcd);
    return unused;
}

static void be_supervised(int listener) {
    send_descriptor(listener);
    close(listener);
    CHECK(ASK(kValue) == 0x12345678abcd);
    CHECK(FAILS(ASK(kError), ENOLINK));
    CHECK(ASK(kGoOn) == parent);
    CHECK(ASK(kDescriptor) == 7 && fcntl(100, F_GETFD) == FD_CLOEXEC);
    int fd = (int)ASK(kDescriptorIsAnswer);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == 0);
    struct sigaction action = {.sa_handler = on_signal};
    sigaction(SIGUSR1, &action, NULL);
    CHECK(FAILS(ASK(kSignal), EINTR) && signals == 1);
    /* A thread, a child, and the program that it executes are supervised, too. */
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ask_in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
    IN_CHILD(CHECK(ASK(kValue) == 0x12345678abcd));
    IN_CHILD(execl("/proc/self/exe", "seccomp_notify", "ask", NULL));
    KILLS(SIGKILL, ASK(kGone));
    CHECK(ASK(kEnd) == 0);
    /* Nobody listens any more. */
    char byte;
    CHECK(read(channel[1], &byte, 1) == 1);
    CHECK(FAILS(ASK(kValue), ENOSYS));
}

static struct seccomp_notif next_call(int listener) {
    struct pollfd poll_in = {listener, POLLIN, 0};
    CHECK(poll(&poll_in, 1, -1) == 1 && poll_in.revents == POLLIN);
    struct seccomp_notif call = {0};
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &call) == 0);
    CHECK(call.data.nr == SYS_getppid && call.data.arch == ARCH);
    CHECK(call.data.args[1] == 2 && call.data.args[4] == 5 && call.data.args[5] == 0x123456789abcdef0);
    CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0);
    return call;
}
static long answer(int listener, unsigned long long id, long value, int error, unsigned flags) {
    struct seccomp_notif_resp response = {.id = id, .val = value, .error = error, .flags = flags};
    return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &response);
}

static void supervise(int listener, pid_t child) {
    struct seccomp_notif used;
    memset(&used, 1, sizeof used);
    CHECK(FAILS(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &used), EINVAL));
    CHECK(FAILS(ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, bad_pointer), EFAULT));
    for (;;) {
        struct seccomp_notif call = next_call(listener);
        switch (call.data.args[0]) {
            case kValue:
                CHECK(FAILS(answer(listener, call.id + 1, 0, 0, 0), ENOENT));
                CHECK(FAILS(answer(listener, call.id, 0, 0, 0x80), EINVAL));
                CHECK(FAILS(answer(listener, call.id, 1, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE), EINVAL));
                CHECK(answer(listener, call.id, 0x12345678abcd, 0, 0) == 0);
                break;
            case kError: CHECK(call.pid == (unsigned)child && answer(listener, call.id, 0, -ENOLINK, 0) == 0); break;
            case kGoOn: CHECK(answer(listener, call.id, 0, 0, SECCOMP_USER_NOTIF_FLAG_CONTINUE) == 0); break;
            case kDescriptor: {
                struct seccomp_notif_addfd add = {.id = call.id, .flags = SECCOMP_ADDFD_FLAG_SETFD, .srcfd = 0,
                                                  .newfd = 100, .newfd_flags = O_CLOEXEC};
                CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) == 100);
                CHECK(answer(listener, call.id, 7, 0, 0) == 0);
                break;
            }
            case kDescriptorIsAnswer: {
                struct seccomp_notif_addfd add = {.id = call.id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = 0};
                CHECK(ioctl(listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add) >= 0);
                break;
            }
            case kSignal:
                CHECK(kill((pid_t)call.pid, SIGUSR1) == 0);
                while (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0) usleep(1000);
                CHECK(errno == ENOENT);
                CHECK(FAILS(answer(listener, call.id, 0, 0, 0), ENOENT));
                break;
            case kGone:
                CHECK(kill((pid_t)call.pid, SIGKILL) == 0);
                while (ioctl(listener, SECCOMP_IOCTL_NOTIF_ID_VALID, &call.id) == 0) usleep(1000);
                break;
            default: CHECK(answer(listener, call.id, 0, 0, 0) == 0); return;
        }
    }
}

static int supervised_child(unsigned flags) {
    parent = getpid();
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, channel) == 0);
    pid_t child = fork();
    if (child == 0) {
        int listener = (int)install_for(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER | flags);
        CHECK(listener >= 0 && fcntl(listener, F_GETFD) == FD_CLOEXEC);
        /* There can be one only. */
        CHECK(FAILS(install_for(SYS_getppid, SECCOMP_RET_LOG, SECCOMP_FILTER_FLAG_NEW_LISTENER), EBUSY));
        be_supervised(listener);
        exit(0);
    }
    int listener = receive_descriptor();
    supervise(listener, child);
    close(listener);
    CHECK(write(channel[0], "", 1) == 1);
    int status;
    CHECK(waitpid(child, &status, 0) == child);
    return status;
}

/* Supervision of the own threads: a filter that all of them get. */
static void *ask_when_synchronised(void *unused) {
    while (prctl(PR_GET_SECCOMP) == 0) usleep(1000);
    CHECK(ASK(kValue) == 0x12345678abcd);
    CHECK(ASK(kEnd) == 0);
    return unused;
}
static void check_synchronised_threads(void) {
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, ask_when_synchronised, NULL) == 0);
    int listener = (int)install_for(SYS_getppid, SECCOMP_RET_USER_NOTIF,
                                    SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC |
                                        SECCOMP_FILTER_FLAG_TSYNC_ESRCH);
    CHECK(listener >= 0);
    supervise(listener, getpid());
    CHECK(pthread_join(thread, NULL) == 0);
    close(listener);
    CHECK(FAILS(ASK(kValue), ENOSYS));
}
/* One that they get later, with another filter. */
static void check_later_synchronised_threads(void) {
    int listener = (int)install_for(SYS_getppid, SECCOMP_RET_USER_NOTIF, SECCOMP_FILTER_FLAG_NEW_LISTENER);
    CHECK(listener >= 0);
    CHECK(install_for(SYS_getpid, SECCOMP_RET_ERRNO | 5, SECCOMP_FILTER_FLAG_TSYNC) == 0);
    supervise(listener, 0);
}
static void *synchronise_later(void *unused) {
    check_later_synchronised_threads();
    return unused;
}

int main(int argc, char **argv) {
    (void)argv;
    if (argc > 1) return ASK(kValue) != 0x12345678abcd;
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    CHECK(supervised_child(0) == 0);
    IN_CHILD(check_synchronised_threads());
    IN_CHILD({
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, synchronise_later, NULL) == 0);
        ask_when_synchronised(NULL);
        CHECK(pthread_join(thread, NULL) == 0);
    });
    return 0;
}
