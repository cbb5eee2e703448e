// flags: -O1
/* riscv_hwprobe: errors, keys that are not extensions, and the set of harts. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

struct pair {
    int64_t key;
    uint64_t value;
};
enum { kWhichCpus = 1 };
static unsigned long set[32];

static long probe(struct pair *pairs, long count, long bytes, void *harts, long flags) {
    return syscall(258, pairs, count, bytes, harts, flags);
}
static long which(int64_t key, uint64_t value) {
    struct pair p = {key, value};
    memset(set, 0xff, sizeof set);
    long result = probe(&p, 1, 8, set, kWhichCpus);
    return result ? -errno : set[0] != 0 && p.key == key;
}

int main(void) {
    struct pair p = {99, 7};
    CHECK(probe(&p, 1, 0, NULL, 0) == 0 && p.key == -1 && p.value == 0);
    p.key = -5;
    CHECK(probe(&p, 1, 0, NULL, 0) == 0 && p.key == -1);
    CHECK(FAILS(probe(&p, 1, 0, NULL, 2), EINVAL) && FAILS(probe(bad_pointer, 1, 0, NULL, 0), EFAULT));
    CHECK(FAILS(probe(&p, 1, 8, NULL, 0), EFAULT) && FAILS(probe(&p, 1, 0, set, 0), EINVAL));
    CHECK(FAILS(probe(&p, 1, 8, set, 0), EINVAL)); /* no hart in it */
    CHECK(FAILS(probe(&p, 1, 0, set, kWhichCpus), EINVAL) && FAILS(probe(&p, 1, 8, NULL, kWhichCpus), EINVAL));
    set[0] = 1;
    CHECK(probe(&p, 0, 8, set, 0) == 0 && probe(&p, 1, sizeof set, set, 0) == 0);
    /* BASE_BEHAVIOR is a set of bits, HIGHEST_VIRT_ADDRESS a number. */
    struct pair top = {7, 0};
    CHECK(probe(&top, 1, 0, NULL, 0) == 0 && ((top.value + 1) & top.value) == 0 && top.value >= (1ul << 38) - 1);
    CHECK(which(3, 1) == 1 && which(3, 0) == 1 && which(3, 1ul << 40) == 0);
    CHECK(which(7, top.value) == 1 && which(7, top.value >> 1) == 0);
    CHECK(which(99, 0) == 0 && set[0] == 0);
    /* Harts that are not online are never among the answer; an empty set asks for all. */
    memset(set, 0, sizeof set);
    p = (struct pair){3, 1};
    CHECK(probe(&p, 1, sizeof set, set, kWhichCpus) == 0 && (set[0] & 1));
    int64_t known[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    for (unsigned i = 0; i < sizeof known / sizeof *known; i++) {
        p.key = known[i];
        CHECK(probe(&p, 1, 0, NULL, 0) == 0 && p.key == known[i]);
    }
    return 0;
}
