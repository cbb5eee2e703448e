// flags: -O2
// The files in which the translator keeps translations are cut off while this program runs in them: it goes on. The
// child's kept translations are in a directory of its own (DRAGOMAN_TB_CACHE). Natively that is without effect.
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>

#include "check.h"
#include "cut_files.h"

static int by_value(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }
static unsigned fib(unsigned n) { return n < 2 ? n : fib(n - 1) + fib(n - 2); }

/* Faults in the middle of blocks find the guest's registers. */
static __thread sigjmp_buf after_fault;
static long faults;
static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)context;
    CHECK(info->si_addr == (void *)16);
    __atomic_add_fetch(&faults, 1, __ATOMIC_SEQ_CST);
    siglongjmp(after_fault, 1);
}
static long fault(long x) {
    volatile long kept = x;
    if (sigsetjmp(after_fault, 1) == 0) kept += ((volatile long *)bad_pointer)[1];
    return kept * 3;
}

static unsigned long work(unsigned long seed) {
    char text[256];
    unsigned long sum = seed;
    int values[200];
    for (int i = 0; i < 200; i++) values[i] = (int)(seed * 2654435761u * (unsigned)(i + 1) >> 7 & 0xffff);
    qsort(values, 200, sizeof *values, by_value);
    for (int i = 0; i < 200; i++) sum = sum * 31 + (unsigned)values[i];
    snprintf(text, sizeof text, "%ld %s %.9g %#lx", sum % 1000, "text", sqrt((double)(sum % 10007)) * sin(1.5), sum);
    for (char *p = text; *p; p++) sum = sum * 131 + (unsigned char)*p;
    sum += fib(12) + (unsigned)strtol(text, NULL, 10) + (unsigned)(strtod("1.25e3", NULL) * 4);
    return sum + (unsigned long)fault((long)(sum & 0xff));
}

static void *worker(void *result) {
    *(unsigned long *)result = work(7);
    return NULL;
}
static unsigned long in_threads(void) {
    pthread_t threads[3];
    unsigned long results[3];
    for (int i = 0; i < 3; i++) CHECK(pthread_create(&threads[i], NULL, worker, &results[i]) == 0);
    for (int i = 0; i < 3; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(results[0] == results[1] && results[0] == results[2]);
    return results[0];
}

static off_t all(off_t size, long unused) { (void)unused; return size; }
/* Whole pages: within one, what is cut off reads as zeros, which nobody can tell from contents. */
static off_t without_end(off_t size, long unused) { (void)unused; return size > 12288 ? (size - 8192) & -4096 : 0; }
static off_t half(off_t size, long unused) { (void)unused; return size / 2 & -4096; }
static off_t most(off_t size, long unused) { (void)unused; return size / 4 * 3 & -4096; }
static off_t header(off_t size, long unused) { (void)size, (void)unused; return 4096; }
static off_t nothing(off_t size, long unused) { (void)size, (void)unused; return 0; }
static off_t (*const cuts[])(off_t, long) = {all, all, without_end, most, half, header, nothing};
enum { CUTS = sizeof cuts / sizeof *cuts };

static int child(int number, const char *directory) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    unsigned long before = work(7);
    int count = cut_files(directory, cuts[number], 0);
    CHECK(cuts[number] == all || count != 0 || !translations_are_kept());
    for (int i = 0; i < 3; i++) CHECK(work(7) == before);
    CHECK(in_threads() == before);
    CHECK(work(8) != before && work(7) == before);
    CHECK(faults == 9);
    printf("%lu\n", before);
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 3) return child(atoi(argv[1]), argv[2]);
    char directory[] = "/tmp/cut_image.XXXXXX";
    CHECK(mkdtemp(directory) != NULL);
    CHECK(setenv("DRAGOMAN_TB_CACHE", directory, 1) == 0);
    for (int i = 0; i < CUTS; i++) {
        /* First to have something kept, then to lose it. */
        for (int turn = 0; turn < 2; turn++) {
            char number[8];
            snprintf(number, sizeof number, "%d", turn == 0 ? 0 : i);
            int status = run_again((char *[]){argv[0], number, directory, NULL});
            if (status != 0) {
                fprintf(stderr, "cut %d, turn %d: status %x\n", i, turn, status);
                return 1;
            }
        }
    }
    remove_directory(directory);
    return 0;
}
