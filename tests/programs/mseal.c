// flags: -O1
/* mseal: what is sealed stays as it is. Runs natively too. */
#define _GNU_SOURCE
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { kPage = 4096, kMseal = 462 };
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static long seal(void *address, size_t length) { return syscall(kMseal, address, length, 0L); }
static char *map(int pages, int prot) {
    char *p = mmap(NULL, (size_t)pages * kPage, prot, ANON, -1, 0);
    CHECK(p != MAP_FAILED);
    return p;
}

static void refuses(char *p, size_t length) {
    CHECK(FAILS(munmap(p, length), EPERM) && FAILS(mprotect(p, length, PROT_READ), EPERM));
    CHECK(mmap(p, length, RW, ANON | MAP_FIXED, -1, 0) == MAP_FAILED && errno == EPERM);
    CHECK(mmap(p, length, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0) == MAP_FAILED && errno == EEXIST);
    CHECK(mremap(p, length, length + kPage, MREMAP_MAYMOVE) == MAP_FAILED && errno == EPERM);
    char *other = map(1, RW);
    CHECK(mremap(other, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED, p) == MAP_FAILED && errno == EPERM);
    CHECK(munmap(other, kPage) == 0);
}

int main(void) {
    char *p = map(4, RW);
    if (seal(p, 0) != 0 && errno == ENOSYS) return 0;
    CHECK(FAILS(syscall(kMseal, p, kPage, 1L), EINVAL) && FAILS(seal(p + 1, kPage), EINVAL) && FAILS(seal(p, ~0ul), EINVAL));
    CHECK(munmap(p + kPage, kPage) == 0 && FAILS(seal(p, 4 * kPage), ENOMEM) && munmap(p, 4 * kPage) == 0);

    /* Writable: it can still be written, and discarded. */
    p = map(4, RW);
    memset(p, 1, 4 * kPage);
    CHECK(seal(p, 4 * kPage) == 0 && seal(p, 4 * kPage) == 0);
    refuses(p, 4 * kPage);
    refuses(p + kPage, kPage);
    p[0] = 2;
    CHECK(p[0] == 2 && madvise(p, kPage, MADV_DONTNEED) == 0 && p[0] == 0 && p[kPage] == 1);
    CHECK(madvise(p, kPage, MADV_WILLNEED) == 0);

    /* Not writable: not discarded either. */
    p = map(2, RW);
    p[0] = 7;
    CHECK(mprotect(p, 2 * kPage, PROT_READ) == 0 && seal(p, kPage) == 0 && FAILS(madvise(p, 2 * kPage, MADV_DONTNEED), EPERM));
    CHECK(p[0] == 7 && madvise(p + kPage, kPage, MADV_DONTNEED) == 0);
    /* One page of several. What is in front of it is changed first, as the kernel goes from mapping to mapping. */
    p = map(3, RW);
    CHECK(seal(p + kPage, kPage) == 0);
    CHECK(FAILS(mprotect(p, 3 * kPage, PROT_READ), EPERM) && FAILS(munmap(p, 3 * kPage), EPERM));
    p[2 * kPage] = 1;
    CHECK(mprotect(p, kPage, RW) == 0 && munmap(p, kPage) == 0 && munmap(p + 2 * kPage, kPage) == 0);
    refuses(p + kPage, kPage);

    /* Inherited by fork. Where there is nothing, nothing is sealed. */
    char *sealed = p + kPage;
    pid_t child = fork();
    if (child == 0) _exit(FAILS(munmap(sealed, kPage), EPERM) ? 5 : 6);
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 5 << 8);
    /* The heap does not shrink below a seal. */
    char *end = sbrk(0), *aligned = (char *)(((uintptr_t)end + kPage - 1) & -(uintptr_t)kPage);
    CHECK(brk(aligned + 2 * kPage) == 0 && seal(aligned, kPage) == 0);
    CHECK(brk(aligned + kPage) == 0 && syscall(SYS_brk, aligned - kPage) == (long)(aligned + kPage));
#ifdef __riscv
    /* Code that is sealed runs, and is still noticed when it changes. */
    uint32_t *code = (uint32_t *)map(1, RW | PROT_EXEC);
    code[0] = 0x00100513; /* li a0, 1 */
    code[1] = 0x00008067; /* ret */
    CHECK(seal(code, kPage) == 0);
    __builtin___clear_cache((char *)code, (char *)code + 8);
    CHECK(((int (*)(void))code)() == 1);
    code[0] = 0x00200513;
    __builtin___clear_cache((char *)code, (char *)code + 8);
    CHECK(((int (*)(void))code)() == 2);
#endif
    return 0;
}
