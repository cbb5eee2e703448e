// flags: -O1
// The files in which the translator keeps translations are cut off at any page while a program runs in them that changes
// its own code: blocks that have begun go on, and none leads to code that is no more. Natively nothing is kept, and all is as
// it should be.
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "check.h"
#include "cut_files.h"

enum { PAGES = 96, BASE = 0x30000000, INSNS = 40, CHAIN = 512, DRIVER = 1024, SCRATCH = 4088, RET = 0x00008067 };

static uint32_t addi_a0(int count) { return 0x00050513 | (uint32_t)count << 20; }

/* Of page 0: with r = -1, does r = f(i, r); if it is not negative, r = the chain's result; for i = 0, 1, ...; until it is. */
static const uint32_t driver[] = {
    0xfe010113, /* addi sp, sp, -32 */ 0x00113023, /* sd ra, 0(sp) */ 0x00813423, /* sd s0, 8(sp) */
    0x00913823, /* sd s1, 16(sp) */    0x00050413, /* mv s0, a0 */    0x00000493, /* li s1, 0 */
    0xfff00593, /* li a1, -1 */        0x00048513, /* 1: mv a0, s1 */ 0x000400e7, /* jalr s0 */
    0x00054a63, /* bltz a0, 2f */      0x5d9000ef, /* jal chain */    0x00050593, /* mv a1, a0 */
    0x00148493, /* addi s1, s1, 1 */   0xfe9ff06f, /* j 1b */         0x00013083, /* 2: ld ra, 0(sp) */
    0x00813403, /* ld s0, 8(sp) */     0x01013483, /* ld s1, 16(sp)*/ 0x02010113, /* addi sp, sp, 32 */
    RET,
};

/* A function a page: stores to *a0, then does some sums in one long block; returns a1 + 40 + page. And a link of the chain,
   which begins on page 1: adds 1 to a0, and jumps to the next page's. */
static void make_page(uint32_t *code, int page) {
    const uint32_t next = 4096 - 4;
    uint32_t *function = code;
    *function++ = 0x00b53023;                                  /* sd a1, 0(a0) */
    for (int i = 0; i < INSNS; i++) *function++ = 0x00158593;  /* addi a1, a1, 1 */
    *function++ = 0x00058513 | (uint32_t)page << 20;           /* addi a0, a1, page */
    *function++ = RET;
    code[CHAIN / 4] = addi_a0(1);
    code[CHAIN / 4 + 1] = page == PAGES - 1 ? RET : 0x6f | (next >> 1 & 0x3ff) << 21 | (next >> 11 & 1) << 20;
    if (page == 0) memcpy(code + DRIVER / 4, driver, sizeof driver);
}

static char *code;
static const char *directory;
static off_t cut_size;
static int found;

static long call(int page, long *place, long value) { return ((long (*)(long *, long))(code + page * 4096))(place, value); }
static void drive(long (*f)(long, long)) { ((void (*)(long (*)(long, long)))(code + DRIVER))(f); }

static off_t at(off_t length, long argument) { (void)length; return argument; }

static long run_twice(long turn, long result) {
    CHECK(result == (turn == 0 ? -1 : PAGES - 1));
    return turn < 2 ? 0 : -1;
}

/* What runs when the files are cut off leads to code that changes then. */
static long change_links(long turn, long result) {
    CHECK(result == (turn == 0 ? -1 : turn == 1 ? PAGES - 1 : PAGES - 1 + turn - 1));
    if (turn == 0) return 0;
    if (turn == 1) {
        found = cut_files(directory, at, cut_size);
        CHECK(mprotect(code + 4096, (PAGES - 1) * 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    }
    if (turn == PAGES) return -1;
    *(uint32_t *)(code + turn * 4096 + CHAIN) = addi_a0(2);
    __asm__ volatile("fence.i" : : : "memory");
    return 0;
}

static void store_to_own_pages(void) {
    long elsewhere;
    CHECK(mprotect(code, PAGES * 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    for (int p = 0; p < PAGES; p++) CHECK(call(p, &elsewhere, 8) == 8 + INSNS + p && elsewhere == 8);
    found = cut_files(directory, at, cut_size);
    for (int p = 0; p < PAGES; p++) {
        long *own = (long *)(code + p * 4096 + SCRATCH);
        CHECK(call(p, own, p) == 2 * p + INSNS && *own == p);
    }
}

static int child(const char *program, const char *what) {
    int fd = open(program, O_RDONLY);
    CHECK(fd >= 0);
    code = mmap((char *)BASE, PAGES * 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
    CHECK(code != MAP_FAILED && close(fd) == 0);
    if (strcmp(what, "links") == 0) {
        drive(change_links);
        return found ? 0 : 77;
    }
    drive(run_twice);
    long elsewhere;
    for (int p = 0; p < PAGES; p++) CHECK(call(p, &elsewhere, 7) == 7 + INSNS + p && elsewhere == 7);
    if (strcmp(what, "nothing") == 0) return 0;
    store_to_own_pages();
    return found ? 0 : 77;
}

static int run(char *self, char *program, off_t size, char *what) {
    char text[32];
    snprintf(text, sizeof text, "%ld", (long)size);
    int status = run_again((char *[]){self, (char *)directory, program, text, what, NULL});
    CHECK(WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    if (argc == 5) {
        directory = argv[1];
        cut_size = atol(argv[3]);
        return child(argv[2], argv[4]);
    }
    char name[] = "/tmp/cut_code.XXXXXX", program[64];
    CHECK((directory = mkdtemp(name)) != NULL);
    snprintf(program, sizeof program, "%s.code", directory);
    int fd = open(program, O_CREAT | O_TRUNC | O_WRONLY, 0755);
    CHECK(fd >= 0);
    for (int p = 0; p < PAGES; p++) {
        uint32_t page[1024] = {0};
        make_page(page, p);
        CHECK(write(fd, page, sizeof page) == sizeof page);
    }
    CHECK(close(fd) == 0);
    CHECK(setenv("DRAGOMAN_TB_CACHE", directory, 1) == 0);
    for (off_t size = 4096; size <= 16 * 4096; size += 4096) {
        int status = 0;
        for (int i = 0; i < 2 && status == 0; i++) {
            CHECK(run(argv[0], program, 0, "nothing") == 0);
            status = run(argv[0], program, size, i == 0 ? "stores" : "links");
        }
        if (status == 77) {  /* no file is that long */
            CHECK(size > 4096 || !translations_are_kept());
            break;
        }
        CHECK(status == 0);
    }
    remove_directory(directory);
    CHECK(unlink(program) == 0);
    return 0;
}
