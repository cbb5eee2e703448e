// flags: -O1
/* ptrace: system calls, signals, memory, registers, attaching and its end. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stddef.h>
#include <sys/mman.h>
#include <time.h>
#include "ptrace.h"

static void check_refusals(void) {
    pid_t child = CHILD(pause());
    CHECK(FAILS(ptrace(PTRACE_CONT, child, NULL, NULL), ESRCH)); /* not traced */
    CHECK(FAILS(ptrace(PTRACE_ATTACH, 0x3fffffff, NULL, NULL), ESRCH));
    CHECK(FAILS(ptrace(PTRACE_ATTACH, getpid(), NULL, NULL), EPERM));
    CHECK(FAILS(ptrace(PTRACE_SEIZE, child, (void *)1, NULL), EIO));
    CHECK(FAILS(ptrace(PTRACE_SEIZE, child, NULL, (void *)0x40000000), EIO));
    CHECK(ptrace(PTRACE_SEIZE, child, NULL, NULL) == 0);
    CHECK(FAILS(ptrace(PTRACE_SEIZE, child, NULL, NULL), EPERM)); /* already */
    CHECK(FAILS(ptrace(PTRACE_CONT, child, NULL, NULL), ESRCH));  /* not stopped */
    CHECK(kill(child, SIGKILL) == 0);
    CHECK(end_of(child) == SIGKILL);

    child = TRACED_CHILD();
    CHECK(FAILS(ptrace(PTRACE_SETOPTIONS, child, NULL, (void *)0x40000000), EINVAL));
    CHECK(FAILS(ptrace(PTRACE_INTERRUPT, child, NULL, NULL), EIO));
    CHECK(FAILS(ptrace(PTRACE_LISTEN, child, NULL, NULL), EIO));
    CHECK(FAILS(ptrace(0x5555, child, NULL, NULL), EIO));
    CHECK(FAILS(ptrace(PTRACE_PEEKDATA, child, bad_pointer, &child), EIO));
    CHECK(FAILS(ptrace(PTRACE_POKEDATA, child, bad_pointer, NULL), EIO));
    CHECK(FAILS(ptrace(PTRACE_CONT, child, NULL, (void *)65), EIO));
    struct iovec nothing = {NULL, 0};
    CHECK(FAILS(ptrace(PTRACE_GETREGSET, child, (void *)0x1234, &nothing), EINVAL));
#ifdef __riscv
    CHECK(FAILS(ptrace(PTRACE_SINGLESTEP, child, NULL, NULL), EIO));
#endif
    GO(PTRACE_KILL, child, 0);
    CHECK(end_of(child) == SIGKILL);
}

static void check_syscalls(void) {
    pid_t child = TRACED_CHILD({
        CHECK(syscall(SYS_lseek, -1, 0x1234, 0) == 77);
        CHECK(syscall(SYS_lseek, 5, 6, 7) == getpid());
        CHECK(FAILS(syscall(SYS_lseek, -1, 2, 3), EBADF));
        _exit(9);
    });
    OPTIONS(child, PTRACE_O_TRACESYSGOOD);
    struct ptrace_syscall_info call;
    const long entry_size = offsetof(struct ptrace_syscall_info, entry) + sizeof call.entry;
    int ends = 0;
    for (unsigned lseeks = 0; !ends;) {
        GO(PTRACE_SYSCALL, child, 0);
        CHECK(next_stop(child) == (SIGTRAP | 0x80));
        memset(&call, 0, sizeof call);
        CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof call, &call) == entry_size);
        CHECK(call.op == PTRACE_SYSCALL_INFO_ENTRY);
        registers_t registers = get_registers(child);
        CHECK(NUMBER(registers) == call.entry.nr && PC(registers) == call.instruction_pointer);
        CHECK((long)RESULT(registers) == -ENOSYS);
        if (call.entry.nr == SYS_exit_group) break;
        const int is_lseek = call.entry.nr == SYS_lseek;
        if (is_lseek && lseeks == 0) {
            CHECK(call.entry.args[1] == 0x1234);
            NUMBER(registers) = -1; /* it is not made */
            set_registers(child, registers);
        } else if (is_lseek && lseeks == 1) {
            CHECK(call.entry.args[0] == 5 && call.entry.args[1] == 6 && call.entry.args[2] == 7);
            NUMBER(registers) = SYS_getpid;
            set_registers(child, registers);
        }
        GO(PTRACE_SYSCALL, child, 0);
        CHECK(next_stop(child) == (SIGTRAP | 0x80));
        CHECK(ptrace(PTRACE_GET_SYSCALL_INFO, child, (void *)sizeof call, &call) == 33);
        CHECK(call.op == PTRACE_SYSCALL_INFO_EXIT);
        registers = get_registers(child);
        CHECK((long)RESULT(registers) == call.exit.rval);
        if (is_lseek && lseeks == 0) {
            CHECK(call.exit.rval == -ENOSYS && call.exit.is_error);
            RESULT(registers) = 77;
            set_registers(child, registers);
        }
        lseeks += is_lseek;
    }
    GO(PTRACE_SYSCALL, child, 0);
    CHECK(end_of(child) == 9 << 8);
}

static volatile sig_atomic_t got[65];
static void on_signal(int signal) { got[signal]++; }

static void check_signals(void) {
    pid_t child = TRACED_CHILD({
        struct sigaction action = {.sa_handler = on_signal};
        sigaction(SIGUSR1, &action, NULL);
        sigaction(SIGUSR2, &action, NULL);
        signal(SIGHUP, SIG_IGN);
        raise(SIGUSR1); /* delivered */
        CHECK(got[SIGUSR1] == 1);
        raise(SIGUSR1); /* swallowed */
        CHECK(got[SIGUSR1] == 1);
        raise(SIGUSR1); /* becomes SIGUSR2 */
        CHECK(got[SIGUSR1] == 1 && got[SIGUSR2] == 1);
        raise(SIGHUP);  /* ignored, and yet seen */
        raise(SIGTERM); /* swallowed */
        raise(SIGCHLD); /* not worth a default action */
        /* A call that a swallowed signal interrupts goes on. */
        struct timespec time = {0, 100000000};
        CHECK(nanosleep(&time, NULL) == 0);
        raise(SIGKILL);
    });
    int expected[] = {SIGUSR1, SIGUSR1, SIGUSR1, SIGHUP, SIGTERM, SIGCHLD};
    int passed[] = {SIGUSR1, 0, SIGUSR2, SIGHUP, 0, SIGCHLD};
    int pass = 0;
    for (unsigned i = 0; i < 6; i++) {
        GO(PTRACE_CONT, child, pass);
        CHECK(next_stop(child) == expected[i]);
        siginfo_t info;
        CHECK(ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == 0);
        CHECK(info.si_signo == expected[i] && info.si_code == SI_TKILL && info.si_pid == child);
        pass = passed[i];
    }
    GO(PTRACE_CONT, child, pass);
    usleep(20000);
    CHECK(kill(child, SIGUSR2) == 0);
    CHECK(next_stop(child) == SIGUSR2);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == SIGKILL);

    /* What the signal says can be changed; the mask, too. */
    child = TRACED_CHILD({
        sigset_t set;
        sigemptyset(&set);
        sigaddset(&set, SIGUSR1);
        siginfo_t info;
        sigprocmask(SIG_BLOCK, &set, NULL);
        raise(SIGUSR1);
        raise(SIGUSR2);
        sigprocmask(SIG_SETMASK, NULL, &set);
        CHECK(sigismember(&set, SIGTERM) && !sigismember(&set, SIGUSR1));
        (void)info;
    });
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR2);
    unsigned long mask = 0;
    CHECK(ptrace(PTRACE_GETSIGMASK, child, (void *)8, &mask) == 0 && mask == 1ul << (SIGUSR1 - 1));
    CHECK(FAILS(ptrace(PTRACE_GETSIGMASK, child, (void *)4, &mask), EINVAL));
    mask = 1ul << (SIGTERM - 1);
    CHECK(ptrace(PTRACE_SETSIGMASK, child, (void *)8, &mask) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);

    /* A signal that ends the task is seen before. */
    child = TRACED_CHILD(*(volatile int *)bad_pointer = 1);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGSEGV);
    siginfo_t info;
    CHECK(ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == 0);
    CHECK(info.si_code == SEGV_MAPERR && info.si_addr == bad_pointer);
    GO(PTRACE_CONT, child, SIGTERM);
    CHECK(end_of(child) == SIGTERM);
}

static volatile long word = 0x1122334455667788;
static int __attribute__((noinline, noclone)) answer(void) {
    __asm__ volatile("");
    return 42;
}

static void check_memory(void) {
    static volatile int round;
    pid_t child = TRACED_CHILD({
        for (round = 0; round < 1000; round++) CHECK(answer() == 42); /* translated by now */
        raise(SIGUSR1);
        CHECK(word == 7);
        CHECK(answer() == 43);
        raise(SIGUSR1);
        CHECK(answer() == 42);
    });
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    CHECK(peek(child, &word) == 0x1122334455667788);
    CHECK(ptrace(PTRACE_POKEDATA, child, (void *)&word, (void *)7) == 0);
    CHECK(peek(child, &word) == 7 && word == 0x1122334455667788);
    long remote;
    struct iovec here = {&remote, sizeof remote}, there = {(void *)&word, sizeof word};
    CHECK(process_vm_readv(child, &here, 1, &there, 1, 0) == sizeof remote && remote == 7);
    /* Code: the instruction that loads 42. */
    long code = peek(child, (void *)answer);
#ifdef __riscv
    CHECK((code & 0xffffffff) == 0x02a00513); /* li a0, 42 */
    long changed = (code & ~0xffffffffl) | 0x02b00513;
#else
    long changed = (code & ~0xff00l) | 43 << 8; /* mov $42, %eax */
#endif
    CHECK(ptrace(PTRACE_POKETEXT, child, (void *)answer, (void *)changed) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    CHECK(ptrace(PTRACE_POKETEXT, child, (void *)answer, (void *)code) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

#ifdef __riscv
static void check_breakpoint(void) {
    pid_t child = TRACED_CHILD({
        for (int i = 0; i < 1000; i++) CHECK(answer() == 42);
        raise(SIGUSR1);
        for (int i = 0; i < 3; i++) CHECK(answer() == 42);
    });
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    const long code = peek(child, (void *)answer), broken = (code & ~0xffffffffl) | 0x00100073; /* ebreak */
    for (int i = 0; i < 3; i++) {
        CHECK(ptrace(PTRACE_POKETEXT, child, (void *)answer, (void *)broken) == 0);
        GO(PTRACE_CONT, child, 0);
        CHECK(next_stop(child) == SIGTRAP);
        siginfo_t info;
        CHECK(ptrace(PTRACE_GETSIGINFO, child, NULL, &info) == 0 && info.si_code == TRAP_BRKPT);
        registers_t registers = get_registers(child);
        CHECK(registers.pc == (unsigned long)answer);
        /* A step, as gdb makes it: the instruction is put back, a breakpoint stands where it returns to. */
        CHECK(ptrace(PTRACE_POKETEXT, child, (void *)answer, (void *)code) == 0);
        const long behind = peek(child, (void *)registers.x[0]);
        CHECK(ptrace(PTRACE_POKETEXT, child, (void *)registers.x[0], (void *)((behind & ~0xffffffffl) | 0x00100073)) == 0);
        GO(PTRACE_CONT, child, 0);
        CHECK(next_stop(child) == SIGTRAP);
        CHECK(PC(get_registers(child)) == registers.x[0] && RESULT(get_registers(child)) == 42);
        CHECK(ptrace(PTRACE_POKETEXT, child, (void *)registers.x[0], (void *)behind) == 0);
    }
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

static void check_float_registers(void) {
    pid_t child = TRACED_CHILD({
        register double value __asm__("fs3") = 2.5;
        __asm__ volatile("mv a0, %1; li a7, 129; li a1, 10; ecall" : "+f"(value) : "r"(getpid()) : "a0", "a1", "a7", "memory");
        CHECK(value == 4.5);
    });
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    struct {
        double f[32];
        unsigned long fcsr;
    } floats;
    struct iovec where = {&floats, sizeof floats};
    CHECK(ptrace(PTRACE_GETREGSET, child, (void *)NT_FPREGSET, &where) == 0 && where.iov_len == sizeof floats);
    CHECK(floats.f[19] == 2.5);
    floats.f[19] = 4.5;
    CHECK(ptrace(PTRACE_SETREGSET, child, (void *)NT_FPREGSET, &where) == 0);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}
#else
static void check_breakpoint(void) {}
static void check_float_registers(void) {}
#endif

/* Whoever is attached to knows nothing of it, is stopped in the middle of what it does, and goes on. */
static volatile int *shared;
static void check_attach(void) {
    for (int asleep = 0; asleep < 2; asleep++) {
        shared[0] = shared[1] = 0;
        pid_t child = CHILD({
            while (!shared[0]) {
                struct timespec time = {0, 200000000};
                if (asleep) CHECK(nanosleep(&time, NULL) == 0);
                else shared[1]++;
            }
            _exit(6);
        });
        if (!asleep)
            while (shared[1] < 1000) usleep(100);
        CHECK(ptrace(PTRACE_ATTACH, child, NULL, NULL) == 0);
        CHECK(next_stop(child) == SIGSTOP);
        int count = shared[1];
        CHECK(PC(get_registers(child)) != 0);
        CHECK(peek(child, &word) == word);
        usleep(2000);
        CHECK(count == shared[1]);
        GO(PTRACE_DETACH, child, 0);
        CHECK(FAILS(ptrace(PTRACE_CONT, child, NULL, NULL), ESRCH));
        if (!asleep)
            while (shared[1] == count) usleep(100);
        shared[0] = 1;
        CHECK(end_of(child) == 6 << 8);
    }
}

static void check_seize(void) {
    shared[0] = shared[1] = 0;
    pid_t child = CHILD({
        while (!shared[0]) shared[1]++;
        _exit(4);
    });
    CHECK(ptrace(PTRACE_SEIZE, child, NULL, (void *)PTRACE_O_TRACESYSGOOD) == 0);
    for (int i = 0; i < 3; i++) {
        CHECK(ptrace(PTRACE_INTERRUPT, child, NULL, NULL) == 0);
        CHECK(next_stop(child) == EVENT(PTRACE_EVENT_STOP));
        GO(PTRACE_CONT, child, 0);
    }
    /* Group stop: the signal is seen, then the stop; LISTEN leaves it stopped, SIGCONT ends that. */
    CHECK(kill(child, SIGSTOP) == 0);
    CHECK(next_stop(child) == SIGSTOP);
    GO(PTRACE_CONT, child, SIGSTOP);
    CHECK(next_stop(child) == (PTRACE_EVENT_STOP << 8 | SIGSTOP));
    CHECK(ptrace(PTRACE_LISTEN, child, NULL, NULL) == 0);
    int count = shared[1];
    usleep(2000);
    CHECK(count == shared[1]);
    CHECK(kill(child, SIGCONT) == 0);
    CHECK(next_stop(child) == EVENT(PTRACE_EVENT_STOP));
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGCONT);
    GO(PTRACE_CONT, child, SIGCONT);
    shared[0] = 1;
    CHECK(end_of(child) == 4 << 8);
}

/* Stops of job control are shown as what they are. */
static void check_job_control(void) {
    pid_t child = TRACED_CHILD({
        setpgid(0, 0);
        raise(SIGTSTP);
        raise(SIGUSR1);
    });
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGTSTP);
    GO(PTRACE_CONT, child, SIGTSTP);
    CHECK(next_stop(child) == SIGTSTP);
    siginfo_t info;
    CHECK(FAILS(ptrace(PTRACE_GETSIGINFO, child, NULL, &info), EINVAL)); /* no signal, but a group stop */
    GO(PTRACE_CONT, child, 0);
    CHECK(next_stop(child) == SIGUSR1);
    GO(PTRACE_CONT, child, 0);
    CHECK(end_of(child) == 0);
}

/* At whatever moment, somebody who is executing programs all the time can be stopped. */
static void check_attach_during_exec(char *self) {
    pid_t child = CHILD(execl(self, self, "20", NULL));
    int status, stops = 0;
    while (waitpid(child, &status, __WALL | WNOHANG) == 0) {
        if (ptrace(PTRACE_ATTACH, child, NULL, NULL) != 0) continue; /* its program is not there yet */
        CHECK(waitpid(child, &status, __WALL) == child);
        if (!WIFSTOPPED(status)) break;
        CHECK(WSTOPSIG(status) == SIGSTOP || WSTOPSIG(status) == SIGTRAP);
        if (WSTOPSIG(status) == SIGTRAP) {
            GO(PTRACE_CONT, child, 0);
            CHECK(next_stop(child) == SIGSTOP);
        }
        GO(PTRACE_DETACH, child, 0);
        stops++;
    }
    CHECK(status == 3 << 8 && stops > 0);
}

/* The tracee goes on when its tracer ends, unless it was to be killed. */
static void check_end_of_tracer(void) {
    for (int kills = 0; kills < 2; kills++) {
        shared[0] = shared[1] = 0;
        pid_t child = CHILD({
            struct sigaction action = {.sa_handler = on_signal};
            sigaction(SIGUSR1, &action, NULL);
            while (!shared[0]) {
                shared[1]++;
                if (shared[1] % 1000 == 0) raise(SIGUSR1);
            }
            _exit(got[SIGUSR1] > 0 ? 5 : 6);
        });
        pid_t tracer = CHILD({
            CHECK(ptrace(PTRACE_SEIZE, child, NULL, (void *)(kills ? (long)PTRACE_O_EXITKILL : 0)) == 0);
            CHECK(ptrace(PTRACE_INTERRUPT, child, NULL, NULL) == 0);
            CHECK(waitpid(child, NULL, __WALL) == child);
            GO(PTRACE_CONT, child, 0);
            raise(SIGKILL);
        });
        CHECK(end_of(tracer) == SIGKILL);
        if (!kills) {
            int count = shared[1];
            while (shared[1] < count + 5000) usleep(100);
            shared[0] = 1;
        }
        CHECK(end_of(child) == (kills ? SIGKILL : 5 << 8));
    }
}

/* A child in the same memory stops the threads of its parent, as LeakSanitizer does. */
static char stack[65536] __attribute__((aligned(16)));
static pid_t threads[3];
static void *spin(void *which) {
    threads[(long)which] = (pid_t)syscall(SYS_gettid);
    while (!shared[0]) __atomic_add_fetch(&shared[1 + (long)which], 1, __ATOMIC_RELAXED);
    return NULL;
}
static int stop_the_world(void *unused) {
    (void)unused;
    for (int i = 0; i < 3; i++) {
        CHECK(ptrace(PTRACE_ATTACH, threads[i], NULL, NULL) == 0);
        CHECK(next_stop(threads[i]) == SIGSTOP);
    }
    int counts[3];
    for (int i = 0; i < 3; i++) {
        CHECK(PC(get_registers(threads[i])) != 0);
        counts[i] = shared[1 + i];
    }
    usleep(2000);
    for (int i = 0; i < 3; i++) CHECK(counts[i] == shared[1 + i]);
    for (int i = 0; i < 3; i++) GO(PTRACE_DETACH, threads[i], 0);
    return 0;
}
static void check_stopped_world(void) {
    for (int i = 0; i < 4; i++) shared[i] = 0;
    pthread_t thread[3];
    for (long i = 0; i < 3; i++) CHECK(pthread_create(&thread[i], NULL, spin, (void *)i) == 0);
    for (int i = 0; i < 3; i++)
        while (shared[1 + i] == 0) usleep(100);
    pid_t child = clone(stop_the_world, stack + sizeof stack, CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_UNTRACED, NULL);
    CHECK(child > 0);
    CHECK(end_of(child) == 0);
    for (int i = 0; i < 3; i++) {
        int count = shared[1 + i];
        while (shared[1 + i] == count) usleep(100);
    }
    shared[0] = 1;
    for (int i = 0; i < 3; i++) CHECK(pthread_join(thread[i], NULL) == 0);
}

int main(int argc, char **argv) {
    static char self[4096];
    CHECK(readlink("/proc/self/exe", self, sizeof self - 1) > 0);
    if (argc > 1) {
        char left[16];
        snprintf(left, sizeof left, "%d", atoi(argv[1]) - 1);
        if (atoi(argv[1]) > 0) execl(self, self, left, NULL);
        return 3;
    }
    (void)argv;
    shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    CHECK(shared != MAP_FAILED);
    check_refusals();
    check_syscalls();
    check_signals();
    check_memory();
    check_breakpoint();
    check_float_registers();
    check_attach();
    check_seize();
    check_job_control();
    check_attach_during_exec(self);
    check_end_of_tracer();
    check_stopped_world();
    return 0;
}
