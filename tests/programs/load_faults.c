// flags: -O1 -march=rv64gc_zba
/* A load into the register that its address comes from: when it faults, the register holds the address, however it was
   computed, and all others what they held. */
#define _GNU_SOURCE
#include <sys/mman.h>

#include "check.h"
#include "fault_registers.h"

enum { kA0 = 10, kA1, kA2, kA3, kA4, kA5, kA6, kA7, kT3 = 28, kT6 = 31 };

/* Each function gets base and index in a0 and a1, and copies of them in a2, a3 and t3, t6. */
#define CASE(name, code)                                                                                       \
    void name(uint64_t, uint64_t);                                                                             \
    asm(".globl " #name "\n" #name ": mv a2, a0\n mv a3, a1\n mv t3, a0\n mv t6, a1\n j 1f\n .balign 4\n 1:\n" \
        code "\n ret\n");

CASE(sum, "add a1, a1, a0\n ld a1, 16(a1)")
CASE(sum_other_way, "add a1, a0, a1\n lbu a1, -16(a1)")
CASE(shifted, "slli a1, a1, 3\n add a1, a0, a1\n ld a1, 0(a1)")
CASE(shifted_elsewhere, "slli a4, a1, 2\n add a4, a4, a0\n lw a4, 4(a4)\n mv a1, a4")
CASE(sh3, "sh3add a1, a1, a0\n ld a1, 8(a1)")
CASE(sh1, "sh1add t6, t6, t3\n lh t6, 2(t6)\n mv a1, t6")
CASE(in_memory, "add t6, t6, t3\n ld t6, -2048(t6)\n mv a1, t6")
CASE(displaced, "add a1, a1, a0\n addi a1, a1, 100\n lhu a1, 2047(a1)")
CASE(stored_between, "add a1, a1, a0\n sd a1, -8(sp)\n ld a1, 0(a1)")
CASE(used_between, "add a1, a1, a0\n mv a4, a1\n ld a1, 0(a1)")
CASE(constant, "lui a1, 0x10\n ld a1, 8(a1)")
CASE(constant_negative, "li a1, -4096\n lw a1, 12(a1)")
CASE(plain, "add a4, a0, a1\n lwu a4, 0(a4)\n mv a1, a4")
CASE(elsewhere, "add a4, a0, a1\n lwu a5, 0(a4)\n mv a1, a4")

struct Case {
    const char *name;
    void (*run)(uint64_t, uint64_t);
    int scale, displacement;
    int reg;        /* that the address is in */
    int64_t fixed;  /* its value where base and index are ignored */
};
static const struct Case cases[] = {
    {"sum", sum, 0, 16, kA1, 0},
    {"sum_other_way", sum_other_way, 0, -16, kA1, 0},
    {"shifted", shifted, 3, 0, kA1, 0},
    {"shifted_elsewhere", shifted_elsewhere, 2, 4, kA4, 0},
    {"sh3", sh3, 3, 8, kA1, 0},
    {"sh1", sh1, 1, 2, kT6, 0},
    {"in_memory", in_memory, 0, -2048, kT6, 0},
    {"displaced", displaced, 0, 2147, kA1, 0},
    {"stored_between", stored_between, 0, 0, kA1, 0},
    {"used_between", used_between, 0, 0, kA1, 0},
    {"constant", constant, 0, 8, kA1, 0x10000},
    {"constant_negative", constant_negative, 0, 12, kA1, -4096},
    {"plain", plain, 0, 0, kA4, 0},
    {"elsewhere", elsewhere, 0, 0, kA4, 0},
};

/* A load at base + (index << scale) + displacement, which is `offset` bytes before the end of what may be read. */
static void check(const struct Case *c, uint64_t end, uint64_t index, uint64_t offset) {
    uint64_t base = end - offset - (index << c->scale) - (uint64_t)(int64_t)c->displacement;
    memset(seen, 0, sizeof seen);
    if (sigsetjmp(after_fault, 1) == 0) {
        c->run(base, index);
        return;
    }
    /* displaced: the second addition has been done. */
    uint64_t address = c->fixed != 0 ? (uint64_t)c->fixed : base + (index << c->scale);
    if (c->run == displaced) address += 100;
    if (seen[c->reg] != address) fprintf(stderr, "%s: %lx, not %lx\n", c->name, seen[c->reg], address);
    CHECK(seen[c->reg] == address);
    CHECK(seen[kA0] == base && seen[kA2] == base && seen[kA3] == index && seen[kT3] == base);
    if (c->reg != kA1) CHECK(seen[kA1] == index);
    if (c->reg != kT6) CHECK(seen[kT6] == index);
    if (c->run == used_between) CHECK(seen[kA4] == address);
}

int main(void) {
    catch_faults();
    char *area = mmap(NULL, 3 * 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(area + 65536, 2 * 65536, PROT_NONE) == 0);
    memset(area, 0x5a, 65536);
    const uint64_t end = (uint64_t)(area + 65536);
    for (unsigned i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint64_t index = 1; index < 300; index += 37) {
            check(&cases[i], end, index, 0);
            check(&cases[i], end, index, 1);                    /* across the end, if wider than a byte */
            check(&cases[i], end, index, -4096);
            check(&cases[i], end, -index, 0);                   /* sums that wrap */
            check(&cases[i], UINT64_C(0x800000000000) + 64, index, 0); /* not an address */
            check(&cases[i], end, index, 64);                   /* no fault */
        }
    }
    return 0;
}
