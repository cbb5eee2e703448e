// flags: -O1
/* seccomp and threads: filters belong to threads, TSYNC gives them to all, KILL_THREAD ends one; strict mode. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <sys/resource.h>
#include "seccomp.h"

#define START(thread, function, argument) CHECK(pthread_create(&(thread), NULL, function, argument) == 0)
#define JOIN(thread) CHECK(pthread_join(thread, NULL) == 0)

static pthread_barrier_t barrier;
static volatile pid_t other_tid;

/* Calls getppid when the first thread has set its filters. @returns the errno */
static void *call_later(void *unused) {
    (void)unused;
    other_tid = (pid_t)syscall(SYS_gettid);
    pthread_barrier_wait(&barrier);
    pthread_barrier_wait(&barrier);
    errno = 0;
    return (void *)(long)(syscall(SYS_getppid) == -1 ? errno : 0);
}
static void *call_with_own_filter(void *argument) {
    CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 40, 0) == 0);
    return call_later(argument);
}
static void *call_now(void *unused) {
    (void)unused;
    errno = 0;
    return (void *)(long)(syscall(SYS_getppid) == -1 ? errno : 0);
}

static long other_error(void *(*other)(void *), unsigned flags, long expected) {
    pthread_t thread;
    void *error;
    pthread_barrier_init(&barrier, NULL, 2);
    START(thread, other, NULL);
    pthread_barrier_wait(&barrier);
    long result = install_for(SYS_getppid, SECCOMP_RET_ERRNO | 50, flags);
    CHECK(expected >= 0 ? result == (expected ? other_tid : 0) : result == -1 && errno == -expected);
    pthread_barrier_wait(&barrier);
    CHECK(pthread_join(thread, &error) == 0);
    return (long)error;
}

static void check_synchronisation(void) {
    IN_CHILD({
        CHECK(other_error(call_later, 0, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), 50));
        /* A new thread has the filters of the one that makes it. */
        pthread_t thread;
        void *error;
        START(thread, call_now, NULL);
        CHECK(pthread_join(thread, &error) == 0 && error == (void *)50L);
    });
    IN_CHILD(CHECK(other_error(call_later, SECCOMP_FILTER_FLAG_TSYNC, 0) == 50));
    /* A thread with filters of its own cannot be synchronised. */
    IN_CHILD({
        CHECK(other_error(call_with_own_filter, SECCOMP_FILTER_FLAG_TSYNC, 1) == 40);
        CHECK(syscall(SYS_getppid) > 0);
    });
    IN_CHILD(CHECK(other_error(call_with_own_filter, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH,
                               -ESRCH) == 40));
    /* One whose filters are the oldest of ours can. */
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 30, 0) == 0);
        CHECK(other_error(call_later, SECCOMP_FILTER_FLAG_TSYNC, 0) == 50);
    });
}

static void *be_killed(void *unused) {
    (void)unused;
    install_for(SYS_getppid, SECCOMP_RET_KILL_THREAD, 0);
    getppid();
    _exit(1);
}
static void *kill_process(void *unused) {
    (void)unused;
    install_for(SYS_getppid, SECCOMP_RET_KILL_PROCESS, 0);
    getppid();
    _exit(1);
}
static void *end_after_leader(void *leader) {
    pthread_join(*(pthread_t *)leader, NULL);
    syscall(SYS_exit, 5);
    return NULL;
}

static void check_kills(void) {
    IN_CHILD({
        pthread_t thread;
        START(thread, be_killed, NULL);
        JOIN(thread);
        CHECK(syscall(SYS_getppid) > 0);
    });
    KILLS(SIGSYS, {
        pthread_t thread;
        START(thread, kill_process, NULL);
        JOIN(thread);
        _exit(0);
    });
    /* The last thread's end is the process's (since Linux 5.17). */
    int status = STATUS_OF({
        pthread_t thread;
        static pthread_t leader;
        leader = pthread_self();
        START(thread, end_after_leader, &leader);
        be_killed(NULL);
    });
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 5);
}

static void *enter_strict_mode(void *unused) {
    (void)unused;
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT);
    getppid();
    _exit(1);
}

static void check_strict_mode(void) {
    int status = STATUS_OF({
        CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0);
        CHECK(write(1, "", 0) == 0);
        syscall(SYS_exit, 7);
    });
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
    KILLS(SIGKILL, CHECK(seccomp(SECCOMP_SET_MODE_STRICT, 0, NULL) == 0); getppid());
    KILLS(SIGKILL, CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT) == 0); prctl(PR_GET_SECCOMP));
    IN_CHILD({
        pthread_t thread;
        START(thread, enter_strict_mode, NULL);
        JOIN(thread);
    });
    /* No mode leads to the other. */
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0) == 0);
        CHECK(FAILS(prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT), EINVAL));
    });
}

int main(void) {
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    check_synchronisation();
    check_kills();
    check_strict_mode();
    return 0;
}
