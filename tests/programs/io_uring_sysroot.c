// flags: -O1
// options: -L .
/* io_uring with another root: names are looked up there. The root is the working directory. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include "io_uring.h"

static struct ring ring;

static int open_by_ring(const char *name, int flags) {
    next_request(&ring, IORING_OP_OPENAT, AT_FDCWD, name, 0, 0)->open_flags = (unsigned)flags;
    return complete(&ring);
}

int main(int argc, char **argv) {
    char inside[64], outside[64], bytes[16] = "";
    (void)argc;
    struct io_uring_params polled = {.flags = IORING_SETUP_SQPOLL};
    if (open_ring(&ring, 8, 0) != 0) return 0;
    CHECK(FAILS(syscall(SYS_io_uring_setup, 8, &polled), EPERM));
    /* The program itself is in the root, by its last name. */
    snprintf(inside, sizeof inside, "/%s", strrchr(argv[0], '/') + 1);
    struct statx status;
    struct stat same;
    next_request(&ring, IORING_OP_STATX, AT_FDCWD, inside, STATX_INO, (uintptr_t)&status);
    CHECK(complete(&ring) == 0 && stat(inside, &same) == 0 && status.stx_ino == same.st_ino);
    int fd = open_by_ring(inside, O_RDONLY);
    CHECK(fd >= 0 && read(fd, bytes, 4) == 4 && !memcmp(bytes, "\177ELF", 4));
    CHECK(open_by_ring("/no such file", O_RDONLY) == -ENOENT);
    /* The request says what the guest has put there. */
    CHECK(ring.sqes[(*ring.sq_tail - 1) & *ring.sq_mask].addr == (uintptr_t)"/no such file" ||
          !strcmp((char *)ring.sqes[(*ring.sq_tail - 1) & *ring.sq_mask].addr, "/no such file"));
    /* Names that are not in it are the host's; what both have is the root's. */
    snprintf(outside, sizeof outside, "/tmp/io_uring_sysroot.%d", getpid());
    next_request(&ring, IORING_OP_OPENAT, AT_FDCWD, outside, 0600, 0)->open_flags = O_CREAT | O_WRONLY;
    fd = complete(&ring);
    CHECK(fd >= 0 && access(outside, F_OK) == 0);
    /* By the number of a registered ring, several requests at once, on both sides of the ring's end. */
    struct io_uring_rsrc_update update = {.offset = ~0u, .data = (unsigned)ring.fd};
    CHECK(syscall(SYS_io_uring_register, ring.fd, IORING_REGISTER_RING_FDS, &update, 1) == 1);
    for (int round = 0; round < 5; round++) {
        for (int i = 0; i < 3; i++)
            next_request(&ring, IORING_OP_STATX, AT_FDCWD, i == 1 ? outside : inside, STATX_INO, (uintptr_t)&status);
        CHECK(syscall(SYS_io_uring_enter, update.offset, 3, 3, IORING_ENTER_GETEVENTS | IORING_ENTER_REGISTERED_RING, NULL, 8) == 3);
        for (int i = 0; i < 3; i++) CHECK(take(&ring).res == 0);
    }
    next_request(&ring, IORING_OP_UNLINKAT, AT_FDCWD, outside, 0, 0);
    CHECK(complete(&ring) == 0 && access(outside, F_OK) != 0);
    return 0;
}
