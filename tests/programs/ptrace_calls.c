// flags: -O1
/* ptrace: a tracer that changes calls (PTRACE_SET_SYSCALL_INFO), looks at filters, and has a sleep begin again. */
#define _GNU_SOURCE
#include <signal.h>
#include <time.h>
#include "ptrace.h"
#include "seccomp.h"

#ifndef PTRACE_SET_SYSCALL_INFO
#define PTRACE_SET_SYSCALL_INFO 0x4212
#endif
#ifndef PTRACE_SECCOMP_GET_METADATA
#define PTRACE_SECCOMP_GET_METADATA 0x420d
#endif

typedef struct ptrace_syscall_info call_t;

static call_t get_call(pid_t pid) {
    call_t call;
    memset(&call, 0, sizeof call);
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof call, &call) > 0);
    return call;
}
static long set_call(pid_t pid, call_t call) {
    return ptrace(PTRACE_SET_SYSCALL_INFO, pid, (void *)sizeof call, &call);
}
/* The next stop at a call, of this kind. */
static call_t next_call(pid_t pid, int op) {
    GO(PTRACE_SYSCALL, pid, 0);
    CHECK(next_stop(pid) == (SIGTRAP | 0x80));
    const call_t call = get_call(pid);
    CHECK(call.op == op);
    return call;
}

static void check_refusals(pid_t child, call_t call) {
    call_t wrong = call;
    wrong.op = PTRACE_SYSCALL_INFO_EXIT;
    CHECK(FAILS(set_call(child, wrong), EINVAL));
    wrong = call;
    ((char *)&wrong)[1] = 1; /* reserved */
    CHECK(FAILS(set_call(child, wrong), EINVAL));
    wrong = call;
    wrong.entry.nr = 1UL << 32;
    CHECK(FAILS(set_call(child, wrong), ERANGE));
    CHECK(FAILS(ptrace(PTRACE_SET_SYSCALL_INFO, child, (void *)(sizeof call - 1), &call), EINVAL));
    CHECK(FAILS(ptrace(PTRACE_SET_SYSCALL_INFO, child, (void *)sizeof call, bad_pointer), EFAULT));
    CHECK(get_call(child).entry.nr == call.entry.nr);
}

static void check_changed_calls(void) {
    pid_t child = TRACED_CHILD({
        char text[4];
        int pipes[2];
        CHECK(pipe(pipes) == 0 && write(pipes[1], "abcd", 4) == 4);
        CHECK(syscall(SYS_lseek, -1L, text, 99L) == 3 && memcmp(text, "abc", 3) == 0); /* becomes a read of the pipe */
        CHECK(FAILS(syscall(SYS_getppid), EXDEV));
        CHECK(syscall(SYS_getppid) == 4711);
        CHECK(syscall(SYS_getppid) == 4712); /* is not made */
    });
    OPTIONS(child, PTRACE_O_TRACESYSGOOD);
    CHECK(FAILS(set_call(child, get_call(child)), EINVAL)); /* no stop at a call */
    for (int i = 0; i < 2; i++) {
        next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
        next_call(child, PTRACE_SYSCALL_INFO_EXIT);
    }
    call_t call = next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
    CHECK(call.entry.nr == SYS_lseek && call.entry.args[0] == -1UL);
    check_refusals(child, call);
    call.entry.nr = SYS_read;
    call.entry.args[0] = 3;
    while (syscall(SYS_fcntl, call.entry.args[0], 1) >= 0) call.entry.args[0]++; /* the child's first free one */
    call.entry.args[2] = 3;
    CHECK(set_call(child, call) == 0);
    call = get_call(child);
    CHECK(call.entry.nr == SYS_read && call.entry.args[0] >= 3 && call.entry.args[2] == 3);
    CHECK(NUMBER(get_registers(child)) == SYS_read);
    call = next_call(child, PTRACE_SYSCALL_INFO_EXIT);
    CHECK(call.exit.rval == 3 && !call.exit.is_error);

    next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
    call = next_call(child, PTRACE_SYSCALL_INFO_EXIT);
    call.exit.rval = -EXDEV;
    call.exit.is_error = 1;
    CHECK(set_call(child, call) == 0);
    call = get_call(child);
    CHECK(call.exit.rval == -EXDEV && call.exit.is_error);

    next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
    call = next_call(child, PTRACE_SYSCALL_INFO_EXIT);
    call.exit.rval = 4711;
    CHECK(set_call(child, call) == 0);

    call = next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
    call.entry.nr = -1;
    CHECK(set_call(child, call) == 0);
    call = next_call(child, PTRACE_SYSCALL_INFO_EXIT);
    CHECK(call.exit.rval == -ENOSYS && call.exit.is_error);
    call.exit.rval = 4712;
    call.exit.is_error = 0;
    CHECK(set_call(child, call) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

/* What a tracer writes into registers is what the call is. */
static void check_written_registers(void) {
    pid_t child = TRACED_CHILD(CHECK(syscall(SYS_getppid) == getpid()));
    OPTIONS(child, PTRACE_O_TRACESYSGOOD);
    next_call(child, PTRACE_SYSCALL_INFO_ENTRY);
    registers_t registers = get_registers(child);
    NUMBER(registers) = SYS_getpid;
    set_registers(child, registers);
    CHECK(get_call(child).entry.nr == SYS_getpid);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

static void check_filters(void) {
    pid_t child = TRACED_CHILD({
        struct sock_filter first[] = {RETURN(SECCOMP_RET_ALLOW)};
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        CHECK(INSTALL(first, SECCOMP_FILTER_FLAG_LOG) == 0);
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 5, 0) == 0);
        raise(SIGSTOP);
    });
    struct sock_filter program[16];
    const long before = ptrace(PTRACE_SECCOMP_GET_FILTER, child, NULL, NULL);
    const int is_shown = !(before == -1 && (errno == EACCES || errno == EIO)); /* privileges, the kernel's options */
    if (is_shown) CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_FILTER, child, NULL, NULL), EINVAL));
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGSTOP);
    if (is_shown) {
        CHECK(ptrace(PTRACE_SECCOMP_GET_FILTER, child, (void *)0, NULL) == 1);
        CHECK(ptrace(PTRACE_SECCOMP_GET_FILTER, child, (void *)1, program) == 4);
        const struct sock_filter expected[] = {LOAD(nr), ON(SYS_getppid, SECCOMP_RET_ERRNO | 5),
                                               RETURN(SECCOMP_RET_ALLOW)};
        CHECK(memcmp(program, expected, sizeof expected) == 0);
        CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_FILTER, child, (void *)2, program), ENOENT));
        CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_FILTER, child, NULL, bad_pointer), EFAULT));
        unsigned long metadata[2] = {0, 0};
        CHECK(ptrace(PTRACE_SECCOMP_GET_METADATA, child, (void *)sizeof metadata, metadata) == 16);
        CHECK(metadata[0] == 0 && metadata[1] == SECCOMP_FILTER_FLAG_LOG);
        metadata[0] = 1;
        CHECK(ptrace(PTRACE_SECCOMP_GET_METADATA, child, (void *)sizeof metadata, metadata) == 16);
        CHECK(metadata[0] == 1 && metadata[1] == 0);
        metadata[0] = 2;
        CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_METADATA, child, (void *)sizeof metadata, metadata), ENOENT));
        CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_METADATA, child, (void *)7, metadata), EINVAL));
        IN_CHILD({ /* one who has filters sees none */
            CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
            CHECK(install_for(SYS_getppid, SECCOMP_RET_ALLOW, 0) == 0);
            pid_t other = TRACED_CHILD();
            CHECK(FAILS(ptrace(PTRACE_SECCOMP_GET_FILTER, other, NULL, NULL), EACCES));
            GO(PTRACE_KILL, other, 0);
        });
    }
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

/* SIGSTOP comes when the call has begun, but not its sleep; none of the signals is delivered. */
static void check_restarted_sleep(void) {
    pid_t child = TRACED_CHILD({
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
        struct sock_filter filter[] = {LOAD(nr), ON(SYS_restart_syscall, SECCOMP_RET_TRACE | 2),
                                       ON(SYS_nanosleep, SECCOMP_RET_TRACE | 1), RETURN(SECCOMP_RET_ALLOW)};
        CHECK(INSTALL(filter, 0) == 0);
        struct timespec time = {0, 100000000};
        CHECK(syscall(SYS_nanosleep, &time, NULL) == 0);
    });
    OPTIONS(child, PTRACE_O_TRACESECCOMP);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == EVENT(PTRACE_EVENT_SECCOMP));
    CHECK(NUMBER(get_registers(child)) == SYS_nanosleep);
    CHECK(kill(child, SIGSTOP) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGSTOP);
    CHECK(kill(child, SIGCONT) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGCONT);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == EVENT(PTRACE_EVENT_SECCOMP));
    unsigned long message = 0;
    CHECK(ptrace(PTRACE_GETEVENTMSG, child, NULL, &message) == 0 && message == 2);
    CHECK(NUMBER(get_registers(child)) == SYS_restart_syscall);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

int main(void) {
    check_changed_calls();
    check_written_registers();
    check_filters();
    check_restarted_sleep();
    return 0;
}
