// flags: -O1
/* splice, tee, vmsplice, sendfile, copy_file_range: what moves, where offsets go, what is refused. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include "check.h"

static int file, in, out; /* of a pipe */
static char text[64];

static int holds(int fd, const char *expected) {
    const ssize_t size = (ssize_t)strlen(expected);
    memset(text, 0, sizeof text);
    return read(fd, text, sizeof text) == size && memcmp(text, expected, (size_t)size) == 0;
}

static void check_splice(void) {
    off_t offset = 2;
    CHECK(splice(file, &offset, in, NULL, 4, 0) == 4 && offset == 6);
    CHECK(holds(out, "2345") && lseek(file, 0, SEEK_CUR) == 0);
    CHECK(splice(file, NULL, in, NULL, 3, SPLICE_F_MOVE) == 3 && lseek(file, 0, SEEK_CUR) == 3);
    offset = 20;
    CHECK(splice(out, NULL, file, &offset, 3, SPLICE_F_MORE) == 3 && offset == 23);
    CHECK(pread(file, text, 3, 20) == 3 && memcmp(text, "012", 3) == 0);
    CHECK(FAILS(splice(out, NULL, file, NULL, 1, SPLICE_F_NONBLOCK), EAGAIN));
    CHECK(FAILS(splice(file, NULL, file, NULL, 1, 0), EINVAL)); /* none is a pipe */
    CHECK(FAILS(splice(out, &offset, file, NULL, 1, 0), ESPIPE));
    CHECK(FAILS(splice(file, NULL, out, NULL, 1, 0), EBADF)); /* not for writing */
    CHECK(FAILS(splice(-1, NULL, in, NULL, 1, 0), EBADF));
    CHECK(FAILS(splice(file, bad_pointer, in, NULL, 1, 0), EFAULT));
    CHECK(FAILS(splice(file, NULL, in, NULL, 1, 0x100), EINVAL));
    CHECK(splice(file, NULL, in, NULL, 0, 0) == 0);
    CHECK(FAILS(splice(out, NULL, in, NULL, 1, 0), EINVAL)); /* the same pipe */
}

static void check_tee(void) {
    int other[2];
    CHECK(pipe(other) == 0 && write(in, "tea", 3) == 3);
    CHECK(tee(out, other[1], 10, 0) == 3);
    CHECK(holds(other[0], "tea") && holds(out, "tea"));
    CHECK(FAILS(tee(out, other[1], 1, SPLICE_F_NONBLOCK), EAGAIN));
    CHECK(FAILS(tee(out, in, 1, 0), EINVAL));
    CHECK(FAILS(tee(file, other[1], 1, 0), EINVAL));
    CHECK(close(other[1]) == 0 && close(other[0]) == 0);
}

static void check_vmsplice(void) {
    struct iovec parts[2] = {{"ab", 2}, {"cde", 3}};
    CHECK(vmsplice(in, parts, 2, 0) == 5 && holds(out, "abcde"));
    CHECK(write(in, "xyz", 3) == 3);
    parts[0].iov_base = text + 8;
    parts[1].iov_base = text + 16;
    CHECK(vmsplice(out, parts, 2, 0) == 3 && memcmp(text + 8, "xy", 2) == 0 && text[16] == 'z');
    parts[0].iov_base = bad_pointer;
    CHECK(FAILS(vmsplice(in, parts, 1, 0), EFAULT));
    CHECK(FAILS(vmsplice(in, bad_pointer, 1, 0), EFAULT));
    CHECK(FAILS(vmsplice(file, parts, 1, 0), EBADF));
    CHECK(FAILS(vmsplice(in, parts, 1025, 0), EINVAL));
    CHECK(vmsplice(in, parts, 0, 0) == 0);
}

static void check_sendfile(void) {
    int sockets[2];
    off_t offset = 4;
    CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets) == 0);
    CHECK(sendfile(sockets[0], file, &offset, 3) == 3 && offset == 7 && holds(sockets[1], "456"));
    CHECK(lseek(file, 8, SEEK_SET) == 8);
    CHECK(sendfile(sockets[0], file, NULL, 2) == 2 && lseek(file, 0, SEEK_CUR) == 10 && holds(sockets[1], "89"));
    offset = 1000;
    CHECK(sendfile(sockets[0], file, &offset, 10) == 0); /* behind the end */
    offset = -1;
    CHECK(FAILS(sendfile(sockets[0], file, &offset, 1), EINVAL));
    CHECK(FAILS(sendfile(sockets[0], file, bad_pointer, 1), EFAULT));
    CHECK(FAILS(sendfile(sockets[0], -1, NULL, 1), EBADF));
    offset = 0;
    CHECK(FAILS(sendfile(sockets[0], sockets[1], &offset, 1), ESPIPE));
    CHECK(close(sockets[1]) == 0 && signal(SIGPIPE, SIG_IGN) != SIG_ERR);
    CHECK(FAILS(sendfile(sockets[0], file, &offset, 1), EPIPE) && close(sockets[0]) == 0);
}

static void check_copy_file_range(void) {
    off_t from = 0, to = 40;
    CHECK(copy_file_range(file, &from, file, &to, 5, 0) == 5 && from == 5 && to == 45);
    CHECK(pread(file, text, 5, 40) == 5 && memcmp(text, "01234", 5) == 0);
    to = 2;
    from = 0;
    CHECK(FAILS(copy_file_range(file, &from, file, &to, 5, 0), EINVAL)); /* overlaps */
    CHECK(FAILS(copy_file_range(file, NULL, in, NULL, 5, 0), EINVAL));
    CHECK(FAILS(copy_file_range(file, &from, file, &to, 1, 1), EINVAL));
    CHECK(FAILS(copy_file_range(-1, NULL, file, NULL, 1, 0), EBADF));
    from = 10000;
    CHECK(copy_file_range(file, &from, file, &to, 1, 0) == 0);
    CHECK(FAILS(copy_file_range(file, bad_pointer, file, &to, 1, 0), EFAULT));
    int appended = open("data_between.tmp", O_WRONLY | O_APPEND);
    CHECK(FAILS(copy_file_range(file, NULL, appended, NULL, 1, 0), EBADF) && close(appended) == 0);
}

int main(void) {
    int ends[2];
    file = open("data_between.tmp", O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(file >= 0 && write(file, "0123456789", 10) == 10 && lseek(file, 0, SEEK_SET) == 0);
    CHECK(pipe(ends) == 0);
    out = ends[0];
    in = ends[1];
    check_splice();
    check_tee();
    check_vmsplice();
    check_sendfile();
    check_copy_file_range();
    CHECK(unlink("data_between.tmp") == 0);
    return 0;
}
