// flags: -O1
/* What decides whether memory may be executed: PT_GNU_STACK, personality(2), PR_SET_MDWE. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE 65
#define PR_GET_MDWE 66
#endif
enum { kPage = 4096, kExecGain = 1, kNoInherit = 2 };
#define ANON (MAP_PRIVATE | MAP_ANONYMOUS)
#define RW (PROT_READ | PROT_WRITE)

static char perms[8];
static const char *perms_of(const void *address) {
    FILE *maps = fopen("/proc/self/maps", "r");
    unsigned long start, end;
    char line[4200];
    perms[0] = 0;
    while (fgets(line, sizeof line, maps)) {
        if (sscanf(line, "%lx-%lx %7s", &start, &end, perms) == 3 && start <= (uintptr_t)address && (uintptr_t)address < end)
            break;
    }
    fclose(maps);
    return perms;
}

static int child_status(void (*f)(void)) {
    pid_t pid = fork();
    int status;
    if (pid == 0) {
        f();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void run_on_stack(void) {
    volatile uint32_t code[4] = {0x00008067}; /* ret */
    __asm__ volatile("fence.i");
    ((void (*)(void))(uintptr_t)code)();
}

static void refuse_exec(void) {
    char *plain = mmap(NULL, kPage, PROT_READ, ANON, -1, 0), *code = mmap(NULL, kPage, PROT_READ | PROT_EXEC, ANON, -1, 0);
    CHECK(prctl(PR_GET_MDWE, 0, 0, 0, 0) == 0);
    CHECK(FAILS(prctl(PR_SET_MDWE, kNoInherit, 0, 0, 0), EINVAL) && FAILS(prctl(PR_SET_MDWE, 8, 0, 0, 0), EINVAL));
    CHECK(prctl(PR_SET_MDWE, kExecGain, 0, 0, 0) == 0 && prctl(PR_GET_MDWE, 0, 0, 0, 0) == kExecGain);
    CHECK(FAILS(prctl(PR_SET_MDWE, 0, 0, 0, 0), EPERM));
    CHECK(mmap(NULL, kPage, RW | PROT_EXEC, ANON, -1, 0) == MAP_FAILED && errno == EACCES);
    CHECK(FAILS(mprotect(plain, kPage, PROT_READ | PROT_EXEC), EACCES) && mprotect(plain, kPage, RW) == 0);
    CHECK(FAILS(mprotect(code, kPage, RW | PROT_EXEC), EACCES) && mprotect(code, kPage, PROT_EXEC) == 0);
    execl("/proc/self/exe", "mapping_policy", "refused", (char *)0);
    _exit(9);
}

static void imply_exec(void) {
    int old = personality(0xffffffff);
    CHECK(old >= 0 && !(old & READ_IMPLIES_EXEC));
    CHECK(personality(old | READ_IMPLIES_EXEC) == old && personality(0xffffffff) == (old | READ_IMPLIES_EXEC));
    CHECK(!strcmp(perms_of(mmap(NULL, kPage, PROT_READ, ANON, -1, 0)), "r-xp"));
    execl("/proc/self/exe", "mapping_policy", "implied", (char *)0);
    _exit(9);
}

int main(int argc, char **argv) {
    int local;
    if (argc > 1 && !strcmp(argv[1], "refused")) return prctl(PR_GET_MDWE, 0, 0, 0, 0) == kExecGain ? 0 : 1;
    if (argc > 1 && !strcmp(argv[1], "implied")) {
        CHECK(personality(0xffffffff) & READ_IMPLIES_EXEC);
        CHECK(!strcmp(perms_of(&errno), "rwxp") || !strcmp(perms_of(&errno), "rw-p")); /* TLS: the heap */
        return strcmp(perms_of(mmap(NULL, kPage, RW, ANON, -1, 0)), "rwxp") != 0;
    }
    CHECK(!strcmp(perms_of(&local), "rw-p"));
    CHECK(child_status(run_on_stack) == -SIGSEGV);
    CHECK(child_status(refuse_exec) == 0);
    CHECK(child_status(imply_exec) == 0);
    /* Shown as it was asked for. */
    char *m = mmap(NULL, kPage, PROT_WRITE, ANON, -1, 0);
    m[0] = 7;
    CHECK(!strcmp(perms_of(m), "-w-p") && m[0] == 7);
    CHECK(mprotect(m, kPage, RW) == 0 && !strcmp(perms_of(m), "rw-p"));
    CHECK(mprotect(m, kPage, PROT_EXEC) == 0 && !strcmp(perms_of(m), "--xp"));
    return 0;
}
