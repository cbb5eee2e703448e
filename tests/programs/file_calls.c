// flags: -O1
/* Calls about names: openat2, links, nodes, renaming, permissions, handles, advice: flags, errors, limits. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "check.h"

#define PLACE "file_calls.tmp"
#ifndef SYS_fchmodat2
#define SYS_fchmodat2 452
#endif

static int directory;

static int open_how(const char *name, uint64_t flags, uint64_t mode, uint64_t resolve) {
    struct open_how how = {flags, mode, resolve};
    return (int)syscall(SYS_openat2, directory, name, &how, sizeof how);
}
static mode_t mode_of(const char *name) {
    struct stat info;
    CHECK(fstatat(directory, name, &info, AT_SYMLINK_NOFOLLOW) == 0);
    return info.st_mode;
}
static void remove_all(void) {
    const char *files[] = {"file", "link", "hard", "fifo", "sub/inside", "moved", "up", "out", "device"};
    for (unsigned i = 0; i < sizeof files / sizeof files[0]; i++) unlinkat(directory, files[i], 0);
    unlinkat(directory, "sub", AT_REMOVEDIR);
}

static void check_openat2(void) {
    int fd = open_how("file", O_CREAT | O_RDWR | O_EXCL | O_CLOEXEC, 0640, 0);
    CHECK(fd >= 0 && (mode_of("file") & 0777) == 0640 && fcntl(fd, F_GETFD) == FD_CLOEXEC && close(fd) == 0);
    CHECK(FAILS(open_how("file", O_CREAT | O_RDWR | O_EXCL, 0600, 0), EEXIST));
    CHECK(FAILS(open_how("file", O_RDONLY, 0600, 0), EINVAL));              /* a mode for nothing */
    CHECK(FAILS(open_how("file", O_CREAT | O_RDWR, 0200000, 0), EINVAL));   /* no such mode */
    CHECK(FAILS(open_how("file", O_RDONLY | 1ull << 40, 0, 0), EINVAL));    /* no such flag, which openat ignores */
    CHECK(FAILS(open_how("file", O_PATH | O_RDWR | O_APPEND, 0, 0), EINVAL));
    CHECK(FAILS(open_how("file", O_RDONLY, 0, 1 << 20), EINVAL));
    CHECK(symlinkat("..", directory, "up") == 0 && symlinkat("/", directory, "out") == 0);
    CHECK(FAILS(open_how("up/" PLACE "/file", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV));
    CHECK(FAILS(open_how("/etc", O_RDONLY, 0, RESOLVE_BENEATH), EXDEV));
    CHECK(FAILS(open_how("up", O_RDONLY, 0, RESOLVE_NO_SYMLINKS), ELOOP));
    CHECK(FAILS(open_how("/proc/self/fd/0", O_RDONLY, 0, RESOLVE_NO_MAGICLINKS), ELOOP));
    CHECK((fd = open_how("out/file", O_RDONLY, 0, RESOLVE_IN_ROOT)) >= 0 && close(fd) == 0); /* "/" is the directory */
    CHECK((fd = open_how("../../file", O_RDONLY, 0, RESOLVE_IN_ROOT)) >= 0 && close(fd) == 0);
    CHECK((fd = open_how("file", O_RDONLY, 0, RESOLVE_BENEATH | RESOLVE_NO_XDEV)) >= 0 && close(fd) == 0);
    struct {
        struct open_how how;
        uint64_t more;
    } large = {{O_RDONLY, 0, 0}, 0};
    CHECK((fd = (int)syscall(SYS_openat2, directory, "file", &large, sizeof large)) >= 0 && close(fd) == 0);
    large.more = 1;
    CHECK(FAILS(syscall(SYS_openat2, directory, "file", &large, sizeof large), E2BIG));
    CHECK(FAILS(syscall(SYS_openat2, directory, "file", &large, 16), EINVAL));
    CHECK(FAILS(syscall(SYS_openat2, directory, "file", bad_pointer, sizeof large.how), EFAULT));
}

static void check_links(void) {
    char target[16], longest[PATH_MAX + 1];
    memset(longest, 'a', sizeof longest);
    longest[PATH_MAX] = 0;
    CHECK(symlinkat("file", directory, "link") == 0 && FAILS(symlinkat("file", directory, "link"), EEXIST));
    CHECK(FAILS(symlinkat("", directory, "empty"), ENOENT) && FAILS(symlinkat("file", -1, "link"), EBADF));
    CHECK(FAILS(symlinkat(longest, directory, "long"), ENAMETOOLONG));
    CHECK(readlinkat(directory, "link", target, sizeof target) == 4 && memcmp(target, "file", 4) == 0);
    CHECK(readlinkat(directory, "link", target, 2) == 2); /* cut */
    CHECK(FAILS(readlinkat(directory, "file", target, sizeof target), EINVAL) && FAILS(readlinkat(directory, "link", target, 0), EINVAL));
    CHECK(linkat(directory, "link", directory, "hard", 0) == 0 && S_ISLNK(mode_of("hard")));
    CHECK(unlinkat(directory, "hard", 0) == 0);
    CHECK(linkat(directory, "link", directory, "hard", AT_SYMLINK_FOLLOW) == 0 && S_ISREG(mode_of("hard")));
    CHECK(FAILS(linkat(directory, "file", directory, "hard", 0), EEXIST) && FAILS(linkat(directory, "file", directory, "x", 1), EINVAL));
    CHECK(FAILS(linkat(directory, "sub", directory, "x", 0), EPERM) && FAILS(linkat(directory, "none", directory, "x", 0), ENOENT));
    CHECK(FAILS(unlinkat(directory, "file", AT_REMOVEDIR), ENOTDIR) && FAILS(unlinkat(directory, "sub", 0), EISDIR));
    CHECK(FAILS(unlinkat(directory, "file", 1), EINVAL));
}

static void check_nodes(void) {
    umask(022);
    CHECK(mknodat(directory, "fifo", S_IFIFO | 0666, 0) == 0 && mode_of("fifo") == (S_IFIFO | 0644));
    CHECK(FAILS(mknodat(directory, "fifo", S_IFIFO | 0666, 0), EEXIST) && FAILS(mknodat(directory, "d", S_IFDIR | 0700, 0), EPERM));
    CHECK(FAILS(mknodat(directory, "d", 0170000 | 0600, 0), EINVAL) && FAILS(mknodat(-1, "d", S_IFREG, 0), EBADF));
    CHECK(mknodat(directory, "device", S_IFCHR | 0600, makedev(1, 3)) == 0 || errno == EPERM);
    CHECK(FAILS(open_how("fifo", O_WRONLY | O_NONBLOCK, 0, 0), ENXIO)); /* nobody reads */
    int fd = open_how("fifo", O_RDONLY | O_NONBLOCK, 0, 0);
    CHECK(fd >= 0 && close(fd) == 0);
}

static void check_renaming(void) {
    CHECK(renameat2(directory, "hard", directory, "moved", RENAME_NOREPLACE) == 0);
    CHECK(FAILS(renameat2(directory, "file", directory, "moved", RENAME_NOREPLACE), EEXIST));
    CHECK(renameat2(directory, "fifo", directory, "moved", RENAME_EXCHANGE) == 0 && S_ISFIFO(mode_of("moved")) && S_ISREG(mode_of("fifo")));
    CHECK(FAILS(renameat2(directory, "fifo", directory, "none", RENAME_EXCHANGE), ENOENT));
    CHECK(FAILS(renameat2(directory, "fifo", directory, "moved", RENAME_EXCHANGE | RENAME_NOREPLACE), EINVAL));
    CHECK(FAILS(renameat2(directory, "fifo", directory, "moved", 0x100), EINVAL));
    CHECK(FAILS(renameat(directory, "sub", directory, "sub/below"), EINVAL) && FAILS(renameat(directory, "file", directory, "sub"), EISDIR));
    CHECK(FAILS(renameat(directory, "sub", directory, "file"), ENOTDIR) && FAILS(renameat(directory, "none", directory, "x"), ENOENT));
    CHECK(renameat(directory, "moved", directory, "sub/inside") == 0 && FAILS(unlinkat(directory, "sub", AT_REMOVEDIR), ENOTEMPTY));
}

static void check_permissions(void) {
    CHECK(fchmodat(directory, "file", 0, 0) == 0 && (mode_of("file") & 07777) == 0);
    if (geteuid() != 0) CHECK(FAILS(faccessat(directory, "file", R_OK, 0), EACCES));
    CHECK(faccessat(directory, "file", F_OK, 0) == 0 && FAILS(faccessat(directory, "none", F_OK, 0), ENOENT));
    CHECK(FAILS(syscall(SYS_faccessat2, directory, "file", 8, 0), EINVAL) && FAILS(syscall(SYS_faccessat2, directory, "file", F_OK, 1), EINVAL));
    CHECK(syscall(SYS_faccessat2, directory, "up", F_OK, AT_SYMLINK_NOFOLLOW) == 0);
    CHECK(FAILS(syscall(SYS_faccessat2, directory, "file", X_OK, AT_EACCESS), EACCES));
    if (syscall(SYS_fchmodat2, directory, "file", 0600, 0) == 0 || errno != ENOSYS) {
        CHECK((mode_of("file") & 0777) == 0600);
        CHECK(FAILS(syscall(SYS_fchmodat2, directory, "file", 0600, 1), EINVAL));
        CHECK(FAILS(syscall(SYS_fchmodat2, directory, "link", 0600, AT_SYMLINK_NOFOLLOW), EOPNOTSUPP));
    }
    CHECK(fchownat(directory, "file", -1, -1, 0) == 0 && FAILS(fchownat(directory, "file", -1, -1, 1), EINVAL));
    CHECK(FAILS(fchownat(directory, "none", -1, -1, AT_SYMLINK_NOFOLLOW), ENOENT));
    struct stat info;
    CHECK(FAILS(fstatat(directory, "file", &info, 1), EINVAL) && FAILS(fstatat(directory, "", &info, 0), ENOENT));
    CHECK(fstatat(directory, "", &info, AT_EMPTY_PATH) == 0 && S_ISDIR(info.st_mode));
    CHECK(FAILS(fstatat(directory, "file/x", &info, 0), ENOTDIR) && FAILS(fstatat(directory, "file", bad_pointer, 0), EFAULT));
}

static void check_handles(void) {
    struct {
        struct file_handle head;
        unsigned char bytes[MAX_HANDLE_SZ];
    } handle;
    int mount;
    handle.head.handle_bytes = 0;
    if (name_to_handle_at(directory, "file", &handle.head, &mount, 0) == 0 || errno == EOPNOTSUPP) return;
    CHECK(errno == EOVERFLOW && handle.head.handle_bytes > 0 && handle.head.handle_bytes <= MAX_HANDLE_SZ);
    CHECK(name_to_handle_at(directory, "file", &handle.head, &mount, 0) == 0);
    CHECK(FAILS(name_to_handle_at(directory, "none", &handle.head, &mount, 0), ENOENT));
    CHECK(FAILS(name_to_handle_at(directory, "file", &handle.head, &mount, 0x100000), EINVAL));
    CHECK(FAILS(name_to_handle_at(directory, "file", bad_pointer, &mount, 0), EFAULT));
    int fd = open_by_handle_at(directory, &handle.head, O_RDONLY);
    struct stat info, again;
    CHECK(fd >= 0 || errno == EPERM);
    if (fd >= 0) {
        CHECK(fstat(fd, &info) == 0 && fstatat(directory, "file", &again, 0) == 0 && info.st_ino == again.st_ino);
        CHECK(close(fd) == 0);
    }
    handle.head.handle_bytes = MAX_HANDLE_SZ + 1;
    CHECK(FAILS(open_by_handle_at(directory, &handle.head, O_RDONLY), EINVAL) || errno == EPERM);
}

static void check_advice(void) {
    int fd = open_how("file", O_RDWR, 0, 0), ends[2];
    CHECK(fd >= 0 && pipe(ends) == 0);
    CHECK(posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL) == 0 && posix_fadvise(fd, 0, 0, 99) == EINVAL);
    CHECK(posix_fadvise(ends[0], 0, 0, POSIX_FADV_NORMAL) == ESPIPE && posix_fadvise(-1, 0, 0, 0) == EBADF);
    CHECK(fsync(fd) == 0 && fdatasync(fd) == 0 && syncfs(fd) == 0 && FAILS(syncfs(-1), EBADF));
    CHECK(FAILS(fsync(ends[0]), EINVAL) && FAILS(fdatasync(-1), EBADF));
    CHECK(sync_file_range(fd, 0, 0, SYNC_FILE_RANGE_WRITE) == 0 && FAILS(sync_file_range(fd, -1, 0, 0), EINVAL));
    CHECK(FAILS(sync_file_range(fd, 0, 0, 8), EINVAL) && FAILS(sync_file_range(ends[0], 0, 0, 0), ESPIPE));
    CHECK(FAILS(fallocate(fd, 0, 0, 0), EINVAL) && FAILS(fallocate(fd, 0, -1, 1), EINVAL) && FAILS(fallocate(fd, 0x8000, 0, 1), EOPNOTSUPP));
    CHECK(FAILS(fallocate(ends[1], 0, 0, 1), ESPIPE) && FAILS(ftruncate(fd, -1), EINVAL) && FAILS(ftruncate(ends[1], 0), EINVAL));
    CHECK(FAILS(fchdir(fd), ENOTDIR) && FAILS(fchdir(-1), EBADF));
    int here = open(".", O_PATH | O_DIRECTORY);
    CHECK(fchdir(directory) == 0 && access("file", F_OK) == 0 && fchdir(here) == 0 && close(here) == 0);
    CHECK(close(fd) == 0 && close(ends[0]) == 0 && close(ends[1]) == 0);
}

int main(void) {
    CHECK(mkdir(PLACE, 0700) == 0 || errno == EEXIST);
    directory = open(PLACE, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CHECK(directory >= 0);
    remove_all();
    CHECK(mkdirat(directory, "sub", 0700) == 0);
    check_openat2();
    check_links();
    check_nodes();
    check_renaming();
    check_permissions();
    check_handles();
    check_advice();
    remove_all();
    unlinkat(directory, "fifo", 0);
    CHECK(rmdir(PLACE) == 0);
    return 0;
}
