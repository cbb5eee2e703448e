// flags: -O1
/* Calls of the last years, and old ones that are seldom used: their documented errors and effects. Where a kernel has one not
   (ENOSYS, or a mechanism that is switched off), it is left out. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>
#include "check.h"

static char directory[] = "/tmp/new_calls.XXXXXX";
static int dir;

static int absent(long result) { return result == -1 && (errno == ENOSYS || errno == EOPNOTSUPP || errno == ENOTTY); }

struct xattr_args {
    uint64_t value;
    uint32_t size, flags;
};

/* setxattrat to removexattrat: 463 to 466. */
static void extended_attributes(void) {
    char value[8] = "abc", list[64] = "";
    struct xattr_args set = {(uintptr_t)value, 3, 0}, get = {(uintptr_t)value, sizeof value, 0};
    if (absent(syscall(463, dir, "file", 0, "user.a", &set, sizeof set))) return;
    memset(value, 0, sizeof value);
    CHECK(syscall(464, dir, "file", 0, "user.a", &get, sizeof get) == 3 && !strcmp(value, "abc"));
    CHECK(syscall(465, dir, "file", 0, list, sizeof list) >= 7 && (!strcmp(list, "user.a") || list[0]));
    set.flags = 1; /* XATTR_CREATE */
    CHECK(FAILS(syscall(463, dir, "file", 0, "user.a", &set, sizeof set), EEXIST));
    CHECK(FAILS(syscall(463, dir, "file", 1, "user.a", &set, sizeof set), EINVAL));
    CHECK(FAILS(syscall(463, dir, "file", 0, "user.a", &set, 8), EINVAL));
    CHECK(FAILS(syscall(463, dir, "file", 0, "user.a", bad_pointer, sizeof set), EFAULT));
    CHECK(FAILS(syscall(464, dir, "none", 0, "user.a", &get, sizeof get), ENOENT));
    CHECK(syscall(466, dir, "file", 0, "user.a") == 0 && FAILS(syscall(466, dir, "file", 0, "user.a"), ENODATA));
}

/* file_getattr, file_setattr: 468, 469. */
static void file_attributes(void) {
    struct {
        uint64_t flags;
        uint32_t extent, extents, project, cow;
    } attr = {0};
    if (absent(syscall(468, dir, "file", &attr, sizeof attr, 0))) return;
    uint64_t before = attr.flags;
    attr.flags |= 0x40; /* FS_XFLAG_NODUMP... */
    long set = syscall(469, dir, "file", &attr, sizeof attr, 0);
    CHECK(set == 0 || errno == EOPNOTSUPP || errno == EPERM || errno == EINVAL);
    if (set == 0) {
        CHECK(syscall(468, dir, "file", &attr, sizeof attr, 0) == 0);
        attr.flags = before;
        CHECK(syscall(469, dir, "file", &attr, sizeof attr, 0) == 0);
    }
    CHECK(FAILS(syscall(468, dir, "none", &attr, sizeof attr, 0), ENOENT) && FAILS(syscall(468, dir, "file", &attr, 8, 0), EINVAL));
}

/* cachestat: 451. */
static void cache_statistics(int file) {
    struct {
        uint64_t offset, bytes;
    } range = {0, 0};
    uint64_t counts[5];
    if (absent(syscall(451, file, &range, counts, 0))) return;
    CHECK(counts[0] == 3 && FAILS(syscall(451, -1, &range, counts, 0), EBADF) && FAILS(syscall(451, file, &range, counts, 1), EINVAL));
    CHECK(FAILS(syscall(451, file, bad_pointer, counts, 0), EFAULT));
}

/* memfd_secret: 447. */
static void secret(void) {
    int fd = (int)syscall(447, 0);
    if (fd < 0) return;
    CHECK(ftruncate(fd, 4096) == 0);
    char *map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    CHECK(map != MAP_FAILED);
    map[0] = 42;
    CHECK(map[0] == 42 && munmap(map, 4096) == 0 && close(fd) == 0);
}

/* open_tree_attr, statmount, listmount: 467, 457, 458. */
static void mounts(void) {
    struct {
        uint64_t set, clear, propagation, userns;
    } attr = {1, 0, 0, 0}; /* MOUNT_ATTR_RDONLY */
    int tree = (int)syscall(467, AT_FDCWD, directory, 1 | O_CLOEXEC, &attr, sizeof attr); /* OPEN_TREE_CLONE */
    if (tree >= 0) {
        CHECK(FAILS(openat(tree, "file", O_WRONLY), EROFS) && openat(tree, "file", O_RDONLY) >= 0 && close(tree) == 0);
    } else {
        CHECK(errno == ENOSYS || errno == EPERM);
    }
    struct {
        uint32_t size, spare;
        uint64_t mount, parameter;
    } request = {24, 0, ~0ull, 0}; /* LSMT_ROOT */
    uint64_t ids[64];
    long count = syscall(458, &request, ids, 64L, 0);
    if (count < 0) {
        CHECK(errno == ENOSYS || errno == EPERM || errno == ENOENT);
        return;
    }
    uint64_t status[512];
    request.mount = ids[0];
    request.parameter = 1; /* STATMOUNT_SB_BASIC */
    CHECK(count > 0 && syscall(457, &request, status, sizeof status, 0) == 0);
}

static void keys(void) {
    char text[16] = "";
    long key = syscall(SYS_add_key, "user", "new_calls", "secret", 6L, -2 /* process keyring */);
    if (key < 0) return; /* no keys, or forbidden in this container */
    CHECK(syscall(SYS_keyctl, 11 /* READ */, key, text, sizeof text) == 6 && !strcmp(text, "secret"));
    CHECK(syscall(SYS_keyctl, 10 /* SEARCH */, -2, "user", "new_calls", 0) == key);
    unsigned char capabilities[8];
    CHECK(syscall(SYS_keyctl, 31 /* CAPABILITIES */, capabilities, sizeof capabilities) >= 1);
    long ring = syscall(SYS_add_key, "keyring", "ring", NULL, 0L, -2);
    CHECK(ring >= 0 && syscall(SYS_keyctl, 30 /* MOVE */, key, -2, ring, 0) == 0);
    CHECK(syscall(SYS_keyctl, 10, ring, "user", "new_calls", 0) == key);
    CHECK(syscall(SYS_keyctl, 29 /* RESTRICT_KEYRING */, ring, NULL, NULL) == 0);
    CHECK(FAILS(syscall(SYS_add_key, "user", "more", "x", 1L, ring), EPERM));
    CHECK(syscall(SYS_keyctl, 3 /* REVOKE */, key) == 0 && FAILS(syscall(SYS_keyctl, 11, key, text, sizeof text), EKEYREVOKED));
    CHECK(FAILS(syscall(SYS_keyctl, 999), EOPNOTSUPP));
}

/* perf_event_open: a count of this thread's time. */
static void performance(void) {
    struct {
        uint32_t type, size;
        uint64_t config, period, sample_type, read_format, flags;
        uint32_t wakeup, breakpoint_type;
        uint64_t more[9];
    } attr = {.type = 1, .size = sizeof attr, .config = 1}; /* SOFTWARE, TASK_CLOCK */
    CHECK(FAILS(syscall(SYS_perf_event_open, bad_pointer, 0, -1, -1, 0), EFAULT));
    int fd = (int)syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0);
    if (fd < 0) return;
    uint64_t before = 0, after = 0;
    CHECK(read(fd, &before, 8) == 8);
    for (volatile int i = 0; i < 100000; i++) {}
    CHECK(read(fd, &after, 8) == 8 && after > before);
    CHECK(ioctl(fd, 0x2401 /* DISABLE */, 0) == 0 && read(fd, &before, 8) == 8 && read(fd, &after, 8) == 8 && after == before);
    attr.config = 999;
    CHECK(FAILS(syscall(SYS_perf_event_open, &attr, 0, -1, -1, 0), ENOENT));
}

int main(void) {
    CHECK(mkdtemp(directory) && (dir = open(directory, O_RDONLY | O_DIRECTORY)) >= 0);
    int file = openat(dir, "file", O_CREAT | O_RDWR, 0600);
    CHECK(file >= 0);
    static char bytes[3 * 4096];
    CHECK(write(file, bytes, sizeof bytes) == sizeof bytes);
    extended_attributes();
    file_attributes();
    cache_statistics(file);
    secret();
    mounts();
    keys();
    performance();
    CHECK(syscall(SYS_kcmp, getpid(), getpid(), 0, dir, dir) == 0 && syscall(SYS_kcmp, getpid(), getpid(), 0, dir, file) != 0);
    CHECK(FAILS(syscall(SYS_pkey_alloc, 0, 0), ENOSYS) || sizeof(void *) == 8);
    CHECK(unlinkat(dir, "file", 0) == 0 && rmdir(directory) == 0);
    return 0;
}
