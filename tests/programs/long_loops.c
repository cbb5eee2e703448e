// flags: -O1
/* Loops that go through several blocks, some of them in front of the loop's entry or on another page: faults in the middle
   of them, ways that are left and changed, signals, and changes of any block by another thread or by the loop itself. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"
#include "copy_faults.h"

/* Adds words of `from` up and copies them, four at a time, until a word of 0 comes fourth. @returns the sum.
   a0, a1: where it is; a7: 3 for each pass, t5: one for each pass, and 7. */
#define COPY_SUM(name, padding)                              \
    uint64_t name(uint64_t *to, const uint64_t *from);       \
    asm(".option push\n .option norvc\n .globl " #name "\n"  \
        " .balign 4096\n .skip " #padding "\n"               \
        #name ": li t4, 0\n"                                 \
        " li t5, 7\n"                                        \
        " li a7, 0\n"                                        \
        " j 3f\n"                                            \
        "1: sd t1, 8(a0)\n"                                  \
        " add t4, t4, t2\n"                                  \
        " bltz t4, 4f\n"                                     \
        " sd t2, 16(a0)\n"                                   \
        " addi a1, a1, 32\n"                                 \
        " j 2f\n"                                            \
        "4: mv a0, t4\n"                                     \
        " ret\n .skip 64\n"                                  \
        "3: ld t0, 0(a1)\n"                                  \
        " addi t5, t5, 1\n"                                  \
        " ld t1, 8(a1)\n"                                    \
        " add t4, t4, t0\n"                                  \
        " ld t2, 16(a1)\n"                                   \
        " sd t0, 0(a0)\n"                                    \
        " ld t3, 24(a1)\n"                                   \
        " add t4, t4, t1\n"                                  \
        " j 1b\n"                                            \
        "2: sd t3, 24(a0)\n"                                 \
        " add t4, t4, t3\n"                                  \
        " addi a7, a7, 3\n"                                  \
        " addi a0, a0, 32\n"                                 \
        " bnez t3, 3b\n"                                     \
        " j 4b\n"                                            \
        ".option pop\n")
COPY_SUM(copy_sum, 256);
COPY_SUM(copy_sum_across, 4032);

/* A way through three blocks that changes: every `period` passes it takes another one, for a while. @returns a value that
   depends on each step. */
uint64_t ways(uint64_t passes, uint64_t period, uint64_t other);
asm(".option push\n .option norvc\n .globl ways\n"
    "ways: li t0, 0\n li t1, 0\n li t2, 1\n li a5, 0\n"
    " j 2f\n"
    "1: slli t3, t2, 1\n"
    " addw t2, t2, t3\n"
    " addi a0, a0, -1\n"
    " beqz a0, 9f\n"
    " addi t0, t0, 1\n"
    " bltu t0, a1, 2f\n"
    " j 4f\n"
    "9: add a0, t2, a5\n"
    " add a0, a0, t1\n"
    " ret\n"
    "4: addi t1, t1, 1\n"
    " xor a5, a5, t2\n"
    " bltu t1, a2, 1b\n"
    " li t0, 0\n"
    " li t1, 0\n"
    " j 1b\n"
    "2: add a5, a5, t2\n"
    " xori a5, a5, 77\n"
    " subw t4, a5, t2\n"
    " add a5, a5, t4\n"
    " j 1b\n"
    ".option pop\n");
static uint64_t ways_in_c(uint64_t passes, uint64_t period, uint64_t other) {
    uint64_t t0 = 0, t1 = 0, t2 = 1, a5 = 0;
    int second = 1;
    for (;;) {
        if (second) {
            a5 = (a5 + t2) ^ 77;
            a5 += (uint64_t)(int64_t)(int32_t)(uint32_t)(a5 - t2);
        }
        t2 = (uint64_t)(int64_t)(int32_t)(uint32_t)(t2 + (t2 << 1));
        if (--passes == 0) return t2 + a5 + t1;
        second = ++t0 < period;
        if (second) continue;
        t1++;
        a5 ^= t2;
        if (t1 >= other) t0 = t1 = 0;
    }
}

static volatile int alarms;
static sigjmp_buf after_alarms;
static void on_alarm(int number) {
    (void)number;
    CHECK(ways(1000, 300, 20) == ways_in_c(1000, 300, 20));
    if (++alarms == 20) siglongjmp(after_alarms, 1);
}

/* An endless loop is interrupted, goes on, and is left by the handler. */
static void signals(void) {
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    if (sigsetjmp(after_alarms, 1) == 0) {
        ways(~UINT64_C(0), ~UINT64_C(0), 1);
        CHECK(!"left the loop");
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(alarms >= 20);
}

/* `j 3f; 1: addi a0, a0, 1; j 4f; 2: ret; 3: addi a1, a1, 1; j 1b; 4: bnez a2, 3b; j 2b`: another thread changes one of its
   blocks so that it ends, or takes the code away. */
static const uint32_t program[] = {0x0100006f, 0x00150513, 0x0100006f, 0x00008067,
                                   0x00158593, 0xff1ff06f, 0xfe061ce3, 0xff1ff06f};
static uint32_t *code;
static volatile int running;
static void *run_code(void *argument) {
    (void)argument;
    running = 1;
    if (sigsetjmp(after_fault, 1) == 0) ((long (*)(long, long, long))code)(1, 0, 1);
    return NULL;
}
static void patched_by_another_thread(int unmap) {
    for (int round = 0; round < 20; round++) {
        if (unmap || round == 0) {
            code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        }
        memcpy(code, program, sizeof program);
        __builtin___clear_cache((char *)code, (char *)code + sizeof program);
        running = 0;
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_code, NULL) == 0);
        while (!running) usleep(100);
        usleep(2000);
        if (unmap) {
            memset(seen, 0, sizeof seen);
            CHECK((round & 1 ? munmap(code, 4096) : mprotect(code, 4096, PROT_READ | PROT_WRITE)) == 0);
        } else {
            static const int places[] = {1, 2, 4, 5, 6};
            code[places[round % 5]] = 0x00008067;
            __builtin___clear_cache((char *)code, (char *)code + sizeof program);
        }
        CHECK(pthread_join(thread, NULL) == 0);
        /* The fault is at some instruction of the code, with the registers as they are there. */
        if (unmap) CHECK(seen[0] - (uint64_t)code < sizeof program && seen[kA0] - seen[kA1] <= 1);
        if (unmap || round == 19) CHECK(munmap(code, 4096) == 0);
    }
}

/* The loop writes an instruction of its own after `a2` passes: `1: addi a0, a0, 1; j 3f; 2: ret; 3: addi a2, a2, -1;
   bnez a2, 1b; sw a3, (a4); fence.i; li a2, 9; j 1b`; a3 is then `ret`, which ends it at once, or the next pass. */
static void patched_by_itself(void) {
    static const uint32_t self[] = {0x00150513, 0x0080006f, 0x00008067, 0xfff60613, 0xfe0618e3,
                                    0x00d72023, 0x0000100f, 0x00900613, 0xfe1ff06f};
    uint32_t *own = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 20; round++) {
        memcpy(own, self, sizeof self);
        __builtin___clear_cache((char *)own, (char *)own + sizeof self);
        const long passes = 4000 + round;
        long (*f)(long, long, long, long, uint32_t *) = (long (*)(long, long, long, long, uint32_t *))own;
        CHECK(f(0, 0, passes, 0x00008067, own) == passes);
    }
    CHECK(munmap(own, 4096) == 0);
}

int main(void) {
    for (int i = 0; i < 2; i++) {
        copy_faults(copy_sum);
        copy_faults(copy_sum_across);
    }
    for (uint64_t period = 1; period < 40; period += 3) CHECK(ways(5000, period, 2) == ways_in_c(5000, period, 2));
    CHECK(ways(50000, 1000, 7) == ways_in_c(50000, 1000, 7));
    CHECK(ways(50000, 20000, 5000) == ways_in_c(50000, 20000, 5000));
    for (uint64_t period = 1; period < 40; period += 3) CHECK(ways(5000, period, 2) == ways_in_c(5000, period, 2));
    signals();
    patched_by_another_thread(0);
    patched_by_another_thread(1);
    patched_by_itself();
    return 0;
}
