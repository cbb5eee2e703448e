// flags: -O1
/* seccomp filters: which programs are taken, what they see of a call, what becomes of it, which of several decides. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include "seccomp.h"

#define STATEMENT(code, k) ((struct sock_filter)BPF_STMT(code, k))
#define JUMP(code, k, jt, jf) ((struct sock_filter)BPF_JUMP(code, k, jt, jf))
#define ALLOW STATEMENT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
#define REFUSED(...)                                                     \
    do {                                                                 \
        struct sock_filter program[] = {__VA_ARGS__};                    \
        CHECK(FAILS(INSTALL(program, 0), EINVAL));                       \
    } while (0)

static void check_arguments(void) {
    struct sock_filter allow[] = {ALLOW};
    CHECK(FAILS(seccomp(99, 0, NULL), EINVAL));
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_STRICT, 1, NULL), EINVAL));
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_STRICT, 0, allow), EINVAL));
    CHECK(FAILS(INSTALL(allow, 1u << 30), EINVAL));
    CHECK(FAILS(INSTALL(allow, SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_NEW_LISTENER), EINVAL));
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, NULL), EFAULT));
    struct sock_fprog program = {1, NULL};
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program), EINVAL));
    program = (struct sock_fprog){1, bad_pointer};
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program), EFAULT));
    program = (struct sock_fprog){0, allow};
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program), EINVAL));
    program = (struct sock_fprog){4097, allow};
    CHECK(FAILS(seccomp(SECCOMP_SET_MODE_FILTER, 0, &program), EINVAL));
    CHECK(FAILS(prctl(PR_SET_SECCOMP, 77, 0, 0, 0), EINVAL));
    CHECK(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_DISABLED);

    unsigned actions[] = {SECCOMP_RET_KILL_PROCESS, SECCOMP_RET_KILL_THREAD, SECCOMP_RET_TRAP, SECCOMP_RET_ERRNO,
                          SECCOMP_RET_USER_NOTIF,   SECCOMP_RET_TRACE,       SECCOMP_RET_LOG,  SECCOMP_RET_ALLOW};
    for (unsigned i = 0; i < sizeof actions / sizeof actions[0]; i++)
        CHECK(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &actions[i]) == 0);
    unsigned unknown = 0x12340000;
    CHECK(FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &unknown), EOPNOTSUPP));
    CHECK(FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 1, &unknown), EINVAL));
    CHECK(FAILS(seccomp(SECCOMP_GET_ACTION_AVAIL, 0, bad_pointer), EFAULT));
    struct seccomp_notif_sizes sizes;
    CHECK(seccomp(SECCOMP_GET_NOTIF_SIZES, 0, &sizes) == 0);
    CHECK(sizes.seccomp_notif == 80 && sizes.seccomp_notif_resp == 24 && sizes.seccomp_data == 64);
    CHECK(FAILS(seccomp(SECCOMP_GET_NOTIF_SIZES, 0, bad_pointer), EFAULT));
}

static void check_programs(void) {
    REFUSED(STATEMENT(BPF_LD | BPF_IMM, 1));                                            /* no return */
    REFUSED(STATEMENT(BPF_LD | BPF_W | BPF_ABS, 64), ALLOW);                            /* outside the data */
    REFUSED(STATEMENT(BPF_LD | BPF_W | BPF_ABS, 2), ALLOW);                             /* misaligned */
    REFUSED(STATEMENT(BPF_LD | BPF_B | BPF_ABS, 0), ALLOW);                             /* a byte */
    REFUSED(STATEMENT(BPF_LD | BPF_W | BPF_IND, 0), ALLOW);                             /* indirect */
    REFUSED(STATEMENT(BPF_ALU | BPF_MOD | BPF_K, 3), ALLOW);                            /* not for seccomp */
    REFUSED(STATEMENT(BPF_ALU | BPF_DIV | BPF_K, 0), ALLOW);                            /* by zero */
    REFUSED(STATEMENT(BPF_ALU | BPF_LSH | BPF_K, 32), ALLOW);                           /* too far */
    REFUSED(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0), ALLOW);                           /* behind the end */
    REFUSED(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), ALLOW);
    REFUSED(STATEMENT(BPF_JMP | BPF_JA, 1), ALLOW);
    REFUSED(STATEMENT(BPF_JMP | BPF_JA, 0xffffffff), ALLOW);
    REFUSED(STATEMENT(BPF_ST, 16), ALLOW);                                              /* no such word */
    REFUSED(STATEMENT(BPF_LD | BPF_MEM, 3), ALLOW);                                     /* not written before */
    REFUSED(JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0, 0, 1), STATEMENT(BPF_ST, 3), STATEMENT(BPF_LD | BPF_MEM, 3), ALLOW);
    REFUSED(STATEMENT(BPF_RET | BPF_X, 0));
    REFUSED(STATEMENT(0xffff, 0), ALLOW);
}

/* Programs compute as classic BPF does: the result of each is an errno. */
static int errno_of(struct sock_filter *computation, size_t count) {
    struct sock_filter program[32] = {LOAD(nr), BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 1, 0),
                                      RETURN(SECCOMP_RET_ALLOW)};
    memcpy(program + 3, computation, count * sizeof *computation);
    program[3 + count] = STATEMENT(BPF_ALU | BPF_AND | BPF_K, 0xffff);
    program[4 + count] = STATEMENT(BPF_ALU | BPF_OR | BPF_K, SECCOMP_RET_ERRNO);
    program[5 + count] = STATEMENT(BPF_RET | BPF_A, 0);
    CHECK(install_all(program, count + 6, 0) == 0);
    errno = 0;
    return syscall(SYS_getppid) == -1 ? errno : 0;
}
#define COMPUTES(expected, ...)                                                                        \
    do {                                                                                               \
        struct sock_filter computation[] = {__VA_ARGS__};                                              \
        IN_CHILD(CHECK(errno_of(computation, sizeof computation / sizeof computation[0]) == expected)); \
    } while (0)
#define A(value) STATEMENT(BPF_LD | BPF_IMM, value)
#define X(value) STATEMENT(BPF_LDX | BPF_IMM, value)
#define OP(operation, k) STATEMENT(BPF_ALU | operation, k)

static void check_computations(void) {
    COMPUTES(7, A(3), OP(BPF_ADD | BPF_K, 4));
    COMPUTES(9, A(4), X(5), OP(BPF_ADD | BPF_X, 0));
    COMPUTES(2, A(5), OP(BPF_SUB | BPF_K, 3));
    COMPUTES(30, A(5), X(6), OP(BPF_MUL | BPF_X, 0));
    COMPUTES(5, A(35), OP(BPF_DIV | BPF_K, 7));
    COMPUTES(4, A(0xfffffffc), OP(BPF_NEG, 0));
    COMPUTES(12, A(3), OP(BPF_LSH | BPF_K, 2));
    COMPUTES(12, A(3), X(34), OP(BPF_LSH | BPF_X, 0));
    COMPUTES(1, A(0x80000000), OP(BPF_RSH | BPF_K, 31));
    COMPUTES(6, A(3), OP(BPF_XOR | BPF_K, 5));
    COMPUTES(64, STATEMENT(BPF_LD | BPF_W | BPF_LEN, 0));
    COMPUTES(64, STATEMENT(BPF_LDX | BPF_W | BPF_LEN, 0), STATEMENT(BPF_MISC | BPF_TXA, 0));
    COMPUTES(8, A(8), STATEMENT(BPF_MISC | BPF_TAX, 0), A(1), STATEMENT(BPF_MISC | BPF_TXA, 0));
    COMPUTES(11, A(11), STATEMENT(BPF_ST, 15), A(0), STATEMENT(BPF_LD | BPF_MEM, 15));
    COMPUTES(13, X(13), STATEMENT(BPF_STX, 0), X(0), STATEMENT(BPF_LDX | BPF_MEM, 0), STATEMENT(BPF_MISC | BPF_TXA, 0));
    COMPUTES(1, A(7), X(7), JUMP(BPF_JMP | BPF_JEQ | BPF_X, 0, 0, 2), A(1), STATEMENT(BPF_JMP | BPF_JA, 1), A(2));
    COMPUTES(2, A(7), JUMP(BPF_JMP | BPF_JGT | BPF_K, 7, 0, 2), A(1), STATEMENT(BPF_JMP | BPF_JA, 1), A(2));
    COMPUTES(1, A(0xffffffff), JUMP(BPF_JMP | BPF_JGE | BPF_K, 7, 0, 2), A(1), STATEMENT(BPF_JMP | BPF_JA, 1), A(2));
    COMPUTES(2, A(8), JUMP(BPF_JMP | BPF_JSET | BPF_K, 7, 0, 2), A(1), STATEMENT(BPF_JMP | BPF_JA, 1), A(2));
    COMPUTES(4095, A(5000));
    COMPUTES(0, A(0));
    /* Division by an X of zero ends the program: it returns 0, which kills. */
    struct sock_filter division[] = {A(1), X(0), OP(BPF_DIV | BPF_X, 0), ALLOW};
    KILLS(SIGSYS, CHECK(INSTALL(division, 0) == 0); getppid());
}

/* The data of a call: architecture, arguments with all their bits. */
static void check_data(void) {
    enum { kError = 71 };
    struct sock_filter filter[] = {LOAD(arch),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCH, 1, 0),
                                   RETURN(SECCOMP_RET_KILL_PROCESS),
                                   LOAD(nr),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_lseek, 1, 0),
                                   RETURN(SECCOMP_RET_ALLOW),
                                   LOAD(args[1]),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x89abcdef, 0, 3),
                                   BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1]) + 4),
                                   BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 0x01234567, 0, 1),
                                   RETURN(SECCOMP_RET_ERRNO | kError),
                                   RETURN(SECCOMP_RET_ALLOW)};
    IN_CHILD({
        CHECK(INSTALL(filter, 0) == 0);
        CHECK(prctl(PR_GET_SECCOMP) == SECCOMP_MODE_FILTER);
        CHECK(FAILS(syscall(SYS_lseek, -1, 0x0123456789abcdef, 0), kError));
        CHECK(FAILS(syscall(SYS_lseek, -1, 0x1123456789abcdef, 0), EBADF));
    });
}

static volatile sig_atomic_t trapped;
static void on_sigsys(int signal, siginfo_t *info, void *context) {
    CHECK(signal == SIGSYS && info->si_code == 1 /* SYS_SECCOMP */ && info->si_errno == 42);
    CHECK(info->si_syscall == SYS_getppid && info->si_arch == ARCH && info->si_call_addr != NULL);
#ifdef __riscv
    /* The call's address is what comes behind it; the first argument is still in its register. */
    const unsigned *behind = info->si_call_addr;
    CHECK(behind[-1] == 0x73);
    ucontext_t *uc = context;
    CHECK(uc->uc_mcontext.__gregs[REG_PC] == (unsigned long)behind && uc->uc_mcontext.__gregs[REG_A0] == 0x1234);
    uc->uc_mcontext.__gregs[REG_A0] = 77;
#else
    ((ucontext_t *)context)->uc_mcontext.gregs[REG_RAX] = 77;
#endif
    trapped++;
}

static void check_trap(void) {
    IN_CHILD({
        struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
        CHECK(sigaction(SIGSYS, &action, NULL) == 0);
        CHECK(install_for(SYS_getppid, SECCOMP_RET_TRAP | 42, 0) == 0);
        CHECK(syscall(SYS_getppid, 0x1234) == 77 && trapped == 1);
        CHECK(syscall(SYS_getppid, 0x1234) == 77 && trapped == 2);
    });
    KILLS(SIGSYS, install_for(SYS_getppid, SECCOMP_RET_TRAP, 0); getppid());
    KILLS(SIGSYS, signal(SIGSYS, SIG_IGN); install_for(SYS_getppid, SECCOMP_RET_TRAP, 0); getppid());
    KILLS(SIGSYS, {
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGSYS);
        struct sigaction action = {.sa_sigaction = on_sigsys, .sa_flags = SA_SIGINFO};
        sigaction(SIGSYS, &action, NULL);
        sigprocmask(SIG_BLOCK, &set, NULL);
        install_for(SYS_getppid, SECCOMP_RET_TRAP, 0);
        getppid();
    });
}

static void check_actions(void) {
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_LOG, 0) == 0);
        CHECK(syscall(SYS_getppid) > 0);
    });
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_TRACE, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), ENOSYS));
    });
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_USER_NOTIF, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), ENOSYS));
    });
    for (unsigned i = 0; i < 3; i++) {
        unsigned fatal[] = {SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_PROCESS, 0x12340000 /* unknown */};
        KILLS(SIGSYS, signal(SIGSYS, SIG_IGN); install_for(SYS_getppid, fatal[i], 0); getppid());
    }
    /* A number that there is no call of. */
    IN_CHILD({
        CHECK(install_for(100000, SECCOMP_RET_ERRNO | 33, 0) == 0);
        CHECK(FAILS(syscall(100000), 33));
        CHECK(FAILS(syscall(100001), ENOSYS));
    });
}

/* The least action wins; of equal ones the newest filter's. */
static void check_precedence(void) {
    IN_CHILD({
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 11, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), 11));
        CHECK(install_for(SYS_getppid, SECCOMP_RET_ERRNO | 12, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), 12));
        CHECK(install_for(SYS_getppid, SECCOMP_RET_LOG, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), 12));
        CHECK(install_for(SYS_getppid, SECCOMP_RET_TRACE, 0) == 0);
        CHECK(FAILS(syscall(SYS_getppid), 12));
    });
    KILLS(SIGSYS, {
        install_for(SYS_getppid, SECCOMP_RET_KILL_PROCESS, 0);
        install_for(SYS_getppid, SECCOMP_RET_ERRNO | 1, 0);
        getppid();
    });
}

/* A chain has room for 32768 instructions of the kernel's own, which has two for a return and three more per program;
 * each filter costs four more. */
static void check_length(void) {
    IN_CHILD({
        static struct sock_filter longest[4096];
        for (unsigned i = 0; i < 4096; i++) longest[i] = ALLOW;
        for (unsigned i = 0; i < 3; i++) CHECK(INSTALL(longest, 0) == 0);
        CHECK(FAILS(INSTALL(longest, 0), ENOMEM));
        CHECK(FAILS(install_all(longest, 4085, 0), ENOMEM));
        CHECK(install_all(longest, 4084, 0) == 0);
        CHECK(FAILS(install_all(longest, 1, 0), ENOMEM));
    });
}

int main(void) {
    CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    check_arguments();
    check_programs();
    check_computations();
    check_data();
    check_trap();
    check_actions();
    check_precedence();
    check_length();
    return 0;
}
