/* Faults of the program's own instructions become signals with the right siginfo, and can be recovered. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

static sigjmp_buf jump;
static siginfo_t seen;
static unsigned long seen_pc;

static void on_fault(int signal, siginfo_t *info, void *context) {
    seen = *info;
    seen_pc = ((ucontext_t *)context)->uc_mcontext.__gregs[REG_PC];
    siglongjmp(jump, signal);
}

#define FAULT(statement, signal, code)                       \
    do {                                                     \
        memset(&seen, 0, sizeof seen);                       \
        if (sigsetjmp(jump, 1) == 0) {                       \
            statement;                                       \
            CHECK(!"no fault");                              \
        }                                                    \
        CHECK(seen.si_signo == (signal) && seen.si_code == (code)); \
    } while (0)

static volatile uint64_t sink;
static void load(uint64_t address) { sink = *(volatile uint64_t *)address; }
static void store(uint64_t address) { *(volatile uint8_t *)address = 1; }
static void call(uint64_t address) { ((void (*)(void))address)(); }

static void memory_faults(void) {
    char *page = mmap(NULL, 4 * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 4096, 4096);
    mprotect(page + 8192, 4096, PROT_READ);
    mprotect(page + 12288, 4096, PROT_NONE);
    FAULT(load((uint64_t)page + 4096 + 8), SIGSEGV, SEGV_MAPERR);
    CHECK(seen.si_addr == page + 4096 + 8);
    FAULT(store((uint64_t)page + 8192 + 3), SIGSEGV, SEGV_ACCERR);
    CHECK(seen.si_addr == page + 8192 + 3);
    FAULT(load((uint64_t)page + 12288), SIGSEGV, SEGV_ACCERR);
    FAULT(store(0), SIGSEGV, SEGV_MAPERR);
    CHECK(seen.si_addr == NULL);
    FAULT(load(0x4000000000000008), SIGSEGV, SEGV_MAPERR);
    CHECK(seen.si_addr == (void *)0x4000000000000008);
    FAULT(load(0xffffffff80000010), SIGSEGV, SEGV_MAPERR);
    FAULT(call((uint64_t)page), SIGSEGV, SEGV_ACCERR);
    CHECK(seen.si_addr == page && seen_pc == (uint64_t)page);
    FAULT(call((uint64_t)page + 4096), SIGSEGV, SEGV_MAPERR);
    CHECK(seen.si_addr == page + 4096);

    /* Code that may be executed but not read. */
    static const uint32_t answer[] = {42 << 20 | 10 << 7 | 0x13, 0x8067}; /* li a0, 42; ret */
    memcpy(page, answer, sizeof answer);
    __builtin___clear_cache(page, page + sizeof answer);
    CHECK(mprotect(page, 4096, PROT_READ | PROT_EXEC) == 0 && ((int (*)(void))page)() == 42);
    CHECK(mprotect(page, 4096, PROT_EXEC) == 0 && ((int (*)(void))page)() == 42);
    FAULT(load((uint64_t)page), SIGSEGV, SEGV_ACCERR);
    CHECK(seen.si_addr == page && ((int (*)(void))page)() == 42);
    for (int i = 0; i < 50; i++) {
        CHECK(mprotect(page, 4096, PROT_READ | PROT_WRITE) == 0);
        *(uint32_t *)page = (uint32_t)i << 20 | 10 << 7 | 0x13;
        CHECK(mprotect(page, 4096, PROT_EXEC) == 0);
        __builtin___clear_cache(page, page + 4);
        CHECK(((int (*)(void))page)() == i);
    }

    int fd = memfd_create("short", 0);
    CHECK(ftruncate(fd, 100) == 0);
    char *file = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    FAULT(load((uint64_t)file + 4096), SIGBUS, BUS_ADRERR);
    CHECK(seen.si_addr == file + 4096);
    FAULT(store((uint64_t)file + 5000), SIGBUS, BUS_ADRERR);
}

static void instruction_faults(void) {
    FAULT(asm volatile(".word 0xffffffff"), SIGILL, ILL_ILLOPC);
    CHECK((uint64_t)seen.si_addr == seen_pc && *(uint16_t *)seen_pc == 0xffff);
    FAULT(asm volatile(".half 0"), SIGILL, ILL_ILLOPC);
    FAULT(asm volatile("csrr t0, mstatus" ::: "t0"), SIGILL, ILL_ILLOPC);
    FAULT(asm volatile("ebreak"), SIGTRAP, TRAP_BRKPT);
    CHECK((uint64_t)seen.si_addr == seen_pc);
    static uint64_t words[2];
    FAULT(asm volatile("amoadd.d zero, zero, (%0)" ::"r"((char *)words + 1) : "memory"), SIGBUS, BUS_ADRALN);
    FAULT(asm volatile("lr.w t0, (%0)" ::"r"((char *)words + 2) : "t0", "memory"), SIGBUS, BUS_ADRALN);
}

static void many(void) {
    for (volatile int i = 0; i < 100000; i++) {
        if (sigsetjmp(jump, 0) == 0) {
            store(16);
            CHECK(0);
        }
    }
}

/* A blocked, ignored or default fault signal kills. */
static int status_of(void (*child)(void)) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        child();
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status));
    return WTERMSIG(status);
}
static void child_default(void) {
    signal(SIGSEGV, SIG_DFL);
    store(0);
}
static void child_ignored(void) {
    signal(SIGSEGV, SIG_IGN);
    store(0);
}
static void child_blocked(void) {
    sigset_t set;
    sigfillset(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
    store(0);
}
static int recurse(int n) {
    volatile char frame[1000];
    frame[0] = (char)n;
    return n < 0 ? 0 : recurse(n + 1) + frame[0];
}
static void child_overflow(void) {
    signal(SIGSEGV, SIG_DFL);
    recurse(1);
}
static void child_abort(void) { abort(); }
static void child_bad_stack(void) { asm volatile("li sp, 64\n ebreak"); }
static void child_bad_frame(void) { asm volatile("li sp, 64\n li a7, 139\n ecall"); }

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGBUS, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    sigaction(SIGTRAP, &action, NULL);
    memory_faults();
    instruction_faults();
    many();
    CHECK(status_of(child_default) == SIGSEGV && status_of(child_ignored) == SIGSEGV);
    CHECK(status_of(child_blocked) == SIGSEGV && status_of(child_overflow) == SIGSEGV);
    CHECK(status_of(child_abort) == SIGABRT);
    CHECK(status_of(child_bad_stack) == SIGSEGV && status_of(child_bad_frame) == SIGSEGV);
    return 0;
}
