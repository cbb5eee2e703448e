// flags: -O1
// The files in which the translator keeps translations are cut off at any page while a program runs in them that changes
// its own code: blocks that have begun go on. Natively nothing is kept, and all is as it should be.
#include <dirent.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

enum { PAGES = 96, BASE = 0x30000000, INSNS = 40, SCRATCH = 4088 };

/* A function a page: stores to *a0, then does some sums in one long block; returns a1 + 40 + page. */
static void make_page(uint32_t *code, int page) {
    *code++ = 0x00b53023;                                  /* sd a1, 0(a0) */
    for (int i = 0; i < INSNS; i++) *code++ = 0x00158593;  /* addi a1, a1, 1 */
    *code++ = 0x00058513 | (uint32_t)page << 20;           /* addi a0, a1, page */
    *code++ = 0x00008067;                                  /* ret */
}

static long call(char *code, int page, long *place, long value) {
    return ((long (*)(long *, long))(code + page * 4096))(place, value);
}

/* @returns whether there was a file that long */
static int cut(const char *directory, off_t size) {
    int found = 0;
    DIR *list = opendir(directory);
    CHECK(list != NULL);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;) {
        char path[512];
        struct stat info;
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        CHECK(stat(path, &info) == 0);
        if (!S_ISREG(info.st_mode) || info.st_size <= size) continue;
        found = 1;
        CHECK(chmod(path, 0600) == 0 && truncate(path, size) == 0);
    }
    closedir(list);
    return found;
}

static int child(const char *directory, const char *program, off_t size) {
    int fd = open(program, O_RDONLY);
    CHECK(fd >= 0);
    char *code = mmap((char *)BASE, PAGES * 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_FIXED_NOREPLACE, fd, 0);
    CHECK(code != MAP_FAILED && close(fd) == 0);
    long elsewhere;
    for (int p = 0; p < PAGES; p++) CHECK(call(code, p, &elsewhere, 7) == 7 + INSNS + p && elsewhere == 7);
    if (size == 0) return 0;
    CHECK(mprotect(code, PAGES * 4096, PROT_READ | PROT_WRITE | PROT_EXEC) == 0);
    for (int p = 0; p < PAGES; p++) CHECK(call(code, p, &elsewhere, 8) == 8 + INSNS + p && elsewhere == 8);
    int found = cut(directory, size);
    for (int p = 0; p < PAGES; p++) {
        long *own = (long *)(code + p * 4096 + SCRATCH);
        CHECK(call(code, p, own, p) == 2 * p + INSNS && *own == p);
    }
    return found ? 0 : 77;
}

static int run(char *self, char *directory, char *program, off_t size) {
    pid_t pid = fork();
    CHECK(pid >= 0);
    if (pid == 0) {
        char text[32];
        snprintf(text, sizeof text, "%ld", (long)size);
        execl("/proc/self/exe", self, directory, program, text, NULL);
        _exit(99);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    return WEXITSTATUS(status);
}

int main(int argc, char **argv) {
    if (argc == 4) return child(argv[1], argv[2], atol(argv[3]));
    char directory[] = "/tmp/cut_code.XXXXXX", program[64];
    CHECK(mkdtemp(directory) != NULL);
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
        CHECK(run(argv[0], directory, program, 0) == 0);
        int status = run(argv[0], directory, program, size);
        if (status == 77) break;  /* no file is that long, or none is kept */
        CHECK(status == 0);
    }
    DIR *list = opendir(directory);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;) {
        char path[512];
        snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
        unlink(path);
    }
    CHECK(rmdir(directory) == 0 && unlink(program) == 0);
    return 0;
}
