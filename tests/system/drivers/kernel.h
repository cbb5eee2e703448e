// What a small teaching kernel has: serial port, power switch, interrupt controller, spinlocks.
#pragma once

#include <stdint.h>

#define UART ((volatile uint8_t*)0x10000000)
#define FINISHER ((volatile uint32_t*)0x100000)
#define PLIC 0xc000000ul
#define PLIC_REG(offset) ((volatile uint32_t*)(PLIC + (offset)))
#define VIRTIO_SLOTS 8
#define VIRTIO_SLOT(n) (0x10001000ul + 0x1000 * (n))
#define VIRTIO_IRQ(n) (1 + (n))

static inline void print(const char* text) {
    while (*text) UART[0] = (uint8_t)*text++;
}

static inline void print_number(uint64_t n) {
    char digits[24], *at = digits + sizeof digits;
    *--at = 0;
    do *--at = (char)('0' + n % 10);
    while (n /= 10);
    print(at);
}

/// Ends the machine with exit status `status`.
static inline __attribute__((noreturn)) void power_off(unsigned status) {
    *FINISHER = status == 0 ? 0x5555 : status << 16 | 0x3333;
    for (;;) asm volatile("wfi");
}

static inline __attribute__((noreturn)) void panic(const char* why) {
    print("panic: ");
    print(why);
    print("\n");
    power_off(1);
}

#define CHECK(condition) \
    do { \
        if (!(condition)) panic(#condition); \
    } while (0)

/// Interrupt `irq` goes to machine mode of `hart`, where wfi waits for it with interrupts masked.
static inline void plic_enable(unsigned irq, unsigned hart) {
    *PLIC_REG(4 * irq) = 1;
    *PLIC_REG(0x2000 + 0x100 * hart) |= 1u << irq;
    *PLIC_REG(0x200000 + 0x2000 * hart) = 0;
    asm volatile("csrs mie, %0" ::"r"(1ul << 11));
}

static inline uint32_t plic_claim(unsigned hart) { return *PLIC_REG(0x200004 + 0x2000 * hart); }
static inline void plic_complete(unsigned hart, uint32_t irq) { *PLIC_REG(0x200004 + 0x2000 * hart) = irq; }

typedef struct {
    uint32_t locked;
} Spinlock;

static inline void acquire(Spinlock* lock) {
    while (__atomic_exchange_n(&lock->locked, 1, __ATOMIC_ACQUIRE)) {}
}
static inline void release(Spinlock* lock) { __atomic_store_n(&lock->locked, 0, __ATOMIC_RELEASE); }

static inline uint64_t read_time(void) {
    uint64_t now;
    asm volatile("rdtime %0" : "=r"(now));
    return now;
}
