// Group system calls: memory is mapped, protected, moved, thrown away, and touched in between.
#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>

int main(void) {
    unsigned long sum = 0;
    size_t size = 4096;
    char* moving = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (unsigned i = 0; i < 20000; i++) {
        const size_t bytes = 4096 * (1 + i % 16);
        char* p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (p == MAP_FAILED) return 1;
        p[0] = (char)i;
        p[bytes - 1] = 1;
        mprotect(p, 4096, PROT_READ);
        sum += (unsigned char)p[0] + (unsigned char)p[bytes / 2];
        munmap(p, bytes);
        if (i % 4 == 0) {
            const size_t next = 4096 * (1 + i / 4 % 32);
            moving = mremap(moving, size, next, MREMAP_MAYMOVE);
            size = next;
            moving[size - 1] = 3;
            madvise(moving, 4096, MADV_DONTNEED);
            sum += (unsigned char)moving[0];
        }
    }
    printf("%lu\n", sum);
    return 0;
}
