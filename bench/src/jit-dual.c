// Group jit, guest only: functions written through one mapping of memory and called through another.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "jit.h"

enum { kBytes = 1 << 14, kWords = 512 };

int main(void) {
    int memory = memfd_create("code", 0);
    if (memory < 0 || ftruncate(memory, kBytes) != 0) return 1;
    uint32_t* written = mmap(NULL, kBytes, PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
    uint32_t* called = mmap(NULL, kBytes, PROT_READ | PROT_EXEC, MAP_SHARED, memory, 0);
    if (written == MAP_FAILED || called == MAP_FAILED) return 1;
    long wrong = 0, expected;
    for (int i = 0; i < 6000; i++) {
        const int place = i % 8 * kWords;
        generate(written + place, 80, (uint32_t)i, i, &expected);
        flush(called + place, called + place + kWords);
        for (int k = 0; k < 10; k++) wrong += ((Function)(called + place))(i) != expected;
    }
    printf("%ld wrong\n", wrong);
    return wrong != 0;
}
