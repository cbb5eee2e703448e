// flags: -O1
/* Opening, links, renames, directories, positions, vectors, locks, descriptors. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static void directory(void) {
    char text[64];
    CHECK(mkdir("sub", 0755) == 0 && mkdirat(AT_FDCWD, "sub/dir", 0700) == 0);
    CHECK(FAILS(mkdir("sub", 0755), EEXIST) && FAILS(rmdir("sub"), ENOTEMPTY));
    for (int i = 0; i < 300; ++i) {
        snprintf(text, sizeof text, "sub/f%d", i);
        int fd = creat(text, 0600);
        CHECK(fd >= 0 && close(fd) == 0);
    }
    DIR *d = opendir("sub");
    int files = 0, others = 0;
    for (struct dirent *e; (e = readdir(d));) *(e->d_type == DT_REG ? &files : &others) += 1;
    CHECK(files == 300 && others == 3);
    closedir(d);
    for (int i = 0; i < 300; ++i) {
        snprintf(text, sizeof text, "sub/f%d", i);
        CHECK(unlink(text) == 0);
    }
    CHECK(rmdir("sub/dir") == 0 && rmdir("sub") == 0);
}

static void links(void) {
    char text[64] = {0};
    int fd = open("a", O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0 && link("a", "b") == 0 && symlink("a", "s") == 0);
    struct stat s;
    CHECK(fstat(fd, &s) == 0 && s.st_nlink == 2);
    CHECK(readlink("s", text, sizeof text) == 1 && text[0] == 'a');
    CHECK(FAILS(open("s", O_RDONLY | O_NOFOLLOW), ELOOP) && FAILS(open("a", O_RDONLY | O_DIRECTORY), ENOTDIR));
    CHECK(FAILS(open("a", O_CREAT | O_EXCL, 0600), EEXIST));
    CHECK(rename("b", "c") == 0 && FAILS(access("b", F_OK), ENOENT));
    CHECK(FAILS(renameat2(AT_FDCWD, "a", AT_FDCWD, "c", RENAME_NOREPLACE), EEXIST));
    CHECK(unlink("a") == 0 && unlink("c") == 0 && unlink("s") == 0 && close(fd) == 0);
}

static void positions(void) {
    int fd = open("p", O_CREAT | O_RDWR | O_TRUNC, 0600);
    char x[4] = "", y[8] = "";
    struct iovec out[2] = {{"0123", 4}, {"456789", 6}}, in[2] = {{x, 3}, {y, 7}};
    CHECK(writev(fd, out, 2) == 10 && lseek(fd, 0, SEEK_CUR) == 10 && lseek(fd, -10, SEEK_END) == 0);
    CHECK(readv(fd, in, 2) == 10 && memcmp(x, "012", 3) == 0 && memcmp(y, "3456789", 7) == 0);
    CHECK(pwrite(fd, "AB", 2, 4) == 2 && pread(fd, x, 4, 3) == 4 && memcmp(x, "3AB6", 4) == 0);
    CHECK(preadv(fd, in, 2, 1) == 9 && memcmp(x, "123", 3) == 0);
    CHECK(pwritev(fd, out, 1, 6) == 4 && ftruncate(fd, 7) == 0 && lseek(fd, 0, SEEK_END) == 7);
    CHECK(fallocate(fd, 0, 0, 4096) == 0 && lseek(fd, 0, SEEK_END) == 4096);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && FAILS(read(fd, bad_pointer, 4), EFAULT) && FAILS(write(-1, "", 1), EBADF));
    struct iovec bad = {bad_pointer, 4};
    CHECK(FAILS(writev(fd, &bad, 1), EFAULT) && FAILS(writev(fd, bad_pointer, 1), EFAULT));
    int copy = open("q", O_CREAT | O_RDWR, 0600);
    loff_t from = 0, to = 5;
    CHECK(copy_file_range(fd, &from, copy, &to, 4, 0) == 4 && from == 4 && to == 9);
    CHECK(pread(copy, x, 4, 5) == 4 && memcmp(x, "0123", 4) == 0);
    CHECK(close(fd) == 0 && close(copy) == 0 && unlink("p") == 0 && unlink("q") == 0);
}

static void locks(void) {
    int fd = open("l", O_CREAT | O_RDWR, 0600);
    struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = 10, .l_len = 20};
    CHECK(fcntl(fd, F_SETLK, &l) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock mine = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_start = 0, .l_len = 0};
        CHECK(FAILS(fcntl(fd, F_SETLK, &mine), EAGAIN));
        CHECK(fcntl(fd, F_GETLK, &mine) == 0 && mine.l_type == F_WRLCK && mine.l_start == 10 && mine.l_len == 20);
        CHECK(mine.l_pid == getppid());
        int other = open("l", O_RDWR);
        CHECK(flock(other, LOCK_EX | LOCK_NB) == 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(close(fd) == 0 && unlink("l") == 0);
}

static void descriptors(void) {
    int fds[2];
    CHECK(pipe2(fds, O_CLOEXEC | O_NONBLOCK) == 0);
    CHECK(fcntl(fds[0], F_GETFD) == FD_CLOEXEC && (fcntl(fds[0], F_GETFL) & (O_NONBLOCK | O_ACCMODE)) == O_NONBLOCK);
    CHECK((fcntl(fds[1], F_GETFL) & O_ACCMODE) == O_WRONLY);
    char c;
    CHECK(FAILS(read(fds[0], &c, 1), EAGAIN));
    CHECK(fcntl(fds[0], F_SETFL, 0) == 0 && (fcntl(fds[0], F_GETFL) & O_NONBLOCK) == 0);
    int copy = dup(fds[1]), high = fcntl(fds[1], F_DUPFD, 100);
    CHECK(copy > fds[1] && high >= 100 && dup2(copy, 200) == 200 && dup3(copy, 201, O_CLOEXEC) == 201);
    CHECK(FAILS(dup3(copy, copy, 0), EINVAL) && fcntl(200, F_GETFD) == 0 && fcntl(201, F_GETFD) == FD_CLOEXEC);
    CHECK(write(200, "x", 1) == 1 && read(fds[0], &c, 1) == 1 && c == 'x');
    CHECK(syscall(SYS_close_range, 100, ~0u, 0) == 0 && FAILS(fcntl(high, F_GETFD), EBADF) && FAILS(fcntl(201, F_GETFD), EBADF));
    CHECK(fcntl(fds[1], F_SETPIPE_SZ, 65536) == 65536);
    close(fds[0]), close(fds[1]), close(copy);
    CHECK(open("/dev/null", O_RDONLY) == fds[0]);
    CHECK(close(fds[0]) == 0 && FAILS(close(fds[0]), EBADF));
    int m = memfd_create("m", MFD_ALLOW_SEALING);
    CHECK(m >= 0 && ftruncate(m, 100) == 0 && fcntl(m, F_ADD_SEALS, F_SEAL_SHRINK) == 0);
    CHECK(FAILS(ftruncate(m, 10), EPERM) && fcntl(m, F_GET_SEALS) == F_SEAL_SHRINK && close(m) == 0);
}

int main(void) {
    char dir[] = "/tmp/files-XXXXXX", cwd[128];
    CHECK(mkdtemp(dir) && chdir(dir) == 0 && getcwd(cwd, sizeof cwd) && strcmp(cwd, dir) == 0);
    CHECK(FAILS(syscall(SYS_getcwd, cwd, 2), ERANGE));
    directory();
    links();
    positions();
    locks();
    descriptors();
    CHECK(rmdir(dir) == 0);
    return 0;
}
