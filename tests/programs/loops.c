// flags: -O1
/* Loops that run long and use registers which calls and short loops rarely do: faults in the middle of them, signals, and
   changes of their code by another thread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>

#include "check.h"
#include "copy_faults.h"

/* Adds words of `from` up and copies them, four at a time. Stops at a word of 0. @returns the sum. */
uint64_t copy_sum(uint64_t *to, const uint64_t *from);
/* Counts s11 up to `n` in registers that are all used; @returns a value that depends on all of them. */
uint64_t many(uint64_t n);
extern char copy_sum_loop[], copy_sum_end[];
asm(".option push\n .option norvc\n"
    ".globl copy_sum, copy_sum_loop, copy_sum_end\n"
    "copy_sum: li t4, 0\n"
    " li t5, 7\n"
    " li a7, 0\n"
    "copy_sum_loop:\n"
    " ld t0, 0(a1)\n"
    " addi t5, t5, 1\n"
    " ld t1, 8(a1)\n"
    " add t4, t4, t0\n"
    " ld t2, 16(a1)\n"
    " sd t0, 0(a0)\n"
    " ld t3, 24(a1)\n"
    " add t4, t4, t1\n"
    " sd t1, 8(a0)\n"
    " add t4, t4, t2\n"
    " sd t2, 16(a0)\n"
    " addi a1, a1, 32\n"
    " sd t3, 24(a0)\n"
    " add t4, t4, t3\n"
    " addi a7, a7, 3\n"
    " addi a0, a0, 32\n"
    " bnez t3, copy_sum_loop\n"
    "copy_sum_end:\n"
    " mv a0, t4\n"
    " ret\n"
    ".globl many\n"
    "many: addi sp, sp, -112\n"
    " sd s0, 0(sp)\n sd s1, 8(sp)\n sd s2, 16(sp)\n sd s3, 24(sp)\n sd s4, 32(sp)\n sd s5, 40(sp)\n"
    " sd s6, 48(sp)\n sd s7, 56(sp)\n sd s8, 64(sp)\n sd s9, 72(sp)\n sd s10, 80(sp)\n sd s11, 88(sp)\n"
    " mv s11, a0\n"
    " li s0, 1\n li s1, 2\n li s2, 3\n li s3, 4\n li s4, 5\n li s5, 6\n li s6, 7\n li s7, 8\n li s8, 9\n li s9, 10\n"
    " li s10, 11\n li t0, 12\n li t1, 13\n li t2, 14\n li t3, 15\n li t4, 16\n li t5, 17\n li t6, 18\n"
    "1: add s0, s0, s1\n xor s1, s1, s2\n add s2, s2, s3\n xor s3, s3, s4\n add s4, s4, s5\n xor s5, s5, s6\n"
    " add s6, s6, s7\n xor s7, s7, s8\n add s8, s8, s9\n xor s9, s9, s10\n add s10, s10, t0\n xor t0, t0, t1\n"
    " add t1, t1, t2\n xor t2, t2, t3\n add t3, t3, t4\n xor t4, t4, t5\n add t5, t5, t6\n xor t6, t6, s0\n"
    " addi s11, s11, -1\n"
    " bnez s11, 1b\n"
    " mv a0, s0\n"
    " add a0, a0, s1\n add a0, a0, s2\n add a0, a0, s3\n add a0, a0, s4\n add a0, a0, s5\n add a0, a0, s6\n"
    " add a0, a0, s7\n add a0, a0, s8\n add a0, a0, s9\n add a0, a0, s10\n add a0, a0, t0\n add a0, a0, t1\n"
    " add a0, a0, t2\n add a0, a0, t3\n add a0, a0, t4\n add a0, a0, t5\n add a0, a0, t6\n"
    " ld s0, 0(sp)\n ld s1, 8(sp)\n ld s2, 16(sp)\n ld s3, 24(sp)\n ld s4, 32(sp)\n ld s5, 40(sp)\n"
    " ld s6, 48(sp)\n ld s7, 56(sp)\n ld s8, 64(sp)\n ld s9, 72(sp)\n ld s10, 80(sp)\n ld s11, 88(sp)\n"
    " addi sp, sp, 112\n"
    " ret\n"
    ".option pop\n");

static uint64_t many_in_c(uint64_t n) {
    uint64_t r[18];
    for (int i = 0; i < 18; i++) r[i] = (uint64_t)i + 1;
    for (; n != 0; n--) {
        for (int i = 0; i < 18; i++) {
            uint64_t next = r[(i + 1) % 18];
            r[i] = i % 2 == 0 ? r[i] + next : r[i] ^ next;
        }
    }
    uint64_t sum = 0;
    for (int i = 0; i < 18; i++) sum += r[i];
    return sum;
}

static volatile int alarms;
static sigjmp_buf after_alarms;
static void on_alarm(int number) {
    (void)number;
    CHECK(many(1000) == many_in_c(1000));
    if (++alarms == 20) siglongjmp(after_alarms, 1);
}

/* An endless loop is interrupted, goes on, and is left by the handler. */
static void signals(void) {
    CHECK(signal(SIGALRM, on_alarm) != SIG_ERR);
    struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
    if (sigsetjmp(after_alarms, 1) == 0) {
        many(~UINT64_C(0));
        CHECK(!"left the loop");
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
    CHECK(alarms >= 20);
}

/* A thread runs `loop: addi a0, a0, 1; addi a1, a1, 1; bnez a0, loop; ret` until the branch is taken out of its code. */
static uint32_t *code;
static volatile int running;
static void *run_code(void *argument) {
    (void)argument;
    running = 1;
    ((long (*)(long, long))code)(1, 0);
    return NULL;
}
static void patched_by_another_thread(void) {
    code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int round = 0; round < 20; round++) {
        const uint32_t program[] = {0x00150513, 0x00158593, 0xfe051ce3, 0x00008067};
        memcpy(code, program, sizeof program);
        __builtin___clear_cache((char *)code, (char *)code + sizeof program);
        running = 0;
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, run_code, NULL) == 0);
        while (!running) usleep(100);
        usleep(2000);
        code[2] = 0x00000013; /* nop */
        __builtin___clear_cache((char *)code, (char *)code + sizeof program);
        CHECK(pthread_join(thread, NULL) == 0);
    }
    CHECK(munmap(code, 4096) == 0);
}

/* Whether the first argument, less 1 if the second is not 0, is 0: the branch is reached both from what computed it and
   from elsewhere. */
long joined(long, long);
asm(".globl joined\n"
    "joined: mv a5, a0\n"
    " beqz a1, 1f\n"
    " addi a5, a5, -1\n"
    "1: beqz a5, 2f\n"
    " li a0, 0\n"
    " ret\n"
    "2: li a0, 1\n"
    " ret\n");

int main(void) {
    CHECK(joined(0, 0) && !joined(5, 0) && joined(1, 1) && !joined(0, 1) && !joined(5, 1));
    for (uint64_t n = 1; n < 40; n++) CHECK(many(n) == many_in_c(n));
    CHECK(many(20000) == many_in_c(20000));
    for (uint64_t n = 1; n < 40; n++) CHECK(many(n) == many_in_c(n));
    copy_faults(copy_sum);
    copy_faults(copy_sum);
    signals();
    patched_by_another_thread();
    return 0;
}
