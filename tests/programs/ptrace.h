/* What the programs about ptrace share. They run natively, too, on x86-64. */
#pragma once
#include <elf.h>
#include <linux/ptrace.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "check.h"

static long ptrace(long request, pid_t pid, void *address, void *data) {
    return syscall(SYS_ptrace, request, pid, address, data);
}

#ifdef __riscv
typedef struct {
    unsigned long pc, x[31];
} registers_t;
#define PC(r) ((r).pc)
#define NUMBER(r) ((r).x[16])
#define RESULT(r) ((r).x[9])
#define SYSCALL_BYTES 4
#else
#include <sys/user.h>
typedef struct user_regs_struct registers_t;
#define PC(r) ((r).rip)
#define NUMBER(r) ((r).orig_rax)
#define RESULT(r) ((r).rax)
#define SYSCALL_BYTES 2
#endif

static registers_t __attribute__((unused)) get_registers(pid_t pid) {
    registers_t registers;
    struct iovec where = {&registers, sizeof registers};
    CHECK(ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &where) == 0 && where.iov_len == sizeof registers);
    return registers;
}
static void __attribute__((unused)) set_registers(pid_t pid, registers_t registers) {
    struct iovec where = {&registers, sizeof registers};
    CHECK(ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &where) == 0);
}
static long __attribute__((unused)) peek(pid_t pid, const volatile void *address) {
    long word;
    CHECK(ptrace(PTRACE_PEEKDATA, pid, (void *)address, &word) == 0);
    return word;
}

/* The next stop's signal and event << 8. */
static int __attribute__((unused)) next_stop(pid_t pid) {
    int status;
    CHECK(waitpid(pid, &status, __WALL) == pid);
    CHECK(WIFSTOPPED(status));
    return status >> 8;
}
static int __attribute__((unused)) end_of(pid_t pid) {
    int status;
    CHECK(waitpid(pid, &status, __WALL) == pid);
    CHECK(!WIFSTOPPED(status));
    return status;
}
#define EVENT(event) ((event) << 8 | SIGTRAP)
#define GO(request, pid, signal) CHECK(ptrace(request, pid, NULL, (void *)(long)(signal)) == 0)
#define OPTIONS(pid, options) CHECK(ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(long)(options)) == 0)

/* A child that asks to be traced, stops, and then does the statements. */
#define TRACED_CHILD(...)                                    \
    ({                                                       \
        fflush(stdout);                                      \
        pid_t child_ = fork();                               \
        if (child_ == 0) {                                   \
            CHECK(ptrace(PTRACE_TRACEME, 0, NULL, NULL) == 0); \
            raise(SIGSTOP);                                  \
            __VA_ARGS__;                                     \
            _exit(0);                                        \
        }                                                    \
        CHECK(next_stop(child_) == SIGSTOP);                 \
        child_;                                              \
    })
/* One that does not know. */
#define CHILD(...)            \
    ({                        \
        fflush(stdout);       \
        pid_t child_ = fork(); \
        if (child_ == 0) {    \
            __VA_ARGS__;      \
            _exit(0);         \
        }                     \
        child_;               \
    })
