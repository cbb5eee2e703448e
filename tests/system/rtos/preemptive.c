// A kernel in the style of FreeRTOS's port to this board: a periodic tick from the CLINT, tasks of several priorities with
// delays, yields by ecall, a queue between tasks, an interrupt-driven serial port.
#include "kernel.h"

#define CLINT_TIME (*(volatile uint64_t*)0x200bff8)
#define CLINT_COMPARE (*(volatile uint64_t*)0x2004000)
#define TICK 2000  // 5000 ticks a second
enum { TASKS = 5, WORDS = 512, IDLE = 0 };

typedef struct {
    uint64_t* sp;
    uint64_t wake_at;  // 0: ready
    unsigned priority;
    uint64_t stack[WORDS];
} Task;

static Task tasks[TASKS];
static unsigned current;
volatile uint64_t ticks;
static uint64_t next_tick;
void start_scheduler(uint64_t* sp);
int keeps_registers(uint64_t seed);

/// The next ready one of the highest priority, in turns.
static unsigned choose(void) {
    unsigned best = IDLE;
    for (unsigned i = 1; i <= TASKS; i++) {
        unsigned at = (current + i) % TASKS;
        if (tasks[at].wake_at == 0 && tasks[at].priority > tasks[best].priority) best = at;
    }
    return best;
}

static volatile unsigned sent;

uint64_t* rtos_trap(uint64_t* sp, uint64_t cause) {
    tasks[current].sp = sp;
    switch (cause) {
        case 1ul << 63 | 7:
            CHECK(CLINT_TIME >= next_tick);
            ticks++;
            next_tick += TICK;
            CLINT_COMPARE = next_tick;
            for (unsigned i = 0; i < TASKS; i++) {
                if (tasks[i].wake_at != 0 && tasks[i].wake_at <= ticks) tasks[i].wake_at = 0;
            }
            break;
        case 1ul << 63 | 11: {
            uint32_t irq = plic_claim(0);
            CHECK(irq == 10);
            if ((UART[2] & 15) == 2) sent++;
            plic_complete(0, irq);
            break;
        }
        case 11: sp[0] += 4; break;  // yield
        default: panic("a trap");
    }
    current = choose();
    return tasks[current].sp;
}

static void yield(void) { asm volatile("ecall" ::: "memory"); }
static void delay(uint64_t n) {
    tasks[current].wake_at = ticks + n;
    yield();
}

static void add(unsigned index, unsigned priority, void (*entry)(void)) {
    Task* task = &tasks[index];
    task->priority = priority;
    task->sp = task->stack + WORDS - 32;
    task->sp[0] = (uint64_t)entry;
    task->sp[31] = 3 << 11 | 1 << 7;  // machine mode, interrupts on
}

static volatile unsigned queue[4], head, tail, finished;

static void producer(void) {
    for (unsigned n = 0; n < 100; n++) {
        while (head - tail == 4) yield();
        queue[head % 4] = n * n;
        head++;
        if (n % 10 == 0) delay(2);
    }
    finished++;
    for (;;) delay(1000000);
}
static void consumer(void) {
    for (unsigned n = 0; n < 100; n++) {
        while (head == tail) yield();
        CHECK(queue[tail % 4] == n * n);
        tail++;
    }
    finished++;
    for (;;) delay(1000000);
}
static void worker(void) {
    for (uint64_t seed = 1000; seed < 1010; seed++) CHECK(keeps_registers(seed << 20));
    finished++;
    for (;;) delay(1000000);
}
static void watcher(void) {
    for (int i = 0; i < 5; i++) {
        uint64_t before = ticks;
        delay(7);
        CHECK(ticks - before >= 7);
    }
    unsigned before = sent;
    UART[1] = 2;
    print("preempted\n");
    while (sent == before) delay(1);
    while (finished < 3) delay(1);
    UART[1] = 0;
    power_off(0);
}
static void idle(void) {
    for (;;) asm volatile("wfi");
}

void kmain(void) {
    add(IDLE, 0, idle);
    add(1, 1, producer);
    add(2, 1, consumer);
    add(3, 1, worker);
    add(4, 2, watcher);
    plic_enable(10, 0);
    next_tick = CLINT_TIME + TICK;
    CLINT_COMPARE = next_tick;
    asm volatile("csrs mie, %0" ::"r"(1ul << 7));
    current = 4;
    start_scheduler(tasks[4].sp);
}
