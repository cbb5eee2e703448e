// Group system calls: a file in memory is written, read, examined, opened and closed.
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

int main(void) {
    char buffer[2048], name[64];
    struct stat status;
    unsigned long hash = 0;
    int file = memfd_create("bench", 0);
    if (file < 0) return 1;
    for (int i = 0; i < 2048; i++) buffer[i] = (char)(i * 7);
    snprintf(name, sizeof name, "/proc/self/fd/%d", file);
    for (int i = 0; i < 100000; i++) {
        hash += (unsigned long)pwrite(file, buffer, 256 + (size_t)(i & 1023), i * 4099L % (1 << 20));
        lseek(file, i * 7919L % (1 << 19), SEEK_SET);
        hash = hash * 31 + (unsigned long)read(file, buffer, 700);
        if (i % 2 == 0) {
            struct iovec pieces[3] = {{buffer, 100}, {buffer + 500, 200}, {buffer + 1000, 50}};
            hash += (unsigned long)preadv(file, pieces, 3, i);
            hash += fstat(file, &status) == 0 && S_ISREG(status.st_mode);
        }
        if (i % 8 == 0) {
            int again = open(name, O_RDONLY);
            hash += again >= 0;
            close(again);
            hash += access("/does/not/exist", F_OK) != 0;
            hash += stat("/", &status) == 0;
        }
    }
    printf("%lx\n", hash);
    return 0;
}
