// flags: -O1
/* Processes that share memory but are no threads of each other: what each does meanwhile. Runs natively too. */
#define _GNU_SOURCE
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static char stack[1 << 17] __attribute__((aligned(16)));
static volatile int signals_of[2], ready, stop;
static volatile long work[2];
static char *volatile page;
static volatile pid_t self_of_child, parent_of_child, grandchild;
static pid_t parent;

static long raw(long number, long a, long b, long c, long d) { return syscall(number, a, b, c, d); }
static void on_signal(int signal) {
    (void)signal;
    signals_of[raw(SYS_getpid, 0, 0, 0, 0) != parent]++;
}

static int child(void *argument) {
    (void)argument;
    self_of_child = (pid_t)raw(SYS_getpid, 0, 0, 0, 0);
    parent_of_child = (pid_t)raw(SYS_getppid, 0, 0, 0, 0);
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    map[0] = 42;
    page = map;
    pid_t pid = (pid_t)raw(SYS_clone, SIGCHLD, 0, 0, 0);
    if (pid == 0) raw(SYS_exit_group, 9, 0, 0, 0);
    int status;
    if (raw(SYS_wait4, pid, (long)&status, 0, 0) == pid && WEXITSTATUS(status) == 9) grandchild = pid;
    ready = 1;
    while (!stop) work[1]++;
    raw(SYS_exit_group, 7, 0, 0, 0);
    return 0;
}

static void run(int flags) {
    int status;
    stop = ready = signals_of[0] = signals_of[1] = 0;
    grandchild = 0;
    work[1] = 0;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | flags | SIGCHLD, NULL);
    CHECK(pid > 0);
    while (!ready) sched_yield();
    CHECK(self_of_child == pid && parent_of_child == parent && grandchild > 0 && page[0] == 42);
    for (int i = 0; i < 20; i++) {
        int before = signals_of[1];
        CHECK(kill(pid, SIGUSR1) == 0);
        while (signals_of[1] == before) work[0]++;
        char *map = mmap(NULL, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        map[i] = 1;
        CHECK(munmap(map, 65536) == 0);
    }
    CHECK(signals_of[0] == 0 && signals_of[1] == 20);
    raise(SIGUSR1);
    CHECK(signals_of[0] == 1);
    CHECK(waitpid(pid, &status, WNOHANG) == 0);
    stop = 1;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    page[1] = 1; /* stays when the child is gone */
    CHECK(munmap(page, 8192) == 0 && FAILS(kill(pid, 0), ESRCH));
}

int main(void) {
    parent = getpid();
    signal(SIGUSR1, on_signal);
    run(0);
    run(CLONE_FS | CLONE_FILES | CLONE_SIGHAND);
    run(CLONE_FS | CLONE_FILES | CLONE_UNTRACED);
    return 0;
}
