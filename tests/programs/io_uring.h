/* A ring of io_uring without a library. */
#pragma once
#include <linux/io_uring.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "check.h"

struct ring {
    int fd;
    struct io_uring_params params;
    unsigned *sq_head, *sq_tail, *sq_mask, *sq_array, *sq_flags, *cq_head, *cq_tail, *cq_mask;
    struct io_uring_sqe *sqes;
    struct io_uring_cqe *cqes;
    void *rings;
    size_t ring_bytes;
};

/* @returns 0, or -1 when the kernel has none */
static int open_ring(struct ring *r, unsigned entries, unsigned flags) {
    memset(r, 0, sizeof *r);
    r->params.flags = flags;
    r->fd = (int)syscall(SYS_io_uring_setup, entries, &r->params);
    if (r->fd < 0 && (errno == ENOSYS || errno == EPERM)) return -1;
    CHECK(r->fd >= 0 && (r->params.features & IORING_FEAT_SINGLE_MMAP));
    struct io_uring_params *p = &r->params;
    size_t sq = p->sq_off.array + p->sq_entries * sizeof(unsigned), cq = p->cq_off.cqes + p->cq_entries * sizeof(struct io_uring_cqe);
    r->ring_bytes = sq > cq ? sq : cq;
    char *rings = mmap(NULL, r->ring_bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQ_RING);
    CHECK(rings != MAP_FAILED);
    r->rings = rings;
    r->sqes = mmap(NULL, p->sq_entries * sizeof *r->sqes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, r->fd, IORING_OFF_SQES);
    CHECK(r->sqes != MAP_FAILED);
    r->sq_head = (unsigned *)(rings + p->sq_off.head);
    r->sq_tail = (unsigned *)(rings + p->sq_off.tail);
    r->sq_mask = (unsigned *)(rings + p->sq_off.ring_mask);
    r->sq_flags = (unsigned *)(rings + p->sq_off.flags);
    r->sq_array = (unsigned *)(rings + p->sq_off.array);
    r->cq_head = (unsigned *)(rings + p->cq_off.head);
    r->cq_tail = (unsigned *)(rings + p->cq_off.tail);
    r->cq_mask = (unsigned *)(rings + p->cq_off.ring_mask);
    r->cqes = (struct io_uring_cqe *)(rings + p->cq_off.cqes);
    return 0;
}

static struct io_uring_sqe *next_request(struct ring *r, int opcode, int fd, const void *address, unsigned length, uint64_t offset) {
    unsigned tail = *r->sq_tail, index = tail & *r->sq_mask;
    struct io_uring_sqe *sqe = &r->sqes[index];
    memset(sqe, 0, sizeof *sqe);
    sqe->opcode = (uint8_t)opcode;
    sqe->fd = fd;
    sqe->addr = (uintptr_t)address;
    sqe->len = length;
    sqe->off = offset;
    sqe->user_data = (uint64_t)opcode << 32 | tail;
    r->sq_array[index] = index;
    __atomic_store_n(r->sq_tail, tail + 1, __ATOMIC_RELEASE);
    return sqe;
}

static long enter(struct ring *r, unsigned submit, unsigned wait, unsigned flags) {
    return syscall(SYS_io_uring_enter, r->fd, submit, wait, flags, NULL, 8);
}

struct completion {
    uint64_t user_data;
    int res;
};

/* Takes the oldest completion; there is one. */
static struct completion take(struct ring *r) {
    unsigned head = *r->cq_head;
    CHECK(head != __atomic_load_n(r->cq_tail, __ATOMIC_ACQUIRE));
    struct io_uring_cqe *entry = &r->cqes[head & *r->cq_mask];
    struct completion cqe = {entry->user_data, entry->res};
    __atomic_store_n(r->cq_head, head + 1, __ATOMIC_RELEASE);
    return cqe;
}

/* The result of the request that has been prepared. */
static int complete(struct ring *r) {
    CHECK(enter(r, 1, 1, IORING_ENTER_GETEVENTS) == 1);
    return take(r).res;
}

static inline void close_ring(struct ring *r) {
    CHECK(munmap(r->sqes, r->params.sq_entries * sizeof *r->sqes) == 0 && munmap(r->rings, r->ring_bytes) == 0 && close(r->fd) == 0);
}
