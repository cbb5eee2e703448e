// flags: -O1
/* Blocking calls that a handler interrupts: restarted with SA_RESTART, EINTR without; data never lost. */
#define _GNU_SOURCE
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static int pipe_fds[2];
static volatile sig_atomic_t count;
static void on_signal(int signal) {
    (void)signal;
    /* The third time, the call that is being restarted gets what it waits for. */
    if ((count = count + 1) == 3) CHECK(write(pipe_fds[1], "x", 1) == 1);
}

static void every_millisecond(int flags) {
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = flags};
    struct itimerval timer = {{0, 1000}, {0, 1000}};
    count = 0;
    CHECK(sigaction(SIGALRM, &action, NULL) == 0 && setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

int main(void) {
    char c;
    struct pollfd p;
    struct epoll_event event;
    CHECK(pipe(pipe_fds) == 0);
    every_millisecond(SA_RESTART);
    CHECK(read(pipe_fds[0], &c, 1) == 1 && c == 'x' && count >= 3);
    p = (struct pollfd){pipe_fds[0], POLLIN, 0};
    CHECK(FAILS(poll(&p, 1, -1), EINTR));
    int e = epoll_create1(0);
    CHECK(FAILS(epoll_wait(e, &event, 1, -1), EINTR));
    pid_t pid = fork();
    if (pid == 0) {
        usleep(20000);
        _exit(7);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    int s[2];
    struct timeval timeout = {5, 0};
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, s) == 0 && setsockopt(s[0], SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0);
    CHECK(FAILS(recv(s[0], &c, 1, 0), EINTR));
    every_millisecond(0);
    CHECK(FAILS(read(s[1], &c, 1), EINTR));
    count = 1000;
    while (poll(&p, 1, 0) > 0) CHECK(read(pipe_fds[0], &c, 1) == 1 && c == 'x');
    /* Every byte of a stream arrives although nearly every call is interrupted. */
    pid = fork();
    if (pid == 0) {
        for (int i = 0; i < 20000; ++i) CHECK(write(pipe_fds[1], &(char){i}, 1) == 1);
        _exit(0);
    }
    for (int expected = 0; expected < 20000;) {
        ssize_t got = read(pipe_fds[0], &c, 1);
        if (got < 0) {
            CHECK(errno == EINTR);
            continue;
        }
        CHECK(got == 1 && c == (char)expected);
        ++expected;
    }
    while (waitpid(pid, &status, 0) != pid) CHECK(errno == EINTR);
    CHECK(status == 0);
    return 0;
}
