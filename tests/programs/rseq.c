// flags: -O2
/* Restartable sequences: what rseq(2) registers and refuses, that critical sections are aborted by what interrupts them,
 * and that no update of data of a CPU is lost. */
#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

#define SIGNATURE 0xf1401073u
#define UNREGISTER 1

struct area {
    uint32_t cpu_id_start, cpu_id;
    volatile uint64_t rseq_cs;
    uint32_t flags, node_id, mm_cid, end;
} __attribute__((aligned(32)));

struct descriptor {
    uint32_t version, flags;
    uint64_t start, length, abort;
} __attribute__((aligned(32)));

static __thread struct area self;

static long rseq(void *area, unsigned length, int flags, unsigned signature) {
    return syscall(SYS_rseq, area, length, flags, signature);
}
static void join_in(void) { CHECK(rseq(&self, sizeof self, 0, SIGNATURE) == 0); }
static void leave(void) { CHECK(rseq(&self, sizeof self, UNREGISTER, SIGNATURE) == 0); }
static uint32_t cpu(void) { return *(volatile uint32_t *)&self.cpu_id; }

/* The beginning of a section: its descriptor is in a section of its own. `store` stores the address of 1b. */
#define TABLE                                            \
    ".pushsection .data.sections, \"aw\"\n\t"            \
    ".balign 32\n"                                       \
    "1: .word 0, 0\n\t"                                  \
    ".quad 2f, 3f - 2f, 4f\n\t"                          \
    ".popsection\n\t"
#define BEGIN TABLE "lla t6, 1b\n\tsd t6, 8(%[area])\n2:\n\t"
#define END                     \
    "3: j 5f\n\t"               \
    ".balign 4\n\t"             \
    ".word 0xf1401073\n"        \
    "4: j %l[aborted]\n"        \
    "5:\n"

/* Adds one to the word of this CPU, and keeps busy for a while in between. @returns whether it did */
static inline __attribute__((always_inline)) int add(uint64_t *words, long delay) {
    asm goto(BEGIN
             "lwu t0, 4(%[area])\n\t"
             "slli t0, t0, 7\n\t"
             "add t0, t0, %[words]\n\t"
             "ld t1, 0(t0)\n\t"
             "mv t2, %[delay]\n"
             "6: addi t2, t2, -1\n\t"
             "bgtz t2, 6b\n\t"
             "addi t1, t1, 1\n\t"
             "sd t1, 0(t0)\n" END
             :
             : [area] "r"(&self), [words] "r"(words), [delay] "r"(delay)
             : "t0", "t1", "t2", "t6", "memory"
             : aborted);
    return 1;
aborted:
    return 0;
}

/* The same where nothing but the register says where the descriptor is, in one basic block and then in two. */
static __attribute__((noinline)) int add_from_register(uint64_t *words, const struct descriptor **where) {
    asm goto(TABLE
             "lla t6, 1b\n\t"
             "sd t6, 0(%[where])\n\t"
             "fence\n\t"
             "ld t5, 0(%[where])\n\t"
             "sd t5, 8(%[area])\n"
             "2:\n\t"
             "lwu t0, 4(%[area])\n\t"
             "slli t0, t0, 7\n\t"
             "add t0, t0, %[words]\n\t"
             "beqz t0, 6f\n\t"
             "ld t1, 0(t0)\n\t"
             "addi t1, t1, 1\n\t"
             "sd t1, 0(t0)\n"
             "3: j 5f\n\t"
             ".balign 4\n\t"
             ".word 0xf1401073\n"
             "4: j %l[aborted]\n"
             "6: ebreak\n"
             "5:\n"
             :
             : [area] "r"(&self), [words] "r"(words), [where] "r"(where)
             : "t0", "t1", "t5", "t6", "memory"
             : aborted);
    return 1;
aborted:
    return 0;
}

/* Runs until it is aborted. @returns 0 */
static volatile atomic_int spinning;
static __attribute__((noinline)) int spin(void) {
    asm goto(BEGIN
             "li t0, 1\n"
             "6: sw t0, 0(%[flag])\n\t"
             "j 6b\n\t" END
             :
             : [area] "r"(&self), [flag] "r"(&spinning)
             : "t0", "t6", "memory"
             : aborted);
    return 1;
aborted:
    return 0;
}

/* Faults. @returns 0 when it was aborted by that */
static __attribute__((noinline)) int fault(void *at) {
    asm goto(BEGIN "ld t0, 0(%[at])\n\tnop\n\t" END
             :
             : [area] "r"(&self), [at] "r"(at)
             : "t0", "t6", "memory"
             : aborted);
    return 1;
aborted:
    return 0;
}

enum { kThreads = 8, kRounds = 3000, kCpus = 1024 };
static uint64_t words[kCpus][16], words_from_register[kCpus][16];
static atomic_long aborts;

static void *count(void *argument) {
    const long delay = (long)argument;
    const struct descriptor *where;
    join_in();
    for (int i = 0; i < kRounds; i++) {
        while (!add(words[0], delay)) aborts++;
        if (i % 64 == 0) sched_yield();
    }
    for (int i = 0; i < kRounds; i++) {
        while (!add_from_register(words_from_register[0], &where)) aborts++;
    }
    leave();
    return NULL;
}

static uint64_t sum(uint64_t (*of)[16]) {
    uint64_t total = 0;
    for (int i = 0; i < kCpus; i++) total += of[i][0];
    return total;
}

static void test_counters(void) {
    pthread_t threads[kThreads];
    for (long i = 0; i < kThreads; i++) CHECK(pthread_create(&threads[i], NULL, count, (void *)(i * 20)) == 0);
    for (int i = 0; i < kThreads; i++) CHECK(pthread_join(threads[i], NULL) == 0);
    CHECK(sum(words) == kThreads * kRounds);
    CHECK(sum(words_from_register) == kThreads * kRounds);
}

static void test_errors(void) {
    static struct area other;
    CHECK(FAILS(rseq(NULL, 0, 0, 0), EINVAL));
    CHECK(FAILS(rseq((char *)&other + 4, sizeof other, 0, SIGNATURE), EINVAL));
    CHECK(FAILS(rseq(&other, 16, 0, SIGNATURE), EINVAL));
    CHECK(FAILS(rseq(&other, sizeof other, 0x40, SIGNATURE), EINVAL));
    CHECK(FAILS(rseq(&other, sizeof other, UNREGISTER, SIGNATURE), EINVAL));
    CHECK(FAILS(rseq((void *)(UINT64_MAX - 31), sizeof other, 0, SIGNATURE), EFAULT));
    join_in();
    CHECK(FAILS(rseq(&self, sizeof self, 0, SIGNATURE), EBUSY));
    CHECK(FAILS(rseq(&self, sizeof self, 0, SIGNATURE + 1), EPERM));
    CHECK(FAILS(rseq(&other, sizeof other, 0, SIGNATURE), EINVAL));
    CHECK(FAILS(rseq(&self, sizeof self, UNREGISTER, SIGNATURE + 1), EPERM));
    CHECK(FAILS(rseq(&other, sizeof other, UNREGISTER, SIGNATURE), EINVAL));
    leave();
    CHECK(self.cpu_id == (uint32_t)-1 && self.cpu_id_start == 0);
    CHECK(FAILS(rseq(&self, sizeof self, UNREGISTER, SIGNATURE), EINVAL));
}

static void test_fields(void) {
    cpu_set_t all, one;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    join_in();
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &all)) continue;
        CPU_ZERO(&one);
        CPU_SET(i, &one);
        CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
        unsigned now, node;
        CHECK(syscall(SYS_getcpu, &now, &node, NULL) == 0);
        CHECK(cpu() == now && now == (unsigned)i && self.cpu_id_start == now);
        if (getauxval(27) >= 24) CHECK(self.node_id == node);
    }
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
    leave();
}

static volatile uint64_t handler_pc;
static volatile int handled;
static void handler(int signal, siginfo_t *info, void *context) {
    (void)signal, (void)info;
    handler_pc = ((ucontext_t *)context)->uc_mcontext.__gregs[0];
    handled++;
    CHECK(self.rseq_cs == 0);
}

static void *signal_spinner(void *argument) {
    const pthread_t *target = argument;
    while (!spinning) sched_yield();
    usleep(2000);
    CHECK(pthread_kill(*target, SIGUSR1) == 0);
    return NULL;
}

static void test_signals(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGUSR1, &action, NULL) == 0 && sigaction(SIGSEGV, &action, NULL) == 0);
    CHECK(sigaction(SIGTRAP, &action, NULL) == 0);
    join_in();
    pthread_t me = pthread_self(), sender;
    CHECK(pthread_create(&sender, NULL, signal_spinner, &me) == 0);
    while (!handled) CHECK(spin() == 0);
    CHECK(pthread_join(sender, NULL) == 0 && handled == 1);
    /* A fault: the handler comes back to the abort handler, which has the signature in front of it. */
    CHECK(fault(bad_pointer) == 0 && handled == 2);
    CHECK(*(uint32_t *)(handler_pc - 4) == SIGNATURE);
    CHECK(self.rseq_cs == 0);
    int value = 0;
    CHECK(fault(&value) == 1 && handled == 2);
    leave();
}

/* A thread that is in a section for good makes way for another on its CPU. */
static void *spin_in_section(void *argument) {
    (void)argument;
    join_in();
    CHECK(spin() == 0);
    leave();
    return NULL;
}

static void *add_once(void *argument) {
    join_in();
    while (!add(argument, 0)) aborts++;
    leave();
    return NULL;
}

static void test_makes_way(void) {
    cpu_set_t all, one;
    CHECK(sched_getaffinity(0, sizeof all, &all) == 0);
    CPU_ZERO(&one);
    CPU_SET(sched_getcpu(), &one);
    CHECK(sched_setaffinity(0, sizeof one, &one) == 0);
    static uint64_t own[kCpus][16];
    spinning = 0;
    pthread_t a, b;
    CHECK(pthread_create(&a, NULL, spin_in_section, NULL) == 0);
    while (!spinning) sched_yield();
    CHECK(pthread_create(&b, NULL, add_once, own[0]) == 0);
    CHECK(pthread_join(a, NULL) == 0 && pthread_join(b, NULL) == 0);
    CHECK(sum(own) == 1);
    CHECK(sched_setaffinity(0, sizeof all, &all) == 0);
}

static void *membarriers(void *argument) {
    (void)argument;
    for (int i = 0; i < 200; i++) CHECK(syscall(SYS_membarrier, 1 << 7, 0, 0) == 0);
    spinning = 2;
    return NULL;
}

/* No section that began before a barrier ends behind it: each of these is aborted by one. */
static void test_membarrier(void) {
    const long offered = syscall(SYS_membarrier, 0, 0, 0);
    if (offered < 0 || !(offered & 1 << 8)) return;
    CHECK(syscall(SYS_membarrier, 1 << 8, 0, 0) == 0);
    join_in();
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, membarriers, NULL) == 0);
    static uint64_t own[kCpus][16];
    uint64_t added = 0;
    while (spinning != 2) added += (uint64_t)add(own[0], 10);
    CHECK(pthread_join(thread, NULL) == 0);
    CHECK(sum(own) == added);
    leave();
}

/* A child of fork has what its parent had registered, a thread has nothing, nor has who shares memory. */
static void test_children(void) {
    join_in();
    pid_t child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        CHECK(cpu() < kCpus);
        CHECK(FAILS(rseq(&self, sizeof self, 0, SIGNATURE), EBUSY));
        while (!add(words[0], 5)) aborts++;
        leave();
        _exit(0);
    }
    int status;
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    child = vfork();
    if (child == 0) {
        static struct area own;
        if (rseq(&own, sizeof own, 0, SIGNATURE) != 0 || rseq(&own, sizeof own, UNREGISTER, SIGNATURE) != 0) _exit(1);
        _exit(0);
    }
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK(FAILS(rseq(&self, sizeof self, 0, SIGNATURE), EBUSY));
    leave();
}

/* Code that is written at run time, and then other code at its place. */
static void test_written_code(void) {
    uint32_t *code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(code != MAP_FAILED);
    struct descriptor *d = (struct descriptor *)(code + 512);
    /* sd a1, 8(a0); addi a2, a2, 1; sd a2, 0(a3); li a0, 1; ret; signature; li a0, 0; ret */
    const uint32_t text[] = {0x00b53423, 0x00160613, 0x00c6b023, 0x00100513, 0x00008067, SIGNATURE, 0x00000513, 0x00008067};
    memcpy(code, text, sizeof text);
    *d = (struct descriptor){0, 0, (uint64_t)(code + 1), 8, (uint64_t)(code + 6)};
    __builtin___clear_cache((char *)code, (char *)code + sizeof text);
    int (*function)(struct area *, struct descriptor *, long, long *) = (void *)code;
    long result = 0;
    join_in();
    for (int i = 0; i < 100; i++) {
        while (function(&self, d, i, &result) == 0) aborts++;
        CHECK(result == i + 1);
    }
    code[1] = 0x00260613; /* addi a2, a2, 2 */
    code[3] = 0x00200513; /* li a0, 2 */
    __builtin___clear_cache((char *)code, (char *)code + sizeof text);
    memset(d, 0, sizeof *d);
    for (int i = 0; i < 100; i++) {
        self.rseq_cs = 0;
        function = (void *)(code + 1);
        CHECK(function(&self, NULL, i, &result) == 2 && result == i + 2);
    }
    leave();
    CHECK(munmap(code, 4096) == 0);
}

int main(void) {
    /* The C library's own registration, if it has made one. */
    extern const unsigned __rseq_size __attribute__((weak));
    extern const ptrdiff_t __rseq_offset __attribute__((weak));
    if (&__rseq_size && __rseq_size != 0) {
        char *area = (char *)__builtin_thread_pointer() + __rseq_offset;
        CHECK(rseq(area, __rseq_size > 32 ? __rseq_size : 32, UNREGISTER, SIGNATURE) == 0);
    }
    test_errors();
    test_fields();
    test_signals();
    test_counters();
    test_makes_way();
    test_membarrier();
    test_children();
    test_written_code();
    printf("%ld aborts\n", (long)aborts);
    return 0;
}
