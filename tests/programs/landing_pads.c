// flags: -O1 -march=rv64gc
// Zicfilp: prctl(PR_SET_CFI), what violates it, what signals, threads and children have of it. The C library has no
// landing pads: they are required only between two system calls.
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#define PR_GET_CFI 80
#define PR_SET_CFI 81
#define ENABLE 1ul
#define DISABLE 2ul
#define LOCK 4ul
#define SEGV_CPERR 10

static int set(unsigned long state) { return prctl(PR_SET_CFI, 0, state, 0, 0); }
static unsigned long get(void) {
    unsigned long state = 99;
    CHECK(prctl(PR_GET_CFI, 0, &state, 0, 0) == 0);
    return state;
}

/* Calls `target` through a register that wants a landing pad, with t2 the label, while they are required. */
long call_checked(const void *target, unsigned long label);
/* Where calls go; each returns a number. */
extern const char plain[], pad0[], pad5[], misaligned[];
/* A signal handler with a landing pad, which switches them off before it calls on_signal. */
void handler(int signal, siginfo_t *info, void *context);
__asm__(
    ".option push\n .option norvc\n .balign 4\n"
    "call_checked:\n"
    " addi sp, sp, -32\n sd ra, 24(sp)\n sd a0, 16(sp)\n sd a1, 8(sp)\n"
    " li a0, 81\n li a1, 0\n li a2, 1\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
    " ld t2, 8(sp)\n ld t1, 16(sp)\n jalr ra, t1\n"
    " sd a0, 16(sp)\n li a0, 81\n li a1, 0\n li a2, 2\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
    " ld a0, 16(sp)\n ld ra, 24(sp)\n addi sp, sp, 32\n ret\n"
    "plain: li a0, 1\n ret\n"
    "pad0: .4byte 0x17\n li a0, 2\n ret\n"
    "pad5: .4byte 0x5017\n li a0, 3\n ret\n"
    " .2byte 1\n"
    "misaligned: .4byte 0x17\n li a0, 4\n ret\n .2byte 1\n"
    "handler: .4byte 0x17\n mv t0, a0\n mv t1, a1\n mv t3, a2\n"
    " li a0, 81\n li a1, 0\n li a2, 2\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
    " mv a0, t0\n mv a1, t1\n mv a2, t3\n tail on_signal\n"
    ".option pop");

static sigjmp_buf back;
static siginfo_t last;
static volatile int returns;
void on_signal(int signal, siginfo_t *info, void *context) {
    (void)context;
    last = *info;
    if (!returns) siglongjmp(back, signal);
}

static int violates(const char *target, unsigned long label) {
    if (sigsetjmp(back, 1) == 0) {
        call_checked(target, label);
        return 0;
    }
    return last.si_signo == SIGSEGV && last.si_code == SEGV_CPERR && last.si_addr == target;
}

static void control(void) {
    CHECK(get() == DISABLE);
    CHECK(FAILS(set(0), EINVAL) && FAILS(set(ENABLE | DISABLE), EINVAL) && FAILS(set(ENABLE | 8), EINVAL));
    CHECK(FAILS(prctl(PR_SET_CFI, 1, ENABLE, 0, 0), EINVAL) && FAILS(prctl(PR_SET_CFI, 0, ENABLE, 1, 0), EINVAL));
    CHECK(FAILS(prctl(PR_GET_CFI, 0, 8, 0, 0), EFAULT));
    CHECK(set(DISABLE | LOCK) == 0 && get() == DISABLE);
}

static void jumps(void) {
    CHECK(call_checked(pad0, 0) == 2 && call_checked(pad0, 0x9000) == 2);
    CHECK(call_checked(pad5, 0x5000) == 3 && call_checked(pad5, 0x123400005fff) == 3);
    CHECK(violates(plain, 0) && get() == DISABLE);
    CHECK(violates(pad5, 0x6000) && violates(pad5, 0));
    CHECK(violates(misaligned, 0));
    CHECK(call_checked(pad0, 0) == 2);
    for (int i = 0; i < 100000; ++i) {
        if (call_checked(pad0, 0) != 2) _exit(9);
    }
}

/* A system call's signal arrives while pads are required; the handler has one, and going back needs none. */
static void signals(void) {
    returns = 1;
    long result;
    register long a0 __asm__("a0") = getpid();
    register long a1 __asm__("a1") = SIGUSR1;
    register long a7 __asm__("a7") = SYS_kill;
    __asm__ volatile("mv t0, a0\n mv t1, a1\n mv t3, a7\n"
                     "li a0, 81\n li a1, 0\n li a2, 1\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
                     "mv a0, t0\n mv a1, t1\n mv a7, t3\n ecall"
                     : "+r"(a0), "+r"(a1), "+r"(a7)::"a2", "a3", "a4", "t0", "t1", "t3", "memory");
    result = a0;
    CHECK(result == 0 && last.si_signo == SIGUSR1);
    returns = 0;
}

static void *in_thread(void *argument) {
    (void)argument;
    return (void *)(get() | call_checked(pad0, 0) << 8 | (unsigned long)violates(plain, 0) << 16);
}

static void threads(void) {
    pthread_t thread;
    void *result;
    CHECK(pthread_create(&thread, NULL, in_thread, NULL) == 0 && pthread_join(thread, &result) == 0);
    CHECK(result == (void *)(DISABLE | 2 << 8 | 1 << 16));
}

static void children(void) {
    /* A child has it on, and locked; another program has it off. */
    pid_t pid;
    register long a0 __asm__("a0");
    __asm__ volatile("li a0, 81\n li a1, 0\n li a2, 5\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
                     "bnez a0, 1f\n"
                     "li a0, 17\n li a1, 0\n li a2, 0\n li a3, 0\n li a4, 0\n li a7, 220\n ecall\n"
                     "bnez a0, 1f\n"
                     "lla t1, plain\n jalr ra, t1\n"
                     "1:"
                     : "=r"(a0)::"a1", "a2", "a3", "a4", "a7", "t1", "ra", "memory");
    pid = (pid_t)a0;
    if (pid <= 0) _exit(77);
    int status;
    register long wait_result __asm__("a0") = pid;
    __asm__ volatile("mv a1, %1\n li a2, 0\n li a3, 0\n li a7, 260\n ecall"
                     : "+r"(wait_result)
                     : "r"(&status)
                     : "a1", "a2", "a3", "a7", "memory");
    /* It cannot be switched off here any more: what follows must do without the C library. */
    register long code __asm__("a0") = WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV ? 0 : 78;
    __asm__ volatile("mv t0, a0\n li a0, 81\n li a1, 0\n li a2, 2\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
                     "li t1, -22\n beq a0, t1, 1f\n li t0, 79\n"
                     "1: mv a0, t0\n li a7, 94\n ecall" ::"r"(code));
}

int main(int argc, char **argv) {
    if (argc > 1) return get() == DISABLE ? 0 : 80;
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    sigaction(SIGUSR1, &action, NULL);
    control();
    jumps();
    signals();
    threads();
    struct sigaction usual = {.sa_handler = SIG_DFL};
    pid_t pid = fork();
    if (pid == 0) {
        /* exec with pads required, by hand */
        char *arguments[] = {argv[0], "again", NULL};
        register long a0 __asm__("a0") = (long)argv[0];
        register long a1 __asm__("a1") = (long)arguments;
        __asm__ volatile("mv t0, a0\n mv t1, a1\n"
                         "li a0, 81\n li a1, 0\n li a2, 1\n li a3, 0\n li a4, 0\n li a7, 167\n ecall\n"
                         "mv a0, t0\n mv a1, t1\n li a2, 0\n li a7, 221\n ecall" ::"r"(a0),
                         "r"(a1)
                         : "memory");
        _exit(81);
    }
    int status;
    CHECK(waitpid(pid, &status, 0) == pid && status == 0);
    sigaction(SIGSEGV, &usual, NULL);
    fflush(stdout);
    children();
}
