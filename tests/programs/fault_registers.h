/* A handler of faults that keeps the registers of the instruction that faulted, and gives up what it belongs to. */
#pragma once
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <ucontext.h>

#include "check.h"

static sigjmp_buf after_fault;
static uint64_t seen[32];  /* x1 to x31; 0: the pc */

static void on_fault(int number, siginfo_t *info, void *context) {
    ucontext_t *uc = context;
    for (int i = 0; i < 32; i++) seen[i] = uc->uc_mcontext.__gregs[i];
    (void)number, (void)info;
    siglongjmp(after_fault, 1);
}

static void catch_faults(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO | SA_NODEFER};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0 && sigaction(SIGBUS, &action, NULL) == 0);
}
