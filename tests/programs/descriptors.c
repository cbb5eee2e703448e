// flags: -O1
/* All numbers of descriptors are the guest's. Runs natively too. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

/* The numbers in /proc/self/fd, but for that of the listing. */
static int listed(const char *path) {
    DIR *directory = opendir(path);
    CHECK(directory);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory));) {
        int fd = atoi(entry->d_name);
        if (entry->d_name[0] == '.' || fd == dirfd(directory)) continue;
        CHECK(fcntl(fd, F_GETFD) >= 0);
        count++;
    }
    closedir(directory);
    return count;
}

static int count_dups(int limit) {
    struct rlimit r = {limit, limit};
    if (setrlimit(RLIMIT_NOFILE, &r) != 0) return 0; /* more than we may */
    int highest = 2;
    for (int fd; (fd = dup(0)) >= 0;) {
        CHECK(fd == highest + 1);
        highest = fd;
    }
    CHECK(errno == EMFILE);
    return highest + 1;
}

int main(int argc, char **argv) {
    if (argc == 3) return 0;
    if (argc == 2) return listed("/proc/self/fd") != 3;
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    CHECK(listed("/proc/self/fd") == 3 && listed("/proc/self/fdinfo") == 3 && listed("/proc/thread-self/fd") == 3);
    struct rlimit r;
    CHECK(getrlimit(RLIMIT_NOFILE, &r) == 0);
    int top = (int)(r.rlim_cur < 70000 ? r.rlim_cur : 70000);
    for (int number = top - 1; number > 900; number -= number > 1100 ? 1000 : 1) {
        CHECK(dup2(0, number) == number && dup2(1, number) == number);
    }
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0 && listed("/proc/self/fd") == 3);
    CHECK(fcntl(0, F_DUPFD, top - 10) == top - 10);
    CHECK(close(top - 10) == 0);
    char first[64];
    FILE *maps = fopen("/proc/self/maps", "r");
    CHECK(maps && fgets(first, sizeof first, maps) && fclose(maps) == 0);
    int status;
    pid_t pid;
#ifndef WITH_SYSROOT
    for (int limit = 2048; limit >= 512; limit /= 2) {
        pid = fork();
        if (pid == 0) {
            int count = count_dups(limit);
            if (count == 0) _exit(0);
            CHECK(count == limit && access("/proc/self/exe", R_OK) == 0);
            CHECK(close(limit - 1) == 0 && open("/proc/self/status", O_RDONLY) == limit - 1);
            /* One is enough to execute a program. */
            CHECK(close(limit - 1) == 0);
            execl("/proc/self/exe", argv[0], "again", "full", (char *)0);
            _exit(9);
        }
        CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    }
#endif
    pid = fork();
    if (pid == 0) {
        execl("/proc/self/exe", argv[0], "again", (char *)0);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
#ifndef WITH_SYSROOT
    pid = fork();
    if (pid == 0) {
        struct rlimit few = {4, 4};
        if (setrlimit(RLIMIT_NOFILE, &few) != 0) _exit(0);
        execl("/proc/self/exe", argv[0], "again", (char *)0);
        _exit(9);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
#endif
    return 0;
}
