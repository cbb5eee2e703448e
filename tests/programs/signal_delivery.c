/* Dispositions, masks, nesting, alternate stack, flags of sigaction; what the handler sees and may change. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <signal.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

static volatile int calls, depth, deepest;
static volatile sig_atomic_t last;
static volatile siginfo_t seen;
static char altstack[65536];

static void count(int signal) {
    calls++;
    last = signal;
}

static void install(int signal, void *handler, int flags) {
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_sigaction = handler;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(signal, &action, NULL) == 0);
}

static void note(int signal, siginfo_t *info, void *context) {
    (void)context;
    calls++;
    last = signal;
    seen = *info;
}

static void nest(int signal) {
    depth++;
    calls++;
    if (depth > deepest) deepest = depth;
    if (calls < 3) raise(signal);
    depth--;
}

static void on_stack(int signal) {
    char here;
    (void)signal;
    calls += &here >= altstack && &here < altstack + sizeof altstack;
    stack_t now;
    CHECK(sigaltstack(NULL, &now) == 0 && now.ss_flags == SS_ONSTACK);
    CHECK(FAILS(sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL), EPERM));
}

static void masked(int signal) {
    sigset_t now;
    (void)signal;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR1) && sigismember(&now, SIGUSR2) && !sigismember(&now, SIGHUP));
    int before = calls;
    raise(SIGUSR2);
    CHECK(calls == before);
}

static sigjmp_buf jump;
static void leave(int signal) { siglongjmp(jump, signal); }

static void dispositions(void) {
    struct sigaction old;
    install(SIGUSR1, count, 0);
    CHECK(raise(SIGUSR1) == 0 && calls == 1 && last == SIGUSR1);
    CHECK(sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == count);
    signal(SIGUSR1, SIG_IGN);
    raise(SIGUSR1);
    CHECK(calls == 1);
    install(SIGUSR1, count, SA_RESETHAND);
    raise(SIGUSR1);
    CHECK(calls == 2 && sigaction(SIGUSR1, NULL, &old) == 0 && old.sa_handler == SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    raise(SIGCHLD);
    CHECK(FAILS(sigaction(SIGKILL, &old, NULL), EINVAL) && FAILS(sigaction(65, NULL, NULL), EINVAL));
}

static void information(void) {
    install(SIGUSR1, note, SA_SIGINFO);
    raise(SIGUSR1);
    CHECK(seen.si_signo == SIGUSR1 && seen.si_code == SI_TKILL && seen.si_pid == getpid() && seen.si_uid == getuid());
    kill(getpid(), SIGUSR1);
    CHECK(seen.si_code == SI_USER);
    CHECK(sigqueue(getpid(), SIGUSR1, (union sigval){.sival_int = 77}) == 0);
    CHECK(seen.si_code == SI_QUEUE && seen.si_value.sival_int == 77);
}

static void masks(void) {
    sigset_t set, pending;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    install(SIGUSR1, count, 0);
    calls = 0;
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGUSR1);
    raise(SIGUSR1);
    CHECK(calls == 0 && sigpending(&pending) == 0 && sigismember(&pending, SIGUSR1));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(calls == 1 && sigpending(&pending) == 0 && !sigismember(&pending, SIGUSR1));

    /* SIGSEGV that is sent can be blocked as well. */
    sigemptyset(&set);
    sigaddset(&set, SIGSEGV);
    install(SIGSEGV, count, 0);
    sigprocmask(SIG_BLOCK, &set, NULL);
    raise(SIGSEGV);
    CHECK(calls == 1 && sigpending(&pending) == 0 && sigismember(&pending, SIGSEGV));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    CHECK(calls == 2 && last == SIGSEGV);

    struct sigaction action = {.sa_handler = masked};
    sigaddset(&action.sa_mask, SIGUSR2);
    sigaction(SIGUSR1, &action, NULL);
    install(SIGUSR2, count, 0);
    calls = 0;
    raise(SIGUSR1);
    CHECK(calls == 1 && last == SIGUSR2);
}

static void nesting(void) {
    install(SIGUSR1, nest, SA_NODEFER);
    calls = 0;
    raise(SIGUSR1);
    CHECK(calls == 3 && deepest == 3 && depth == 0);
    install(SIGUSR1, nest, 0);
    calls = deepest = 0;
    raise(SIGUSR1);
    CHECK(calls == 3 && deepest == 1);
}

static void alternate_stack(void) {
    stack_t stack = {.ss_sp = altstack, .ss_size = sizeof altstack}, old;
    CHECK(sigaltstack(&stack, &old) == 0 && (old.ss_flags & SS_DISABLE));
    install(SIGUSR1, on_stack, SA_ONSTACK);
    calls = 0;
    raise(SIGUSR1);
    CHECK(calls == 1);
    install(SIGUSR1, count, 0);
    stack.ss_size = 100;
    CHECK(FAILS(sigaltstack(&stack, NULL), ENOMEM));
    stack.ss_flags = SS_DISABLE;
    CHECK(sigaltstack(&stack, NULL) == 0);
}

static void jumping(void) {
    install(SIGUSR1, leave, 0);
    for (volatile int i = 0; i < 1000; i++) {
        if (sigsetjmp(jump, 1) == 0) {
            raise(SIGUSR1);
            CHECK(0);
        }
    }
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(!sigismember(&now, SIGUSR1));
}

/* The kernel's struct sigaction has no restorer; these signals the C library keeps to itself. */
static void reserved_signals(void) {
    struct { void *handler; unsigned long flags, mask; } action = {count, 0, 0}, old;
    for (int signal = 32; signal <= 33; signal++) {
        calls = 0;
        CHECK(syscall(SYS_rt_sigaction, signal, &action, &old, 8) == 0);
        CHECK(syscall(SYS_tgkill, getpid(), gettid(), signal) == 0 && calls == 1 && last == signal);
        CHECK(syscall(SYS_rt_sigaction, signal, &old, NULL, 8) == 0);
    }
    CHECK(FAILS(syscall(SYS_rt_sigaction, SIGUSR1, &action, NULL, 16), EINVAL));
    CHECK(FAILS(syscall(SYS_rt_sigaction, SIGUSR1, bad_pointer, NULL, 8), EFAULT));
}

int main(void) {
    dispositions();
    information();
    masks();
    nesting();
    alternate_stack();
    jumping();
    reserved_signals();
    return 0;
}
