// launcher RUNS PROGRAM [ARGUMENT...]: runs a program RUNS times, one after the other, and says on standard error what a run
// took, with all of its children: "STATUS WALL CPU PEAK", a status of 0 when all runs succeeded, seconds, seconds, KiB.
// It is small because peak memory counts from the process that executes the program.
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double seconds(struct timeval t) { return t.tv_sec + t.tv_usec / 1e6; }

int main(int argc, char** argv) {
    if (argc < 3) return 2;
    int runs = atoi(argv[1]), failed = 0, report = dup(2);
    struct timespec begin, end;
    struct rusage used;
    fcntl(report, F_SETFD, FD_CLOEXEC);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int i = 0; i < runs; ++i) {
        int status;
        pid_t pid = vfork();
        if (pid == 0) {
            execvp(argv[2], argv + 2);
            _exit(127);
        }
        waitpid(pid, &status, 0);
        failed |= status;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    getrusage(RUSAGE_CHILDREN, &used);
    dprintf(report, "%d %.6f %.6f %ld\n", failed, (end.tv_sec - begin.tv_sec + (end.tv_nsec - begin.tv_nsec) / 1e9) / runs,
            (seconds(used.ru_utime) + seconds(used.ru_stime)) / runs, used.ru_maxrss);
    return 0;
}
