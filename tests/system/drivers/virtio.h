// A virtio driver as teaching kernels have it: it looks at the lower half of the features only, knows versions 1 and 2 of
// the registers, and has queues of eight entries.
#pragma once

#include "kernel.h"

enum {
    MAGIC = 0x000, VERSION = 0x004, DEVICE_ID = 0x008, VENDOR_ID = 0x00c, DEVICE_FEATURES = 0x010,
    DRIVER_FEATURES = 0x020, GUEST_PAGE_SIZE = 0x028, QUEUE_SEL = 0x030, QUEUE_NUM_MAX = 0x034, QUEUE_NUM = 0x038,
    QUEUE_PFN = 0x040, QUEUE_READY = 0x044, QUEUE_NOTIFY = 0x050, INTERRUPT_STATUS = 0x060, INTERRUPT_ACK = 0x064,
    STATUS = 0x070, QUEUE_DESC = 0x080, QUEUE_AVAIL = 0x090, QUEUE_USED = 0x0a0, CONFIG = 0x100,
};
enum { ACKNOWLEDGE = 1, DRIVER = 2, DRIVER_OK = 4, FEATURES_OK = 8 };
enum { NEXT = 1, WRITE = 2 };

#define QUEUE_SIZE 8
#define MAX_QUEUES 2

struct Descriptor {
    uint64_t address;
    uint32_t length;
    uint16_t flags, next;
};
/// Rings where version 1 expects them: one after the other, the used ring at the next page.
struct Rings {
    struct Descriptor descriptors[QUEUE_SIZE];
    struct {
        uint16_t flags, index, ring[QUEUE_SIZE];
    } available;
    struct {
        uint16_t flags, index;
        struct {
            uint32_t id, length;
        } ring[QUEUE_SIZE];
    } used __attribute__((aligned(4096)));
} __attribute__((aligned(4096)));

struct Virtio {
    uintptr_t base;
    unsigned irq;
    struct Rings* rings[MAX_QUEUES];
    uint16_t seen[MAX_QUEUES];  ///< of the used ring
};

struct Buffer {
    void* data;
    uint32_t length;
    int writable;  ///< by the device
};

static inline volatile uint32_t* reg(const struct Virtio* v, unsigned offset) {
    return (volatile uint32_t*)(v->base + offset);
}

static inline void barrier(void) { asm volatile("fence rw, rw" ::: "memory"); }

/// The device of `slot`, or of any one when that is negative. @returns 0 when there is no such device
static inline int virtio_find(struct Virtio* v, uint32_t device, int slot) {
    for (int i = 0; i < VIRTIO_SLOTS; i++) {
        v->base = VIRTIO_SLOT((unsigned)i);
        v->irq = VIRTIO_IRQ((unsigned)i);
        if (slot >= 0 && i != slot) continue;
        CHECK(*reg(v, MAGIC) == 0x74726976 && *reg(v, VENDOR_ID) == 0x554d4551);
        if (*reg(v, DEVICE_ID) == device) return 1;
    }
    return 0;
}

/// Takes those of `features` that there are, and sets up `queues` queues, with rings from `rings` on.
static inline void virtio_start(struct Virtio* v, uint32_t features, unsigned queues, struct Rings* rings) {
    *reg(v, STATUS) = 0;
    *reg(v, STATUS) = ACKNOWLEDGE;
    *reg(v, STATUS) = ACKNOWLEDGE | DRIVER;
    *reg(v, DRIVER_FEATURES) = *reg(v, DEVICE_FEATURES) & features;
    *reg(v, STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK;
    CHECK(*reg(v, STATUS) & FEATURES_OK);
    for (unsigned q = 0; q < queues; q++) {
        *reg(v, QUEUE_SEL) = q;
        CHECK(*reg(v, QUEUE_NUM_MAX) >= QUEUE_SIZE);
        v->rings[q] = &rings[q];
        v->seen[q] = 0;
        *reg(v, QUEUE_NUM) = QUEUE_SIZE;
        if (*reg(v, VERSION) == 1) {
            CHECK(*reg(v, QUEUE_PFN) == 0);
            *reg(v, GUEST_PAGE_SIZE) = 4096;
            *reg(v, QUEUE_PFN) = (uint32_t)((uintptr_t)&rings[q] / 4096);
            continue;
        }
        CHECK(*reg(v, QUEUE_READY) == 0);
        uintptr_t parts[3] = {(uintptr_t)rings[q].descriptors, (uintptr_t)&rings[q].available, (uintptr_t)&rings[q].used};
        for (unsigned i = 0; i < 3; i++) {
            *reg(v, QUEUE_DESC + 16 * i) = (uint32_t)parts[i];
            *reg(v, QUEUE_DESC + 16 * i + 4) = (uint32_t)(parts[i] >> 32);
        }
        *reg(v, QUEUE_READY) = 1;
        CHECK(*reg(v, QUEUE_READY) == 1);
    }
    *reg(v, STATUS) = ACKNOWLEDGE | DRIVER | FEATURES_OK | DRIVER_OK;
}

/// Gives the device one chain, from descriptor `first` on.
static inline void virtio_submit(struct Virtio* v, unsigned queue, const struct Buffer* buffers, unsigned count,
                                 unsigned first) {
    struct Rings* rings = v->rings[queue];
    for (unsigned i = 0; i < count; i++) {
        unsigned last = i + 1 == count;
        rings->descriptors[first + i] = (struct Descriptor){
            (uintptr_t)buffers[i].data, buffers[i].length,
            (uint16_t)((buffers[i].writable ? WRITE : 0) | (last ? 0 : NEXT)), (uint16_t)(last ? 0 : first + i + 1)};
    }
    rings->available.ring[rings->available.index % QUEUE_SIZE] = (uint16_t)first;
    barrier();
    *(volatile uint16_t*)&rings->available.index += 1;
    barrier();
    *reg(v, QUEUE_NOTIFY) = queue;
}

/// Waits, on `hart`, for an interrupt and the next chain that comes back. @returns the bytes written to it
static inline uint32_t virtio_wait(struct Virtio* v, unsigned queue, unsigned hart) {
    volatile uint16_t* index = &v->rings[queue]->used.index;
    while (*index == v->seen[queue]) {
        asm volatile("wfi");
        if (plic_claim(hart) != v->irq) continue;
        *reg(v, INTERRUPT_ACK) = *reg(v, INTERRUPT_STATUS) & 3;
        plic_complete(hart, v->irq);
    }
    barrier();
    return v->rings[queue]->used.ring[v->seen[queue]++ % QUEUE_SIZE].length;
}

static inline uint32_t virtio_transact(struct Virtio* v, unsigned queue, const struct Buffer* buffers, unsigned count) {
    virtio_submit(v, queue, buffers, count, 0);
    return virtio_wait(v, queue, 0);
}
