// flags: -O1
/* ptrace: what a tracer is told of fork, vfork, clone, exec, exit and seccomp, and how it has the children. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <spawn.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include "ptrace.h"

static unsigned long message_of(pid_t pid) {
    unsigned long message;
    CHECK(ptrace(PTRACE_GETEVENTMSG, pid, NULL, &message) == 0);
    return message;
}

/* Resumes the child until its next stop. */
static int resume(pid_t pid) {
    GO(PTRACE_CONT, pid, 0);
    return next_stop(pid);
}

static void check_fork(void) {
    pid_t child = TRACED_CHILD({
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(3);
        int status;
        CHECK(waitpid(grandchild, &status, 0) == grandchild && status == 3 << 8);
    });
    OPTIONS(child, PTRACE_O_TRACEFORK);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_FORK));
    pid_t grandchild = (pid_t)message_of(child);
    CHECK(next_stop(grandchild) == SIGSTOP);
    /* The parent waits for it, however long that takes. */
    GO(PTRACE_CONT, child, 0);
    GO(PTRACE_CONT, grandchild, 0);
    CHECK(end_of(grandchild) == 3 << 8);
    CHECK(next_stop(child) == SIGCHLD);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);

    /* Without the option nobody hears of it. */
    child = TRACED_CHILD({
        pid_t grandchild = fork();
        if (grandchild == 0) _exit(raise(SIGUSR1) + 1);
        int status;
        CHECK(waitpid(grandchild, &status, 0) == grandchild && status == SIGUSR1);
    });
    CHECK(resume(child) == SIGCHLD);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

static void check_vfork(void) {
    pid_t child = TRACED_CHILD({
        signal(SIGCHLD, SIG_DFL);
        pid_t grandchild = vfork();
        if (grandchild == 0) _exit(3);
        int status;
        CHECK(waitpid(grandchild, &status, 0) == grandchild && status == 3 << 8);
    });
    OPTIONS(child, PTRACE_O_TRACEVFORK | PTRACE_O_TRACEVFORKDONE);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_VFORK));
    pid_t grandchild = (pid_t)message_of(child);
    CHECK(next_stop(grandchild) == SIGSTOP);
    CHECK(PC(get_registers(child)) != 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(waitpid(child, NULL, __WALL | WNOHANG) == 0); /* it waits for its child */
    GO(PTRACE_CONT, grandchild, 0);
    CHECK(end_of(grandchild) == 3 << 8);
    int stop = next_stop(child), seen = 0;
    for (; stop == SIGCHLD || stop == EVENT(PTRACE_EVENT_VFORK_DONE); seen++) {
        if (stop != SIGCHLD) CHECK((pid_t)message_of(child) == grandchild);
        GO(PTRACE_CONT, child, 0);
        if (seen == 1) break;
        stop = next_stop(child);
    }
    CHECK(seen == 1 && end_of(child) == 0);
}

static void *raise_in_thread(void *unused) {
    syscall(SYS_tkill, syscall(SYS_gettid), SIGUSR1);
    return unused;
}
static void check_clone(void) {
    pid_t child = TRACED_CHILD({
        pthread_t thread;
        CHECK(pthread_create(&thread, NULL, raise_in_thread, NULL) == 0 && pthread_join(thread, NULL) == 0);
        raise(SIGUSR2);
        _exit(2);
    });
    OPTIONS(child, PTRACE_O_TRACECLONE);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_CLONE));
    pid_t thread = (pid_t)message_of(child);
    CHECK(thread != child && next_stop(thread) == SIGSTOP);
    GO(PTRACE_CONT, child, 0);
    CHECK(resume(thread) == SIGUSR1);
    CHECK(PC(get_registers(thread)) != PC((registers_t){0}));
    GO(PTRACE_CONT, thread, 0);
    CHECK(end_of(thread) == 0);
    CHECK(next_stop(child) == SIGUSR2);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 2 << 8);
}

static char self[4096];
static void execute(const char *what) {
    char *argv[] = {self, (char *)what, NULL};
    execv(self, argv);
}

static void check_exec(void) {
    pid_t child = TRACED_CHILD(execute("exit7"));
    CHECK(resume(child) == SIGTRAP); /* without the option, a signal */
    siginfo_t info;
    CHECK(ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == 0 && info.si_code == SI_USER);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 7 << 8);

    child = TRACED_CHILD(execute("exit7"));
    OPTIONS(child, PTRACE_O_TRACEEXEC | PTRACE_O_TRACESYSGOOD);
    int stop;
    do {
        GO(PTRACE_SYSCALL, child, 0);
        stop = next_stop(child);
        CHECK(stop == (SIGTRAP | 0x80) || stop == EVENT(PTRACE_EVENT_EXEC));
    } while (stop == (SIGTRAP | 0x80));
    CHECK((pid_t)message_of(child) == child);
    GO(PTRACE_SYSCALL, child, 0);
    CHECK(next_stop(child) == (SIGTRAP | 0x80));
    struct ptrace_syscall_info call;
    CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof call, &call) == 33);
    CHECK(call.op == PTRACE_SYSCALL_INFO_EXIT && call.exit.rval == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 7 << 8);

    /* One that could not be executed leaves all as it was; ignored signals stay ignored. */
    child = TRACED_CHILD({
        signal(SIGUSR1, SIG_IGN);
        CHECK(execl("/nowhere", "nowhere", NULL) == -1);
        execute("usr1");
    });
    OPTIONS(child, PTRACE_O_TRACEEXEC);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_EXEC));
    CHECK(resume(child) == SIGUSR1);
    GO(PTRACE_CONT, child, SIGUSR1);
    CHECK(end_of(child) == 8 << 8);

    /* posix_spawn in a tracee. */
    child = TRACED_CHILD({
        pid_t spawned;
        char *argv[] = {self, "exit7", NULL};
        int status;
        CHECK(posix_spawn(&spawned, self, NULL, NULL, argv, NULL) == 0);
        CHECK(waitpid(spawned, &status, 0) == spawned && status == 7 << 8);
    });
    OPTIONS(child, PTRACE_O_TRACEEXEC | PTRACE_O_TRACEVFORK);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_VFORK));
    pid_t spawned = (pid_t)message_of(child);
    CHECK(next_stop(spawned) == SIGSTOP);
    GO(PTRACE_CONT, child, 0);
    CHECK(resume(spawned) == EVENT(PTRACE_EVENT_EXEC));
    GO(PTRACE_CONT, spawned, 0);
    CHECK(end_of(spawned) == 7 << 8);
    CHECK(next_stop(child) == SIGCHLD);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

static void check_exit(void) {
    pid_t child = TRACED_CHILD(_exit(5));
    OPTIONS(child, PTRACE_O_TRACEEXIT);
    CHECK(resume(child) == EVENT(PTRACE_EVENT_EXIT));
    CHECK(message_of(child) == 5 << 8);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 5 << 8);
    child = TRACED_CHILD(raise(SIGTERM));
    OPTIONS(child, PTRACE_O_TRACEEXIT);
    CHECK(resume(child) == SIGTERM);
    GO(PTRACE_CONT, child, SIGTERM);
    CHECK(next_stop(child) == EVENT(PTRACE_EVENT_EXIT));
    CHECK(message_of(child) == SIGTERM);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == SIGTERM);
}

static void check_seccomp(void) {
    pid_t child = TRACED_CHILD({
        struct sock_filter filter[] = {
            BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
            BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRACE | 33),
            BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
        struct sock_fprog program = {4, filter};
        CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
        CHECK(FAILS(syscall(SYS_getppid), ENOSYS)); /* the tracer does not want to know */
        raise(SIGUSR1);
        CHECK(syscall(SYS_getppid) > 0);
        CHECK(syscall(SYS_getppid) == getpid());
        CHECK(syscall(SYS_getppid) == 88);
    });
    CHECK(resume(child) == SIGUSR1);
    OPTIONS(child, PTRACE_O_TRACESECCOMP);
    for (int i = 0; i < 3; i++) {
        CHECK(resume(child) == EVENT(PTRACE_EVENT_SECCOMP));
        CHECK(message_of(child) == 33);
        struct ptrace_syscall_info call;
        CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof call, &call) >= 84);
        CHECK(call.op == PTRACE_SYSCALL_INFO_SECCOMP && call.seccomp.nr == SYS_getppid && call.seccomp.ret_data == 33);
        registers_t registers = get_registers(child);
        if (i == 1) NUMBER(registers) = SYS_getpid;
        if (i == 2) NUMBER(registers) = -1, RESULT(registers) = 88;
        set_registers(child, registers);
    }
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

/* All at once, as `strace -f` does it: every task that comes to be is stopped at its system calls. */
static void *work(void *argument) {
    for (int i = 0; i < 20; i++) syscall(SYS_getppid);
    return argument;
}
static void check_all(void) {
    pid_t child = TRACED_CHILD({
        pthread_t threads[4];
        for (int i = 0; i < 4; i++) CHECK(pthread_create(&threads[i], NULL, work, NULL) == 0);
        for (int i = 0; i < 4; i++) CHECK(pthread_join(threads[i], NULL) == 0);
        pid_t children[3];
        for (int i = 0; i < 3; i++) {
            children[i] = fork();
            if (children[i] == 0) {
                work(NULL);
                execute("exit7");
            }
        }
        for (int i = 0; i < 3; i++) {
            int status;
            CHECK(waitpid(children[i], &status, 0) == children[i] && status == 7 << 8);
        }
        _exit(1);
    });
    OPTIONS(child, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC);
    GO(PTRACE_SYSCALL, child, 0);
    int entries = 0, ended = 0, made = 0, executed = 0;
    for (int status;;) {
        pid_t pid = waitpid(-1, &status, __WALL);
        if (pid < 0) break;
        if (!WIFSTOPPED(status)) {
            ended++;
            if (pid == child) CHECK(status == 1 << 8);
            continue;
        }
        int stop = status >> 8, signal = 0;
        if (stop == (SIGTRAP | 0x80)) {
            struct ptrace_syscall_info call;
            CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, pid, (void *)sizeof call, &call) > 0);
            entries += call.op == PTRACE_SYSCALL_INFO_ENTRY && call.entry.nr == SYS_getppid;
        } else if (stop == EVENT(PTRACE_EVENT_CLONE) || stop == EVENT(PTRACE_EVENT_FORK)) {
            made++;
        } else if (stop == EVENT(PTRACE_EVENT_EXEC)) {
            executed++;
        } else if (stop != SIGSTOP) {
            signal = stop;
        }
        GO(PTRACE_SYSCALL, pid, signal);
    }
    CHECK(errno == ECHILD && made == 7 && executed == 3 && ended == 8 && entries == 7 * 20);
}

int main(int argc, char **argv) {
    if (argc > 1) {
        if (strcmp(argv[1], "usr1") == 0) raise(SIGUSR1);
        return strcmp(argv[1], "usr1") == 0 ? 8 : 7;
    }
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    check_fork();
    check_vfork();
    check_clone();
    check_exec();
    check_exit();
    check_seccomp();
    check_all();
    return 0;
}
