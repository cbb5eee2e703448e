// Signals: frames with registers and floats, siginfo, alternate stacks, masks; faults at the ends of the address space.
#include "libc.h"

enum { SIGILL = 4, SIGBUS = 7, SIGUSR1 = 10, SIGSEGV = 11, SA_SIGINFO = 4, SA_ONSTACK = 0x08000000 };

struct siginfo {
    int signal, error, code;
    u32 rest[29];
};
struct ucontext {
    u32 flags, link, stack[3];
    u32 mask[2];
    u8 unused[120];
    u32 padding[3];
    u32 pc, x[31];
    u64 f[32];
    u32 fcsr;
} __attribute__((packed));
_Static_assert(__builtin_offsetof(struct ucontext, pc) == 160, "ucontext");

static volatile int count, code;
static volatile u32 address, fault_pc, on_stack, value, changed;
static u8 alternate[16384] __attribute__((aligned(16)));

static void handler(int signal, struct siginfo *info, struct ucontext *context) {
    ++count;
    code = info->code;
    address = info->rest[0];
    value = info->rest[2];
    fault_pc = context->pc;
    u8 here;
    on_stack = (u32)&here - (u32)alternate < sizeof alternate;
    if (signal == SIGUSR1 && changed) {
        context->x[18 - 1] = 0x87654321;  // s2
        context->f[8] = 0x4045000000000000;  // fs0: 42.0
    }
    if (signal == SIGSEGV || signal == SIGILL || signal == SIGBUS) context->pc += (*(u16 *)context->pc & 3) == 3 ? 4 : 2;
}

static void act(int signal, u32 flags) {
    const struct {
        void (*handler)(int, struct siginfo *, struct ucontext *);
        u32 flags;
        u64 mask;
    } __attribute__((packed)) action = {handler, flags | SA_SIGINFO, 0};
    struct {
        u32 handler, flags, mask[2], behind;
    } old = {1, 1, {1, 1}, 99};
    CHECK_EQUAL(syscall(SYS_rt_sigaction, signal, &action, &old, 8), 0);
    CHECK(old.handler == 0 && old.behind == 99);
    CHECK_EQUAL(syscall(SYS_rt_sigaction, signal, 0, &old, 8), 0);
    CHECK(old.handler == (u32)handler && old.flags == (flags | SA_SIGINFO));
}

static void registers(void) {
    changed = 1;
    u32 s2;
    double fs0;
    const long pid = syscall(SYS_getpid), tid = syscall(SYS_gettid);
    register long a7 __asm__("a7") = SYS_tgkill, a0 __asm__("a0") = pid, a1 __asm__("a1") = tid;
    register long a2 __asm__("a2") = SIGUSR1;
    __asm__ volatile("li s2, 1\n fcvt.d.w fs0, s2\n ecall\n mv %0, s2\n fmv.d %1, fs0\n"
                     : "=r"(s2), "=f"(fs0), "+r"(a0)
                     : "r"(a1), "r"(a2), "r"(a7)
                     : "s2", "fs0", "memory");
    const long result = a0;
    CHECK_EQUAL(result, 0);
    CHECK_EQUAL(count, 1);
    CHECK_EQUAL(code, -6);  // SI_TKILL
    CHECK_EQUAL(address, syscall(SYS_getpid));
    CHECK_EQUAL(s2, 0x87654321u);
    CHECK(fs0 == 42.0);
    changed = 0;
}

static void alternate_stack(void) {
    struct {
        void *at;
        int flags;
        u32 bytes;
    } stack = {alternate, 0, sizeof alternate}, old = {};
    CHECK_EQUAL(syscall(SYS_sigaltstack, &stack, &old), 0);
    CHECK_EQUAL(old.flags, 2);
    syscall(SYS_kill, syscall(SYS_getpid), SIGUSR1);
    CHECK_EQUAL(count, 2);
    CHECK_EQUAL(on_stack, 1);
    CHECK_EQUAL(syscall(SYS_sigaltstack, 0, &old), 0);
    CHECK(old.at == alternate && old.flags == 0 && old.bytes == sizeof alternate);
}

static void queued(void) {
    u64 blocked = 1ull << (SIGUSR1 - 1), before = ~0ull;
    CHECK_EQUAL(syscall(SYS_rt_sigprocmask, 0, &blocked, &before, 8), 0);
    CHECK(before == 0);
    struct siginfo info = {SIGUSR1, 0, -1, {(u32)syscall(SYS_getpid), 3, 0xabcdef01}}, got = {};
    CHECK_EQUAL(syscall(SYS_rt_sigqueueinfo, syscall(SYS_getpid), SIGUSR1, &info), 0);
    const struct timespec none = {0, 0};
    CHECK_EQUAL(syscall(SYS_rt_sigtimedwait_time64, &blocked, &got, &none, 8), SIGUSR1);
    CHECK(got.code == -1 && got.rest[1] == 3 && got.rest[2] == 0xabcdef01);
    CHECK_EQUAL(syscall(SYS_rt_sigtimedwait_time64, &blocked, &got, &none, 8), -EAGAIN);
    CHECK_EQUAL(syscall(SYS_rt_sigqueueinfo, syscall(SYS_getpid), SIGUSR1, &info), 0);
    CHECK_EQUAL(syscall(SYS_rt_sigprocmask, 1, &blocked, 0, 8), 0);
    CHECK_EQUAL(count, 3);
    CHECK_EQUAL(value, 0xabcdef01);
}

/// Loads and stores at the ends of the address space, and past them: each is a fault of the program at its own address.
static void faults(void) {
    static const u32 kPlaces[] = {0, 8, 0x1000, 0xffffffff, 0xfffffffc, 0xfffffff8, 0xfffff000, 0xfffefffd, 0x7ffffff0};
    for (u32 i = 0; i < sizeof kPlaces / sizeof kPlaces[0]; ++i) {
        const int before = count;
        const u32 place = kPlaces[i];
        u32 result;
        __asm__ volatile("lw %0, 0(%1)" : "=r"(result) : "r"(place) : "memory");
        CHECK_VALUE(count == before + 1 && code == 1, place);  // SEGV_MAPERR
        CHECK_VALUE(address - place < 4, address);
        __asm__ volatile("sw %0, 16(%1)" : : "r"(place), "r"(place - 16) : "memory");
        CHECK_VALUE(count == before + 2, place);
        __asm__ volatile("fld fa0, -8(%0)\n" : : "r"(place + 8) : "fa0", "memory");
        CHECK_VALUE(count == before + 3, place);
    }
    const int before = count;
    u8 *page = map(0, 4096, 1, 0x22);
    *(volatile u8 *)page = 1;
    CHECK(count == before + 1 && code == 2 && address == (u32)page);  // SEGV_ACCERR
    __asm__ volatile(".half 0");
    CHECK(count == before + 2 && address == fault_pc);
    u32 word;
    __asm__ volatile("lr.w %0, (%1)" : "=r"(word) : "r"(page + 2) : "memory");
    CHECK_EQUAL(count, before + 3);
}

int main_program(int argc, char **argv, char **envp, const u32 *auxv) {
    (void)argc, (void)argv, (void)envp, (void)auxv;
    act(SIGUSR1, SA_ONSTACK);
    act(SIGSEGV, 0);
    act(SIGILL, 0);
    act(SIGBUS, 0);
    registers();
    alternate_stack();
    queued();
    faults();
    return 0;
}
