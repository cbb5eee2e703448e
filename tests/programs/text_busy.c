// flags: -O1
/* ETXTBSY: a program that is open for writing is not executed, one that is executed not opened for writing. Runs natively
   too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static char name[64];

static int copy_of_self(void) {
    static char buffer[1 << 16];
    int from = open("/proc/self/exe", O_RDONLY), to = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755);
    CHECK(from >= 0 && to >= 0);
    for (ssize_t got; (got = read(from, buffer, sizeof buffer)) > 0;) CHECK(write(to, buffer, (size_t)got) == got);
    close(from);
    return to;
}

/* The errno of executing `file`, 0 when it ran and ended well. */
static int run(const char *file) {
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        execl(file, "copy", "end", (char *)0);
        _exit(errno);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    char byte;
    if (argc == 2) return 0;
    if (argc == 4) { /* has lost its name */
        char target[4096] = "";
        CHECK(unlink(argv[3]) == 0 && readlink("/proc/self/exe", target, sizeof target - 1) > 0);
        return strlen(target) < 10 || strcmp(target + strlen(target) - 10, " (deleted)") != 0;
    }
    if (argc == 3) { /* says that it runs, and does so until its input ends */
        CHECK(write(1, "x", 1) == 1);
        return (int)read(0, &byte, 1);
    }
    snprintf(name, sizeof name, "text_busy.%d", getpid());
    int out = copy_of_self();
    CHECK(run(name) == ETXTBSY);
    close(out);
    CHECK(run(name) == 0);

    int to[2], from[2], status;
    CHECK(pipe(to) == 0 && pipe(from) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(to[0], 0);
        dup2(from[1], 1);
        close(to[1]);
        close(from[0]);
        execl(name, "copy", "until", "end", (char *)0);
        _exit(9);
    }
    CHECK(read(from[0], &byte, 1) == 1);
    struct stat info;
    CHECK(FAILS(open(name, O_WRONLY), ETXTBSY) && FAILS(open(name, O_RDWR), ETXTBSY));
    CHECK(FAILS(open(name, O_RDONLY | O_TRUNC), ETXTBSY) && FAILS(open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755), ETXTBSY));
    CHECK(FAILS(truncate(name, 0), ETXTBSY) && stat(name, &info) == 0 && info.st_size > 1000);
    CHECK(FAILS(open(name, O_CREAT | O_EXCL | O_WRONLY, 0755), EEXIST));
    CHECK(FAILS(open(argv[0], O_RDWR), ETXTBSY)); /* ourselves */
    int fd = open(name, O_RDONLY);
    CHECK(fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0); /* locks are not in the way */
    struct flock whole = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
    CHECK(fcntl(fd, F_SETLK, &whole) == 0);
    close(fd);
    CHECK(run(name) == 0);
    close(to[1]);
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    fd = open(name, O_RDWR);
    CHECK(fd >= 0);
    close(fd);
    /* A script that is being written. */
    fd = open(name, O_TRUNC | O_WRONLY);
    CHECK(fd >= 0);
    dprintf(fd, "#!%s end\n", argv[0][0] == '/' ? argv[0] : "/proc/self/exe");
    CHECK(run(name) == ETXTBSY);
    close(fd);
    CHECK(unlink(name) == 0);
    close(copy_of_self());
    pid = fork();
    if (pid == 0) {
        execl(name, "copy", "without", "name", name, (char *)0);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    return 0;
}
