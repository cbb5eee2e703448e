// flags: -O1
/* clone and clone3 with the flags that C libraries do not use: processes in shared memory, siblings, exit signals. */
#define _GNU_SOURCE
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static char stack[65536] __attribute__((aligned(16)));
static volatile int shared, handled;

static void handler(int sig) { handled = sig; }
static int child(void *arg) {
    shared++;
    if (arg) signal(SIGUSR1, handler);
    _exit(7);
}

/* A child in our memory. */
static void in_memory(int flags, int exit_signal) {
    int status = 0, before = shared;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | flags | exit_signal, NULL);
    CHECK(pid > 0 && waitpid(pid, &status, __WALL) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 7);
    CHECK(shared == before + 1);
}

static void shared_handlers(void) {
    int status;
    signal(SIGUSR1, SIG_DFL);
    pid_t pid = clone(child, stack + sizeof stack, CLONE_VM | CLONE_SIGHAND | SIGCHLD, (void *)1);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid);
    handled = 0;
    raise(SIGUSR1); /* the handler that the child has set */
    CHECK(handled == SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
    pid = clone(child, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)1);
    struct sigaction action;
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
}

/* A sibling is not ours to wait for; our parent gets SIGCHLD when it ends. */
static void siblings(int flags) {
    int ends[2];
    CHECK(pipe(ends) == 0);
    pid_t middle = fork();
    if (middle == 0) {
        pid_t pid = clone(child, stack + sizeof stack, CLONE_PARENT | flags | SIGCHLD, NULL);
        CHECK(pid > 0 && FAILS(waitpid(pid, NULL, __WALL), ECHILD));
        CHECK(write(ends[1], &pid, sizeof pid) == sizeof pid);
        _exit(0);
    }
    int status;
    pid_t sibling;
    CHECK(waitpid(middle, &status, 0) == middle && status == 0 && read(ends[0], &sibling, sizeof sibling) == sizeof sibling);
    CHECK(waitpid(sibling, &status, 0) == sibling && WEXITSTATUS(status) == 7);
    close(ends[0]);
    close(ends[1]);
}

/* In line: a child on the stack of its suspended parent may not return from the function that made it. */
static inline __attribute__((always_inline)) long clone3(struct clone_args *args) {
#ifdef __riscv
    register long a0 __asm__("a0") = (long)args, a1 __asm__("a1") = sizeof *args, a7 __asm__("a7") = SYS_clone3;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a7) : "memory");
    long result = a0;
#else
    long result = SYS_clone3;
    __asm__ volatile("syscall" : "+a"(result) : "D"(args), "S"(sizeof *args) : "rcx", "r11", "memory");
#endif
    errno = result < 0 ? (int)-result : 0;
    return result < 0 ? -1 : result;
}

static void with_clone3(void) {
    int status;
    struct clone_args a = {.flags = CLONE_VM | CLONE_VFORK | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    signal(SIGUSR1, handler);
    long pid = clone3(&a);
    if (pid == 0) {
        struct sigaction action;
        _exit(sigaction(SIGUSR1, NULL, &action) == 0 && action.sa_handler == SIG_DFL ? 5 : 6);
    }
    CHECK(pid > 0 && waitpid((pid_t)pid, &status, 0) == pid && WEXITSTATUS(status) == 5);
    signal(SIGUSR1, SIG_DFL);
    int pidfd = -1;
    a = (struct clone_args){.flags = CLONE_PIDFD | CLONE_IO | CLONE_SYSVSEM, .exit_signal = SIGURG, .pidfd = (uintptr_t)&pidfd};
    pid = clone3(&a);
    if (pid == 0) _exit(4);
    siginfo_t info;
    CHECK(pid > 0 && pidfd >= 0 && waitid(P_PIDFD, (id_t)pidfd, &info, WEXITED | __WALL) == 0 && info.si_status == 4);
    close(pidfd);
    a = (struct clone_args){.flags = CLONE_PARENT, .exit_signal = SIGCHLD};
    CHECK(FAILS(clone3(&a), EINVAL));
    a = (struct clone_args){.flags = CLONE_SIGHAND, .exit_signal = SIGCHLD};
    CHECK(FAILS(clone3(&a), EINVAL));
    a = (struct clone_args){.flags = CLONE_VM | CLONE_SIGHAND | CLONE_CLEAR_SIGHAND, .exit_signal = SIGCHLD};
    CHECK(FAILS(clone3(&a), EINVAL));
    a = (struct clone_args){.flags = CLONE_NEWIPC | CLONE_SYSVSEM, .exit_signal = SIGCHLD};
    CHECK(FAILS(clone3(&a), EINVAL) || errno == EPERM);
    a = (struct clone_args){.exit_signal = 65};
    CHECK(FAILS(clone3(&a), EINVAL));
    a = (struct clone_args){.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = 1ul << 40};
    CHECK(FAILS(clone3(&a), EINVAL));
    CHECK(FAILS(syscall(SYS_clone3, &a, 8ul), EINVAL) && FAILS(syscall(SYS_clone3, bad_pointer, sizeof a), EFAULT));
}

static pid_t chosen;
static void chosen_pid(void) {
    /* Needs CAP_CHECKPOINT_RESTORE: without it, the kernel says EPERM. */
    chosen = 0;
    pid_t free_pid = fork(), wanted = free_pid;
    if (free_pid == 0) _exit(0);
    CHECK(waitpid(free_pid, NULL, 0) == free_pid);
    struct clone_args a = {.flags = CLONE_VM | CLONE_VFORK, .exit_signal = SIGCHLD, .set_tid = (uintptr_t)&wanted, .set_tid_size = 1};
    long pid = clone3(&a);
    if (pid == 0) {
        chosen = getpid();
        _exit(0);
    }
    if (pid < 0) {
        CHECK(errno == EPERM || errno == EEXIST);
        return;
    }
    CHECK(pid == wanted && chosen == wanted && waitpid(wanted, NULL, 0) == wanted);
}

int main(void) {
    in_memory(CLONE_FS | CLONE_FILES | CLONE_SIGHAND, SIGCHLD);
    in_memory(CLONE_FS | CLONE_FILES, SIGCHLD);
    in_memory(CLONE_FS | CLONE_FILES | CLONE_UNTRACED, 0);
    in_memory(CLONE_SIGHAND | CLONE_VFORK, SIGCHLD);
    in_memory(CLONE_VFORK, 0);
    in_memory(CLONE_IO | CLONE_SYSVSEM, SIGURG);
    for (int i = 0; i < 20; i++) in_memory(CLONE_SIGHAND, SIGCHLD);
    int status;
    pid_t pid = clone(child, stack + sizeof stack, CLONE_IO | CLONE_SYSVSEM | CLONE_DETACHED | SIGCHLD, NULL);
    CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && WEXITSTATUS(status) == 7);
    pid = clone(child, stack + sizeof stack, 0, NULL);
    CHECK(pid > 0 && FAILS(waitpid(pid, &status, 0), ECHILD) && waitpid(pid, &status, __WCLONE) == pid);
    shared_handlers();
    siblings(0);
    siblings(CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_SYSVSEM | CLONE_IO);
    siblings(CLONE_VM | CLONE_VFORK);
    with_clone3();
    chosen_pid();
    CHECK(FAILS(syscall(SYS_clone, CLONE_PIDFD | CLONE_PARENT_SETTID | SIGCHLD, 0, &status, 0, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_clone, CLONE_THREAD | SIGCHLD, 0, 0, 0, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_clone, CLONE_NEWNS | CLONE_FS | SIGCHLD, 0, 0, 0, 0), EINVAL));
    return 0;
}
