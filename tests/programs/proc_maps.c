// flags: -O1
/* /proc/self/maps, smaps, numa_maps, stat, statm: every field as the kernel prints it. Runs natively too. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include "check.h"
#include "read_file.h"

struct line {
    unsigned long start, end, offset, inode;
    unsigned major, minor;
    char perms[8], name[4200];
};
enum { kPage = 4096 };
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static int parse(const char *row, struct line *l) {
    l->name[0] = 0;
    return sscanf(row, "%lx-%lx %7s %lx %x:%x %lu %4199[^\n]", &l->start, &l->end, l->perms, &l->offset, &l->major, &l->minor,
                  &l->inode, l->name) >= 7;
}

/* The line of /proc/self/maps about `address`. */
static struct line *find(const void *address) {
    static struct line l;
    char row[8400];
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long last = 0;
    int found = 0;
    while (!found && fgets(row, sizeof row, maps)) {
        CHECK(parse(row, &l) && l.start >= last && l.start < l.end);
        last = l.end;
        found = l.start <= (uintptr_t)address && (uintptr_t)address < l.end;
        /* The name begins in column 73 (from 0) unless the numbers need more; without one there is a blank at the end. */
        if (l.name[0]) CHECK(row[72] == ' ' && (row[73] == l.name[0] || strlen(row) - strlen(l.name) > 74));
        else CHECK(row[strlen(row) - 2] == ' ');
    }
    fclose(maps);
    if (!found) memset(&l, 0, sizeof l);
    return &l;
}

static unsigned long field_of_smaps(const void *address, const char *name) {
    char row[8400], field[64];
    struct line l = {0};
    FILE *smaps = fopen("/proc/self/smaps", "r");
    unsigned long value = ~0ul, inside = 0;
    while (fgets(row, sizeof row, smaps)) {
        unsigned long v;
        if (row[0] < 'A' || row[0] > 'Z') {
            CHECK(parse(row, &l));
            inside = l.start <= (uintptr_t)address && (uintptr_t)address < l.end;
        } else if (inside && sscanf(row, "%63[^:]: %lu kB", field, &v) == 2 && !strcmp(field, name)) {
            value = v;
        }
    }
    fclose(smaps);
    return value;
}

static void files(void) {
    char name[] = "/tmp/proc_maps.XXXXXX", shown[64];
    int fd = mkstemp(name);
    struct stat info;
    CHECK(fd >= 0 && ftruncate(fd, 4 * kPage) == 0 && fstat(fd, &info) == 0);
    char *whole = mmap(NULL, 4 * kPage, PROT_READ, MAP_PRIVATE, fd, 0);
    char *part = mmap(NULL, kPage, RW, MAP_SHARED, fd, 2 * kPage);
    struct line *l = find(part);
    CHECK(l->inode == info.st_ino && l->major == major(info.st_dev) && l->minor == minor(info.st_dev));
    CHECK(l->offset == 2 * kPage && !strcmp(l->perms, "rw-s") && !strcmp(l->name, name) && l->end - l->start == kPage);
    CHECK(mprotect(whole + kPage, kPage, PROT_NONE) == 0);
    l = find(whole + kPage);
    CHECK(l->offset == kPage && !strcmp(l->perms, "---p") && !strcmp(l->name, name));
    l = find(whole + 2 * kPage);
    CHECK(l->offset == 2 * kPage && l->end - l->start == 2 * kPage && l->inode == info.st_ino);
    /* Mapped in two calls, one mapping. */
    CHECK(munmap(whole + 2 * kPage, 2 * kPage) == 0);
    CHECK(mmap(whole + 2 * kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 2 * kPage) != MAP_FAILED);
    CHECK(mmap(whole + 3 * kPage, kPage, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 3 * kPage) != MAP_FAILED);
    l = find(whole + 3 * kPage);
    CHECK(l->start == (uintptr_t)(whole + 2 * kPage) && l->end - l->start == 2 * kPage);
    CHECK(unlink(name) == 0);
    snprintf(shown, sizeof shown, "%s (deleted)", name);
    CHECK(!strcmp(find(part)->name, shown) && find(part)->inode == info.st_ino);
}

struct query {
    uint64_t size, flags, address, start, end, mapping_flags, page_size, offset, inode;
    uint32_t major, minor, name_size, build_id_size;
    uint64_t name_address, build_id_address;
};

/* PROCMAP_QUERY, where the kernel has it (6.11). */
static void query(const void *code, const void *stack) {
    char name[4096];
    int fd = open("/proc/self/maps", O_RDONLY);
    struct query q = {.size = sizeof q, .address = (uintptr_t)code, .name_size = sizeof name, .name_address = (uintptr_t)name};
    int result = ioctl(fd, _IOWR('f', 17, struct query), &q);
    if (result != 0 && errno == ENOTTY) return;
    struct line *l = find(code);
    CHECK(result == 0 && q.start == l->start && q.end == l->end && q.mapping_flags == 5 && q.inode == l->inode);
    CHECK(q.offset == l->offset && q.major == l->major && q.minor == l->minor && q.page_size == kPage && !strcmp(name, l->name));
    q = (struct query){.size = sizeof q, .address = (uintptr_t)code, .flags = 16 | 2};
    CHECK(ioctl(fd, _IOWR('f', 17, struct query), &q) == 0 && q.start > (uintptr_t)code && (q.mapping_flags & 2));
    q = (struct query){.size = sizeof q, .address = (uintptr_t)stack, .flags = 4};
    CHECK(FAILS(ioctl(fd, _IOWR('f', 17, struct query), &q), ENOENT));
    q = (struct query){.size = sizeof q, .address = (uintptr_t)stack, .flags = 64};
    CHECK(FAILS(ioctl(fd, _IOWR('f', 17, struct query), &q), EINVAL));
    q = (struct query){.size = 8};
    CHECK(FAILS(ioctl(fd, _IOWR('f', 17, struct query), &q), EINVAL));
    q = (struct query){.size = sizeof q, .address = (uintptr_t)code, .name_size = 2, .name_address = (uintptr_t)name};
    CHECK(FAILS(ioctl(fd, _IOWR('f', 17, struct query), &q), ENAMETOOLONG));
    close(fd);
}

#ifdef __riscv
/* The kernel's data for the vDSO: four pages in front of it. */
static void vvar(void) {
    struct line vdso = *find((void *)getauxval(AT_SYSINFO_EHDR)), *l = find((void *)(vdso.start - 1));
    CHECK(!strcmp(vdso.name, "[vdso]") && !strcmp(vdso.perms, "r-xp"));
    CHECK(!strcmp(l->name, "[vvar]") && !strcmp(l->perms, "r--p") && l->end == vdso.start && l->end - l->start == 4 * kPage);
    CHECK(l->offset == 0 && l->inode == 0 && field_of_smaps((void *)l->start, "Rss") == 0);
    read_file("/proc/self/smaps");
    CHECK(strstr(text, "\nVmFlags: rd mr pf io dd \n"));
}
#endif

int main(int argc, char **argv) {
    (void)argc;
#ifdef __riscv
    vvar();
#endif
    char real[4096];
    struct stat exe;
    int local = 0;
    CHECK(realpath(argv[0], real) && stat(real, &exe) == 0);
    struct line *l = find((void *)main);
    CHECK(l->inode == exe.st_ino && !strcmp(l->perms, "r-xp") && !strcmp(l->name, real));
    CHECK(!strcmp(find(&local)->name, "[stack]"));
    char *heap = malloc(64);
    CHECK(!strcmp(find(heap)->name, "[heap]"));
    files();
    query((void *)main, &local);
    char *anon = mmap(NULL, 8 * kPage, RW, ANON, -1, 0), *written = mmap(NULL, kPage, PROT_WRITE, ANON, -1, 0);
    char *shared = mmap(NULL, kPage, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    memset(anon, 1, 3 * kPage);
    l = find(anon);
    CHECK(l->inode == 0 && l->offset == 0 && l->major == 0 && !strcmp(l->perms, "rw-p") && !l->name[0]);
    CHECK(!strcmp(find(written)->perms, "-w-p"));
    l = find(shared);
    CHECK(!strcmp(l->perms, "rw-s") && l->inode != 0 && !strcmp(l->name, "/dev/zero (deleted)"));
    /* Sizes: that of the mapping, and what has been touched of it. */
    char *alone = mmap(NULL, 18 * kPage, PROT_NONE, ANON, -1, 0);
    CHECK(mprotect(alone + kPage, 16 * kPage, RW) == 0);
    memset(alone + kPage, 1, 5 * kPage);
    CHECK(field_of_smaps(alone + kPage, "Size") == 64 && field_of_smaps(alone + kPage, "Rss") == 20);
    CHECK(field_of_smaps(alone + kPage, "Anonymous") == 20 && field_of_smaps(alone + kPage, "Locked") == 0);
    if (mlock(alone + kPage, 5 * kPage) == 0) CHECK(field_of_smaps(alone + kPage, "Locked") == 20);
    read_file("/proc/self/smaps");
    CHECK(strstr(text, "\nVmFlags: rd ex ") && strstr(text, "\nVmFlags: rd wr mr mw me ") && !strstr(text, "ProtectionKey"));
    read_file("/proc/self/smaps_rollup");
    CHECK(strstr(text, "[rollup]\nRss: ") && !strstr(text, "VmFlags"));
    if (access("/proc/self/numa_maps", R_OK) == 0) {
        char start[32];
        snprintf(start, sizeof start, "%08lx ", find((void *)main)->start);
        read_file("/proc/self/numa_maps");
        CHECK(strncmp(text, start, strlen(start)) == 0 || strstr(text, start));
    }
    /* /proc/self/stat: fields 26 to 28 and 45 to 51 of proc(5). */
    unsigned long f[53] = {0};
    read_file("/proc/self/stat");
    char *at = strrchr(text, ')') + 1;
    for (int i = 3; i < 53; i++) {
        while (*at == ' ') at++;
        f[i] = strtoul(at, NULL, 10);
        at = strchr(at, ' ') ? strchr(at, ' ') : at;
    }
    CHECK(f[26] <= (uintptr_t)main && (uintptr_t)main < f[27]);
    l = find(&local);
    CHECK(l->start <= f[28] && f[28] < l->end && f[28] > (uintptr_t)&local && f[28] < (uintptr_t)argv);
    CHECK(f[45] <= f[46] && f[47] <= (uintptr_t)heap && (uintptr_t)heap - f[47] < 1 << 20);
    CHECK(f[48] == (uintptr_t)argv[0] && f[49] == f[48] + strlen(argv[0]) + 1 && f[50] == f[49] && f[51] >= f[50]);
    unsigned long size, resident;
    read_file("/proc/self/statm");
    CHECK(sscanf(text, "%lu %lu", &size, &resident) == 2 && size * kPage == f[23] && resident > 0);
    unsigned long kib;
    read_file("/proc/self/status");
    CHECK(sscanf(strstr(text, "VmSize:"), "VmSize: %lu kB", &kib) == 1 && kib == f[23] >> 10);
    return 0;
}
