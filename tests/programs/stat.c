// flags: -O1
/* stat, fstat, lstat, statx and access agree with each other and with what was done to the file. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "check.h"

int main(void) {
    char dir[] = "/tmp/stat-XXXXXX", file[64], link_name[64];
    CHECK(mkdtemp(dir));
    snprintf(file, sizeof file, "%s/file", dir);
    snprintf(link_name, sizeof link_name, "%s/link", dir);
    int fd = open(file, O_RDWR | O_CREAT | O_EXCL, 0640);
    CHECK(fd >= 0 && write(fd, "hello", 5) == 5);
    CHECK(fchmod(fd, 0604) == 0);
    struct timespec times[2] = {{1234567890, 123456789}, {987654321, 987654321}};
    CHECK(futimens(fd, times) == 0);
    struct stat a, b, c;
    CHECK(fstat(fd, &a) == 0 && stat(file, &b) == 0);
    CHECK(a.st_ino == b.st_ino && a.st_dev == b.st_dev && a.st_size == 5 && a.st_nlink == 1);
    CHECK(S_ISREG(a.st_mode) && (a.st_mode & 07777) == 0604);
    CHECK(a.st_uid == getuid() && a.st_blksize > 0 && a.st_blocks >= 0);
    CHECK(a.st_atim.tv_sec == 1234567890 && a.st_atim.tv_nsec == 123456789);
    CHECK(a.st_mtim.tv_sec == 987654321 && a.st_mtim.tv_nsec == 987654321);
    CHECK(symlink("file", link_name) == 0 && lstat(link_name, &c) == 0);
    CHECK(S_ISLNK(c.st_mode) && c.st_size == 4 && c.st_ino != a.st_ino);
    CHECK(fstatat(AT_FDCWD, link_name, &c, 0) == 0 && c.st_ino == a.st_ino);
    CHECK(fstatat(fd, "", &c, AT_EMPTY_PATH) == 0 && c.st_ino == a.st_ino);
    struct statx x;
    CHECK(statx(AT_FDCWD, file, 0, STATX_BASIC_STATS, &x) == 0);
    CHECK(x.stx_ino == a.st_ino && x.stx_size == 5 && makedev(x.stx_dev_major, x.stx_dev_minor) == a.st_dev);
    CHECK(stat("/dev/null", &c) == 0 && S_ISCHR(c.st_mode) && major(c.st_rdev) == 1 && minor(c.st_rdev) == 3);
    CHECK(FAILS(stat("/nonexistent/x", &c), ENOENT) && FAILS(stat(file, bad_pointer), EFAULT) && FAILS(fstat(-1, &c), EBADF));
    CHECK(FAILS(stat(bad_pointer, &c), EFAULT));
    CHECK(access(file, R_OK) == 0 && FAILS(access("/nonexistent", F_OK), ENOENT));
    struct statfs s;
    CHECK(statfs(dir, &s) == 0 && s.f_bsize > 0 && fstatfs(fd, &s) == 0);
    CHECK(unlink(link_name) == 0 && unlink(file) == 0 && rmdir(dir) == 0);
    return 0;
}
