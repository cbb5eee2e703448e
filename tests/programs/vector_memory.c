// flags: -O1 -march=rv64gc
// options: -cpu max,v=on
// Vector loads and stores: strides, indexes, segments, masks; faults in the middle and what goes on there; fault-only-first;
// vector registers over signal handlers; reserved instructions.
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include "check.h"

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"

static unsigned long set_e32m1(unsigned long avl) {
    unsigned long vl;
    __asm__ volatile(V("vsetvli %0, %1, e32, m1, ta, ma") : "=r"(vl) : "r"(avl));
    return vl;
}
static unsigned long read_vstart(void) {
    unsigned long n;
    __asm__ volatile(V("csrr %0, vstart") : "=r"(n));
    return n;
}

static uint32_t memory[4096], out[4096];

static void test_patterns(void) {
    for (unsigned i = 0; i < 4096; ++i) memory[i] = i * 2654435761u;
    unsigned long vl = set_e32m1(~0ul);
    memset(out, 0, sizeof out);
    __asm__ volatile(V("vlse32.v v8, (%0), %1\nvse32.v v8, (%2)") : : "r"(memory), "r"(12l), "r"(out) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[i] == memory[3 * i]);
    // Backwards, and everywhere the same.
    __asm__ volatile(V("vlse32.v v8, (%0), %1\nvse32.v v8, (%2)") : : "r"(memory + 100), "r"(-4l), "r"(out) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[i] == memory[100 - i]);
    __asm__ volatile(V("vlse32.v v8, (%0), zero\nvse32.v v8, (%1)") : : "r"(memory + 7), "r"(out) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[i] == memory[7]);
    // Segments of three fields, and back as segments.
    __asm__ volatile(V("vlseg3e32.v v8, (%0)\nvse32.v v9, (%1)") : : "r"(memory), "r"(out) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[i] == memory[3 * i + 1]);
    memset(out, 0, sizeof out);
    __asm__ volatile(V("vsseg3e32.v v8, (%0)") : : "r"(out) : "memory");
    CHECK(memcmp(out, memory, 12 * vl) == 0 && out[3 * vl] == 0);
    // Indexed: bytes of offset.
    for (unsigned i = 0; i < vl; ++i) out[i] = 4 * ((i * 37) % 64);
    __asm__ volatile(V("vle32.v v4, (%1)\nvluxei32.v v8, (%0), v4\nvse32.v v8, (%2)")
                     : : "r"(memory), "r"(out), "r"(out + 2048) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[2048 + i] == memory[(i * 37) % 64]);
    memset(out + 1024, 0, 256);
    __asm__ volatile(V("vsoxei32.v v8, (%0), v4") : : "r"(out + 1024) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[1024 + (i * 37) % 64] == memory[(i * 37) % 64]);
    // Masked: odd elements only.
    unsigned char odd[256];
    memset(odd, 0xaa, sizeof odd);
    memset(out, 0x55, 64 * 4);
    __asm__ volatile(V("vl1re8.v v0, (%0)\nvle32.v v8, (%1)\nvse32.v v8, (%2), v0.t")
                     : : "r"(odd), "r"(memory), "r"(out) : "memory");
    for (unsigned i = 0; i < vl; ++i) CHECK(out[i] == (i % 2 ? memory[i] : 0x55555555u));
}

/// Segments of 1 << fields_log2 fields of `bytes` each, `stride` apart, to registers and back, for a vl of `count`.
static unsigned char segments[8192], fields_out[8][512];
static void check_segments(unsigned fields, unsigned bytes, unsigned long vl, unsigned long stride,
                           void (*run)(unsigned long, unsigned long)) {
    unsigned char before[8192];
    for (unsigned i = 0; i < sizeof segments; ++i) segments[i] = (unsigned char)(i * 37 >> 3 ^ i);
    memcpy(before, segments, sizeof before);
    memset(fields_out, 0, sizeof fields_out);
    run(vl, stride);
    for (unsigned long i = 0; i < vl; ++i) {
        for (unsigned f = 0; f < fields; ++f) {
            CHECK(memcmp(fields_out[f] + i * bytes, before + i * stride + f * bytes, bytes) == 0);
            CHECK(memcmp(segments + 4096 + i * stride + f * bytes, before + i * stride + f * bytes, bytes) == 0);
        }
    }
    // Between the segments nothing has changed.
    for (unsigned long i = 0; i < vl; ++i) {
        for (unsigned long k = fields * bytes; k < stride; ++k) {
            CHECK(segments[4096 + i * stride + k] == before[4096 + i * stride + k]);
        }
    }
}
#define SEGMENTS(nf, eew, type)                                                                                   \
    static void segments##nf##e##eew(unsigned long vl, unsigned long stride) {                                    \
        __asm__ volatile(V("vsetvli zero, %2, e" #eew ", " type ", ta, ma\nvlsseg" #nf "e" #eew                   \
                           ".v v8, (%0), %1\nvssseg" #nf "e" #eew ".v v8, (%3), %1")                              \
                         :: "r"(segments), "r"(stride), "r"(vl), "r"(segments + 4096) : "memory");                \
        for (unsigned f = 0; f < nf; ++f) {                                                                       \
            __asm__ volatile(V("vse" #eew ".v v8, (%0)\nvmv1r.v v8, v9\nvmv1r.v v9, v10\nvmv1r.v v10, v11\n"     \
                               "vmv1r.v v11, v12\nvmv1r.v v12, v13\nvmv1r.v v13, v14\nvmv1r.v v14, v15")           \
                             :: "r"(fields_out[f]) : "memory");                                                   \
        }                                                                                                         \
    }
SEGMENTS(2, 8, "m1") SEGMENTS(2, 64, "m1") SEGMENTS(3, 32, "m1") SEGMENTS(4, 16, "m1") SEGMENTS(4, 32, "m1")
SEGMENTS(4, 64, "m1") SEGMENTS(8, 16, "m1") SEGMENTS(8, 32, "m1") SEGMENTS(8, 64, "m1")

static void test_strided_segments(void) {
    static const struct {
        unsigned fields, bytes;
        void (*run)(unsigned long, unsigned long);
    } kinds[] = {{2, 1, segments2e8},   {2, 8, segments2e64},  {3, 4, segments3e32}, {4, 2, segments4e16},
                 {4, 4, segments4e32},  {4, 8, segments4e64},  {8, 2, segments8e16}, {8, 4, segments8e32},
                 {8, 8, segments8e64}};
    const unsigned long vlenb = set_e32m1(~0ul) * 4;
    for (unsigned i = 0; i < sizeof kinds / sizeof kinds[0]; ++i) {
        const unsigned long vlmax = vlenb / kinds[i].bytes, size = kinds[i].fields * kinds[i].bytes;
        for (unsigned long vl = 1; vl <= vlmax; vl += 1 + (vl > 4) * 3) {
            check_segments(kinds[i].fields, kinds[i].bytes, vl, size + 5, kinds[i].run);
            check_segments(kinds[i].fields, kinds[i].bytes, vl, size, kinds[i].run);
        }
        check_segments(kinds[i].fields, kinds[i].bytes, vlmax, size + 24, kinds[i].run);
    }
}

static uint32_t* page;
static volatile unsigned long fault_vstart, fault_address;

static void on_fault(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)context;
    fault_address = (unsigned long)info->si_addr;
    fault_vstart = read_vstart();
    // The handler has vectors of its own.
    __asm__ volatile(V("vsetvli zero, zero, e8, m8, ta, ma\nvmv.v.i v0, 5\nvmv.v.i v8, 6\nvmv.v.i v16, 7\nvmv.v.i v24, 1"));
    CHECK(mprotect(page + 1024, 4096, PROT_READ | PROT_WRITE) == 0);
}

/// Loads and stores over the end of what is mapped: the handler maps it, and the instruction goes on.
static void test_faults(void) {
    struct sigaction action = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGSEGV, &action, NULL) == 0);
    const unsigned long vl = set_e32m1(~0ul), before = vl / 2 + 1;
    for (unsigned store = 0; store < 2; ++store) {
        for (unsigned i = 0; i < 2048; ++i) page[i] = i + 5;
        CHECK(mprotect(page + 1024, 4096, PROT_NONE) == 0);
        uint32_t* const start = page + 1024 - before;
        CHECK(set_e32m1(vl) == vl);
        fault_vstart = ~0ul;
        if (store) {
            __asm__ volatile(V("vle32.v v8, (%0)\nvse32.v v8, (%1)") : : "r"(memory), "r"(start) : "memory");
            CHECK(memcmp(start, memory, 4 * vl) == 0);
        } else {
            __asm__ volatile(V("vle32.v v8, (%0)\nvse32.v v8, (%1)") : : "r"(start), "r"(out) : "memory");
            CHECK(memcmp(start, out, 4 * vl) == 0);
        }
        CHECK(fault_vstart == before && fault_address == (unsigned long)(page + 1024));
        CHECK(read_vstart() == 0);
    }
}

/// A segment that cannot be reached is the one at which vstart stands.
static void test_segment_faults(void) {
    const unsigned long vl = set_e32m1(~0ul);
    for (int store = 0; store < 2; ++store) {
        for (unsigned long before = 0; before < vl; ++before) {
            CHECK(mprotect(page + 1024, 4096, PROT_NONE) == 0);
            // 48 bytes apart, so that the segment behind `before` others begins on the second page.
            unsigned char* start = (unsigned char*)(page + 1024) - 48 * before;
            fault_vstart = 77;
            if (store) {
                __asm__ volatile(V("vlsseg8e32.v v8, (%0), %2\nvssseg8e32.v v8, (%1), %2")
                                 :: "r"(memory), "r"(start), "r"(48l) : "memory");
            } else {
                __asm__ volatile(V("vlsseg8e32.v v8, (%0), %2\nvssseg8e32.v v8, (%1), %2")
                                 :: "r"(start), "r"(out), "r"(48l) : "memory");
            }
            CHECK(fault_vstart == before && fault_address == (unsigned long)(page + 1024) && read_vstart() == 0);
            for (unsigned long i = 0; i < vl; ++i) {
                const unsigned char* from = store ? (unsigned char*)memory : start;
                CHECK(memcmp((store ? start : (unsigned char*)out) + 48 * i, from + 48 * i, 32) == 0);
            }
        }
    }
}

static void test_first(void) {
    CHECK(mprotect(page + 1024, 4096, PROT_NONE) == 0);
    const unsigned long vl = set_e32m1(~0ul);
    unsigned long left;
    fault_vstart = 77;
    __asm__ volatile(V("vle32ff.v v8, (%1)\ncsrr %0, vl") : "=r"(left) : "r"(page + 1024 - (vl - 1)) : "memory");
    CHECK(left == vl - 1 && fault_vstart == 77);
    // Of the first element it is a fault.
    CHECK(set_e32m1(vl) == vl);
    __asm__ volatile(V("vle32ff.v v8, (%1)\ncsrr %0, vl") : "=r"(left) : "r"(page + 1024) : "memory");
    CHECK(left == vl && fault_vstart == 0);
}

static volatile int illegal;
static void on_illegal(int signal, siginfo_t* info, void* context) {
    (void)signal, (void)info;
    ++illegal;
    ((ucontext_t*)context)->uc_mcontext.__gregs[0] += 4;
}
#define IS_ILLEGAL(setup, bits)                                                                                \
    do {                                                                                                       \
        const int last = illegal;                                                                              \
        __asm__ volatile(V("vsetvli zero, %0, " setup "\n.word " #bits) : : "r"(4l) : "memory");               \
        CHECK(illegal == last + 1);                                                                            \
    } while (0)

static void test_reserved(void) {
    struct sigaction action = {.sa_sigaction = on_illegal, .sa_flags = SA_SIGINFO};
    CHECK(sigaction(SIGILL, &action, NULL) == 0);
    IS_ILLEGAL("e32, m2, ta, ma", 0x022180d7);  // vadd.vv v1, v2, v3: not aligned
    IS_ILLEGAL("e32, m1, ta, ma", 0x00220057);  // vadd.vv v0, v2, v4, v0.t
    IS_ILLEGAL("e64, m1, ta, ma", 0xc6222457);  // vwadd.vv v8, v2, v4: there is no result of 128 bits
    IS_ILLEGAL("e8, m1, ta, ma", 0x02221457);   // vfadd.vv v8, v2, v4 of bytes
    IS_ILLEGAL("e32, m1, ta, ma", 0x32820457);  // vrgather.vv v8, v8, v4: over its source
    __asm__ volatile(V("vsetvli zero, zero, e64, mf2, ta, ma"));  // vill
    const int last = illegal;
    __asm__ volatile(".word 0x022180d7");
    CHECK(illegal == last + 1);
}

int main(void) {
    page = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(page != MAP_FAILED);
    test_patterns();
    test_strided_segments();
    test_faults();
    test_segment_faults();
    test_first();
    test_reserved();
    return 0;
}
