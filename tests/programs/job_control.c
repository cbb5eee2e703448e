/* Stopped and continued processes, SIGCHLD and its flags, status of a killed process. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

static volatile int children, continued;
static void on_child(int signal) { children += signal == SIGCHLD; }
static void on_continue(int signal) { continued += signal == SIGCONT; }

static pid_t start_child(void (*body)(void)) {
    pid_t pid = fork();
    if (pid == 0) {
        body();
        _exit(9);
    }
    return pid;
}

static void stop_twice(void) {
    signal(SIGCONT, on_continue);
    raise(SIGSTOP);
    raise(SIGTSTP);
    _exit(continued == 2 ? 3 : 4);
}
static void wait_killed(void) {
    for (;;) pause();
}
static void dump(void) {
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    abort();
}

static void stop_and_go(int flags, int notified) {
    int status;
    struct sigaction action = {.sa_handler = on_child, .sa_flags = SA_RESTART | flags};
    sigaction(SIGCHLD, &action, NULL);
    children = 0;
    pid_t pid = start_child(stop_twice);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &status, WUNTRACED) == pid && WIFSTOPPED(status) && WSTOPSIG(status) == SIGTSTP);
    kill(pid, SIGCONT);
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3);
    CHECK(notified ? children >= 2 : children == 1);
}

int main(void) {
    int status;
    /* An orphaned process group would ignore SIGTSTP. */
    CHECK(setpgid(0, 0) == 0 || getpid() == getpgrp());
    stop_and_go(0, 1);
    stop_and_go(SA_NOCLDSTOP, 0);

    pid_t pid = start_child(wait_killed);
    kill(pid, SIGKILL);
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    pid = start_child(dump);
    CHECK(waitpid(pid, &status, 0) == pid && WTERMSIG(status) == SIGABRT && !WCOREDUMP(status));

    siginfo_t info;
    pid = start_child(wait_killed);
    kill(pid, SIGUSR2);
    CHECK(waitid(P_PID, pid, &info, WEXITED | WNOWAIT) == 0 && info.si_code == CLD_KILLED && info.si_status == SIGUSR2);
    CHECK(waitpid(pid, &status, 0) == pid);

    /* Children of a process that does not want to know are reaped at once. */
    signal(SIGCHLD, SIG_IGN);
    pid = start_child(wait_killed);
    kill(pid, SIGKILL);
    CHECK(FAILS(waitpid(pid, &status, 0), ECHILD));
    return 0;
}
