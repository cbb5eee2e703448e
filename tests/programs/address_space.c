/* mmap and its family: placement, fixed mappings, moves, the heap, advice. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kPage = 4096 };
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static char *map(void *hint, size_t pages, int flags) { return mmap(hint, pages * kPage, RW, ANON | flags, -1, 0); }

/* A mapping that grows downwards does so where it is accessed, but not close to another one. */
static void grows_down(void) {
    enum { kSize = 8 << 20 };
    char *area = mmap(NULL, kSize, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(area != MAP_FAILED && munmap(area, kSize) == 0);
    char *top = area + kSize - kPage;
    CHECK(mmap(top, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN, -1, 0) == top);
    for (char *at = top; at >= area + (4 << 20); at -= 3 * kPage) *(volatile char *)at = 1;
    CHECK(top[-1000] == 0 && top[-9 * kPage] == 1);
    CHECK(mmap(area, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == area);
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        *(volatile char *)(area + 10 * kPage) = 1; /* within the guard gap */
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
    CHECK(munmap(area, kSize) == 0);
}

int main(void) {
    char *a = map(NULL, 4, 0);
    CHECK(a != MAP_FAILED && (uint64_t)a < 1ul << 38);
    CHECK(map(a, 1, MAP_FIXED_NOREPLACE) == MAP_FAILED && errno == EEXIST);
    a[kPage] = 1;
    CHECK(map(a + kPage, 1, MAP_FIXED) == a + kPage && a[kPage] == 0);
    char *hint = (char *)(1ul << 40);
    char *high = map(hint, 1, 0);
    CHECK(high == hint || (uint64_t)high < 1ul << 38);
    CHECK(mmap(NULL, 0, RW, ANON, -1, 0) == MAP_FAILED && errno == EINVAL);
    CHECK(mmap(NULL, kPage, RW, MAP_PRIVATE, -1, 0) == MAP_FAILED && errno == EBADF);
    CHECK(FAILS(munmap(a + 1, kPage), EINVAL));

    memset(a, 5, 4 * kPage);
    CHECK(madvise(a, kPage, MADV_DONTNEED) == 0 && a[0] == 0 && a[kPage] == 5);
    CHECK(FAILS(mprotect(a + 1, kPage, RW), EINVAL));
    CHECK(munmap(a + kPage, kPage) == 0 && FAILS(mprotect(a, 4 * kPage, RW), ENOMEM));
    CHECK(FAILS(madvise(a, 4 * kPage, MADV_NORMAL), ENOMEM));

    char *b = map(NULL, 2, 0);
    strcpy(b, "moved");
    b = mremap(b, 2 * kPage, 2000 * kPage, MREMAP_MAYMOVE);
    CHECK(b != MAP_FAILED && !strcmp(b, "moved"));
    b[1999 * kPage] = 1;
    char *target = map(NULL, 8, 0);
    CHECK(mremap(b, 8 * kPage, 8 * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, target) == target && !strcmp(target, "moved"));
    CHECK(mremap(b, kPage, 2 * kPage, MREMAP_MAYMOVE) == MAP_FAILED && errno == EFAULT);
    CHECK(mremap(target, 8 * kPage, kPage, 0) == target);

    char *heap = sbrk(0);
    CHECK(sbrk(10 * kPage) == heap);
    memset(heap, 1, 10 * kPage);
    CHECK(sbrk(-10 * kPage) == heap + 10 * kPage && sbrk(0) == heap);
    CHECK(sbrk(10 * kPage) == heap && heap[5 * kPage] == 0);

    int fd = memfd_create("file", 0);
    CHECK(ftruncate(fd, 2 * kPage) == 0);
    char *one = mmap(NULL, 2 * kPage, RW, MAP_SHARED, fd, 0);
    char *two = mmap(NULL, kPage, PROT_READ, MAP_SHARED, fd, kPage);
    strcpy(one + kPage, "shared");
    CHECK(!strcmp(two, "shared") && msync(one, kPage, MS_SYNC) == 0);

    CHECK(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE, fd, 0) != MAP_FAILED);
    CHECK(mmap(NULL, kPage, PROT_READ, MAP_SHARED_VALIDATE | MAP_SYNC, fd, 0) == MAP_FAILED && errno == EOPNOTSUPP);
    CHECK(FAILS(mprotect(one, kPage, RW | PROT_GROWSDOWN), EINVAL) && FAILS(mprotect(one, kPage, RW | PROT_GROWSUP), EINVAL));

    CHECK(FAILS(remap_file_pages(one, kPage, PROT_READ, 1, 0), EINVAL) && FAILS(remap_file_pages(a, kPage, 0, 1, 0), EINVAL));
    CHECK(remap_file_pages(one, kPage, 0, 1, 0) == 0 && !strcmp(one, "shared"));
    one[0] = 'S';
    CHECK(two[0] == 'S' && munmap(one, 2 * kPage) == 0);

    /* Many mappings come and go: the same addresses are used again. */
    char *first = map(NULL, 3, 0);
    for (int i = 0; i < 2000; i++) {
        munmap(first, 3 * kPage);
        CHECK(map(NULL, 3, 0) == first);
    }
    /* More than there is. */
    CHECK(mmap(NULL, 1ul << 50, RW, ANON | MAP_NORESERVE, -1, 0) == MAP_FAILED && errno == ENOMEM);
    grows_down();
    return 0;
}
