// flags: -O1
// options: -tb-size 1
/* Processes are forked while other threads fill the code buffer over and over; the children fill theirs. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { kThreads = 3, kForks = 40, kFunctions = 20000, kWords = 4 };
static uint32_t *code;
static atomic_int stop;

/* addi a0, a0, i % 8; nothing; nothing; ret */
static void write_functions(void) {
    for (uint32_t i = 0; i < kFunctions; ++i) {
        uint32_t *f = code + i * kWords;
        f[0] = (i % 8) << 20 | 10 << 15 | 10 << 7 | 0x13;
        f[1] = f[2] = 0x13;
        f[3] = 0x8067;
    }
    __builtin___clear_cache((char *)code, (char *)(code + kFunctions * kWords));
}

static long call_all(uint32_t first) {
    long sum = 0;
    for (uint32_t i = 0; i < kFunctions; ++i)
        sum = ((long (*)(long))(code + (first + i) % kFunctions * kWords))(sum);
    return sum;
}

static void *run(void *argument) {
    while (!stop) CHECK(call_all((uint32_t)(long)argument * 5000) == kFunctions / 8 * 28);
    return NULL;
}

int main(void) {
    code = mmap(NULL, kFunctions * kWords * 4, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    write_functions();
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; ++i) CHECK(pthread_create(&threads[i], NULL, run, (void *)i) == 0);
    for (int i = 0; i < kForks; ++i) {
        int status;
        pid_t pid = fork();
        if (pid == 0) _exit(call_all(0) == kFunctions / 8 * 28 ? 0 : 1);
        CHECK(pid > 0 && waitpid(pid, &status, 0) == pid && status == 0);
    }
    stop = 1;
    for (int i = 0; i < kThreads; ++i) CHECK(pthread_join(threads[i], NULL) == 0);
    return 0;
}
