// bench check: a quick self-check of a booted machine (processes, signals, threads, memory, floating point).
// bench [NAME...]: rates per second, of the guest's own clock.
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec + t.tv_nsec * 1e-9;
}

static volatile uint64_t sink;

static double integer(void) {
    uint64_t x = 88172645463325252, sum = 0;
    for (int i = 0; i < 20000000; ++i) {
        x ^= x << 13, x ^= x >> 7, x ^= x << 17;
        sum += x % 1000;
    }
    sink = sum;
    return 20000000;
}

static double floating(void) {
    double x = 0.5, sum = 0;
    for (int i = 0; i < 10000000; ++i) {
        x = 3.7 * x * (1 - x);
        sum += x / (1 + sum * 1e-9);
    }
    sink = (uint64_t)sum;
    return 10000000;
}

static double calls(void) {
    for (int i = 0; i < 300000; ++i) syscall(SYS_getppid);
    return 300000;
}

static double forks(void) {
    for (int i = 0; i < 200; ++i) {
        pid_t pid = fork();
        if (pid == 0) {
            execl("/bin/bench", "bench", "nothing", NULL);
            _exit(1);
        }
        waitpid(pid, NULL, 0);
    }
    return 200;
}

static double pages(void) {
    size_t size = 64 << 20;
    for (int round = 0; round < 4; ++round) {
        char *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        for (size_t i = 0; i < size; i += 4096) p[i] = 1;
        munmap(p, size);
    }
    return 4.0 * size / 4096;
}

static double pipes(void) {
    int there[2], back[2];
    char c = 0;
    if (pipe(there) || pipe(back)) return 0;
    if (fork() == 0) {
        while (read(there[0], &c, 1) == 1 && c == 0) write(back[1], &c, 1);
        _exit(0);
    }
    for (int i = 0; i < 5000; ++i) write(there[1], &c, 1), read(back[0], &c, 1);
    c = 1;
    write(there[1], &c, 1);
    wait(NULL);
    return 5000;
}

static sigjmp_buf again;
static void on_fault(int signal) { (void)signal, siglongjmp(again, 1); }

static double faults(void) {
    char *p = mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    signal(SIGSEGV, on_fault);
    volatile int i = 0;
    while (i < 5000) {
        if (sigsetjmp(again, 1) == 0) {
            *p = 1;
            break;
        }
        ++i;
    }
    return i;
}

static const struct {
    const char *name;
    double (*run)(void);
} kItems[] = {{"integer", integer}, {"floating", floating}, {"calls", calls}, {"forks", forks},
              {"pages", pages},     {"pipes", pipes},       {"faults", faults}};

static void *count(void *argument) {
    for (int i = 0; i < 100000; ++i) __atomic_fetch_add((uint64_t *)argument, 1, __ATOMIC_RELAXED);
    return NULL;
}

static int check(void) {
    uint64_t counter = 0;
    pthread_t threads[4];
    for (int i = 0; i < 4; ++i) pthread_create(&threads[i], NULL, count, &counter);
    for (int i = 0; i < 4; ++i) pthread_join(threads[i], NULL);
    if (counter != 400000) return printf("threads: %llu\n", (unsigned long long)counter), 1;
    if (faults() != 5000) return puts("faults"), 1;
    int status;
    pid_t pid = fork();
    if (pid == 0) execl("/bin/bench", "bench", "nothing", NULL), _exit(1);
    if (waitpid(pid, &status, 0) != pid || status != 0) return printf("child: %#x\n", status), 1;
    double sum = 0;
    for (int i = 1; i <= 1000; ++i) sum += 1.0 / i;
    if (sum != 7.485470860550343) return printf("floating point: %.17g\n", sum), 1;
    puts("CHECK-OK");
    return 0;
}

int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "nothing") == 0) return 0;
    if (argc > 1 && strcmp(argv[1], "check") == 0) return check();
    for (size_t i = 0; i < sizeof kItems / sizeof *kItems; ++i) {
        int wanted = argc == 1;
        for (int a = 1; a < argc; ++a) wanted |= strcmp(argv[a], kItems[i].name) == 0;
        if (!wanted) continue;
        double start = now(), done = kItems[i].run();
        printf("%-10s %12.0f per second\n", kItems[i].name, done / (now() - start));
    }
}
