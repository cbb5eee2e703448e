// flags: -O1 -march=rv64gc
// Supm: loads and stores ignore the upper bits of addresses when prctl says so, and system calls with them.
#define _GNU_SOURCE
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "check.h"

#ifndef PR_SET_TAGGED_ADDR_CTRL
#define PR_SET_TAGGED_ADDR_CTRL 55
#define PR_GET_TAGGED_ADDR_CTRL 56
#endif
#define PMLEN(n) ((unsigned long)(n) << 24)
#define ENABLE 1ul

static int set(unsigned long control) { return prctl(PR_SET_TAGGED_ADDR_CTRL, control, 0, 0, 0); }
static long get(void) { return prctl(PR_GET_TAGGED_ADDR_CTRL, 0, 0, 0, 0); }

/* The pointer with `bits` upper bits that are not part of the address. */
static void *tagged(void *pointer, unsigned bits) {
    const uint64_t tag = 0xa5a5a5a5a5a5a5a5u << (64 - bits);
    return (void *)((uintptr_t)pointer ^ tag);
}

static sigjmp_buf back;
static void *volatile fault_address;
static void on_fault(int signal, siginfo_t *info, void *context) {
    (void)context;
    fault_address = info->si_addr;
    siglongjmp(back, signal);
}
static int faults(volatile uint64_t *pointer) {
    int came = sigsetjmp(back, 1);
    if (!came) (void)*pointer;
    return came;
}

static void control(void) {
    CHECK(get() == 0);
    CHECK(set(PMLEN(7)) == 0 && get() == PMLEN(7));
    CHECK(set(PMLEN(1)) == 0 && get() == PMLEN(7));
    CHECK(set(PMLEN(8)) == 0 && get() == PMLEN(16));
    CHECK(set(PMLEN(16) | ENABLE) == 0 && get() == (PMLEN(16) | ENABLE));
    CHECK(set(PMLEN(16)) == 0 && get() == PMLEN(16));
    CHECK(FAILS(set(PMLEN(17)), EINVAL) && FAILS(set(ENABLE), EINVAL) && FAILS(set(2), EINVAL));
    CHECK(FAILS(set(PMLEN(7) | 1ul << 40), EINVAL));
    CHECK(FAILS(prctl(PR_SET_TAGGED_ADDR_CTRL, 0, 1, 0, 0), EINVAL));
    CHECK(FAILS(prctl(PR_GET_TAGGED_ADDR_CTRL, 1, 0, 0, 0), EINVAL));
    CHECK(get() == PMLEN(16));
    CHECK(set(0) == 0 && get() == 0);
}

/* Every kind of access at the tagged address. */
static void accesses(unsigned bits) {
    static _Alignas(64) uint64_t cells[8];
    uint64_t *p = tagged(cells, bits), value, old;
    CHECK(set(PMLEN(bits)) == 0);
    *(volatile uint64_t *)p = 0x8182838485868788u;
    CHECK(cells[0] == 0x8182838485868788u);
    CHECK(*(volatile int8_t *)p == -0x78 && *(volatile uint16_t *)p == 0x8788 && ((volatile uint32_t *)p)[1] == 0x81828384u);
    ((volatile uint8_t *)p)[9] = 7;
    CHECK(cells[1] == 0x700);
    *(volatile double *)(p + 2) = 1.5;
    CHECK(cells[2] == 0x3ff8000000000000u && *(volatile float *)((char *)(p + 2) + 4) == 1.9375f);
    __asm__ volatile("amoadd.d %0, %1, (%2)" : "=r"(old) : "r"(8ul), "r"(p + 1) : "memory");
    CHECK(old == 0x700 && cells[1] == 0x708);
    __asm__ volatile("lr.d %0, (%2)\n addi %1, %0, 1\n sc.d %1, %1, (%2)" : "=&r"(old), "=&r"(value) : "r"(p + 1) : "memory");
    CHECK(old == 0x708 && value == 0 && cells[1] == 0x709);
    /* sc with another tag is one of the same address */
    __asm__ volatile("lr.d %0, (%2)\n sc.d %1, zero, (%3)" : "=&r"(old), "=&r"(value) : "r"(p + 1), "r"(cells + 1) : "memory");
    CHECK(old == 0x709 && value == 0 && cells[1] == 0);
    /* over its own base */
    uint64_t *base = p;
    __asm__ volatile("ld %0, 0(%0)" : "+r"(base));
    CHECK((uint64_t)base == 0x8182838485868788u);
    /* amocas.d, amocas.q, cbo.zero */
    old = cells[0];
    __asm__ volatile(".insn r 0x2f, 3, 0x14, %0, %1, %2" : "+r"(old) : "r"(p), "r"(5ul) : "memory");
    CHECK(cells[0] == 5);
    register uint64_t a2 __asm__("a2") = 5, a3 __asm__("a3") = 0, a4 __asm__("a4") = 6, a5 __asm__("a5") = 7;
    __asm__ volatile(".insn r 0x2f, 4, 0x14, %0, %2, %3" : "+r"(a2), "+r"(a3) : "r"(p), "r"(a4), "r"(a5) : "memory");
    CHECK(a2 == 5 && a3 == 0 && cells[0] == 6 && cells[1] == 7);
    cells[7] = 9;
    __asm__ volatile(".insn i 0x0f, 2, x0, %0, 4" : : "r"(p) : "memory");
    for (unsigned i = 0; i < 8; ++i) CHECK(cells[i] == 0);
    /* a fault tells the address without the tag */
    CHECK(faults(tagged((void *)0x1238, bits)) == SIGSEGV && fault_address == (void *)0x1238);
    /* jumps are not masked */
    CHECK(set(0) == 0);
    CHECK(faults(p) == SIGSEGV);
}

static void system_calls(void) {
    int ends[2];
    char text[8] = "abc", in[8] = {0};
    CHECK(pipe(ends) == 0 && set(PMLEN(7)) == 0);
    CHECK(syscall(SYS_write, ends[1], tagged(text, 7), 3) == -1 && errno == EFAULT);
    CHECK(set(PMLEN(7) | ENABLE) == 0);
    CHECK(write(ends[1], tagged(text, 7), 3) == 3 && read(ends[0], tagged(in, 7), 3) == 3 && in[2] == 'c');
    struct iovec part = {tagged(text, 7), 3};
    CHECK(writev(ends[1], tagged(&part, 7), 1) == 3);
    part.iov_base = tagged(in + 3, 7);
    CHECK(readv(ends[0], &part, 1) == 3 && in[3] == 'a');
    /* pmlen 7 leaves bit 56: not an address */
    CHECK(syscall(SYS_write, ends[1], (void *)((uintptr_t)text | 1ul << 56), 3) == -1 && errno == EFAULT);
    void *page = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(tagged(page, 7), 4096, PROT_READ) == 0 && madvise(tagged(page, 7), 4096, MADV_DONTNEED) == 0);
    CHECK(munmap(tagged(page, 7), 4096) == 0 && faults(page) == SIGSEGV);
    CHECK(set(0) == 0);
    CHECK(syscall(SYS_write, ends[1], tagged(text, 7), 3) == -1 && errno == EFAULT);
}

static volatile uint64_t cell = 77;
static void *of_thread(void *argument) {
    /* Masking comes along; but as there are threads the interface of system calls stays what it is. */
    CHECK(get() == (long)(uintptr_t)argument && *(volatile uint64_t *)tagged((void *)&cell, 7) == 77);
    CHECK(FAILS(set(0), EBUSY) && FAILS(set(PMLEN(16) | ENABLE), EBUSY) && set(PMLEN(7) | ENABLE) == 0);
    return NULL;
}

int main(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    sigaction(SIGSEGV, &action, NULL);
    control();
    accesses(7);
    accesses(16);
    system_calls();

    CHECK(set(PMLEN(7) | ENABLE) == 0);
    pid_t child = fork();
    if (child == 0) {
        CHECK(get() == (PMLEN(7) | ENABLE) && *(volatile uint64_t *)tagged((void *)&cell, 7) == 77);
        _exit(set(0) == 0 ? 0 : 1);
    }
    int status;
    CHECK(waitpid(child, tagged(&status, 7), 0) == child && status == 0);
    pthread_t thread;
    CHECK(pthread_create(&thread, NULL, of_thread, (void *)(PMLEN(7) | ENABLE)) == 0 && pthread_join(thread, NULL) == 0);
    return 0;
}
