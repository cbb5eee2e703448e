// flags: -O1
/* Limits of memory: they hold for the guest's mappings alone, and for programs that it executes. */
#define _GNU_SOURCE
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kMiB = 1 << 20 };

static void *map(long size) {
    return mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static void set(int resource, long current, long most) {
    struct rlimit limit = {(rlim_t)current, (rlim_t)most};
    CHECK(setrlimit(resource, &limit) == 0);
}

int main(int argc, char **argv) {
    struct rlimit limit;
    if (argc == 2 && strcmp(argv[1], "limited") == 0) {
        CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 64 * kMiB && limit.rlim_max == 128 * kMiB);
        CHECK(map(80 * kMiB) == MAP_FAILED && errno == ENOMEM && map(16 * kMiB) != MAP_FAILED);
        return 17;
    }
    set(RLIMIT_AS, 64 * kMiB, 128 * kMiB);
    CHECK(getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur == 64 * kMiB && limit.rlim_max == 128 * kMiB);
    char row[128] = "";
    FILE *limits = fopen("/proc/self/limits", "r");
    while (strncmp(row, "Max address space ", 18) != 0) CHECK(fgets(row, sizeof row, limits));
    CHECK(!strcmp(row, "Max address space         67108864             134217728            bytes     \n"));
    fclose(limits);
    CHECK(map(80 * kMiB) == MAP_FAILED && errno == ENOMEM);
    char *small = map(16 * kMiB);
    CHECK(small != MAP_FAILED && map(50 * kMiB) == MAP_FAILED);
    CHECK(mremap(small, 16 * kMiB, 80 * kMiB, MREMAP_MAYMOVE) == MAP_FAILED && errno == ENOMEM);
    CHECK(mmap(small, 16 * kMiB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == small);
    CHECK(sbrk(70 * kMiB) == (void *)-1 && errno == ENOMEM);
    CHECK(malloc(100 * kMiB) == NULL);

    pid_t pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", "limits", "limited", (char *)0);
        _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 17);
    munmap(small, 16 * kMiB);

    /* Only private memory that can be written is data. */
    set(RLIMIT_AS, 128 * kMiB, 128 * kMiB);
    set(RLIMIT_DATA, 24 * kMiB, 24 * kMiB);
    CHECK(map(32 * kMiB) == MAP_FAILED && errno == ENOMEM);
    CHECK(mmap(NULL, 32 * kMiB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    CHECK(mmap(NULL, 32 * kMiB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
    CHECK(map(8 * kMiB) != MAP_FAILED);
    return 0;
}
