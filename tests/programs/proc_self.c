// flags: -O1
/* /proc/self shows the guest, not what runs it. */
#define _GNU_SOURCE
#include <elf.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>
#include "check.h"
#include "read_file.h"

extern char **environ;

/* Whether the map has a line that covers `address` with permissions `perms`. */
static int mapped(const void *address, const char *perms, const char *name) {
    for (char *line = strtok(strdup(text), "\n"); line; line = strtok(NULL, "\n")) {
        unsigned long start, end;
        char p[8];
        CHECK(sscanf(line, "%lx-%lx %7s", &start, &end, p) == 3);
        if ((unsigned long)address >= start && (unsigned long)address < end)
            return strcmp(p, perms) == 0 && (!name || strstr(line, name));
    }
    return 0;
}

int main(int argc, char **argv) {
    char exe[4096] = "", real[4096], path[64];
    CHECK(readlink("/proc/self/exe", exe, sizeof exe - 1) > 0 && realpath(argv[0], real) && strcmp(exe, real) == 0);
    snprintf(path, sizeof path, "/proc/%d/exe", getpid());
    char self[32] = "";
    CHECK(readlink("/proc/self", self, sizeof self - 1) > 0);
    int own_proc = atoi(self) == getpid(); /* no: /proc shows another PID namespace */
    if (own_proc) CHECK(readlink(path, exe, sizeof exe - 1) > 0 && strcmp(exe, real) == 0);
    Elf64_Ehdr header;
    int fd = open("/proc/self/exe", O_RDONLY);
    struct stat a, b;
    CHECK(fd >= 0 && read(fd, &header, sizeof header) == sizeof header && fstat(fd, &a) == 0 && stat("/proc/self/exe", &b) == 0);
    CHECK(a.st_ino == b.st_ino);
#ifdef __riscv
    CHECK(header.e_machine == EM_RISCV);
#endif
    close(fd);
    read_file("/proc/self/maps");
    int local = 0;
    CHECK(mapped(&local, "rw-p", "[stack]") && mapped((void *)main, "r-xp", NULL) && mapped(text, "rw-p", NULL));
    long size = read_file("/proc/self/cmdline");
    const char *at = text;
    for (int i = 0; i < argc; at += strlen(at) + 1, ++i) CHECK(strcmp(at, argv[i]) == 0);
    CHECK(at == text + size);
    read_file("/proc/self/environ");
    if (environ[0]) CHECK(strcmp(text, environ[0]) == 0);
    size = read_file("/proc/self/auxv");
    Elf64_auxv_t *aux = (void *)text;
    unsigned long entry = 0;
    for (; aux->a_type != AT_NULL; ++aux) {
        if (aux->a_type == AT_ENTRY) entry = aux->a_un.a_val;
    }
    CHECK(entry == getauxval(AT_ENTRY));
    int pid;
    char comm[64], state;
    read_file("/proc/self/stat");
    CHECK(sscanf(text, "%d (%63[^)]) %c", &pid, comm, &state) == 3 && pid == atoi(self) && state == 'R');
    read_file("/proc/thread-self/status");
    CHECK(strstr(text, "Pid:\t") && strstr(text, "SigBlk:\t0000000000000000"));
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", atoi(self));
    CHECK(read_file(path) > 0 && read_file("/proc/sys/kernel/ostype") == 6);
    /* Relative names, and names that are written in other ways. */
    CHECK(chdir("/proc/self") == 0 && readlink("exe", exe, sizeof exe) == (ssize_t)strlen(real));
    read_file("maps");
    CHECK(mapped((void *)main, "r-xp", NULL));
    CHECK(chdir("fd") == 0);
    read_file(".././/maps");
    CHECK(mapped((void *)main, "r-xp", NULL));
    int directory = open("/proc", O_RDONLY | O_DIRECTORY);
    fd = openat(directory, "self/auxv", O_RDONLY);
    Elf64_auxv_t first;
    CHECK(fd >= 0 && read(fd, &first, sizeof first) == sizeof first);
    CHECK(getauxval(first.a_type) == first.a_un.a_val);
    read_file("/proc//self/./maps");
    CHECK(mapped((void *)main, "r-xp", NULL));
    CHECK(open("maps/x", O_RDONLY) == -1 && errno == ENOENT);
#ifdef __riscv
    read_file("/proc/cpuinfo");
    CHECK(strstr(text, "processor\t: 0\n") && strstr(text, "isa\t\t: rv64imafd"));
#endif
    return 0;
}
