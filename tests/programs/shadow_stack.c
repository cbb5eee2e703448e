// flags: -O1 -march=rv64gc
// Zicfiss: prctl(PR_SET_SHADOW_STACK_STATUS) and map_shadow_stack, the memory of shadow stacks, signals, threads and
// children.
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

#define GET 74
#define SET 75
#define LOCK_STATUS 76
#define SYS_map_shadow_stack 453
#define SET_TOKEN 1u
#define SEGV_CPERR 10

static int set(unsigned long status) { return prctl(SET, status, 0, 0, 0); }
static unsigned long get(void) {
    unsigned long status = 99;
    CHECK(prctl(GET, &status, 0, 0, 0) == 0);
    return status;
}

static uint64_t read_ssp(void) {
    register uint64_t a0 __asm__("a0");
    __asm__ volatile(".4byte 0xcdc04573" : "=r"(a0)::"memory");  // ssrdp a0
    return a0;
}
static void write_ssp(uint64_t value) { __asm__ volatile("csrw 0x011, %0" ::"r"(value) : "memory"); }
static void push(uint64_t value) {
    register uint64_t t0 __asm__("t0") = value;
    __asm__ volatile(".4byte 0xce504073" ::"r"(t0) : "memory");
}
static void pop(uint64_t value) {
    register uint64_t t0 __asm__("t0") = value;
    __asm__ volatile(".4byte 0xcdc2c073" ::"r"(t0) : "memory");
}
static uint64_t swap(uint64_t *address, uint64_t value) {
    uint64_t old;
    __asm__ volatile(".insn r 0x2f, 3, 0x24, %0, %2, %1" : "=r"(old) : "r"(value), "r"(address) : "memory");
    return old;
}

static sigjmp_buf back;
static siginfo_t last;
static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    last = *info;
    siglongjmp(back, signal);
}
static uint64_t kept_ssp;
/* Whether `statement` has the signal `code`; a handler that is left by longjmp leaves its token behind. */
#define RAISES(signal, code, statement) \
    (kept_ssp = get() ? read_ssp() : 0, \
     sigsetjmp(back, 1) == 0 ? (statement, 0) : (restore_ssp(), last.si_signo == (signal) && last.si_code == (code)))
static void restore_ssp(void) {
    if (kept_ssp) write_ssp(kept_ssp);
}

/* Whether `statement` ends a child: without a shadow stack for its token, no handler is entered. */
static int died(pid_t pid) {
    int status;
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}
static pid_t child;
#define DIES(statement) ((child = fork()) == 0 ? (statement, _exit(1), 0) : died(child))

static void off(void) {
    CHECK(get() == 0 && read_ssp() == 0);
    push(1);
    pop(2);
    CHECK(RAISES(SIGILL, ILL_ILLOPC, write_ssp(0)));
    uint64_t word = 3;
    CHECK(RAISES(SIGILL, ILL_ILLOPC, swap(&word, 4)));
    CHECK(FAILS(set(2), EINVAL) && FAILS(prctl(SET, 1, 1, 0, 0), EINVAL) && FAILS(prctl(GET, 8, 0, 0, 0), EFAULT));
    CHECK(FAILS(prctl(LOCK_STATUS, 0, 0, 0, 0), EINVAL));
}

static void memory(void) {
    CHECK(set(1) == 0 && get() == 1 && set(1) == 0);
    uint64_t *top = (uint64_t *)read_ssp();
    CHECK(top != NULL && (uintptr_t)top % 4096 == 0);
    push(0x1234);
    CHECK(read_ssp() == (uint64_t)(top - 1) && top[-1] == 0x1234);
    CHECK(RAISES(SIGSEGV, SEGV_CPERR, pop(0x1235)) && read_ssp() == (uint64_t)(top - 1));
    pop(0x1234);
    CHECK(read_ssp() == (uint64_t)top);
    push(7);
    CHECK(swap(top - 1, 8) == 7 && top[-1] == 8);
    pop(8);

    /* Others cannot write it, and it can write no other memory */
    CHECK(RAISES(SIGSEGV, SEGV_ACCERR, *(volatile uint64_t *)(top - 2) = 5) && top[-2] != 5);
    struct iovec iov = {top - 2, 8};
    CHECK(FAILS(readv(-1, &iov, 1), EBADF) && FAILS(syscall(SYS_pipe2, top - 2, 0), EFAULT));
    CHECK(mprotect((char *)top - 4096, 4096, PROT_READ | PROT_WRITE) == 0);
    CHECK(RAISES(SIGSEGV, SEGV_ACCERR, *(volatile uint64_t *)(top - 2) = 5));
    push(9);
    pop(9);
    CHECK(RAISES(SIGSEGV, SEGV_MAPERR, pop(0)) || last.si_code == SEGV_ACCERR);  // at its end
    static _Alignas(4096) uint64_t ordinary[512];
    CHECK(DIES((write_ssp((uint64_t)(ordinary + 4)), push(1))));
    CHECK(RAISES(SIGSEGV, SEGV_ACCERR, swap(ordinary, 1)) && ordinary[0] == 0);
    CHECK(mprotect(ordinary, 4096, PROT_READ) == 0);
    CHECK(RAISES(SIGSEGV, SEGV_ACCERR, swap(ordinary, 1)) && last.si_addr == ordinary);
    CHECK(mprotect((char *)top - 4096, 4096, PROT_NONE) == 0);
    CHECK(DIES(push(1)));
    CHECK(mprotect((char *)top - 4096, 4096, PROT_READ | PROT_WRITE) == 0);
    push(3);
    pop(3);
}

static void map(void) {
    CHECK(FAILS(syscall(SYS_map_shadow_stack, 0, 4096, 2), EINVAL) && FAILS(syscall(SYS_map_shadow_stack, 0, 0, 0), EINVAL));
    CHECK(FAILS(syscall(SYS_map_shadow_stack, 0, 4, SET_TOKEN), ENOSPC));
    CHECK(FAILS(syscall(SYS_map_shadow_stack, 8, 4096, 0), EINVAL) && FAILS(syscall(SYS_map_shadow_stack, 0, -1ul, 0), EOVERFLOW));
    uint64_t *stack = (uint64_t *)syscall(SYS_map_shadow_stack, 0, 8192, SET_TOKEN);
    CHECK((int64_t)stack > 0 && stack[1023] == (uint64_t)(stack + 1024));
    CHECK(FAILS(syscall(SYS_map_shadow_stack, stack, 4096, 0), EEXIST));
    /* Over to it and back, as libraries change stacks: the token is used up */
    const uint64_t old = read_ssp();
    push(old);
    CHECK(swap(stack + 1023, 0) == (uint64_t)(stack + 1024));
    write_ssp((uint64_t)(stack + 1024));
    push(77);
    CHECK(stack[1023] == 77);
    pop(77);
    write_ssp(old - 8);
    pop(old);
    /* Taken away in halves, with nothing left behind */
    CHECK(munmap(stack + 512, 4096) == 0);
    CHECK(RAISES(SIGSEGV, SEGV_MAPERR, swap(stack + 512, 1)));
    CHECK(swap(stack, 5) == 0 && stack[0] == 5);
    CHECK(FAILS((long)mremap(stack, 4096, 8192, MREMAP_MAYMOVE), EINVAL));
    CHECK(munmap(stack, 4096) == 0);
    CHECK(RAISES(SIGSEGV, SEGV_MAPERR, swap(stack, 1)));
    /* Ordinary memory in its place is ordinary */
    uint64_t *again = mmap(stack, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    CHECK(again == stack && again[0] == 0);
    again[0] = 1;
    CHECK(RAISES(SIGSEGV, SEGV_ACCERR, swap(again, 1)) && munmap(again, 4096) == 0);
}

static volatile int handled;
static volatile int damage;
static void on_signal(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    const uint64_t now = read_ssp(), *token = (uint64_t *)now;
    handled = *token == now + 8;
    /* The context of the shadow stack is the last one of the list */
    const uint32_t *header = (uint32_t *)((char *)&((ucontext_t *)context)->uc_mcontext + 256 + 520);
    while (header[0] != 0 && header[0] != 0x9487) header = (uint32_t *)((char *)header + header[1]);
    handled = handled && header[0] == 0x9487 && header[1] == 16 && *(uint64_t *)(header + 2) == now;
    push(5);
    pop(5);
    if (damage) swap((uint64_t *)now, 1);
}

static void signals(void) {
    struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    const uint64_t before = read_ssp();
    raise(SIGUSR1);
    CHECK(handled && read_ssp() == before);
    CHECK(((uint64_t *)before)[-1] == 0);  // used up
    pid_t pid = fork();
    if (pid == 0) {
        signal(SIGSEGV, SIG_DFL);
        damage = 1;
        raise(SIGUSR1);
        _exit(1);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV);
}

static void forks(void) {
    push(41);
    const uint64_t ssp = read_ssp();
    pid_t pid = fork();
    if (pid == 0) {
        pop(41);
        push(42);
        push(43);
        _exit(read_ssp() != ssp - 8 || *(uint64_t *)ssp != 42);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    CHECK(*(uint64_t *)ssp == 41);
    pop(41);
    pid = vfork();
    if (pid == 0) {
        push(6);
        pop(6);
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0 && read_ssp() == ssp + 8);
}

static uint64_t *volatile thread_stack;
static void *in_thread(void *argument) {
    thread_stack = (uint64_t *)read_ssp();
    push((uint64_t)argument);
    for (int i = 0; i < 20000; ++i) {
        push(i);
        pop(i);
    }
    pop((uint64_t)argument);
    return (void *)(uintptr_t)(get() == 1 && read_ssp() == (uint64_t)thread_stack);
}
static void threads(void) {
    pthread_t thread;
    void *result;
    for (int i = 0; i < 3; ++i) {
        CHECK(pthread_create(&thread, NULL, in_thread, &thread) == 0);
        for (int n = 0; n < 20000; ++n) {
            push(n);
            pop(n);
        }
        CHECK(pthread_join(thread, &result) == 0 && result);
        CHECK(thread_stack != (uint64_t *)read_ssp());
    }
    /* The thread's own is gone with it (soon after it has been joined) */
    unsigned char ignored;
    int gone = 0;
    for (int i = 0; i < 1000 && !gone; ++i) {
        gone = mincore(thread_stack - 512, 4096, &ignored) != 0;
        if (!gone) usleep(1000);
    }
    CHECK(gone);
}

static void ends(char *self) {
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        execl(self, self, "again", NULL);
        _exit(1);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    pid = fork();
    if (pid == 0) {
        CHECK(FAILS(prctl(LOCK_STATUS, 1, 0, 0, 0), EINVAL) && prctl(LOCK_STATUS, 0, 0, 0, 0) == 0);
        CHECK(FAILS(set(0), EINVAL) && FAILS(set(1), EINVAL));
        _exit(0);
    }
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    uint64_t *top = (uint64_t *)read_ssp();
    CHECK(set(0) == 0 && get() == 0 && read_ssp() == 0);
    CHECK(RAISES(SIGSEGV, SEGV_MAPERR, (void)*(volatile uint64_t *)(top - 1)));
    struct rlimit limit = {64 << 10, RLIM_INFINITY};
    CHECK(setrlimit(RLIMIT_STACK, &limit) == 0 && set(1) == 0);
    top = (uint64_t *)read_ssp();
    CHECK(swap(top - (64 << 10) / 8, 1) == 0);
    const uint64_t below = (uint64_t)(top - (64 << 10) / 8 - 1);
    CHECK(RAISES(SIGSEGV, SEGV_MAPERR, swap((uint64_t *)below, 1)) || last.si_code == SEGV_ACCERR);
    CHECK(set(0) == 0);
}

int main(int argc, char **argv) {
    if (argc > 1) return get() == 0 ? 0 : 80;
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGILL, &action, NULL);
    off();
    memory();
    map();
    signals();
    forks();
    threads();
    ends(argv[0]);
    return 0;
}
