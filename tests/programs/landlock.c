// flags: -O1
/* Landlock: what a process has given up stays so, and it still executes what it may. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

enum { kCreate = 444, kAdd, kRestrict, kExecute = 1, kWrite = 2, kRead = 4, kReadDirectory = 8 };
struct __attribute__((packed)) rule {
    uint64_t allowed;
    int32_t parent;
};

static void allow(int ruleset, const char *path, uint64_t access) {
    struct rule rule = {access, open(path, O_PATH | O_CLOEXEC)};
    CHECK(rule.parent >= 0 && syscall(kAdd, ruleset, 1, &rule, 0) == 0 && close(rule.parent) == 0);
}

/* @returns the status of `path` executed with one argument, 126 for EACCES */
static int run(const char *path) {
    int status;
    pid_t child = fork();
    if (child == 0) {
        execl(path, path, "child", (char *)0);
        _exit(errno == EACCES ? 126 : 125);
    }
    CHECK(waitpid(child, &status, 0) == child && WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void copy(const char *from, const char *to) {
    static char bytes[1 << 16];
    int in = open(from, O_RDONLY), out = open(to, O_CREAT | O_WRONLY | O_TRUNC, 0755);
    CHECK(in >= 0 && out >= 0);
    for (long got; (got = read(in, bytes, sizeof bytes)) > 0;) CHECK(write(out, bytes, (size_t)got) == got);
    close(in);
    close(out);
}

int main(int argc, char **argv) {
    char directory[] = "/tmp/landlock.XXXXXX", yes[64], no[64], text[64];
    if (argc == 2) return open("/etc/passwd", O_RDONLY) < 0 && errno == EACCES ? 42 : 1;
    long version = syscall(kCreate, NULL, 0L, 1);
    if (version < 0 && (errno == ENOSYS || errno == EOPNOTSUPP)) return 0; /* the kernel has none */
    CHECK(version >= 1 && FAILS(syscall(kCreate, NULL, 0L, 0), EFAULT) && FAILS(syscall(kRestrict, -1, 0), EBADF));
    struct {
        uint64_t files;
    } attributes = {kExecute | kWrite | kRead};
    int ruleset = (int)syscall(kCreate, &attributes, sizeof attributes, 0);
    CHECK(ruleset >= 0 && (fcntl(ruleset, F_GETFD) & FD_CLOEXEC));
    CHECK(mkdtemp(directory));
    snprintf(yes, sizeof yes, "%s/yes", directory);
    snprintf(no, sizeof no, "%s/no", directory);
    snprintf(text, sizeof text, "%s/text", directory);
    copy(argv[0], yes);
    copy(argv[0], no);
    CHECK(close(open(text, O_CREAT | O_WRONLY, 0600)) == 0);
    CHECK(run(yes) == 1 && run(no) == 1);

    struct rule bad = {kReadDirectory, open("/", O_PATH)};
    CHECK(FAILS(syscall(kAdd, ruleset, 1, &bad, 0), EINVAL) && FAILS(syscall(kAdd, ruleset, 1, bad_pointer, 0), EFAULT));
    allow(ruleset, yes, kExecute | kRead);
    allow(ruleset, no, kRead);
    allow(ruleset, text, kWrite);
    int kept = open("/etc/passwd", O_RDONLY);
    pid_t child = fork();
    if (child == 0) {
        char byte;
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(kRestrict, ruleset, 0) == 0);
        CHECK(FAILS(open("/etc/passwd", O_RDONLY), EACCES) && read(kept, &byte, 1) == 1);
        CHECK(FAILS(open(text, O_RDONLY), EACCES) && open(text, O_WRONLY) >= 0);
        CHECK(open(no, O_RDONLY) >= 0 && FAILS(open(no, O_WRONLY), EACCES));
        CHECK(run(yes) == 42 && run(no) == 126);
        _exit(7);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 7 << 8);
    CHECK(open("/etc/passwd", O_RDONLY) >= 0 && run(no) == 1);
    CHECK(unlink(yes) == 0 && unlink(no) == 0 && unlink(text) == 0 && rmdir(directory) == 0);
    return 0;
}
