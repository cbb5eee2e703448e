/* fork, vfork, posix_spawn, clone, exec and wait. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

extern char **environ;
static const char *self;
static volatile int shared = 1;

static int wait_for(pid_t pid) {
    int status;
    struct rusage usage;
    CHECK(pid > 0 && wait4(pid, &status, 0, &usage) == pid);
    return status;
}

static void forks(void) {
    pid_t pid = fork();
    if (pid == 0) {
        shared = 2;
        _exit(getppid() > 0 ? 3 : 4);
    }
    int status = wait_for(pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 3 && shared == 1);
    pid = fork();
    if (pid == 0) {
        raise(SIGTERM);
        _exit(1);
    }
    status = wait_for(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM);
    CHECK(FAILS(wait(NULL), ECHILD));
}

static void vforks(void) {
    for (int i = 0; i < 50; i++) {
        pid_t pid = vfork();
        if (pid == 0) {
            shared++;  /* in the parent's memory */
            if (i % 2) _exit(7);
            execl(self, "argv zero", "exit", "7", (char *)NULL);
            _exit(1);
        }
        CHECK(WEXITSTATUS(wait_for(pid)) == 7);
    }
    CHECK(shared == 51);
    /* What the child does to signals stays there. */
    signal(SIGUSR1, SIG_IGN);
    pid_t pid = vfork();
    if (pid == 0) {
        signal(SIGUSR1, SIG_DFL);
        raise(SIGUSR1);
        _exit(1);
    }
    int status = wait_for(pid);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
    raise(SIGUSR1);
    signal(SIGUSR1, SIG_DFL);
}

static void spawns(void) {
    pid_t pid;
    char *argv[] = {"the name", "check", "one argument", "", NULL};
    char *envp[] = {"LD_PRELOAD=/nonexistent.so", "VARIABLE=value of it", NULL};
    CHECK(posix_spawn(&pid, self, NULL, NULL, argv, envp) == 0);
    CHECK(WEXITSTATUS(wait_for(pid)) == 0);
    CHECK(posix_spawn(&pid, "/nonexistent", NULL, NULL, argv, envp) == ENOENT);
    CHECK(posix_spawn(&pid, "/etc", NULL, NULL, argv, envp) == EACCES);
}

static int copy_to(int to, int from) {
    char buffer[65536];
    ssize_t size;
    while ((size = read(from, buffer, sizeof buffer)) > 0) {
        if (write(to, buffer, (size_t)size) != size) return 0;
    }
    return size == 0;
}

/* Closed by exec, so that no interpreter would find it. */
static int script_without_name(void) {
    int fd = (int)syscall(SYS_memfd_create, "script", 1u);
    CHECK(fd >= 0 && write(fd, "#!/bin/sh\n", 10) == 10);
    return fd;
}

/* What the program without a name looks at. */
static int check_nameless(void) {
    char text[64] = "";
    CHECK(readlink("/proc/self/exe", text, sizeof text) > 0 && strcmp(text, "/memfd:program (deleted)") == 0);
    int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
    struct stat info, again;
    CHECK(fd >= 0 && fstat(fd, &info) == 0 && info.st_nlink == 0 && info.st_size > 0);
    CHECK(stat("/proc/self/exe", &again) == 0 && again.st_ino == info.st_ino && close(fd) == 0);
    fd = open("/proc/self/exe", O_PATH | O_CLOEXEC);
    CHECK(fd >= 0 && fstat(fd, &again) == 0 && again.st_ino == info.st_ino && close(fd) == 0);
    for (fd = 3; fd < 100; fd++) {
        char name[64];
        snprintf(name, sizeof name, "/proc/self/fd/%d", fd);
        const ssize_t length = readlink(name, text, sizeof text - 1);
        CHECK(length < 0 || strncmp(text, "/memfd:", 7) != 0);
    }
    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "x", "exit", "13", NULL);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 13);
    return 0;
}

static void execs(void) {
    int fd = open(self, O_RDONLY | O_CLOEXEC);
    pid_t pid = fork();
    if (pid == 0) {
        fexecve(fd, (char *[]){"x", "exit", "11", NULL}, environ);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 11);
    /* A program without a name leaves no descriptor behind, and its link leads to it. */
    int memory = (int)syscall(SYS_memfd_create, "program", 1u /* MFD_CLOEXEC */);
    CHECK(memory >= 0 && copy_to(memory, fd) && lseek(fd, 0, SEEK_SET) == 0);
    pid = fork();
    if (pid == 0) {
        if (fork() == 0) {
            fexecve(memory, (char *[]){"x", "nameless", NULL}, environ);
            _exit(1);
        }
        int status;
        if (wait(&status) < 0 || status != 0) _exit(2);
        char name[64];
        snprintf(name, sizeof name, "/proc/self/fd/%d", memory);
        execl(name, "x", "nameless", NULL);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 0 && close(memory) == 0);
    CHECK(FAILS(fexecve(script_without_name(), (char *[]){"x", NULL}, environ), ENOENT));
    /* By the name of a descriptor that exec closes. */
    const char *names[] = {"/proc/self/fd/%d", "/dev/fd/%d", "/proc/thread-self/fd/%d"};
    for (int i = 0; i < 3; i++) {
        int path = open(self, O_PATH | O_CLOEXEC);
        pid = fork();
        if (pid == 0) {
            char name[64];
            snprintf(name, sizeof name, names[i], path);
            execl(name, "x", "exit", "12", NULL);
            _exit(1);
        }
        CHECK(WEXITSTATUS(wait_for(pid)) == 12 && close(path) == 0);
    }
    CHECK(FAILS(execl("/nonexistent", "x", (char *)NULL), ENOENT));
    CHECK(FAILS(execl("/dev/null", "x", (char *)NULL), EACCES));
    CHECK(FAILS(syscall(SYS_execve, bad_pointer, NULL, NULL), EFAULT));

    char script[] = "script.XXXXXX", text[4096];
    int file = mkstemp(script);
    int length = snprintf(text, sizeof text, "#!  %s script-argument \nrest\n", self);
    CHECK(write(file, text, length) == length && fchmod(file, 0755) == 0 && close(file) == 0);
    pid = fork();
    if (pid == 0) {
        char path[100];
        snprintf(path, sizeof path, "./%s", script);
        execl(path, "ignored", "last", (char *)NULL);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 0);
    CHECK(chmod(script, 0644) == 0 && FAILS(execl(script, script, (char *)NULL), EACCES));
    unlink(script);
}

/* The mask and ignored signals survive exec. */
static void inherited(void) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigaddset(&set, SIGSEGV);
    pid_t pid = fork();
    if (pid == 0) {
        sigprocmask(SIG_BLOCK, &set, NULL);
        signal(SIGHUP, SIG_IGN);
        signal(SIGBUS, SIG_IGN);
        execl(self, "x", "signals", (char *)NULL);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 0);
}

static int clone_main(void *argument) {
    *(volatile int *)argument = 5;
    return 6;
}

static int wait_for_value(void *argument) {
    while (*(volatile int *)argument != 1) sched_yield();
    *(volatile int *)argument = 2;
    return 4;
}

static void clones(void) {
    static char stack[65536] __attribute__((aligned(16)));
    volatile int value = 0;
    int pid = clone(clone_main, stack + sizeof stack, CLONE_VM | CLONE_VFORK | SIGCHLD, (void *)&value);
    CHECK(WEXITSTATUS(wait_for(pid)) == 6 && value == 5);
    /* In the same memory at the same time. */
    value = 0;
    pid = clone(wait_for_value, stack + sizeof stack, CLONE_VM | SIGCHLD, (void *)&value);
    CHECK(pid > 0);
    value = 1;
    while (value != 2) sched_yield();
    CHECK(WEXITSTATUS(wait_for(pid)) == 4);
    value = 0;
    pid = clone(clone_main, stack + sizeof stack, SIGCHLD, (void *)&value);
    CHECK(WEXITSTATUS(wait_for(pid)) == 6 && value == 0);
    int status;
    pid = clone(clone_main, stack + sizeof stack, 0, (void *)&value);
    CHECK(waitpid(pid, &status, __WCLONE) == pid && WEXITSTATUS(status) == 6);
    CHECK(FAILS(clone(clone_main, stack + sizeof stack, CLONE_THREAD, NULL), EINVAL));
    int fd = -1;
    pid = syscall(SYS_clone, CLONE_PIDFD | SIGCHLD, 0, &fd, 0, 0);
    if (pid == 0) _exit(8);
    siginfo_t info;
    CHECK(fd >= 0 && waitid(P_PIDFD, fd, &info, WEXITED) == 0 && info.si_status == 8 && info.si_pid == pid);
}

static int deep(int n) {
    volatile char frame[1000];
    frame[0] = 1;
    return n == 0 ? 0 : deep(n - 1) + frame[0];
}

/* A larger limit means a larger stack for the next program. */
static void stack_limit(void) {
    struct rlimit limit;
    CHECK(getrlimit(RLIMIT_STACK, &limit) == 0);
    if (limit.rlim_max != RLIM_INFINITY && limit.rlim_max < 64 << 20) return;
    pid_t pid = fork();
    if (pid == 0) {
        limit.rlim_cur = 64 << 20;
        setrlimit(RLIMIT_STACK, &limit);
        execl(self, "x", "deep", (char *)NULL);
        _exit(1);
    }
    CHECK(WEXITSTATUS(wait_for(pid)) == 0);
}

static int as_child(int argc, char **argv) {
    if (!strcmp(argv[1], "exit")) return atoi(argv[2]);
    if (!strcmp(argv[1], "nameless")) return check_nameless();
    if (!strcmp(argv[1], "check")) {
        CHECK(argc == 4 && !strcmp(argv[0], "the name") && !strcmp(argv[2], "one argument") && !*argv[3]);
        CHECK(!strcmp(environ[0], "LD_PRELOAD=/nonexistent.so") && !strcmp(environ[1], "VARIABLE=value of it"));
        CHECK(!environ[2]);
        return 0;
    }
    if (!strcmp(argv[1], "script-argument")) {
        CHECK(argc == 4 && !strncmp(argv[2], "./script.", 9) && !strcmp(argv[3], "last"));
        return 0;
    }
    if (!strcmp(argv[1], "deep")) return deep(30000) != 30000;
    sigset_t set;
    struct sigaction action;
    sigprocmask(SIG_BLOCK, NULL, &set);
    CHECK(sigismember(&set, SIGUSR2) && sigismember(&set, SIGSEGV) && !sigismember(&set, SIGBUS));
    CHECK(sigaction(SIGHUP, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(sigaction(SIGBUS, NULL, &action) == 0 && action.sa_handler == SIG_IGN);
    CHECK(sigaction(SIGSEGV, NULL, &action) == 0 && action.sa_handler == SIG_DFL);
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1) return as_child(argc, argv);
    self = realpath(argv[0], NULL);
    forks();
    vforks();
    spawns();
    execs();
    inherited();
    clones();
    stack_limit();
    return 0;
}
