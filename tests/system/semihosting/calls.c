// Every semihosting operation, on bare metal and as a user program. Ends with status 0, or the line of the first check
// that failed (modulo 255, plus 1). Its first argument names a folder that it may write to.
#include "semihosting_call.h"

enum {
    OPEN = 1, CLOSE, WRITEC, WRITE0, WRITE, READ, READC, ISERROR, ISTTY, SEEK, FLEN = 0xc, TMPNAM, REMOVE, RENAME, CLOCK,
    TIME, SYSTEM, ERRNO, GET_CMDLINE = 0x15, HEAPINFO, EXIT = 0x18, SYNCCACHE, EXIT_EXTENDED = 0x20, ELAPSED = 0x30,
    TICKFREQ,
};
enum { READ_BINARY = 1, WRITE_NEW = 4, UPDATE_NEW = 6, APPEND = 8 };
enum { EBADF = 9, EACCES = 13, EINVAL = 22, ENOENT = 2, ENOSYS = 38, E2BIG = 7, EFAULT = 14 };

static void quit(long reason, long status) {
    long block[2] = {reason, status};
    semihosting(EXIT, block);
}
static void check(int right, int line) {
    if (!right) quit(0x20026, line % 255 + 1);
}
#define CHECK(condition) check(condition, __LINE__)
#define CALL(operation, ...) semihosting(operation, (long[]){__VA_ARGS__})
#define FAILS(number, ...) (CHECK((__VA_ARGS__) == -1), CHECK(semihosting(ERRNO, 0) == (number)))

static long length(const char *s) {
    long n = 0;
    while (s[n]) n++;
    return n;
}
static int equal(const char *a, const char *b) {
    while (*a && *a == *b) a++, b++;
    return *a == *b;
}
static char *join(char *to, const char *a, const char *b) {
    char *at = to;
    while (*a) *at++ = *a++;
    while (*b) *at++ = *b++;
    *at = 0;
    return to;
}
static long open(const char *name, long mode) { return CALL(OPEN, (long)name, mode, length(name)); }

static char line[400], text[400], first[400], second[400];

static void test_console(void) {
    semihosting(WRITE0, "console ");
    semihosting(WRITEC, "ABC");
    semihosting(WRITE0, "\n");
    long out = open(":tt", WRITE_NEW), err = open(":tt", APPEND), in = open(":tt", 0);
    CHECK(out > 0 && err > 0 && in > 0 && out != err);
    CHECK(CALL(WRITE, out, (long)"stdout\n", 7) == 0);
    CHECK(CALL(WRITE, err, (long)"stderr\n", 7) == 0);
    CHECK(CALL(ISTTY, out) == 0);
    CHECK(semihosting(READC, 0) == 'i');
    CHECK(CALL(READ, in, (long)text, 3) == 0);
    CHECK(text[0] == 'n' && text[2] == 'u');
    CHECK(CALL(READ, in, (long)text, 100) == 99);   // what there is
    CHECK(CALL(READ, in, (long)text, 100) == 100); // the end
    CHECK(semihosting(READC, 0) == -1);
    CHECK(CALL(CLOSE, out) == 0 && CALL(CLOSE, err) == 0 && CALL(CLOSE, in) == 0);
    FAILS(EBADF, CALL(CLOSE, out));
    out = open(":tt", WRITE_NEW);  // the host's was not closed
    CHECK(CALL(WRITE, out, (long)"again\n", 6) == 0);
}

static void test_files(const char *folder) {
    join(first, folder, "/first"), join(second, folder, "/second");
    FAILS(ENOENT, open(first, READ_BINARY));
    FAILS(EINVAL, open(first, 12));
    FAILS(EINVAL, CALL(OPEN, (long)first, 0, length(first) - 1));
    FAILS(EFAULT, CALL(OPEN, 8, 0, 5));
    long file = open(first, UPDATE_NEW);
    CHECK(file > 0);
    CHECK(CALL(FLEN, file) == 0);
    CHECK(CALL(WRITE, file, (long)"0123456789", 10) == 0);
    CHECK(CALL(FLEN, file) == 10);
    CHECK(CALL(SEEK, file, 4) == 0);
    CHECK(CALL(READ, file, (long)text, 3) == 0);
    text[3] = 0;
    CHECK(equal(text, "456"));
    CHECK(CALL(READ, file, (long)text, 10) == 7);
    CHECK(CALL(READ, file, (long)text, 10) == 10);
    CHECK(CALL(ISTTY, file) == 0);
    CHECK(CALL(CLOSE, file) == 0);
    file = open(first, APPEND);
    CHECK(CALL(WRITE, file, (long)"end", 3) == 0);
    CHECK(CALL(FLEN, file) == 13);
    CHECK(CALL(READ, file, (long)text, 5) == 5);  // not open for reading
    CHECK(semihosting(ERRNO, 0) == EBADF);
    CALL(CLOSE, file);
    CHECK(CALL(RENAME, (long)first, length(first), (long)second, length(second)) == 0);
    FAILS(ENOENT, CALL(RENAME, (long)first, length(first), (long)second, length(second)));
    FAILS(ENOENT, CALL(REMOVE, (long)first, length(first)));
    CHECK(CALL(REMOVE, (long)second, length(second)) == 0);

    // Handles that are none
    CHECK(CALL(WRITE, 99, (long)"x", 1) == 1 && semihosting(ERRNO, 0) == EBADF);
    CHECK(CALL(READ, 99, (long)text, 1) == 1);
    FAILS(EBADF, CALL(ISTTY, 99));
    FAILS(EBADF, CALL(SEEK, 99, 0));
    FAILS(EBADF, CALL(FLEN, 0));

    file = open(":semihosting-features", READ_BINARY);
    CHECK(CALL(FLEN, file) == 5);
    CHECK(CALL(READ, file, (long)text, 5) == 0);
    CHECK(text[0] == 'S' && text[1] == 'H' && text[2] == 'F' && text[3] == 'B' && text[4] == 3);
    CHECK(CALL(SEEK, file, 4) == 0 && CALL(READ, file, (long)text, 9) == 8);
    FAILS(EINVAL, CALL(SEEK, file, 6));
    CHECK(CALL(CLOSE, file) == 0);
    FAILS(EACCES, open(":semihosting-features", WRITE_NEW));
}

static void test_rest(void) {
    CHECK(CALL(ISERROR, -1) == 1 && CALL(ISERROR, 0) == 0 && CALL(ISERROR, 7) == 0);
    CHECK(semihosting(TICKFREQ, 0) == 1000000000);
    long before, after;
    CHECK(semihosting(ELAPSED, &before) == 0 && semihosting(ELAPSED, &after) == 0 && before >= 0 && before <= after);
    CHECK(semihosting(TIME, 0) > 1600000000 && semihosting(CLOCK, 0) >= 0);
    CHECK(semihosting(SYNCCACHE, 0) == 0);
    CHECK(CALL(SYSTEM, (long)"exit 3", 6) == 3 << 8);
    CHECK(CALL(TMPNAM, (long)text, 5, sizeof text) == 0);
    CHECK(CALL(TMPNAM, (long)line, 6, sizeof line) == 0 && !equal(line, text));
    CHECK(CALL(TMPNAM, (long)line, 5, sizeof line) == 0 && equal(line, text));
    CHECK(CALL(TMPNAM, (long)line, 5, length(text)) == -1);
    long heap[4], *place = heap;
    CHECK(semihosting(HEAPINFO, &place) == 0);
    CHECK(heap[0] < heap[1] && heap[2] > heap[3]);
    *(volatile long *)heap[0] = 1;
    ((volatile long *)heap[1])[-1] = 1;
    FAILS(ENOSYS, semihosting(0x77, 0));
    FAILS(EFAULT, semihosting(WRITE0, (void *)8));
    // A plain ebreak elsewhere, and a call that is compressed or crosses a page, are none: not tried here.
}

void run(void) {
    long block[2] = {(long)line, sizeof line};
    CHECK(semihosting(GET_CMDLINE, block) == 0);
    CHECK(block[1] == length(line));
    block[1] = 2;
    FAILS(E2BIG, semihosting(GET_CMDLINE, block));
    char *folder = line;
    while (*folder && *folder != ' ') folder++;
    CHECK(*folder == ' ');
    folder++;
    char *end = folder;
    while (*end && *end != ' ') end++;
    CHECK(equal(end, " two words"));
    *end = 0;
    test_files(folder);
    test_console();
    test_rest();
    // The status is that of SYS_EXIT_EXTENDED; other reasons than the application's end are 1.
    if (folder[length(folder) - 1] == '/') quit(0x20023, 5);
    semihosting(EXIT_EXTENDED, (long[]){0x20026, 0});
    for (;;) {}
}
