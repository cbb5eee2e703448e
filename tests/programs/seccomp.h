/* What the programs about seccomp share: building and installing of filters. */
#pragma once
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

#ifdef __riscv
#define ARCH AUDIT_ARCH_RISCV64
#else
#define ARCH AUDIT_ARCH_X86_64
#endif

#define LOAD(field) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, field))
#define RETURN(value) BPF_STMT(BPF_RET | BPF_K, (value))
/* Returns `action` for call `number`; the accumulator holds the number. */
#define ON(number, action) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), RETURN(action)

static long seccomp(unsigned operation, unsigned flags, void *argument) {
    return syscall(SYS_seccomp, operation, flags, argument);
}
static long install_all(struct sock_filter *filter, size_t count, unsigned flags) {
    struct sock_fprog program = {.len = (unsigned short)count, .filter = filter};
    return seccomp(SECCOMP_SET_MODE_FILTER, flags, &program);
}
#define INSTALL(filter, flags) install_all(filter, sizeof(filter) / sizeof(filter)[0], flags)

/* One call that gets an action; all others are allowed. */
static long __attribute__((unused)) install_for(int number, unsigned action, unsigned flags) {
    struct sock_filter filter[] = {LOAD(nr), ON(number, action), RETURN(SECCOMP_RET_ALLOW)};
    return INSTALL(filter, flags);
}

/* How a child that runs the statements ends, as wait gives it. */
#define STATUS_OF(...)                                   \
    ({                                                   \
        fflush(stdout);                                  \
        pid_t child_ = fork();                           \
        if (child_ == 0) {                               \
            __VA_ARGS__;                                 \
            _exit(99);                                   \
        }                                                \
        int status_;                                     \
        CHECK(waitpid(child_, &status_, 0) == child_);   \
        status_;                                         \
    })
/* Checks hold in a child, whose filters nobody else gets. */
#define IN_CHILD(...) CHECK(STATUS_OF(__VA_ARGS__; _exit(0)) == 0)
static int __attribute__((unused)) is_killed_by(int signal, int status) {
    return WIFSIGNALED(status) && WTERMSIG(status) == signal;
}
/* A child that does this ends by the signal. */
#define KILLS(signal, ...) CHECK(is_killed_by(signal, STATUS_OF(__VA_ARGS__)))
