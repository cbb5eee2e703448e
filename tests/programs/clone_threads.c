// flags: -O1
/* Forks that the C library has no function for, from a process whose other threads are busy in every part of the translator
   that allocates memory. The child, which has only the thread that forked, must find nothing locked. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kThreads = 3, kForks = 300 };
static atomic_int stop;

static void *nothing(void *argument) { return argument; }

static void *busy(void *argument) {
    char name[64];
    for (int i = 0; !stop; ++i) {
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, nothing, NULL) == 0 && pthread_join(thread, NULL) == 0);
        snprintf(name, sizeof name, "/proc/self/task/../maps");
        int fd = open(name, O_RDONLY);
        CHECK(fd >= 0);
        close(fd);
        CHECK(open("/no/such/directory/with/a/long/name/that/does/not/fit/into/a/short/string", O_RDONLY) < 0);
        void *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CHECK(page != MAP_FAILED && munmap(page, 8192) == 0);
    }
    return argument;
}

static void child(void) {
    uint32_t *code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) _exit(1);
    for (int i = 0; i < 16384; ++i) code[i] = 0x8067; /* ret */
    for (int i = 0; i < 16384; i += 64) ((void (*)(void))(code + i))();
    for (int i = 0; i < 10; ++i) {
        int fd = open("/proc/self/maps", O_RDONLY);
        if (fd < 0) _exit(2);
        close(fd);
    }
    if (getpid() != syscall(SYS_gettid)) _exit(3);
    raise(SIGUSR1);
    _exit(4);
}

int main(void) {
    pthread_t threads[kThreads];
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, busy, NULL) == 0);
    for (int i = 0; i < kForks; ++i) {
        int status, pidfd = -1;
        struct clone_args args = {.flags = i % 2 ? CLONE_PIDFD : 0,
                                  .pidfd = (uintptr_t)&pidfd,
                                  .exit_signal = i % 3 ? SIGCHLD : SIGURG};
        pid_t pid = (pid_t)syscall(SYS_clone3, &args, sizeof args);
        if (pid == 0) child();
        CHECK(pid > 0);
        CHECK(waitpid(pid, &status, __WALL) == pid);
        CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
        CHECK((pidfd >= 0) == (i % 2));
        if (pidfd >= 0) close(pidfd);
    }
    struct clone_args wrong = {.flags = CLONE_INTO_CGROUP, .exit_signal = SIGCHLD, .cgroup = 99};
    CHECK(syscall(SYS_clone3, &wrong, sizeof wrong) == -1 && errno == EBADF);
    stop = 1;
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
