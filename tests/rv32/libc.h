// A small C library for programs of RV32, for which Debian has none: start, system calls, memory and strings, printing,
// threads, checks. A program defines main_program; exit status 0 is a pass, else the failed checks have been printed.
#pragma once

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;
typedef int i32;
typedef long long i64;
_Static_assert(sizeof(long) == 4 && sizeof(void *) == 4, "RV32");

enum {
    SYS_dup3 = 24, SYS_fcntl64 = 25, SYS_unlinkat = 35, SYS_statfs64 = 43, SYS_ftruncate64 = 46, SYS_fallocate = 47,
    SYS_openat = 56, SYS_close = 57, SYS_pipe2 = 59, SYS_getdents64 = 61, SYS_llseek = 62, SYS_read = 63,
    SYS_write = 64, SYS_readv = 65, SYS_writev = 66, SYS_pread64 = 67, SYS_pwrite64 = 68, SYS_preadv = 69,
    SYS_pwritev = 70, SYS_sendfile64 = 71, SYS_fstat = 80, SYS_sync_file_range = 84, SYS_exit = 93,
    SYS_exit_group = 94, SYS_waitid = 95, SYS_set_tid_address = 96, SYS_futex = 98, SYS_set_robust_list = 99,
    SYS_get_robust_list = 100, SYS_getitimer = 102, SYS_setitimer = 103, SYS_timer_create = 107,
    SYS_clock_gettime = 113, SYS_kill = 129, SYS_tgkill = 131, SYS_sigaltstack = 132, SYS_rt_sigsuspend = 133,
    SYS_rt_sigaction = 134, SYS_rt_sigprocmask = 135, SYS_rt_sigqueueinfo = 138, SYS_times = 153, SYS_uname = 160,
    SYS_getrusage = 165, SYS_getpid = 172, SYS_gettid = 178, SYS_sysinfo = 179, SYS_mq_open = 180,
    SYS_mq_unlink = 181, SYS_mq_getsetattr = 185, SYS_msgget = 186, SYS_msgctl = 187, SYS_msgrcv = 188,
    SYS_msgsnd = 189, SYS_semget = 190, SYS_semctl = 191, SYS_shmget = 194, SYS_shmctl = 195, SYS_shmat = 196,
    SYS_shmdt = 197, SYS_socketpair = 199, SYS_sendmsg = 211, SYS_recvmsg = 212, SYS_readahead = 213, SYS_brk = 214,
    SYS_munmap = 215, SYS_mremap = 216, SYS_clone = 220, SYS_execve = 221, SYS_mmap2 = 222, SYS_fadvise64_64 = 223,
    SYS_mprotect = 226, SYS_recvmmsg = 243, SYS_hwprobe = 258, SYS_prlimit64 = 261, SYS_sendmmsg = 269,
    SYS_memfd_create = 279, SYS_preadv2 = 286, SYS_statx = 291, SYS_clock_gettime64 = 403,
    SYS_clock_nanosleep_time64 = 407, SYS_timer_settime64 = 409, SYS_utimensat_time64 = 412,
    SYS_pselect6_time64 = 413, SYS_ppoll_time64 = 414, SYS_rt_sigtimedwait_time64 = 421, SYS_futex_time64 = 422,
    SYS_clone3 = 435,
};

enum { ENOENT = 2, EINTR = 4, EBADF = 9, EAGAIN = 11, ENOMEM = 12, EFAULT = 14, EINVAL = 22, ENOSYS = 38 };

struct timespec {
    i64 seconds, nanoseconds;
};

static inline long syscall6(long number, long a, long b, long c, long d, long e, long f) {
    register long a7 __asm__("a7") = number;
    register long a0 __asm__("a0") = a, a1 __asm__("a1") = b, a2 __asm__("a2") = c;
    register long a3 __asm__("a3") = d, a4 __asm__("a4") = e, a5 __asm__("a5") = f;
    __asm__ volatile("ecall" : "+r"(a0) : "r"(a7), "r"(a1), "r"(a2), "r"(a3), "r"(a4), "r"(a5) : "memory");
    return a0;
}
#define CALL_(n, a, b, c, d, e, f, ...) \
    syscall6(n, (long)(a), (long)(b), (long)(c), (long)(d), (long)(e), (long)(f))
#define syscall(...) CALL_(__VA_ARGS__, 0, 0, 0, 0, 0, 0, 0)
/// A 64-bit argument: two registers.
#define PAIR(x) (u32)(x), (u32)((u64)(x) >> 32)

void *memset(void *to, int byte, u32 count) {
    u8 *p = to;
    while (count-- != 0) *p++ = (u8)byte;
    return to;
}
void *memcpy(void *to, const void *from, u32 count) {
    u8 *p = to;
    const u8 *q = from;
    while (count-- != 0) *p++ = *q++;
    return to;
}
static inline int same_bytes(const void *a, const void *b, u32 count) {
    const u8 *p = a, *q = b;
    for (; count != 0; --count) {
        if (*p++ != *q++) return 0;
    }
    return 1;
}
static inline u32 length_of(const char *text) {
    u32 n = 0;
    while (text[n] != 0) ++n;
    return n;
}
static inline int same_text(const char *a, const char *b) {
    return length_of(a) == length_of(b) && same_bytes(a, b, length_of(a));
}

static void print(const char *text) { syscall(SYS_write, 1, text, length_of(text)); }
/// Appends the digits of `value`, at most 16, to `text`.
static void append_hex(char *text, u64 value) {
    char digits[20], *p = digits + sizeof digits;
    *--p = 0;
    do *--p = "0123456789abcdef"[value & 15];
    while ((value >>= 4) != 0);
    memcpy(text + length_of(text), p, length_of(p) + 1);
}
static void print_hex(u64 value) {
    char text[20] = "0x";
    append_hex(text, value);
    print(text);
}

static int failures;
static void check_failed(const char *text, u32 line, i64 value) {
    ++failures;
    print("line ");
    print_hex(line);
    print(": ");
    print(text);
    print(" (");
    print_hex((u64)value);
    print(")\n");
}
/// The condition holds; `value` is shown where it does not.
#define CHECK_VALUE(condition, value) \
    do { \
        if (!(condition)) check_failed(#condition, __LINE__, (i64)(value)); \
    } while (0)
#define CHECK(condition) CHECK_VALUE(condition, 0)
#define CHECK_EQUAL(a, b) \
    do { \
        const i64 value_ = (a); \
        if (value_ != (i64)(b)) check_failed(#a " == " #b, __LINE__, value_); \
    } while (0)

static inline void *map(u32 address, u32 bytes, int prot, int flags) {
    return (void *)syscall(SYS_mmap2, address, bytes, prot, flags, -1, 0);
}
static inline int is_error(const void *pointer) { return (u32)pointer > (u32)-4096; }

int main_program(int argc, char **argv, char **envp, const u32 *auxv);

__attribute__((used)) static void start_c(u32 *stack) {
    int argc = (int)stack[0];
    char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
    u32 *p = (u32 *)envp;
    while (*p != 0) ++p;
    const int status = main_program(argc, argv, envp, p + 1);
    syscall(SYS_exit_group, status != 0 ? status : failures != 0);
}
__asm__(".globl _start\n_start:\n .option push\n .option norelax\n lla gp, __global_pointer$\n .option pop\n"
        " mv a0, sp\n call start_c\n");

/// Runs `body` in a new thread that ends by itself; the word at `alive` is cleared and woken then.
long start_thread(void (*body)(void), void *stack_top, u32 *alive);
__asm__(".globl start_thread\nstart_thread:\n"
        " addi a1, a1, -16\n sw a0, 0(a1)\n"
        " mv t0, a2\n li a0, 0x3d0f00\n mv a2, t0\n li a3, 0\n mv a4, t0\n li a7, 220\n ecall\n"
        " beqz a0, 1f\n ret\n"
        "1: lw t0, 0(sp)\n jalr t0\n li a0, 0\n li a7, 93\n ecall\n");

/// Waits until the word is 0.
static inline void wait_until_clear(volatile u32 *word) {
    for (u32 value; (value = *word) != 0;) syscall(SYS_futex_time64, word, 0, value, 0);
}
