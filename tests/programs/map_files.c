// flags: -O1
/* /proc/PID/map_files has a link for each of the program's mappings of a file, and no others. Runs natively too. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"
#include "read_file.h"

enum { kPage = 4096, kMost = 200 };
static char names[kMost][40], files[kMost][4096];
static int count;

/* What maps says about files, as map_files should have it. */
static void expect(const char *maps) {
    read_file(maps);
    count = 0;
    for (char *row = text; *row; row = strchr(row, '\n') + 1) {
        unsigned long start, end, inode;
        char name[4096] = "";
        CHECK(sscanf(row, "%lx-%lx %*s %*x %*x:%*x %lu %4095[^\n]", &start, &end, &inode, name) >= 3);
        if (inode == 0) continue;
        snprintf(names[count], sizeof names[count], "%lx-%lx", start, end);
        strcpy(files[count++], name);
    }
    CHECK(count > 0);
}

/* `buffer`: bytes per call */
static void compare(const char *directory, size_t buffer) {
    char bytes[4096], target[4096], path[8200];
    int fd = open(directory, O_RDONLY | O_DIRECTORY), seen = 0, dots = 0;
    CHECK(fd >= 0);
    for (long size; (size = syscall(SYS_getdents64, fd, bytes, buffer)) != 0;) {
        CHECK(size > 0);
        for (long at = 0; at < size;) {
            struct dirent64 *entry = (struct dirent64 *)(bytes + at);
            at += entry->d_reclen;
            if (entry->d_name[0] == '.') {
                dots++;
                continue;
            }
            CHECK(entry->d_type == DT_LNK && seen < count && !strcmp(entry->d_name, names[seen]));
            memset(target, 0, sizeof target);
            snprintf(path, sizeof path, "%s/%s", directory, entry->d_name);
            CHECK(readlink(path, target, sizeof target - 1) > 0 && !strcmp(target, files[seen]));
            memset(target, 0, sizeof target);
            CHECK(readlinkat(fd, entry->d_name, target, sizeof target - 1) > 0 && !strcmp(target, files[seen]));
            struct stat link;
            CHECK(lstat(path, &link) == 0 && S_ISLNK(link.st_mode));
            CHECK(fstatat(fd, entry->d_name, &link, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(link.st_mode));
            seen++;
        }
    }
    CHECK(seen == count && dots == 2);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && syscall(SYS_getdents64, fd, bytes, sizeof bytes) > 0);
    CHECK(lseek(fd, 0, SEEK_SET) == 0 && FAILS(syscall(SYS_getdents64, fd, bytes, 8), EINVAL));
    close(fd);
}

int main(void) {
    char name[] = "/tmp/map_files.XXXXXX", path[128], directory[64];
    int fd = mkstemp(name);
    CHECK(fd >= 0 && ftruncate(fd, 6 * kPage) == 0);
    CHECK(write(fd, "abc", 3) == 3);
    char *map = mmap(NULL, 6 * kPage, PROT_READ, MAP_PRIVATE, fd, 0);
    CHECK(mprotect(map + kPage, kPage, PROT_READ | PROT_EXEC) == 0 && mprotect(map + 3 * kPage, kPage, PROT_NONE) == 0);
    expect("/proc/self/maps");
    compare("/proc/self/map_files", 4096);
    compare("/proc/self/map_files", 64);

    /* Followed, they are the file (which takes CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE). */
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (uintptr_t)map, (uintptr_t)map + kPage);
    int again = open(path, O_RDONLY);
    CHECK(again >= 0 || errno == EPERM);
    if (again >= 0) {
        struct stat a, b;
        char bytes[3];
        CHECK(read(again, bytes, 3) == 3 && !memcmp(bytes, "abc", 3));
        CHECK(fstat(fd, &a) == 0 && stat(path, &b) == 0 && a.st_ino == b.st_ino && a.st_dev == b.st_dev);
    }
    /* Names that are no mapping's. */
    snprintf(path, sizeof path, "/proc/self/map_files/%lx-%lx", (uintptr_t)map, (uintptr_t)map + 7 * kPage);
    CHECK(FAILS(open(path, O_RDONLY), ENOENT) && FAILS(readlink(path, path + 100, 8), ENOENT));
    snprintf(path, sizeof path, "/proc/self/map_files/0%lx-%lx", (uintptr_t)map, (uintptr_t)map + kPage);
    CHECK(FAILS(readlink(path, path + 100, 8), ENOENT));

    pid_t child = fork();
    if (child == 0)
        for (;;) pause();
    snprintf(path, sizeof path, "/proc/%d/maps", child);
    snprintf(directory, sizeof directory, "/proc/%d/map_files", child);
    expect(path);
    compare(directory, 4096);
    CHECK(kill(child, SIGKILL) == 0 && waitpid(child, NULL, 0) == child);
    /* A file whose name looks alike is none of this. */
    char other[] = "/tmp/map_files.d.XXXXXX";
    CHECK(mkdtemp(other) && chdir(other) == 0);
    CHECK(close(open("10000-20000", O_CREAT | O_WRONLY, 0600)) == 0 && access("10000-20000", R_OK) == 0);
    DIR *listing = opendir(".");
    int entries = 0;
    while (readdir(listing)) entries++;
    CHECK(entries == 3 && unlink("10000-20000") == 0 && rmdir(other) == 0 && unlink(name) == 0);
    return 0;
}
