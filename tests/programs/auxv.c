/* What the kernel tells a new program, and the vDSO. */
#define _GNU_SOURCE
#include <elf.h>
#include <sched.h>
#include <sys/auxv.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "check.h"

extern char **environ;

static long microseconds(struct timespec t) { return t.tv_sec * 1000000 + t.tv_nsec / 1000; }

int main(int argc, char **argv) {
    Elf64_Ehdr *vdso = (void *)getauxval(AT_SYSINFO_EHDR);
    CHECK(vdso && !memcmp(vdso->e_ident, ELFMAG, SELFMAG) && vdso->e_machine == EM_RISCV && vdso->e_phnum >= 2);
    CHECK(getauxval(AT_PAGESZ) == 4096 && getauxval(AT_CLKTCK) == 100);
    CHECK((getauxval(AT_HWCAP) & 0x112d) == 0x112d);
    CHECK(getauxval(AT_UID) == getuid() && getauxval(AT_EGID) == getegid());
    CHECK(getauxval(AT_MINSIGSTKSZ) >= 1088);
    CHECK(!strcmp((char *)getauxval(AT_EXECFN), argv[0]));
    Elf64_Phdr *headers = (void *)getauxval(AT_PHDR);
    CHECK(getauxval(AT_PHENT) == sizeof *headers && getauxval(AT_PHNUM) > 1);
    unsigned char zero[16] = {0};
    CHECK(memcmp((void *)getauxval(AT_RANDOM), zero, sizeof zero) != 0);
    /* argc lies right below argv, at a multiple of 16. */
    CHECK((unsigned long)(argv - 1) % 16 == 0 && *(long *)(argv - 1) == argc);
    CHECK(argv[argc] == NULL && (char **)environ == argv + argc + 1);

    struct timespec a, b;
    struct timeval tv;
    unsigned cpu;
    CHECK(clock_gettime(CLOCK_MONOTONIC, &a) == 0 && clock_gettime(CLOCK_MONOTONIC, &b) == 0);
    CHECK(b.tv_sec > a.tv_sec || (b.tv_sec == a.tv_sec && b.tv_nsec >= a.tv_nsec));
    /* Between two readings of the same clock, however long these are apart. */
    CHECK(clock_gettime(CLOCK_REALTIME, &a) == 0 && gettimeofday(&tv, NULL) == 0 && clock_gettime(CLOCK_REALTIME, &b) == 0);
    CHECK(microseconds(a) <= tv.tv_sec * 1000000 + tv.tv_usec && tv.tv_sec * 1000000 + tv.tv_usec <= microseconds(b));
    CHECK(clock_getres(CLOCK_MONOTONIC, &a) == 0 && a.tv_nsec > 0);
    CHECK(FAILS(clock_gettime(99, &a), EINVAL));
    CHECK(getcpu(&cpu, NULL) == 0);
    return 0;
}
