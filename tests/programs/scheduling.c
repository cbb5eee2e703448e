// flags: -O1
/* Scheduling policies, priorities, attributes of sched_setattr, I/O priorities: values, limits, errors. */
#define _GNU_SOURCE
#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

#define NOBODY 0x3fffffff /* no process has this number */

struct attributes { /* struct sched_attr, version 0 */
    unsigned size, policy;
    unsigned long long flags;
    int nice;
    unsigned priority;
    unsigned long long runtime, deadline, period;
};
static long set_attributes(pid_t pid, void *attributes, unsigned flags) {
    return syscall(SYS_sched_setattr, pid, attributes, flags);
}
static long get_attributes(pid_t pid, void *attributes, unsigned size, unsigned flags) {
    return syscall(SYS_sched_getattr, pid, attributes, size, flags);
}

static void check_limits(void) {
    CHECK(sched_get_priority_min(SCHED_FIFO) == 1 && sched_get_priority_max(SCHED_FIFO) == 99);
    CHECK(sched_get_priority_min(SCHED_RR) == 1 && sched_get_priority_max(SCHED_RR) == 99);
    CHECK(sched_get_priority_min(SCHED_OTHER) == 0 && sched_get_priority_max(SCHED_BATCH) == 0);
    CHECK(sched_get_priority_max(SCHED_IDLE) == 0);
    CHECK(FAILS(sched_get_priority_max(99), EINVAL) && FAILS(sched_get_priority_min(-1), EINVAL));
}

static void check_policies(void) {
    struct sched_param parameter = {0};
    CHECK(sched_getscheduler(0) == SCHED_OTHER && sched_getscheduler(getpid()) == SCHED_OTHER);
    CHECK(FAILS(sched_getscheduler(-1), EINVAL) && FAILS(sched_getscheduler(NOBODY), ESRCH));
    CHECK(sched_getparam(0, &parameter) == 0 && parameter.sched_priority == 0);
    CHECK(FAILS(sched_getparam(0, NULL), EINVAL) && FAILS(sched_getparam(0, bad_pointer), EFAULT));
    CHECK(FAILS(sched_getparam(NOBODY, &parameter), ESRCH));
    CHECK(sched_setscheduler(0, SCHED_BATCH, &parameter) == 0 && sched_getscheduler(0) == SCHED_BATCH);
    CHECK(sched_setparam(0, &parameter) == 0 && sched_getscheduler(0) == SCHED_BATCH);
    parameter.sched_priority = 1;
    CHECK(FAILS(sched_setparam(0, &parameter), EINVAL)); /* the policy has no priorities */
    CHECK(FAILS(sched_setscheduler(0, SCHED_OTHER, &parameter), EINVAL));
    parameter.sched_priority = 0;
    CHECK(FAILS(sched_setscheduler(0, SCHED_FIFO, &parameter), EINVAL));
    CHECK(FAILS(sched_setscheduler(0, 99, &parameter), EINVAL));
    CHECK(FAILS(sched_setscheduler(0, SCHED_OTHER, NULL), EINVAL));
    CHECK(FAILS(sched_setscheduler(0, SCHED_OTHER, bad_pointer), EFAULT));
    CHECK(FAILS(sched_setscheduler(NOBODY, SCHED_OTHER, &parameter), ESRCH));
    /* What the policy resets in children. */
    CHECK(sched_setscheduler(0, SCHED_BATCH | SCHED_RESET_ON_FORK, &parameter) == 0);
    CHECK(sched_getscheduler(0) == (SCHED_BATCH | SCHED_RESET_ON_FORK));
    pid_t child = fork();
    if (child == 0) _exit(sched_getscheduler(0));
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == SCHED_BATCH << 8);
    struct timespec interval = {-1, -1};
    CHECK(sched_rr_get_interval(0, &interval) == 0 && interval.tv_sec == 0 && interval.tv_nsec >= 0);
    CHECK(FAILS(sched_rr_get_interval(-1, &interval), EINVAL) && FAILS(sched_rr_get_interval(NOBODY, &interval), ESRCH));
    CHECK(FAILS(sched_rr_get_interval(0, bad_pointer), EFAULT));
}

static void check_attributes(void) {
    struct {
        struct attributes a;
        unsigned long long more[2];
    } large;
    memset(&large, 0xff, sizeof large);
    CHECK(get_attributes(0, &large, sizeof large, 0) == 0 && large.a.size >= 48 && large.a.size <= sizeof large);
    CHECK(large.a.policy == SCHED_BATCH && large.a.flags == 1); /* SCHED_FLAG_RESET_ON_FORK */
    CHECK(FAILS(get_attributes(0, &large, 47, 0), EINVAL) && FAILS(get_attributes(0, &large, sizeof large, 1), EINVAL));
    CHECK(FAILS(get_attributes(0, NULL, sizeof large, 0), EINVAL));
    CHECK(FAILS(get_attributes(NOBODY, &large, sizeof large, 0), ESRCH));
    struct attributes attributes = {.size = sizeof attributes, .policy = SCHED_OTHER, .nice = 5};
    CHECK(set_attributes(0, &attributes, 0) == 0 && getpriority(PRIO_PROCESS, 0) == 5);
    CHECK(sched_getscheduler(0) == SCHED_OTHER);
    CHECK(FAILS(set_attributes(0, &attributes, 1), EINVAL) && FAILS(set_attributes(0, NULL, 0), EINVAL));
    CHECK(FAILS(set_attributes(-1, &attributes, 0), EINVAL) && FAILS(set_attributes(NOBODY, &attributes, 0), ESRCH));
    CHECK(FAILS(set_attributes(0, bad_pointer, 0), EFAULT));
    attributes.policy = 99;
    CHECK(FAILS(set_attributes(0, &attributes, 0), EINVAL));
    attributes.size = 16; /* smaller than any: the kernel says what it has */
    CHECK(FAILS(set_attributes(0, &attributes, 0), E2BIG) && attributes.size >= 48);
    memset(&large, 0, sizeof large);
    large.a = (struct attributes){.size = 4096, .policy = SCHED_OTHER};
    struct {
        struct attributes a;
        char more[4096 - sizeof(struct attributes)];
    } huge = {.a = {.size = 4096, .policy = SCHED_OTHER, .nice = 6}};
    CHECK(set_attributes(0, &huge, 0) == 0); /* nothing in what is not known */
    huge.more[4000] = 1;
    CHECK(FAILS(set_attributes(0, &huge, 0), E2BIG));
}

static void check_nice(void) {
    CHECK(setpriority(PRIO_PROCESS, 0, 10) == 0 && getpriority(PRIO_PROCESS, getpid()) == 10);
    CHECK(setpriority(PRIO_PROCESS, 0, 100) == 0 && getpriority(PRIO_PROCESS, 0) == 19); /* the limit */
    CHECK(syscall(SYS_getpriority, PRIO_PROCESS, 0) == 1);                               /* 20 minus it */
    CHECK(FAILS(setpriority(3, 0, 0), EINVAL) && FAILS(getpriority(-1, 0), EINVAL));
    CHECK(FAILS(setpriority(PRIO_PROCESS, NOBODY, 19), ESRCH) && FAILS(getpriority(PRIO_PROCESS, NOBODY), ESRCH));
}

static void check_io_priority(void) {
    enum { kProcess = 1, kNone = 0, kBestEffort = 2, kIdle = 3 };
    CHECK(syscall(SYS_ioprio_set, kProcess, 0, kBestEffort << 13 | 6) == 0);
    CHECK(syscall(SYS_ioprio_get, kProcess, 0) == (kBestEffort << 13 | 6));
    CHECK(syscall(SYS_ioprio_set, kProcess, 0, kIdle << 13) == 0);
    CHECK(syscall(SYS_ioprio_get, kProcess, getpid()) == kIdle << 13);
    CHECK(FAILS(syscall(SYS_ioprio_set, kProcess, 0, kNone << 13 | 1), EINVAL));
    CHECK(FAILS(syscall(SYS_ioprio_set, kProcess, 0, 7 << 13), EINVAL));
    CHECK(FAILS(syscall(SYS_ioprio_set, 9, 0, kIdle << 13), EINVAL) && FAILS(syscall(SYS_ioprio_get, 9, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_ioprio_get, kProcess, NOBODY), ESRCH));
}

static void check_cpus(void) {
    cpu_set_t set;
    const long bytes = syscall(SYS_sched_getaffinity, 0, sizeof set, &set);
    CHECK(bytes > 0 && bytes % 8 == 0);
    CHECK(FAILS(syscall(SYS_sched_getaffinity, 0, 7, &set), EINVAL));
    CHECK(FAILS(syscall(SYS_sched_getaffinity, NOBODY, sizeof set, &set), ESRCH));
    CHECK(FAILS(syscall(SYS_sched_getaffinity, 0, sizeof set, bad_pointer), EFAULT));
    CHECK(syscall(SYS_sched_setaffinity, 0, bytes, &set) == 0);
    CHECK(FAILS(syscall(SYS_sched_setaffinity, 0, bytes, bad_pointer), EFAULT));
    CHECK(FAILS(syscall(SYS_sched_setaffinity, NOBODY, bytes, &set), ESRCH));
    CPU_ZERO(&set);
    CHECK(FAILS(syscall(SYS_sched_setaffinity, 0, bytes, &set), EINVAL));
}

int main(void) {
    check_limits();
    check_policies();
    check_attributes();
    check_nice();
    check_io_priority();
    check_cpus();
    return 0;
}
