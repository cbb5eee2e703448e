// flags: -O1
/* Watching and claiming files: inotify, fanotify, leases, record locks of processes and of open files: events, owners, errors. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <sys/fanotify.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#define PLACE "watches.tmp"
#define FILE_NAME PLACE "/file"

static void make(const char *name) {
    int fd = open(name, O_CREAT | O_RDWR | O_TRUNC, 0600);
    CHECK(fd >= 0 && write(fd, "0123456789", 10) == 10 && close(fd) == 0);
}

static void check_inotify(void) {
    char buffer[4096];
    int fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    CHECK(fd >= 0 && fcntl(fd, F_GETFD) == FD_CLOEXEC && FAILS(read(fd, buffer, sizeof buffer), EAGAIN));
    int watch = inotify_add_watch(fd, PLACE, IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_ONLYDIR);
    CHECK(watch > 0 && FAILS(inotify_add_watch(fd, PLACE "/none", IN_CREATE), ENOENT));
    CHECK(FAILS(inotify_add_watch(fd, FILE_NAME, IN_MODIFY | IN_ONLYDIR), ENOTDIR));
    CHECK(FAILS(inotify_add_watch(fd, PLACE, 0), EINVAL) && FAILS(inotify_add_watch(-1, PLACE, IN_CREATE), EBADF));
    CHECK(FAILS(inotify_add_watch(fd, bad_pointer, IN_CREATE), EFAULT) && FAILS(inotify_add_watch(STDERR_FILENO, PLACE, IN_CREATE), EINVAL));
    CHECK(FAILS(inotify_add_watch(fd, PLACE, IN_CREATE | IN_MASK_CREATE), EEXIST)); /* there is one */
    make(PLACE "/new");
    CHECK(rename(PLACE "/new", PLACE "/other") == 0 && unlink(PLACE "/other") == 0);
    struct pollfd ready = {fd, POLLIN, 0};
    CHECK(poll(&ready, 1, 10000) == 1 && FAILS(read(fd, buffer, 4), EINVAL));
    ssize_t size = read(fd, buffer, sizeof buffer);
    const unsigned expected[] = {IN_CREATE, IN_MOVED_FROM, IN_MOVED_TO, IN_DELETE};
    const char *names[] = {"new", "new", "other", "other"};
    unsigned cookie = 0, count = 0;
    for (char *at = buffer; at < buffer + size; count++) {
        struct inotify_event *event = (struct inotify_event *)at;
        CHECK(count < 4 && event->wd == watch && event->mask == expected[count] && strcmp(event->name, names[count]) == 0);
        if (event->mask == IN_MOVED_FROM) cookie = event->cookie;
        if (event->mask == IN_MOVED_TO) CHECK(cookie != 0 && event->cookie == cookie);
        at += sizeof *event + event->len;
    }
    CHECK(count == 4);
    CHECK(inotify_rm_watch(fd, watch) == 0 && FAILS(inotify_rm_watch(fd, watch), EINVAL) && FAILS(inotify_rm_watch(-1, 1), EBADF));
    struct inotify_event *event = (struct inotify_event *)buffer;
    CHECK(read(fd, buffer, sizeof buffer) == sizeof *event && event->mask == IN_IGNORED);
    watch = inotify_add_watch(fd, FILE_NAME, IN_MODIFY | IN_ONESHOT);
    make(FILE_NAME);
    make(FILE_NAME);
    CHECK(read(fd, buffer, sizeof buffer) == 2 * sizeof *event && event->mask == IN_MODIFY && event[1].mask == IN_IGNORED);
    CHECK(FAILS(inotify_init1(1), EINVAL) && close(fd) == 0);
}

static void check_fanotify(void) {
    CHECK(FAILS(fanotify_init(1u << 31, O_RDONLY), EINVAL) || errno == EPERM || errno == ENOSYS);
    int fd = fanotify_init(FAN_CLASS_NOTIF | FAN_CLOEXEC | FAN_NONBLOCK, O_RDONLY);
    if (fd < 0) {
        CHECK(errno == EPERM || errno == ENOSYS);
        return;
    }
    CHECK(FAILS(fanotify_mark(fd, FAN_MARK_ADD, 0, AT_FDCWD, FILE_NAME), EINVAL));
    CHECK(FAILS(fanotify_mark(fd, 0, FAN_OPEN, AT_FDCWD, FILE_NAME), EINVAL) && FAILS(fanotify_mark(-1, FAN_MARK_ADD, FAN_OPEN, AT_FDCWD, FILE_NAME), EBADF));
    CHECK(FAILS(fanotify_mark(fd, FAN_MARK_REMOVE, FAN_OPEN, AT_FDCWD, FILE_NAME), ENOENT));
    CHECK(fanotify_mark(fd, FAN_MARK_ADD, FAN_MODIFY | FAN_CLOSE_WRITE, AT_FDCWD, FILE_NAME) == 0);
    struct fanotify_event_metadata events[8];
    CHECK(FAILS(read(fd, events, sizeof events), EAGAIN));
    make(FILE_NAME);
    ssize_t size = read(fd, events, sizeof events);
    CHECK(size >= (ssize_t)sizeof events[0] && events[0].vers == FANOTIFY_METADATA_VERSION && events[0].pid == getpid());
    unsigned long long seen = 0;
    for (unsigned i = 0; i < (size_t)size / sizeof events[0]; i++) {
        char text[3] = "";
        seen |= events[i].mask;
        CHECK(events[i].fd >= 0 && pread(events[i].fd, text, 2, 0) == 2 && strcmp(text, "01") == 0 && close(events[i].fd) == 0);
    }
    CHECK(seen == (FAN_MODIFY | FAN_CLOSE_WRITE) && fanotify_mark(fd, FAN_MARK_FLUSH, 0, AT_FDCWD, NULL) == 0);
    make(FILE_NAME);
    CHECK(FAILS(read(fd, events, sizeof events), EAGAIN) && close(fd) == 0);
}

static volatile sig_atomic_t broken;
static void on_break(int signal, siginfo_t *info, void *context) {
    (void)context;
    if (signal == SIGRTMIN && info->si_code >= 0) broken = info->si_fd;
}

static void check_leases(void) {
    int fd = open(FILE_NAME, O_RDONLY);
    struct sigaction action = {.sa_sigaction = on_break, .sa_flags = SA_SIGINFO};
    CHECK(fd >= 0 && sigaction(SIGRTMIN, &action, NULL) == 0 && fcntl(fd, F_SETSIG, SIGRTMIN) == 0 && fcntl(fd, F_GETSIG) == SIGRTMIN);
    CHECK(FAILS(fcntl(fd, F_SETSIG, 65), EINVAL) && FAILS(fcntl(fd, F_SETLEASE, 9), EINVAL));
    if (fcntl(fd, F_SETLEASE, F_RDLCK) != 0) { /* not on all file systems */
        CHECK(errno == EINVAL || errno == EACCES || errno == EAGAIN);
        CHECK(close(fd) == 0);
        return;
    }
    CHECK(fcntl(fd, F_GETLEASE) == F_RDLCK);
    CHECK(FAILS(open(FILE_NAME, O_WRONLY | O_NONBLOCK), EWOULDBLOCK)); /* breaks it */
    for (int i = 0; i < 1000 && broken == 0; i++) usleep(1000);
    CHECK(broken == fd && fcntl(fd, F_SETLEASE, F_UNLCK) == 0 && fcntl(fd, F_GETLEASE) == F_UNLCK && close(fd) == 0);
}

static struct flock range(short type, off_t start, off_t length) {
    return (struct flock){.l_type = type, .l_whence = SEEK_SET, .l_start = start, .l_len = length};
}

static void check_record_locks(void) {
    int fd = open(FILE_NAME, O_RDWR), other = open(FILE_NAME, O_RDWR);
    struct flock lock = range(F_WRLCK, 2, 4);
    CHECK(fd >= 0 && other >= 0 && fcntl(fd, F_SETLK, &lock) == 0);
    CHECK(fcntl(other, F_SETLK, &lock) == 0); /* the same process */
    pid_t child = fork();
    if (child == 0) {
        lock = range(F_RDLCK, 0, 0);
        CHECK(fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type == F_WRLCK && lock.l_start == 2 && lock.l_len == 4 && lock.l_pid == getppid());
        lock = range(F_RDLCK, 5, 1);
        CHECK(FAILS(fcntl(fd, F_SETLK, &lock), EAGAIN));
        lock = range(F_WRLCK, 6, 0);
        CHECK(fcntl(fd, F_SETLK, &lock) == 0);
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(close(other) == 0); /* takes all of the process's locks with it */
    other = open(FILE_NAME, O_RDWR);
    lock = range(F_WRLCK, 0, 0);
    CHECK(fcntl(other, F_OFD_SETLK, &lock) == 0);
    lock = range(F_WRLCK, 1, 1);
    CHECK(FAILS(fcntl(fd, F_OFD_SETLK, &lock), EAGAIN)); /* an open file's, and this is another */
    CHECK(fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_pid == -1 && lock.l_type == F_WRLCK && lock.l_start == 0 && lock.l_len == 0);
    lock = range(F_WRLCK, 1, 1);
    lock.l_pid = 1;
    CHECK(FAILS(fcntl(fd, F_OFD_SETLK, &lock), EINVAL));
    lock = range(9, 0, 0);
    CHECK(FAILS(fcntl(fd, F_SETLK, &lock), EINVAL));
    lock = range(F_WRLCK, -1, 0);
    CHECK(FAILS(fcntl(fd, F_SETLK, &lock), EINVAL) && FAILS(fcntl(fd, F_SETLK, bad_pointer), EFAULT));
    CHECK(close(other) == 0);
    int reading = open(FILE_NAME, O_RDONLY);
    lock = range(F_WRLCK, 0, 0);
    CHECK(FAILS(fcntl(reading, F_SETLK, &lock), EBADF) && close(reading) == 0 && FAILS(fcntl(-1, F_SETLK, &lock), EBADF));
    other = open(FILE_NAME, O_RDWR);
    CHECK(flock(fd, LOCK_EX) == 0 && FAILS(flock(other, LOCK_SH | LOCK_NB), EWOULDBLOCK) && flock(fd, LOCK_SH) == 0);
    CHECK(flock(other, LOCK_SH | LOCK_NB) == 0 && FAILS(flock(fd, 0), EINVAL) && FAILS(flock(-1, LOCK_SH), EBADF));
    CHECK(close(fd) == 0 && close(other) == 0);
}

int main(void) {
    CHECK(mkdir(PLACE, 0700) == 0 || errno == EEXIST);
    make(FILE_NAME);
    check_inotify();
    check_fanotify();
    check_leases();
    check_record_locks();
    CHECK(unlink(FILE_NAME) == 0 && rmdir(PLACE) == 0);
    return 0;
}
