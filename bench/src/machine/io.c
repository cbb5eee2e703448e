// io DEVICE read|write DEPTH SECONDS: 4 KiB at random places past the page cache, DEPTH threads with one request each; a
// write is followed by fdatasync. Prints requests per second.
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <time.h>
#include <unistd.h>

enum { BLOCK = 4096 };
static int fd, writing;
static uint64_t blocks;
static double end;
static atomic_ulong requests;

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static void *work(void *seed) {
    uint64_t x = (uintptr_t)seed * 0x9e3779b97f4a7c15 + 1;
    void *buffer;
    if (posix_memalign(&buffer, BLOCK, BLOCK)) abort();
    memset(buffer, 0x5a, BLOCK);
    while (now() < end) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        off_t at = (off_t)(x % blocks * BLOCK);
        ssize_t n = writing ? pwrite(fd, buffer, BLOCK, at) : pread(fd, buffer, BLOCK, at);
        if (n != BLOCK || (writing && fdatasync(fd))) {
            perror("io");
            exit(1);
        }
        atomic_fetch_add(&requests, 1);
    }
    return NULL;
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    writing = argv[2][0] == 'w';
    unsigned depth = (unsigned)atoi(argv[3]);
    fd = open(argv[1], O_RDWR | O_DIRECT);
    uint64_t bytes = 0;
    if (fd < 0 || ioctl(fd, BLKGETSIZE64, &bytes)) {
        perror(argv[1]);
        return 1;
    }
    blocks = bytes / BLOCK;
    double start = now();
    end = start + atof(argv[4]);
    pthread_t threads[64];
    for (unsigned i = 0; i < depth; i++) pthread_create(&threads[i], NULL, work, (void *)(uintptr_t)(i + 1));
    for (unsigned i = 0; i < depth; i++) pthread_join(threads[i], NULL);
    printf("rate=%.0f count=%lu\n", requests / (now() - start), (unsigned long)requests);
}
