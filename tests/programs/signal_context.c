/* riscv64's signal frame: registers, float state and mask in it, and their restoration. */
#define _GNU_SOURCE
#include <fenv.h>
#include <signal.h>
#include <stddef.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

_Static_assert(sizeof(siginfo_t) == 128 && offsetof(ucontext_t, uc_mcontext) == 176, "layout");

static volatile unsigned long x[32];
static double f8;
static unsigned fcsr;

static void look(int signal, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    (void)signal;
    CHECK((unsigned long)uc - (unsigned long)info == 128 && (unsigned long)info % 16 == 0);
    for (int i = 1; i < 32; i++) x[i] = uc->uc_mcontext.__gregs[i];
    f8 = *(double *)&uc->uc_mcontext.__fpregs.__d.__f[8];
    fcsr = uc->uc_mcontext.__fpregs.__d.__fcsr;
    /* What the handler does to float state must not last, what it writes to the frame must. */
    feraiseexcept(FE_OVERFLOW);
    fesetround(FE_DOWNWARD);
    uc->uc_mcontext.__gregs[REG_PC] += 2;
    uc->uc_mcontext.__gregs[18] = 0x1122334455667788;
    *(double *)&uc->uc_mcontext.__fpregs.__d.__f[9] = 2.5;
    sigaddset(&uc->uc_sigmask, SIGUSR2);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = look, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_INEXACT);
    fesetround(FE_UPWARD);
    unsigned long s2, s3, t3;
    double fs1;
    asm volatile(
        ".option push\n.option rvc\n"
        "li s2, 18\n li s3, 19\n li t3, 28\n"
        "li t0, 0x3ff8000000000000\n fmv.d.x fs0, t0\n fmv.d.x fs1, t0\n"
        "c.ebreak\n"
        "mv %0, s2\n mv %1, s3\n mv %2, t3\n fmv.d %3, fs1\n"
        ".option pop"
        : "=&r"(s2), "=&r"(s3), "=&r"(t3), "=&f"(fs1)
        :
        : "s2", "s3", "t3", "t0", "fs0", "fs1", "memory");
    CHECK(x[18] == 18 && x[19] == 19 && x[28] == 28 && f8 == 1.5 && fcsr == (3u << 5 | 1));
    CHECK(s2 == 0x1122334455667788 && s3 == 19 && t3 == 28 && fs1 == 2.5);
    CHECK(fetestexcept(FE_ALL_EXCEPT) == FE_INEXACT && fegetround() == FE_UPWARD);
    sigset_t now;
    sigprocmask(SIG_BLOCK, NULL, &now);
    CHECK(sigismember(&now, SIGUSR2) && !sigismember(&now, SIGTRAP));
    return 0;
}
