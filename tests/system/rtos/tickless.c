// A kernel in the style of Zephyr's for this board: no periodic tick, the timer is set for the next deadline only and off in
// between; threads that wait for it or for the serial port sleep in wfi; what comes in is sent back from the interrupt
// handler until a 'q'.
#include "kernel.h"

#define CLINT_TIME_LOW (*(volatile uint32_t*)0x200bff8)
#define CLINT_TIME_HIGH (*(volatile uint32_t*)0x200bffc)
#define CLINT_COMPARE_LOW (*(volatile uint32_t*)0x2004000)
#define CLINT_COMPARE_HIGH (*(volatile uint32_t*)0x2004004)
enum { THREADS = 3, WORDS = 512 };

typedef struct {
    uint64_t* sp;
    uint64_t deadline;  // ~0: none
    int ready;
    uint64_t stack[WORDS];
} Thread;

static Thread threads[THREADS];
static unsigned current;
volatile uint64_t ticks;  // of switch.S
static volatile unsigned timers, received, quit, rounds;
static char ring[64];
void start_scheduler(uint64_t* sp);

/// As 32-bit drivers do it.
static uint64_t now(void) {
    for (;;) {
        uint32_t high = CLINT_TIME_HIGH, low = CLINT_TIME_LOW;
        if (high == CLINT_TIME_HIGH) return (uint64_t)high << 32 | low;
    }
}
static void set_timer(uint64_t at) {
    CLINT_COMPARE_LOW = ~0u;
    CLINT_COMPARE_HIGH = (uint32_t)(at >> 32);
    CLINT_COMPARE_LOW = (uint32_t)at;
}

static void serial_interrupt(void) {
    for (;;) {
        unsigned id = UART[2] & 15;
        if (id == 1) return;
        CHECK(id == 4 || id == 12);
        while (UART[5] & 1) {
            char c = (char)UART[0];
            ring[received++ % sizeof ring] = c;
            while (!(UART[5] & 0x20)) {}
            UART[0] = (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c);
            if (c == 'q') quit = 1;
        }
        threads[1].ready = 1;
    }
}

uint64_t* rtos_trap(uint64_t* sp, uint64_t cause) {
    threads[current].sp = sp;
    uint64_t next = ~0ul, time;
    switch (cause) {
        case 1ul << 63 | 7:
            timers++;
            break;
        case 1ul << 63 | 11: {
            uint32_t irq = plic_claim(0);
            CHECK(irq == 10);
            serial_interrupt();
            plic_complete(0, irq);
            break;
        }
        case 11: sp[0] += 4; break;
        default: panic("a trap");
    }
    time = now();
    for (unsigned i = 0; i < THREADS; i++) {
        if (threads[i].deadline <= time) threads[i].deadline = ~0ul, threads[i].ready = 1;
        if (threads[i].deadline < next) next = threads[i].deadline;
    }
    set_timer(next);
    current = 0;
    for (unsigned i = THREADS - 1; i > 0; i--) {
        if (threads[i].ready) current = i;
    }
    return threads[current].sp;
}

static void block_until(uint64_t deadline) {
    asm volatile("csrc mstatus, 8");
    threads[current].ready = 0;
    threads[current].deadline = deadline;
    asm volatile("ecall" ::: "memory");
    asm volatile("csrs mstatus, 8");
}

static void echo(void) {
    while (!quit || rounds < 5) block_until(~0ul);
    print("\nend\n");
    CHECK(received == 12 && timers > 0);
    power_off(0);
}
static void sleeper(void) {
    for (unsigned n = 1;; n++) {
        uint64_t start = now(), length = 10000 * (n % 5 + 1);
        block_until(start + length);
        CHECK(now() - start >= length);
        rounds = n;
        threads[1].ready = 1;
    }
}
static void idle(void) {
    for (;;) asm volatile("wfi");
}

static void add(unsigned index, void (*entry)(void)) {
    Thread* thread = &threads[index];
    thread->deadline = ~0ul;
    thread->ready = 1;
    thread->sp = thread->stack + WORDS - 32;
    thread->sp[0] = (uint64_t)entry;
    thread->sp[31] = 3 << 11 | 1 << 7;
}

void kmain(void) {
    add(0, idle);
    add(1, echo);
    add(2, sleeper);
    UART[3] = 3;
    UART[2] = 7;
    print("ready\n");
    UART[1] = 1;
    plic_enable(10, 0);
    asm volatile("csrs mie, %0" ::"r"(1ul << 7));
    current = 1;
    start_scheduler(threads[1].sp);
}
