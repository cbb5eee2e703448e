// flags: -O1
/* Which error comes first when several apply, and errors that are easily forgotten. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <linux/prctl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#ifndef SYS_futex_waitv
#define SYS_futex_waitv 449
#endif
enum { kNobody = 4194304 }; /* above all process ids */

static void signals(void) {
    pid_t me = getpid();
    CHECK(FAILS(syscall(SYS_tgkill, 0, me, 0), EINVAL) && FAILS(syscall(SYS_tgkill, me, 0, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_tgkill, me, -1, 0), EINVAL) && FAILS(syscall(SYS_tgkill, -1, me, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_tgkill, me, kNobody, 0), ESRCH) && FAILS(syscall(SYS_tgkill, me, kNobody, 65), ESRCH));
    CHECK(FAILS(syscall(SYS_tgkill, me, me, 65), EINVAL) && FAILS(syscall(SYS_tgkill, getppid(), me, 0), ESRCH));
    CHECK(FAILS(syscall(SYS_tkill, 0, 0), EINVAL) && FAILS(syscall(SYS_tkill, kNobody, 0), ESRCH));
    CHECK(FAILS(syscall(SYS_tkill, me, 65), EINVAL) && syscall(SYS_tkill, me, 0) == 0);
    siginfo_t info = {.si_code = SI_QUEUE};
    CHECK(FAILS(syscall(SYS_rt_tgsigqueueinfo, me, 0, 1, &info), EINVAL));
    CHECK(FAILS(syscall(SYS_rt_tgsigqueueinfo, me, kNobody, 1, &info), ESRCH));
}

static void *tid_of_thread(void *result) {
    *(volatile long *)result = syscall(SYS_gettid);
    return NULL;
}

static void ended_thread(void) {
    volatile long tid;
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, tid_of_thread, (void *)&tid) == 0 && pthread_join(thread, NULL) == 0);
    CHECK(FAILS(syscall(SYS_tgkill, getpid(), tid, 0), ESRCH) && FAILS(syscall(SYS_tkill, tid, 0), ESRCH));
}

static void futexes(void) {
    struct {
        unsigned long value, address;
        unsigned flags, reserved;
    } waiter = {1, 0, 2, 0};
    unsigned word = 0;
    struct timespec soon = {0, 1}, bad = {0, 2000000000};
    waiter.address = (unsigned long)&word;
    if (syscall(SYS_futex_waitv, &waiter, 0, 0, 0, 0) == -1 && errno == ENOSYS) return; /* before Linux 5.16 */
    CHECK(FAILS(syscall(SYS_futex_waitv, NULL, 1, 0, NULL, 0), EINVAL) && FAILS(syscall(SYS_futex_waitv, &waiter, 0, 0, NULL, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_futex_waitv, &waiter, 129, 0, NULL, 0), EINVAL) && FAILS(syscall(SYS_futex_waitv, bad_pointer, 1, 1, NULL, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_futex_waitv, bad_pointer, 1, 0, &soon, 7), EINVAL) && FAILS(syscall(SYS_futex_waitv, bad_pointer, 1, 0, NULL, 0), EFAULT));
    CHECK(FAILS(syscall(SYS_futex_waitv, &waiter, 1, 0, &bad, 1), EINVAL) && FAILS(syscall(SYS_futex_waitv, &waiter, 1, 0, NULL, 0), EAGAIN));
    waiter.value = 0;
    CHECK(FAILS(syscall(SYS_futex_waitv, &waiter, 1, 0, &soon, 1), ETIMEDOUT));
    waiter.reserved = 1;
    CHECK(FAILS(syscall(SYS_futex_waitv, &waiter, 1, 0, NULL, 0), EINVAL));
    void *head = &word;
    size_t size = 0;
    CHECK(syscall(SYS_get_robust_list, 0, &head, &size) == 0 && size == 24 && head != &word);
    CHECK(FAILS(syscall(SYS_get_robust_list, kNobody, &head, &size), ESRCH) && FAILS(syscall(SYS_get_robust_list, -1, &head, &size), ESRCH));
    CHECK(FAILS(syscall(SYS_get_robust_list, 0, bad_pointer, &size), EFAULT) && FAILS(syscall(SYS_set_robust_list, head, 8), EINVAL));
    pid_t pid = fork();
    int status;
    if (pid == 0) { /* of another process: what that has set, or EPERM */
        void *other = NULL;
        long result = syscall(SYS_get_robust_list, getppid(), &other, &size);
        _exit(result == 0 ? other != head : errno != EPERM);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
}

static void memory(void) {
    char *map = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(FAILS(mprotect(map, 4096, PROT_GROWSDOWN), EINVAL) && FAILS(mprotect(map, 4096, PROT_GROWSDOWN | PROT_GROWSUP), EINVAL));
    int readable = open("/proc/self/exe", O_RDONLY);
    CHECK(mmap(NULL, 4096, PROT_WRITE, MAP_SHARED_VALIDATE, readable, 0) == MAP_FAILED && errno == EACCES);
    CHECK(mmap(NULL, 4096, PROT_READ, MAP_SHARED_VALIDATE, readable, 0) != MAP_FAILED);
    CHECK(mmap(map, 4096, PROT_READ, MAP_SHARED_VALIDATE | MAP_FIXED, readable, 0) == map);
    CHECK(FAILS(syscall(SYS_remap_file_pages, map + 1, 4096, 1, 0, 0), EINVAL) && FAILS(syscall(SYS_remap_file_pages, map, 4096, 0, -1L, 0), EINVAL));
    long moved = syscall(SYS_move_pages, 0, 0, NULL, NULL, NULL, 9);
    CHECK(moved == -1 && (errno == EINVAL || errno == ENOSYS));
    close(readable);
}

int main(void) {
    signals();
    ended_thread();
    futexes();
    memory();
    struct epoll_event event;
    int epoll = epoll_create1(0);
    CHECK(FAILS(epoll_wait(epoll, &event, 0, 0), EINVAL) && FAILS(syscall(SYS_epoll_pwait, epoll, &event, 1 << 30, 0, NULL, 8), EINVAL));
    CHECK(FAILS(prctl(PR_SET_MM, 99, 4096ul, 0ul, 0ul), EINVAL) || errno == EPERM);
    return 0;
}
