/* A program that rewrites its own code: private pages, pages that are made writable in turn, and one memory
   object mapped twice. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"

typedef int (*Function)(void);

/* li a0, value; ret */
static void write_code(uint32_t *code, int value) {
    code[0] = (uint32_t)(value & 0x7ff) << 20 | 10 << 7 | 0x13;
    code[1] = 0x00008067;
}

static void flush(void *start, long size) { __builtin___clear_cache(start, (char *)start + size); }

/* Functions of one page, and one that reaches over its end, are rewritten in turn, often; only what was written is
   flushed, and all others must stay as they are. */
static void rewritten_pages(void) {
    enum { kFunctions = 16, kStride = 1023 }; /* words: the last function of a page straddles its end */
    static int expected[kFunctions];
    uint32_t *code = mmap(NULL, 65536, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < kFunctions; i++) {
        write_code(code + i * kStride, i);
        expected[i] = i;
    }
    flush(code, 65536);
    for (int i = 0; i < 20000; i++) {
        int n = i * 7 % kFunctions;
        uint32_t *f = code + n * kStride;
        write_code(f, i);
        flush(f, 8);
        expected[n] = i & 0x7ff;
        CHECK(((Function)f)() == expected[n]);
        int other = i * 5 % kFunctions;
        CHECK(((Function)(code + other * kStride))() == expected[other]);
    }
    CHECK(munmap(code, 65536) == 0);
}

/* What is never flushed need not be seen by hardware, but is seen here. */
static void without_flush(void) {
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 1000; i++) {
        write_code(code, i);
        CHECK(((Function)code)() == (i & 0x7ff));
        write_code(code + 16, i + 1);
        CHECK(((Function)(code + 16))() == (i + 1 & 0x7ff));
    }
    CHECK(munmap(code, 4096) == 0);
}

int main(void) {
    rewritten_pages();
    without_flush();
    uint32_t *code = mmap(NULL, 8192, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < 100000; i++) {
        write_code(code, i);
        flush(code, 8);
        CHECK(((Function)code)() == (i & 0x7ff));
    }
    /* The kernel writes to it. */
    int fd = memfd_create("code", 0);
    uint32_t next[2];
    write_code(next, 77);
    CHECK(pwrite(fd, next, sizeof next, 0) == sizeof next);
    CHECK(pread(fd, code, sizeof next, 0) == sizeof next);
    flush(code, 8);
    CHECK(((Function)code)() == 77);
    for (int i = 0; i < 1000; i++) {
        CHECK(mprotect(code, 4096, PROT_READ | PROT_WRITE) == 0);
        write_code(code, i);
        CHECK(mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0);
        flush(code, 8);
        CHECK(((Function)code)() == (i & 0x7ff));
    }
    CHECK(ftruncate(fd, 4096) == 0);
    uint32_t *writable = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    uint32_t *executable = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    for (int i = 0; i < 10000; i++) {
        write_code(writable, i);
        flush(executable, 8);
        CHECK(((Function)executable)() == (i & 0x7ff));
    }
    /* Other code at the same address. */
    for (int i = 0; i < 100; i++) {
        CHECK(mmap(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == code);
        write_code(code, i);
        CHECK(((Function)code)() == i);
    }
    return 0;
}
