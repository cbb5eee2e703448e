// flags: -O1
/* What one process sees of another under /proc: the program that it runs, not what runs that. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
#include "read_file.h"

static char path[64];
static pid_t child;

static long read_other(const char *name) {
    snprintf(path, sizeof path, "/proc/%d/%s", child, name);
    return read_file(path);
}

static int has_line(unsigned long address, const char *perms, const char *name) {
    for (char *row = text; *row; row = strchr(row, '\n') + 1) {
        unsigned long start, end;
        char p[8], n[4200] = "";
        CHECK(sscanf(row, "%lx-%lx %7s %*x %*x:%*x %*u%4199[^\n]", &start, &end, p, n) >= 3);
        if (start <= address && address < end) return !strcmp(p, perms) && strstr(n, name) != NULL;
    }
    return 0;
}

int main(int argc, char **argv);

struct report {
    unsigned long main, local, heap, none, anon, entry;
};

static int report(int out, int in) {
    char byte;
    struct report r;
    r.main = (uintptr_t)main;
    r.local = (uintptr_t)&r;
    r.heap = (uintptr_t)malloc(64);
    r.none = (uintptr_t)mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    r.anon = (uintptr_t)mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    r.entry = getauxval(AT_ENTRY);
    *(volatile int *)r.anon = 42;
    CHECK(write(out, &r, sizeof r) == sizeof r);
    return (int)read(in, &byte, 1);
}

int main(int argc, char **argv) {
    if (argc == 3) return report(atoi(argv[1]), atoi(argv[2]));
    int from[2], to[2], status;
    char real[4096], out[16], in[16], target[4096] = "";
    CHECK(pipe(from) == 0 && pipe(to) == 0 && realpath(argv[0], real));
    snprintf(out, sizeof out, "%d", from[1]);
    snprintf(in, sizeof in, "%d", to[0]);
    child = fork();
    if (child == 0) {
        close(from[0]);
        close(to[1]);
        execle(real, "another name", out, in, (char *)0, (char *[]){"ONE=1", "TWO=2", NULL});
        _exit(9);
    }
    close(from[1]);
    struct report r;
    CHECK(read(from[0], &r, sizeof r) == sizeof r);

    long size = read_other("cmdline"), expected = snprintf(target, sizeof target, "another name%c%s%c%s", 0, out, 0, in) + 1;
    CHECK(size == expected && memcmp(text, target, (size_t)size) == 0);
    CHECK(read_other("environ") == 12 && memcmp(text, "ONE=1\0TWO=2", 12) == 0);
    CHECK(read_other("comm") > 0 && strncmp(text, "proc_other", 10) == 0);
    snprintf(path, sizeof path, "/proc/%d/exe", child);
    struct stat a, b;
    memset(target, 0, sizeof target);
    CHECK(readlink(path, target, sizeof target - 1) > 0 && !strcmp(target, real));
    CHECK(stat(path, &a) == 0 && stat(real, &b) == 0 && a.st_ino == b.st_ino);
    int fd = open(path, O_RDONLY);
    CHECK(fd >= 0 && fstat(fd, &a) == 0 && a.st_ino == b.st_ino);
    unsigned long pair[2] = {0, 0}, entry = 0;
    size = read_other("auxv");
    for (long at = 0; at + 16 <= size; at += 16) {
        memcpy(pair, text + at, 16);
        if (pair[0] == AT_ENTRY) entry = pair[1];
    }
    CHECK(entry == r.entry && pair[0] == AT_NULL);
    const char *rwx = "rwxp";
    read_other("maps");
    CHECK(has_line(r.main, "r-xp", real) && has_line(r.local, "rw-p", "[stack]") && has_line(r.heap, "rw-p", "[heap]"));
    CHECK(has_line(r.none, "---p", "") && has_line(r.anon, rwx, "") && strstr(text, "[vdso]") && strstr(text, "[vvar]"));
    int lines = 0;
    for (char *row = text; (row = strchr(row, '\n')); row++) lines++;
    CHECK(lines < 25 && !strstr(text, "dragoman-") && !strstr(text, "libstdc++"));
    read_other("smaps");
    CHECK(strstr(text, "[stack]\nSize: ") && strstr(text, "VmFlags: rd ex "));
    read_other("stat");
    unsigned long code, end;
    CHECK(sscanf(strrchr(text, ')') + 1, " %*c%*d%*d%*d%*d%*d%*u%*u%*u%*u%*u%*u%*u%*d%*d%*d%*d%*d%*d%*u%*u%*d%*u%lu%lu", &code,
                 &end) == 2);
    CHECK(code <= r.main && r.main < end);
    snprintf(path, sizeof path, "/proc/%d/mem", child);
    int value = 0, mem = open(path, O_RDONLY);
    CHECK(mem < 0 || (pread(mem, &value, sizeof value, (off_t)r.anon) == sizeof value && value == 42));
    close(to[1]);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    return 0;
}
