// flags: -O1
/* futex_wait, futex_wake, futex_requeue, futex_waitv. Runs natively too. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include "check.h"

enum { kWaitv = 449, kWake = 454, kWait, kRequeue, kU32 = 2, kPrivate = 128 };
struct waiter {
    uint64_t value, address;
    uint32_t flags, reserved;
};

static uint32_t first, second;
static int woken;

static long wait_on(uint32_t *word, uint64_t value, uint64_t mask, unsigned flags, struct timespec *until, int clock) {
    return syscall(kWait, word, value, mask, flags, until, clock);
}
static long wake(uint32_t *word, uint64_t mask, int count, unsigned flags) { return syscall(kWake, word, mask, count, flags); }

static void *waits(void *mask) {
    CHECK(wait_on(&first, 0, (uintptr_t)mask, kU32 | kPrivate, NULL, CLOCK_MONOTONIC) == 0);
    __atomic_add_fetch(&woken, 1, __ATOMIC_SEQ_CST);
    return NULL;
}
static void *waits_for_two(void *unused) {
    struct waiter both[] = {{0, (uintptr_t)&first, kU32 | kPrivate, 0}, {0, (uintptr_t)&second, kU32 | kPrivate, 0}};
    (void)unused;
    return (void *)syscall(kWaitv, both, 2, 0, NULL, CLOCK_MONOTONIC);
}

int main(void) {
    pthread_t threads[3];
    struct timespec until;
    clock_gettime(CLOCK_REALTIME, &until);
    CHECK(FAILS(wait_on(&first, 1, ~0u, kU32 | kPrivate, NULL, 0), EAGAIN));
    CHECK(FAILS(wait_on(&first, 0, ~0u, kU32, &until, CLOCK_REALTIME), ETIMEDOUT));
    CHECK(FAILS(wait_on(&first, 0, ~0u, kU32, &until, CLOCK_BOOTTIME), EINVAL));
    CHECK(FAILS(wait_on(&first, 0, 0, kU32, NULL, 0), EINVAL) && FAILS(wait_on(&first, 1ull << 32, ~0u, kU32, NULL, 0), EINVAL));
    CHECK(FAILS(wait_on(&first, 0, ~0u, 1 << 20, NULL, 0), EINVAL) && FAILS(wake(&first, 0, 1, kU32), EINVAL));
    CHECK(FAILS(wake((uint32_t *)((char *)&first + 1), ~0u, 1, kU32), EINVAL) && FAILS(wake(&first, ~0u, 1, 0x100000), EINVAL));

    /* By mask, by number. */
    for (uintptr_t i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, waits, (void *)(1 + i)) == 0);
    while (wake(&first, ~0u, 0, kU32 | kPrivate) != 0 || woken != 0) usleep(1000);
    usleep(50000);
    CHECK(wake(&first, 4, 9, kU32 | kPrivate) == 0 && wake(&first, 2, 1, kU32 | kPrivate) == 1);
    /* One to wake, the others go to `second`. */
    struct waiter pair[] = {{0, (uintptr_t)&first, kU32 | kPrivate, 0}, {0, (uintptr_t)&second, kU32 | kPrivate, 0}};
    CHECK(FAILS(syscall(kRequeue, NULL, 0, 1, 1), EINVAL) && FAILS(syscall(kRequeue, bad_pointer, 0, 1, 1), EFAULT));
    CHECK(FAILS(syscall(kRequeue, pair, 1, 1, 1), EINVAL) && FAILS(syscall(kRequeue, pair, 0, -1, 1), EINVAL));
    pair[0].value = 1;
    CHECK(FAILS(syscall(kRequeue, pair, 0, 1, 1), EAGAIN));
    pair[0].value = 0;
    CHECK(syscall(kRequeue, pair, 0, 1, 9) == 2);
    CHECK(wake(&first, ~0u, 9, kU32 | kPrivate) == 0 && wake(&second, ~0u, 9, kU32 | kPrivate) == 1);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    CHECK(woken == 3);

    void *which;
    CHECK(pthread_create(threads, NULL, waits_for_two, NULL) == 0);
    while (wake(&second, ~0u, 1, kU32 | kPrivate) != 1) usleep(1000);
    CHECK(pthread_join(threads[0], &which) == 0 && which == (void *)1);
    return 0;
}
