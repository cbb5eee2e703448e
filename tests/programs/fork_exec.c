// flags: -O1
/* 2,000 processes, half of them executed programs, with pipes and exit statuses in order. A new program has only the
   descriptors that it was given. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

int main(int argc, char **argv) {
    if (argc == 2) {
        CHECK(open("/dev/null", O_RDONLY) == 3);
        return atoi(argv[1]) % 100;
    }
    CHECK(syscall(SYS_close_range, 3, ~0u, 0) == 0);
    char self[4096] = "";
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    for (int i = 0; i < 2000; ++i) {
        int fds[2], status;
        char text[16] = "";
        CHECK(pipe2(fds, O_CLOEXEC) == 0);
        pid_t pid = i % 4 == 0 ? vfork() : fork();
        if (pid == 0) {
            if (i % 2 == 0) {
                snprintf(text, sizeof text, "%d", i);
                execl(self, "child", text, (char *)0);
                _exit(120);
            }
            _exit(write(fds[1], &i, sizeof i) == sizeof i ? i % 100 : 121);
        }
        CHECK(pid > 0);
        close(fds[1]);
        int got = -1;
        ssize_t size = read(fds[0], &got, sizeof got);
        CHECK(i % 2 == 0 ? size == 0 : size == sizeof got && got == i);
        CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == i % 100);
        close(fds[0]);
    }
    return 0;
}
