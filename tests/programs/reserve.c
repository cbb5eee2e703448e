// flags: -O1
/* Large reservations without a hint: low addresses while there is room, then what the processor has beyond sv39. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

#define RESERVE (MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE)
static char line[4096];

int main(void) {
    struct {
        int64_t key;
        uint64_t value;
    } top = {7, 0};
    CHECK(syscall(258, &top, 1, 0, NULL, 0) == 0);
    for (int bits = 36; bits <= 45; bits++) {
        char *p = mmap(NULL, 1ul << bits, PROT_NONE, RESERVE, -1, 0);
        CHECK(p != MAP_FAILED && (uintptr_t)p + (1ul << bits) - 1 <= top.value);
        CHECK(bits >= 38 || (uintptr_t)p + (1ul << bits) <= 1ul << 38);
        char *small = mmap(NULL, 4096, PROT_READ | PROT_WRITE, RESERVE, -1, 0);
        CHECK(small != MAP_FAILED && (uintptr_t)small < 1ul << 38 && munmap(small, 4096) == 0);
        CHECK(mprotect(p + (1ul << bits) / 2, 8192, PROT_READ | PROT_WRITE) == 0);
        p[(1ul << bits) / 2] = 1;
        CHECK(munmap(p, 1ul << bits) == 0);
    }
    /* Low memory is used up before anything else. */
    int low = 0, high = 0;
    for (int i = 0; i < 12; i++) {
        char *p = mmap(NULL, 1ul << 35, PROT_NONE, RESERVE, -1, 0);
        CHECK(p != MAP_FAILED);
        if ((uintptr_t)p < 1ul << 38) {
            low++;
            CHECK(high == 0);
        } else {
            high++;
        }
    }
    CHECK(low >= 4 && high >= 4);
    FILE *cpuinfo = fopen("/proc/cpuinfo", "r");
    int mmu = 0;
    while (fgets(line, sizeof line, cpuinfo)) {
        if (sscanf(line, "mmu : sv%d", &mmu) == 1) break;
    }
    CHECK(top.value == (1ul << (mmu - 1)) - 1 || (mmu == 48 && top.value >> 40));
    return 0;
}
