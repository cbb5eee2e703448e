// Small synchronous disk requests, as a teaching kernel makes them: one at a time, each waited for, with harts that look
// for work meanwhile. What is done is told by two words in memory (-device loader,addr=0x87fff000,data=REQUESTS,data-len=8
// and addr=0x87fff008,data=FLAGS,data-len=8); the output is the time a request took.
#include "virtio.h"

enum Flags {
    kWrite = 1,       // instead of reading
    kPoll = 2,        // one hart, which looks at the used ring until the request is done
    kSpin = 4,        // harts without work go on looking for it, instead of waiting for interrupts
    kWriteCache = 8,  // writes need not be on the disk when they are done
    kCheck = 16,      // what is read is what a run of as many writes has left
};
#define REQUESTS (*(volatile uint64_t*)0x87fff000)
#define FLAGS (*(volatile uint64_t*)0x87fff008)
#define BLOCK 4096
#define BLOCKS 256
#define TASKS 64
#define CLINT_MTIMECMP(hart) ((volatile uint64_t*)(0x2004000 + 8ul * (hart)))

static struct Rings rings[1];
static struct Virtio device;
static uint64_t block[BLOCK / 8] __attribute__((aligned(4096)));
static struct {
    uint32_t type, reserved;
    uint64_t sector;
} header;
static volatile uint8_t status;

static Spinlock disk_lock;
static volatile uint64_t issued, done;
static volatile unsigned ready;
static uint64_t started;

/// A task of the kernel's table; only the first one ever has something to do.
static struct {
    Spinlock lock;
    volatile unsigned runnable;
} tasks[TASKS];

static uint64_t block_of(uint64_t n) { return n * 2654435761u % BLOCKS; }

static void submit(uint64_t n) {
    header.type = (FLAGS & kWrite) != 0;
    header.sector = block_of(n) * (BLOCK / 512);
    block[0] = n;
    status = 0xff;
    struct Buffer chain[] = {{&header, sizeof header, 0}, {block, BLOCK, header.type == 0}, {(void*)&status, 1, 1}};
    virtio_submit(&device, 0, chain, 3, 0);
}

static __attribute__((noreturn)) void finish(void) {
    uint64_t ns = (read_time() - started) * 100;
    print("ns per request: ");
    print_number(ns / REQUESTS);
    print("\n");
    power_off(0);
}

/// The disk's interrupt: what waits for it can go on.
static void disk_interrupt(void) {
    acquire(&disk_lock);
    *reg(&device, INTERRUPT_ACK) = *reg(&device, INTERRUPT_STATUS) & 3;
    barrier();
    while (device.seen[0] != *(volatile uint16_t*)&rings[0].used.index) {
        barrier();
        CHECK(status == 0);
        device.seen[0]++;
        done++;
        acquire(&tasks[0].lock);
        tasks[0].runnable = 1;
        release(&tasks[0].lock);
    }
    release(&disk_lock);
}

void trap_handler(uint64_t cause) {
    uint64_t hart;
    asm volatile("csrr %0, mhartid" : "=r"(hart));
    if (cause == (1ul << 63 | 7)) {
        *CLINT_MTIMECMP(hart) = read_time() + 1000000;
        return;
    }
    CHECK(cause == (1ul << 63 | 11));
    uint32_t irq = plic_claim((unsigned)hart);
    if (irq == device.irq) disk_interrupt();
    if (irq != 0) plic_complete((unsigned)hart, irq);
}

/// The task's turn: its next request.
static void run_task(void) {
    if (done == REQUESTS) finish();
    acquire(&disk_lock);
    submit(issued++);
    release(&disk_lock);
}

static __attribute__((noreturn)) void scheduler(void) {
    for (;;) {
        asm volatile("csrsi mstatus, 8");
        asm volatile("csrci mstatus, 8");
        unsigned found = 0;
        for (unsigned i = 0; i < TASKS; i++) {
            acquire(&tasks[i].lock);
            if (tasks[i].runnable) {
                tasks[i].runnable = 0;
                run_task();
                found = 1;
            }
            release(&tasks[i].lock);
        }
        if (!found && !(FLAGS & kSpin)) asm volatile("wfi");
    }
}

static __attribute__((noreturn)) void poll(void) {
    for (; done < REQUESTS; done++) {
        submit(done);
        while (device.seen[0] == *(volatile uint16_t*)&rings[0].used.index) {}
        device.seen[0]++;
        barrier();
        CHECK(status == 0);
        if (FLAGS & kCheck) CHECK(block_of(block[0]) == block_of(done));
    }
    finish();
}

void kmain(unsigned hart) {
    if (hart == 0) {
        CHECK(virtio_find(&device, 2, -1));
        virtio_start(&device, FLAGS & kWriteCache ? 1u << 9 : 0, 1, rings);
        started = read_time();
        if (FLAGS & kPoll) poll();
        tasks[0].runnable = 1;
        barrier();
        ready = 1;
    }
    while (!ready) {}
    plic_enable(device.irq, hart);
    *CLINT_MTIMECMP(hart) = read_time() + 1000000;
    asm volatile("csrs mie, %0" ::"r"(1ul << 7));
    scheduler();
}
