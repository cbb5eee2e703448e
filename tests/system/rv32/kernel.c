// A kernel of RV32 in supervisor mode: two processes in address spaces of Sv32 with numbers of their own, whose heaps
// are given them page by page when they touch them, and which the timer (Sstc) interrupts.
typedef unsigned u32;
typedef unsigned long long u64;

struct Task {
    u32 pc, x[31];  // x[0] is ra
    u64 f[32];
    u32 satp, pages, result, done;
};
enum { RA, SP, A0 = 9, A7 = 16 };

void run(struct Task* task);

#define CSR_READ(name)                                     \
    ({                                                     \
        u32 value_;                                        \
        __asm__ volatile("csrr %0, " name : "=r"(value_)); \
        value_;                                            \
    })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " name ", %0" ::"r"(value) : "memory")

static void put(char c) { *(volatile char*)0x10000000 = c; }
static void print(const char* s) {
    while (*s) put(*s++);
}
static void finish(u32 status) {
    *(volatile u32*)0x100000 = status == 0 ? 0x5555 : status << 16 | 0x3333;
    for (;;) {
    }
}

enum { kCode = 0x400000, kHeap = 0x40000000, kStack = 0x7ffff000, kPages = 600 };
enum { V = 1, R = 2, W = 4, X = 8, U = 16, A = 64, D = 128 };

static u32 tables[2][6][1024] __attribute__((aligned(4096)));
static u32 used[2];
static char frames[2 * kPages + 8][4096] __attribute__((aligned(4096)));
static u32 frames_used;
extern char process_start[], process_end[];

static u32 leaf(const void* page, u32 flags) { return (u32)page >> 2 | flags | V | A | D; }

static void map(unsigned space, u32 address, const void* page, u32 flags) {
    u32* root = tables[space][0];
    u32* entry = &root[address >> 22];
    if (*entry == 0) *entry = (u32)tables[space][++used[space]] >> 2 | V;
    u32* table = (u32*)((*entry >> 10) << 12);
    table[address >> 12 & 1023] = leaf(page, flags);
}

// What the processes run: fills and sums a heap of kPages pages, with 64-bit and floating-point arithmetic.
__attribute__((section(".process"), used)) static u32 process(u32 seed) {
    volatile u32* heap = (volatile u32*)kHeap;
    u64 sum = 0;
    double total = 0;
    for (u32 round = 0; round < 1000; round++) {
        for (u32 i = 0; i < kPages; i++) {
            heap[i * 1024 + (round & 1023)] = heap[i * 1024 + (round & 1023)] * 3 + i + seed;
            sum += (u64)heap[i * 1024] * 0x100000003ull + (sum >> 60);
            total += (double)(i & 15) * (double)seed;
        }
    }
    return (u32)(sum >> 32) ^ (u32)sum ^ (u32)(int)total;
}
__asm__(
    ".section .process, \"ax\"\n.globl process_entry\nprocess_entry: call process\nli a7, 1\necall\nj .\n.previous");
void process_entry(void);

static u32 expected(u32 seed) {
    static u32 heap[kPages];
    u64 sum = 0;
    double total = 0;
    for (u32 round = 0; round < 1000; round++) {
        for (u32 i = 0; i < kPages; i++) {
            if (round == 0) heap[i] = i + seed;
            sum += (u64)heap[i] * 0x100000003ull + (sum >> 60);
            total += (double)(i & 15) * (double)seed;
        }
    }
    return (u32)(sum >> 32) ^ (u32)sum ^ (u32)(int)total;
}

static u64 now(void) {
    u32 high, low;
    do {
        high = CSR_READ("timeh");
        low = CSR_READ("time");
    } while (CSR_READ("timeh") != high);
    return (u64)high << 32 | low;
}
static void set_timer(u64 when) {
    CSR_WRITE("0x15d", ~0u);
    CSR_WRITE("0x14d", (u32)when);
    CSR_WRITE("0x15d", (u32)(when >> 32));
}

static struct Task tasks[2];

void kernel_main(void) {
    for (unsigned s = 0; s < 2; s++) {
        tables[s][0][0x10000000 >> 22] = leaf((void*)0x10000000, R | W);  // the UART
        tables[s][0][0] = leaf(0, R | W);                                 // and the test finisher
        for (u32 at = 0x80000000; at < 0x81000000; at += 1 << 22) tables[s][0][at >> 22] = leaf((void*)at, R | W | X);
        for (char* page = process_start; page < process_end; page += 4096)
            map(s, kCode + (page - process_start), page, R | X | U);
        map(s, kStack - 4096, frames[frames_used++], R | W | U);
        tasks[s].satp = 1u << 31 | (s + 1) << 22 | (u32)tables[s][0] >> 12;
        tasks[s].pc = kCode + ((char*)process_entry - process_start);
        tasks[s].x[SP] = kStack;
        tasks[s].x[A0] = 17 + s;
    }
    CSR_WRITE("satp", tasks[0].satp);
    if (CSR_READ("satp") != tasks[0].satp) finish(1);
    __asm__ volatile("sfence.vma" ::: "memory");
    print("RV32 kernel\n");
    CSR_WRITE("sie", 0x20);
    u32 ticks = 0, switches = 0, current = 0;
    set_timer(now() + 500);
    while (!tasks[0].done || !tasks[1].done) {
        struct Task* task = &tasks[current];
        CSR_WRITE("satp", task->satp);
        __asm__ volatile("csrc sstatus, %0" ::"r"(1 << 8));  // to user mode
        run(task);
        const u32 cause = CSR_READ("scause");
        if (cause == (1u << 31 | 5)) {
            ticks++;
            set_timer(now() + 500);
        } else if (cause == 13 || cause == 15) {
            const u32 address = CSR_READ("stval");
            if (address - kHeap >= kPages * 4096u) finish(2);
            map(current, address & ~4095u, frames[frames_used++], R | W | U);
            task->pages++;
            __asm__ volatile("sfence.vma %0, %1" ::"r"(address), "r"(current + 1) : "memory");
            continue;
        } else if (cause == 8 && task->x[A7] == 1) {
            task->result = task->x[A0];
            task->done = 1;
        } else {
            finish(3);
        }
        if (!tasks[current ^ 1].done) {
            current ^= 1;
            switches++;
        }
    }
    for (unsigned s = 0; s < 2; s++) {
        if (tasks[s].pages != kPages) finish(4);
        if (tasks[s].result != expected(17 + s)) finish(5 + s);
    }
    if (ticks == 0 || switches < 2) finish(7);
    print("two processes have run\n");
    finish(0);
}
