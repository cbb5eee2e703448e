// Semihosting calls that gdb serves (target=gdb), while a timer interrupts with calls of its own, and a second hart makes
// some, too. Ends with the number of the first check that failed, or 0.
#include "semihosting_call.h"

__asm__(
    ".globl _start\n_start: csrr a0, mhartid\n slli t0, a0, 13\n la sp, stacks + 8192\n add sp, sp, t0\n call run\n"
    ".bss\n.balign 16\nstacks: .space 16384\n.text\n");

enum {
    OPEN = 1, CLOSE, WRITEC, WRITE0, WRITE, READ, ISTTY = 9, SEEK, FLEN = 0xc, REMOVE = 0xe, RENAME, SYSTEM = 0x12, ERRNO,
    GET_CMDLINE = 0x15, EXIT_EXTENDED = 0x20,
};
enum { READ_BINARY = 1, WRITE_NEW = 4, UPDATE_NEW = 6, APPEND = 8 };
enum { EBADF = 9, ENOENT = 2 };
#define CALL(operation, ...) semihosting(operation, (long[]){__VA_ARGS__})

static void quit(long status) {
    semihosting(EXIT_EXTENDED, (long[]){0x20026, status});
}
#define CHECK(number, condition) \
    if (!(condition)) quit(number)

static volatile long out, interrupts, others, wrong;
static volatile unsigned long *const mtime = (void *)0x200bff8, *const mtimecmp = (void *)0x2004000;

__attribute__((interrupt, aligned(4))) static void tick(void) {
    *mtimecmp = *mtime + 20000;  // 2 ms
    interrupts++;
    if (CALL(ISTTY, out) != 1) wrong = 1;
}

static long length(const char *s) {
    long n = 0;
    while (s[n]) n++;
    return n;
}
static char line[400], name[400], other[400], text[100];
static char *join(char *to, const char *a, const char *b) {
    char *at = to;
    while (*a) *at++ = *a++;
    while (*b) *at++ = *b++;
    *at = 0;
    return to;
}
static __attribute__((noinline)) long open(const char *file, long mode) { return CALL(OPEN, (long)file, mode, length(file)); }

static void second_hart(void) {
    while (out == 0) {}
    for (;;) {
        if (CALL(ISTTY, out) != 1) wrong = 2;
        others++;
    }
}

void run(long hart) {
    if (hart != 0) second_hart();
    CHECK(1, semihosting(GET_CMDLINE, (long[]){(long)line, sizeof line}) == 0);
    join(name, line, "/first"), join(other, line, "/second");
    semihosting(WRITE0, "console ");
    semihosting(WRITEC, "Z");
    semihosting(WRITE0, "\n");
    out = open(":tt", WRITE_NEW);
    CHECK(2, out > 0 && CALL(WRITE, out, (long)"standard output\n", 16) == 0);
    // The handler saves floating point registers, too: mstatus.FS.
    __asm__ volatile("csrw mtvec, %0\n csrw mie, %1\n csrs mstatus, %2" : : "r"(tick), "r"(1 << 7), "r"(1 << 13 | 1 << 3));
    *mtimecmp = 0;

    long file = open(name, UPDATE_NEW);
    CHECK(3, file > 0);
    for (int i = 0; i < 20; i++) CHECK(4, CALL(WRITE, file, (long)"0123456789", 10) == 0);
    CHECK(5, CALL(FLEN, file) == 200);
    CHECK(6, CALL(SEEK, file, 4) == 0);
    CHECK(7, CALL(READ, file, (long)text, 3) == 0 && text[0] == '4' && text[2] == '6');
    CHECK(8, CALL(SEEK, file, 195) == 0 && CALL(READ, file, (long)text, 10) == 5 && CALL(READ, file, (long)text, 10) == 10);
    CHECK(9, CALL(ISTTY, file) == 0 && CALL(CLOSE, file) == 0);
    CHECK(10, CALL(CLOSE, file) == -1 && semihosting(ERRNO, 0) == EBADF);
    CHECK(11, open("/nowhere/at/all", READ_BINARY) == -1 && semihosting(ERRNO, 0) == ENOENT);
    CHECK(12, CALL(RENAME, (long)name, length(name), (long)other, length(other)) == 0);
    CHECK(13, CALL(REMOVE, (long)name, length(name)) == -1 && semihosting(ERRNO, 0) == ENOENT);
    CHECK(14, CALL(SYSTEM, (long)"exit 3", 6) == 3);  // gdb tells the status only

    while (interrupts < 5 || (HARTS > 1 && others < 5)) {}
    CHECK(15, !wrong);
    quit(0);
    for (;;) {}
}
