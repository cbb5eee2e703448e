// flags: -O1
/* seccomp over fork, vfork and exec; what /proc says of it; who may install filters. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <spawn.h>
#include <string.h>
#include <sys/resource.h>
#include "read_file.h"
#include "seccomp.h"

extern char **environ;
static char self[4096];

static int status_field(const char *name) {
    char wanted[32];
    snprintf(wanted, sizeof wanted, "\n%s:", name);
    read_file("/proc/self/status");
    const char *line = strstr(text, wanted);
    return line ? atoi(line + strlen(wanted)) : -1;
}

/* What the executed program checks: filters of before are there, and nothing else of them is seen. */
static int executed(int filters, int is_last, char **argv) {
    CHECK(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER);
    CHECK(status_field("Seccomp") == 2 && status_field("Seccomp_filters") == filters);
    CHECK(FAILS(syscall(SYS_getppid), 60 + filters));
    CHECK(syscall(SYS_getpid) > 0);
    for (char **variable = environ; *variable; variable++) CHECK(!strstr(*variable, "FILTERS") || strstr(*variable, "=mine"));
    CHECK(strcmp(getenv("DRAGOMAN_KEPT_FILTERS"), "mine") == 0);
    CHECK(fcntl(3, F_GETFD) == -1);
    if (is_last) return 0;
    CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | (61 + filters), 0) == 0);
    execl(self, argv[0], argv[1], "more", NULL);
    return 1;
}

static void run_executed(const char *filters, char *const *environment) {
    char *argv[] = {self, (char *)filters, NULL};
    execve(self, argv, environment);
    _exit(1);
}

static void check_exec(void) {
    char *environment[] = {"DRAGOMAN_KEPT_FILTERS=mine", NULL};
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 61, 0) == 0);
        CHECK(status_field("Seccomp") == 2 && status_field("Seccomp_filters") == 1);
        run_executed("1", environment);
    });
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 61, 0) == 0);
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 62, 0) == 0);
        pid_t child;
        char *argv[] = {self, "2", NULL};
        int status;
        CHECK(posix_spawn(&child, self, NULL, NULL, argv, environment) == 0);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        /* A failed attempt leaves nothing. */
        CHECK(FAILS(execve("/nowhere", argv, environment), ENOENT));
        CHECK(fcntl(3, F_GETFD) == -1);
        /* The guest's limit on descriptors is in nobody's way: exec needs none. */
        CHECK(fcntl(0, F_DUPFD_CLOEXEC, 3) == 3);
        struct rlimit limit = {4, 64};
        CHECK(setrlimit(RLIMIT_NOFILE, &limit) == 0);
        run_executed("2", environment);
    });
}

static void check_fork(void) {
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 61, 0) == 0);
        IN_CHILD({
            CHECK(FAILS(syscall(SYS_getppid), 61));
            CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 62, 0) == 0);
            CHECK(FAILS(syscall(SYS_getppid), 62));
        });
        CHECK(FAILS(syscall(SYS_getppid), 61));
        pid_t child = vfork();
        if (child == 0) {
            int error = syscall(SYS_getppid) == -1 ? errno : 0;
            if (install_for(SYS_getppid, SECCOMP_RET_ERRNO | 62, 0) != 0) _exit(1);
            _exit(error == 61 && syscall(SYS_getppid) == -1 && errno == 62 ? 0 : 1);
        }
        int status;
        CHECK(waitpid(child, &status, 0) == child && status == 0);
        CHECK(FAILS(syscall(SYS_getppid), 61));
    });
}

static void check_privilege(void) {
    IN_CHILD({
        /* Root of a user namespace has CAP_SYS_ADMIN; others have not, until they give up new privileges. */
        if (geteuid() == 0) CHECK(setresuid(65534, 65534, 65534) == 0);
        CHECK(FAILS(install_for(SYS_getppid, SECCOMP_RET_ERRNO, 0), EACCES));
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO, 0) == 0);
    });
}

int main(int argc, char **argv) {
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    if (argc > 1) return executed(atoi(argv[1]) + (argc > 2), argc > 2, argv);
    closefrom(3);
    CHECK(status_field("Seccomp") == 0 && status_field("Seccomp_filters") == 0);
    check_privilege();
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    check_exec();
    check_fork();
    return 0;
}
