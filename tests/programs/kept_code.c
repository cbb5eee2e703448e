// flags: -O1
// Code of a file that changes: translations that were kept of it by the processes before this one must not be used for
// what is there now. Natively nothing is kept, and all is as it should be.
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { PAGES = 16, FUNCTIONS = 64, STRIDE = 4096 / FUNCTIONS, BASE = 0x30000000 };

/* Function f of page p: 16 instructions; returns p * 100 + f + version, by way of some branches that are always taken. */
static void make_function(uint32_t *code, int value) {
    *code++ = 0x00000513 | (uint32_t)(value & 0x7ff) << 20;         /* li a0, value's low bits */
    *code++ = 0x000005b7 | (uint32_t)(value >> 11) << 12;           /* lui a1, the rest */
    *code++ = 0x0015d593;                                           /* srli a1, a1, 1 */
    *code++ = 0x00b50533;                                           /* add a0, a0, a1 */
    for (int i = 0; i < 5; i++) {
        *code++ = 0x00000463;                                       /* beqz zero, over the next */
        *code++ = 0x00150513;                                       /* addi a0, a0, 1 */
    }
    *code++ = 0x00008067;                                           /* ret */
}
static int value_of(int page, int function, int version) { return page * 100 + function + version * 2000; }
static void make_page(uint32_t *code, int page, int version) {
    for (int f = 0; f < FUNCTIONS; f++) make_function(code + f * STRIDE / 4, value_of(page, f, version));
}

static const char *file;

static void write_file(const char *name, int version) {
    uint32_t page[1024];
    int fd = open(name, O_CREAT | O_TRUNC | O_WRONLY, 0755);
    CHECK(fd >= 0);
    for (int p = 0; p < PAGES; p++) {
        make_page(page, p, version);
        CHECK(write(fd, page, sizeof page) == sizeof page);
    }
    CHECK(close(fd) == 0);
}
static char *map_at(char *address, int prot, int flags) {
    int fd = open(file, (flags & MAP_SHARED) != 0 ? O_RDWR : O_RDONLY);
    CHECK(fd >= 0);
    char *map = mmap(address, PAGES * 4096, prot, flags, fd, 0);
    CHECK(map != MAP_FAILED);
    close(fd);
    return map;
}
static char *map_code(void) {
    return map_at((char *)BASE, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE);
}
static int call(char *code, int page, int function) {
    return ((int (*)(void))(code + page * 4096 + function * STRIDE))();
}
static void check_page(char *code, int page, int version) {
    for (int f = 0; f < FUNCTIONS; f++) CHECK(call(code, page, f) == value_of(page, f, version));
}
static void check_all(char *code, int version) {
    for (int p = 0; p < PAGES; p++) check_page(code, p, version);
}

/* Each step is a process of its own. Each first makes use of page 0, and so of all that was kept. */

static void all(int version) { check_all(map_code(), version); }
static void fill(void) { all(0); }

static void mprotect_and_write(void) {
    char *code = map_code();
    check_page(code, 0, 0);
    for (int p = 1; p < 4; p++) {
        CHECK(mprotect(code + p * 4096, 4096, PROT_READ | PROT_WRITE) == 0);
        make_page((uint32_t *)(code + p * 4096), p, 5);
        CHECK(mprotect(code + p * 4096, 4096, PROT_READ | PROT_EXEC) == 0);
        __builtin___clear_cache(code + p * 4096, code + (p + 1) * 4096);
        check_page(code, p, 5);
    }
    /* Writable code: each store is one. */
    CHECK(mprotect(code, PAGES * 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    check_page(code, 5, 0);
    for (int i = 0; i < 20; i++) {
        make_function((uint32_t *)(code + 5 * 4096), 7 + i);
        __builtin___clear_cache(code + 5 * 4096, code + 5 * 4096 + 64);
        CHECK(call(code, 5, 0) == 7 + i);
        CHECK(call(code, 5, 1) == value_of(5, 1, 0));
        CHECK(call(code, 0, 3) == value_of(0, 3, 0));
    }
    check_page(code, 4, 0);
    check_page(code, 6, 0);
}

static void other_mapping(void) {
    char *code = map_code();
    check_page(code, 0, 0);
    check_page(code, 2, 0);
    char *alias = map_at(NULL, PROT_READ | PROT_WRITE, MAP_SHARED);
    for (int p = 1; p < 3; p++) {
        make_page((uint32_t *)(alias + p * 4096), p, 3);
        if (p == 1) asm volatile("fence.i" ::: "memory");
        else __builtin___clear_cache(code + p * 4096, code + (p + 1) * 4096);
        for (int f = 0; f < FUNCTIONS; f++) {
            /* A private page may show the change or not (POSIX); Linux shows it. */
            CHECK(call(code, p, f) == value_of(p, f, 3));
        }
    }
    check_page(code, 3, 0);
    for (int p = 1; p < 3; p++) make_page((uint32_t *)(alias + p * 4096), p, 0);
    CHECK(munmap(alias, PAGES * 4096) == 0);
}

static void unmapped(void) {
    char *code = map_code();
    check_all(code, 0);
    CHECK(munmap(code, PAGES * 4096) == 0);
    code = mmap(code, PAGES * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(code == (char *)BASE);
    for (int p = 0; p < PAGES; p++) make_page((uint32_t *)(code + p * 4096), p, p == 3 ? 0 : 9);
    CHECK(mprotect(code, PAGES * 4096, PROT_READ | PROT_EXEC) == 0);
    __builtin___clear_cache(code, code + PAGES * 4096);
    for (int p = 0; p < PAGES; p++) check_page(code, p, p == 3 ? 0 : 9);
    CHECK(munmap(code, PAGES * 4096) == 0);
    for (int i = 0; i < 3; i++) {
        check_all(map_code(), 0);
        CHECK(munmap(code, PAGES * 4096) == 0);
    }
}

static void forked(void) {
    char *code = map_code();
    check_page(code, 0, 0);
    for (int i = 0; i < 4; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            CHECK(mprotect(code + 4096, 4096, PROT_READ | PROT_WRITE) == 0);
            make_page((uint32_t *)(code + 4096), 1, i + 1);
            CHECK(mprotect(code + 4096, 4096, PROT_READ | PROT_EXEC) == 0);
            check_page(code, 1, i + 1);
            check_page(code, 2, 0);
            _exit(0);
        }
        int status;
        check_page(code, 1, 0);
        CHECK(waitpid(child, &status, 0) == child && status == 0);
    }
    check_all(code, 0);
}

/* The file gets other contents under this process and under its name, and nothing else about it tells. */
static void set_times(const struct stat *info) {
    struct timespec times[2] = {info->st_atim, info->st_mtim};
    CHECK(utimensat(AT_FDCWD, file, times, 0) == 0);
}
static void replaced(void) {
    char *code = map_code();
    check_page(code, 0, 0);
    char other[4096];
    snprintf(other, sizeof other, "%s.other", file);
    struct stat info;
    CHECK(stat(file, &info) == 0);
    write_file(other, 4);
    CHECK(rename(other, file) == 0);
    set_times(&info);
    check_all(code, 0); /* the old file is still mapped */
}
static void rewritten(void) {
    struct stat info;
    CHECK(stat(file, &info) == 0);
    int fd = open(file, O_RDWR);
    uint32_t page[1024];
    for (int p = 0; p < PAGES; p += 2) {
        make_page(page, p, 6);
        CHECK(pwrite(fd, page, sizeof page, p * 4096) == sizeof page);
    }
    close(fd);
    set_times(&info);
}
static void version4(void) { all(4); }
static void mixed(void) {
    char *code = map_code();
    for (int p = 0; p < PAGES; p++) check_page(code, p, p % 2 == 0 ? 6 : 4);
}

static const struct {
    const char *name;
    void (*run)(void);
} steps[] = {{"fill", fill}, {"all", fill}, {"mprotect_and_write", mprotect_and_write}, {"other_mapping", other_mapping},
             {"again", fill}, {"unmapped", unmapped}, {"forked", forked}, {"replaced", replaced},
             {"version4", version4}, {"version4 kept", version4}, {"rewritten", rewritten}, {"mixed", mixed},
             {"mixed kept", mixed}, {"mixed again", mixed}};

static void run_step(const char *self, const char *name, int twice) {
    for (int i = 0; i <= twice; i++) {
        pid_t child = fork();
        CHECK(child >= 0);
        if (child == 0) {
            execl(self, self, name, file, NULL);
            _exit(99);
        }
    }
    int status;
    for (int i = 0; i <= twice; i++) {
        CHECK(wait(&status) > 0);
        if (status != 0) {
            fprintf(stderr, "%s: %x\n", name, status);
            exit(1);
        }
    }
}

int main(int argc, char **argv) {
    if (argc == 3) {
        file = argv[2];
        for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) {
            if (strcmp(steps[i].name, argv[1]) == 0) steps[i].run();
        }
        return 0;
    }
    char name[] = "kept_code.XXXXXX";
    CHECK(mkdtemp(name) != NULL);
    char path[100];
    snprintf(path, sizeof path, "%s/code", name);
    file = path;
    write_file(file, 0);
    /* The first step runs twice at once: both want to write what is to be kept. */
    for (unsigned i = 0; i < sizeof steps / sizeof *steps; i++) run_step("/proc/self/exe", steps[i].name, i == 0);
    CHECK(unlink(file) == 0 && rmdir(name) == 0);
    puts("ok");
    return 0;
}
