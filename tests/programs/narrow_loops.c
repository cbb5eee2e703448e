// flags: -O1
/* Loops over 32-bit values: registers hold sign extensions at every exit, fault and signal, whatever W instructions
   between them did. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <ucontext.h>

#include "check.h"
#include "fault_registers.h"

/* a0: bytes, a1: their end; a4 and a3 begin with `start`. Adds up in 32 bits: a4 the bytes, a3 the sums; the result is
   a3 ^ (a4 << 1), all 64 bits of both. */
uint64_t adler(const uint8_t *from, const uint8_t *end, uint64_t start);
/* The same, left in the middle of a pass at the first byte that is 0. */
uint64_t adler_to_zero(const uint8_t *from, const uint8_t *end, uint64_t start);
/* Adds a1 to a0 in 32 bits, a2 times, but only in every eighth pass; the sum of what a0 was, all 64 bits, in each pass. */
uint64_t seldom(uint64_t value, uint64_t add, uint64_t times);
/* A 32-bit sum, whose value is added up in 64 bits in each pass. */
uint64_t seen_whole(uint64_t value, uint64_t add, uint64_t times);
/* Hands values on from register to register, `times` times; the first is a 32-bit sum of words, the others, of which a4
   is the last, begin with `start`. In between a4 is a 32-bit sum itself. */
void hand_on(const int32_t *from, uint64_t start, uint64_t times);
/* For ever: a 32-bit sum and exclusive or. */
void for_ever(uint64_t value, uint64_t add);
extern char for_ever_loop[], for_ever_end[];
asm(".option push\n .option norvc\n"
    ".globl adler, adler_to_zero, seldom, seen_whole, hand_on, for_ever, for_ever_loop, for_ever_end\n"
    "adler: mv a4, a2\n mv a3, a2\n"
    "1: lbu a5, 0(a0)\n addi a0, a0, 1\n addw a4, a4, a5\n addw a3, a3, a4\n bne a0, a1, 1b\n"
    " slli a4, a4, 1\n xor a0, a3, a4\n ret\n"
    "adler_to_zero: mv a4, a2\n mv a3, a2\n"
    "1: lbu a5, 0(a0)\n addi a0, a0, 1\n addw a4, a4, a5\n beqz a5, 2f\n addw a3, a3, a4\n bne a0, a1, 1b\n"
    "2: slli a4, a4, 1\n xor a0, a3, a4\n ret\n"
    "seldom: li a5, 0\n"
    "1: andi a4, a2, 7\n add a5, a5, a0\n addi a2, a2, -1\n bnez a4, 2f\n addw a0, a0, a1\n 2: bnez a2, 1b\n"
    " mv a0, a5\n ret\n"
    "seen_whole: li a5, 0\n"
    "1: addw a0, a0, a1\n addi a2, a2, -1\n add a5, a5, a0\n subw a0, a0, a2\n bnez a2, 1b\n"
    " xor a0, a0, a5\n ret\n"
    "hand_on: mv a4, a1\n mv a5, a1\n mv a6, a1\n mv a7, a1\n mv t3, a1\n mv t4, a1\n mv t5, a1\n mv t6, a1\n"
    "1: lw a3, 0(a0)\n addw a4, a4, a3\n lw a3, 4(a0)\n mv a4, a5\n mv a5, a6\n mv a6, a7\n mv a7, t3\n"
    " mv t3, t4\n mv t4, t5\n mv t5, t6\n addw t6, t6, a3\n addi a0, a0, 8\n addi a2, a2, -1\n bnez a2, 1b\n"
    " ret\n"
    "for_ever: li a4, 1\n li a5, 1\n"
    "for_ever_loop: addw a0, a0, a1\n addi a4, a4, 1\n subw a5, a5, a0\n xor a5, a5, a0\n bnez a4, for_ever_loop\n"
    "for_ever_end: ret\n"
    ".option pop\n");

/* A call, so that the loops that say what is right are not loops of the kind that is tested. */
static uint64_t extend_word(uint64_t value) { return (uint64_t)(int64_t)(int32_t)value; }
static uint64_t (*volatile extend)(uint64_t) = extend_word;

enum { kSize = 1 << 16, kA0 = 10, kA1, kA3 = 13, kA4, kA5 };
static uint8_t *bytes;

static uint64_t adler_in_c(const uint8_t *from, const uint8_t *end, uint64_t start, int to_zero, uint64_t *a4) {
    uint64_t a = start, b = start;
    do {
        a = extend(a + *from);
        if (to_zero && *from == 0) break;
        b = extend(b + a);
    } while (++from != end);
    *a4 = a;
    return b;
}

static void exits(void) {
    for (int round = 0; round < 400; round++) {
        /* Short and long loops, begun with values that are extensions and others. */
        const uint64_t start = (uint64_t)round * 0x123456789abcdef1u;
        const int length = round % 3 == 0 ? 1 + round % 50 : 2000 + round * 7;
        uint64_t a4, a3;
        bytes[length / 2] = 0;
        a3 = adler_in_c(bytes, bytes + length, start, 0, &a4);
        CHECK(adler(bytes, bytes + length, start) == (a3 ^ a4 << 1));
        a3 = adler_in_c(bytes, bytes + length, start, 1, &a4);
        CHECK(adler_to_zero(bytes, bytes + length, start) == (a3 ^ a4 << 1));
        bytes[length / 2] = 99;

        uint64_t value = start, sum = 0, times = (uint64_t)length;
        do {
            sum += value;
            if ((times & 7) == 0) value = extend(value + 0x7654321);
        } while (--times != 0);
        CHECK(seldom(start, 0x7654321, (uint64_t)length) == sum);
        value = start, sum = 0, times = (uint64_t)length;
        do {
            value = extend(value + 0x7654321);
            sum += value;
            value = extend(value - --times);
        } while (times != 0);
        CHECK(seen_whole(start, 0x7654321, (uint64_t)length) == (sum ^ value));
    }
}

/* Registers that hold extensions only after some passes: a loop may be left before that. */
static void not_extended_yet(void) {
    const uint64_t start = 0x123456789abcdef0;
    for (int round = 0; round < 8; round++) hand_on((const int32_t *)bytes, 5, 3000);
    for (int passes = 0; passes < 20; passes++) {
        const int32_t *from = (const int32_t *)(bytes + kSize) - 2 * passes;
        if (sigsetjmp(after_fault, 1) == 0) {
            hand_on(from, start, 100);
            CHECK(!"no fault");
        }
        uint64_t a4 = start;
        if (passes >= 8) {
            a4 = extend(start + (uint64_t)from[1]);
            for (int i = 1; i < passes - 7; i++) a4 = extend(a4 + (uint64_t)from[2 * i + 1]);
        }
        CHECK(seen[kA4] == a4);
    }
}

static void faults(void) {
    catch_faults();
    not_extended_yet();
    for (int round = 0; round < 40; round++) {
        const int length = round % 2 == 0 ? kSize - round : 3 + round;
        const uint64_t start = (uint64_t)round * 0x9e3779b97f4a7c15u;
        const uint8_t *end = bytes + kSize;
        if (sigsetjmp(after_fault, 1) == 0) {
            adler(end - length, NULL, start);
            CHECK(!"no fault");
        }
        uint64_t a4;
        const uint64_t a3 = adler_in_c(end - length, end, start, 0, &a4);
        CHECK(seen[kA0] == (uint64_t)end && seen[kA3] == a3 && seen[kA4] == a4 && seen[kA5] == end[-1]);
    }
}

static sigjmp_buf after_signal;
static volatile int signals_seen;

static void on_alarm(int number, siginfo_t *info, void *context) {
    const ucontext_t *uc = context;
    const uint64_t a0 = uc->uc_mcontext.__gregs[kA0], a5 = uc->uc_mcontext.__gregs[kA5];
    const uint64_t pc = uc->uc_mcontext.__gregs[0];
    if (pc >= (uint64_t)for_ever_loop && pc < (uint64_t)for_ever_end) CHECK(a0 == extend(a0) && a5 == extend(a5));
    (void)number, (void)info;
    if (++signals_seen == 20) siglongjmp(after_signal, 1);
}

static void signals(void) {
    const struct sigaction action = {.sa_sigaction = on_alarm, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    const struct itimerval often = {{0, 2000}, {0, 2000}}, never = {{0, 0}, {0, 0}};
    if (sigsetjmp(after_signal, 1) == 0) {
        CHECK(setitimer(ITIMER_REAL, &often, NULL) == 0);
        for_ever(77, 0x1234567);
        CHECK(!"left the loop");
    }
    CHECK(setitimer(ITIMER_REAL, &never, NULL) == 0);
}

int main(void) {
    bytes = mmap(NULL, kSize + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(bytes != MAP_FAILED && mprotect(bytes + kSize, 4096, PROT_NONE) == 0);
    for (int i = 0; i < kSize; i++) bytes[i] = (uint8_t)(i * 37 | 1);
    exits();
    faults();
    signals();
    return 0;
}
