// flags: -O1 -march=rv64gc -fno-strict-aliasing
// options: -cpu max,v=on,zvfh=on
// Vector arithmetic against what C computes element by element: all element widths, register groups, lengths, masks.
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check.h"

// The assembler needs no -march for these: each statement switches vectors on for itself.
#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"

enum { kBytes = 256 * 8 };  // the longest group: eight registers of up to 2048 bits

typedef struct {
    _Alignas(64) unsigned char b[kBytes];
} Group;

static uint64_t state = 88172645463325252u;
static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    return state ^= state << 17;
}
static void fill(Group* g) {
    static const uint64_t kEdges[] = {0,          ~0ull,          1,          0x8000000000000000u, 0x7fffffffffffffffu,
                                      0x80808080, 0x7f7f7f7f7f7f, 0xff00ff00, 0x8000800080008000u, 0x7fff7fff7fff7fffu};
    for (unsigned i = 0; i < kBytes / 8; ++i) {
        uint64_t v = next_random() % 4 ? next_random() : kEdges[next_random() % 10];
        memcpy(g->b + 8 * i, &v, 8);
    }
}

static uint64_t get(const Group* g, unsigned sew, unsigned i) {
    uint64_t v = 0;
    memcpy(&v, g->b + (size_t)i * sew, sew);
    return v;
}
static int64_t sget(const Group* g, unsigned sew, unsigned i) {
    return (int64_t)(get(g, sew, i) << (64 - 8 * sew)) >> (64 - 8 * sew);
}
static void put(Group* g, unsigned sew, unsigned i, uint64_t v) { memcpy(g->b + (size_t)i * sew, &v, sew); }
static int bit(const Group* g, unsigned i) { return g->b[i / 8] >> i % 8 & 1; }

static unsigned set_type(unsigned long avl, unsigned vtype) {
    unsigned long vl;
    __asm__ volatile(V("vsetvl %0, %1, %2") : "=r"(vl) : "r"(avl), "r"((unsigned long)vtype));
    return (unsigned)vl;
}
static unsigned long vlenb(void) {
    unsigned long n;
    __asm__ volatile(V("csrr %0, vlenb") : "=r"(n));
    return n;
}

static Group mask, a, b, d, expected;
static unsigned sew, vl;  // bytes of an element
static int masked;

/// d = v16, a = v8, b = v24 in whole registers; the mask in v0.
static void load_registers(void) {
    __asm__ volatile(V("vl1re8.v v0, (%0)\nvl8re8.v v8, (%1)\nvl8re8.v v24, (%2)\nvl8re8.v v16, (%3)")
                     :
                     : "r"(mask.b), "r"(a.b), "r"(b.b), "r"(d.b)
                     : "memory");
}
static void store_result(Group* to) { __asm__ volatile(V("vs8r.v v16, (%0)") : : "r"(to->b) : "memory"); }

static void compare(const char* name) {
    Group result;
    store_result(&result);
    size_t bytes = vlenb() * 8;
    if (memcmp(result.b, expected.b, bytes) == 0) return;
    for (unsigned i = 0; i < bytes; ++i) {
        if (result.b[i] != expected.b[i]) {
            printf("%s sew %u vl %u masked %d: byte %u is %02x, not %02x\n", name, sew * 8, vl, masked, i, result.b[i],
                   expected.b[i]);
            break;
        }
    }
    CHECK(!"vector result");
}

// Each operation once, in its forms; `x` is the scalar.
#define RUN(text)                                                  \
    do {                                                           \
        load_registers();                                          \
        if (masked) __asm__ volatile(V(text ", v0.t") : : "r"(x)); \
        else __asm__ volatile(V(text) : : "r"(x));                 \
    } while (0)

#define FOR_ACTIVE                    \
    for (unsigned i = 0; i < vl; ++i) \
        if (!masked || bit(&mask, i))

#define BINARY(name, expression)                                                                  \
    {                                                                                             \
        expected = d;                                                                             \
        FOR_ACTIVE {                                                                              \
            uint64_t p = get(&a, sew, i), q = get(&b, sew, i);                                    \
            int64_t sp = sget(&a, sew, i), sq = sget(&b, sew, i);                                 \
            (void)p, (void)q, (void)sp, (void)sq;                                                 \
            put(&expected, sew, i, (uint64_t)(expression));                                       \
        }                                                                                         \
        RUN(name ".vv v16, v8, v24");                                                             \
        compare(name ".vv");                                                                      \
        expected = d;                                                                             \
        FOR_ACTIVE {                                                                              \
            uint64_t p = get(&a, sew, i), q = x & top;                                            \
            int64_t sp = sget(&a, sew, i), sq = (int64_t)(x << (64 - 8 * sew)) >> (64 - 8 * sew); \
            (void)p, (void)q, (void)sp, (void)sq;                                                 \
            put(&expected, sew, i, (uint64_t)(expression));                                       \
        }                                                                                         \
        RUN(name ".vx v16, v8, %0");                                                              \
        compare(name ".vx");                                                                      \
    }

static uint64_t divide(int64_t p, int64_t q) { return q == 0 ? ~0ull : q == -1 ? -(uint64_t)p : (uint64_t)(p / q); }
static uint64_t remain(int64_t p, int64_t q) { return q == 0 ? (uint64_t)p : q == -1 ? 0 : (uint64_t)(p % q); }

static void test_integer(void) {
    const uint64_t top = sew == 8 ? ~0ull : (1ull << 8 * sew) - 1;
    const unsigned bits = 8 * sew;
    uint64_t x = next_random();
    BINARY("vadd", p + q)
    BINARY("vsub", p - q)
    BINARY("vand", p & q)
    BINARY("vor", p | q)
    BINARY("vxor", p ^ q)
    BINARY("vminu", p < q ? p : q)
    BINARY("vmin", sp < sq ? p : q)
    BINARY("vmaxu", p > q ? p : q)
    BINARY("vmax", sp > sq ? p : q)
    BINARY("vsll", p << (q & (bits - 1)))
    BINARY("vsrl", p >> (q & (bits - 1)))
    BINARY("vsra", sp >> (q & (bits - 1)))
    BINARY("vmul", p * q)
    BINARY("vmulhu", (unsigned __int128)p * q >> bits)
    BINARY("vmulh", (__int128)sp * sq >> bits)
    BINARY("vmulhsu", (__int128)sp * (__int128)(unsigned __int128)q >> bits)
    BINARY("vdivu", q == 0 ? top : p / q)
    BINARY("vremu", q == 0 ? p : p % q)
    BINARY("vdiv", divide(sp, sq))
    BINARY("vrem", remain(sp, sq))
    BINARY("vsaddu", (unsigned __int128)p + q > top ? top : p + q)
    BINARY("vssubu", p < q ? 0 : p - q)
}

#define WIDENING(name, expression)                                \
    {                                                             \
        expected = d;                                             \
        FOR_ACTIVE {                                              \
            uint64_t p = get(&a, sew, i), q = get(&b, sew, i);    \
            int64_t sp = sget(&a, sew, i), sq = sget(&b, sew, i); \
            (void)p, (void)q, (void)sp, (void)sq;                 \
            put(&expected, 2 * sew, i, (uint64_t)(expression));   \
        }                                                         \
        RUN(name ".vv v16, v8, v24");                             \
        compare(name);                                            \
    }
static void test_widening(void) {
    uint64_t x = 0;
    WIDENING("vwaddu", p + q)
    WIDENING("vwadd", sp + sq)
    WIDENING("vwsubu", p - q)
    WIDENING("vwsub", sp - sq)
    WIDENING("vwmulu", p * q)
    WIDENING("vwmul", sp * sq)
    WIDENING("vwmulsu", sp * (int64_t)q)
}
static void test_narrowing(void) {
    // Of operands of twice the width, in v8, counts in v24.
    uint64_t x = 0;
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, get(&a, 2 * sew, i) >> (get(&b, sew, i) & (16 * sew - 1)));
    RUN("vnsrl.wv v16, v8, v24");
    compare("vnsrl.wv");
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, (uint64_t)(sget(&a, 2 * sew, i) >> (get(&b, sew, i) & (16 * sew - 1))));
    RUN("vnsra.wv v16, v8, v24");
    compare("vnsra.wv");
}

#define COMPARE(name, expression)                                                                             \
    {                                                                                                         \
        expected = d;                                                                                         \
        FOR_ACTIVE {                                                                                          \
            uint64_t p = get(&a, sew, i), q = get(&b, sew, i);                                                \
            int64_t sp = sget(&a, sew, i), sq = sget(&b, sew, i);                                             \
            (void)p, (void)q, (void)sp, (void)sq;                                                             \
            expected.b[i / 8] = (unsigned char)((expected.b[i / 8] & ~(1 << i % 8)) | (expression) << i % 8); \
        }                                                                                                     \
        RUN(name ".vv v16, v8, v24");                                                                         \
        compare(name);                                                                                        \
    }
static void test_masks(void) {
    uint64_t x = 0;
    COMPARE("vmseq", p == q)
    COMPARE("vmsne", p != q)
    COMPARE("vmsltu", p < q)
    COMPARE("vmslt", sp < sq)
    COMPARE("vmsleu", p <= q)
    COMPARE("vmsle", sp <= sq)
    unsigned long count = 0, first = ~0ul, got;
    FOR_ACTIVE {
        if (!bit(&a, i)) continue;
        ++count;
        if (first == ~0ul) first = i;
    }
    load_registers();
    if (masked) __asm__ volatile(V("vcpop.m %0, v8, v0.t") : "=r"(got));
    else __asm__ volatile(V("vcpop.m %0, v8") : "=r"(got));
    CHECK(got == count);
    if (masked) __asm__ volatile(V("vfirst.m %0, v8, v0.t") : "=r"(got));
    else __asm__ volatile(V("vfirst.m %0, v8") : "=r"(got));
    CHECK(got == first);
}

static void test_reductions(void) {
    uint64_t x = 0, sum = get(&b, sew, 0), low = sum;
    FOR_ACTIVE {
        sum += get(&a, sew, i);
        if (get(&a, sew, i) < low) low = get(&a, sew, i);
    }
    expected = d;
    if (vl != 0) put(&expected, sew, 0, sum);
    RUN("vredsum.vs v16, v8, v24");
    compare("vredsum");
    expected = d;
    if (vl != 0) put(&expected, sew, 0, low);
    RUN("vredminu.vs v16, v8, v24");
    compare("vredminu");
}

static void test_permutations(unsigned vlmax) {
    uint64_t x = next_random() % 4 ? next_random() % (vlmax + 2) : next_random();
    expected = d;
    FOR_ACTIVE if (i >= x) put(&expected, sew, i, get(&a, sew, (unsigned)(i - x)));
    RUN("vslideup.vx v16, v8, %0");
    compare("vslideup");
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, x < vlmax && i + x < vlmax ? get(&a, sew, (unsigned)(i + x)) : 0);
    RUN("vslidedown.vx v16, v8, %0");
    compare("vslidedown");
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, i == 0 ? x : get(&a, sew, i - 1));
    RUN("vslide1up.vx v16, v8, %0");
    compare("vslide1up");
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, i == vl - 1 ? x : get(&a, sew, i + 1));
    RUN("vslide1down.vx v16, v8, %0");
    compare("vslide1down");
    Group saved = b;
    for (unsigned i = 0; i < vlmax; ++i) put(&b, sew, i, next_random() % 8 ? next_random() % vlmax : next_random());
    expected = d;
    FOR_ACTIVE {
        uint64_t from = get(&b, sew, i);
        put(&expected, sew, i, from < vlmax ? get(&a, sew, (unsigned)from) : 0);
    }
    RUN("vrgather.vv v16, v8, v24");
    compare("vrgather");
    // Indices of 16 bits, where they fit into eight registers.
    if (sew > 1 || vlmax <= vlenb() * 4) {
        for (unsigned i = 0; i < vlmax; ++i) put(&b, 2, i, next_random() % 8 ? next_random() % vlmax : next_random());
        expected = d;
        FOR_ACTIVE {
            uint64_t from = get(&b, 2, i);
            put(&expected, sew, i, from < vlmax ? get(&a, sew, (unsigned)from) : 0);
        }
        RUN("vrgatherei16.vv v16, v8, v24");
        compare("vrgatherei16");
    }
    b = saved;
    expected = d;
    FOR_ACTIVE put(&expected, sew, i, x < vlmax ? get(&a, sew, (unsigned)x) : 0);
    RUN("vrgather.vx v16, v8, %0");
    compare("vrgather.vx");
#define BY_CONSTANT(n)                                                              \
    {                                                                               \
        expected = d;                                                               \
        FOR_ACTIVE if (i >= n) put(&expected, sew, i, get(&a, sew, i - n));         \
        RUN("vslideup.vi v16, v8, " #n);                                            \
        compare("vslideup.vi");                                                     \
        expected = d;                                                               \
        FOR_ACTIVE put(&expected, sew, i, i + n < vlmax ? get(&a, sew, i + n) : 0); \
        RUN("vslidedown.vi v16, v8, " #n);                                          \
        compare("vslidedown.vi");                                                   \
        expected = d;                                                               \
        FOR_ACTIVE put(&expected, sew, i, n < vlmax ? get(&a, sew, n) : 0);         \
        RUN("vrgather.vi v16, v8, " #n);                                            \
        compare("vrgather.vi");                                                     \
    }
    BY_CONSTANT(0)
    BY_CONSTANT(1)
    BY_CONSTANT(3)
    BY_CONSTANT(16)
    BY_CONSTANT(31)
    // What masks count and choose; vs2 or vs1 is a mask.
    unsigned n = 0;
    expected = d;
    FOR_ACTIVE {
        put(&expected, sew, i, n);
        n += (unsigned)bit(&b, i);
    }
    RUN("viota.m v16, v24");
    compare("viota");
    if (masked) return;
    n = 0;
    expected = d;
    for (unsigned i = 0; i < vl; ++i)
        if (bit(&b, i)) put(&expected, sew, n++, get(&a, sew, i));
    RUN("vcompress.vm v16, v8, v24");
    compare("vcompress");
}

static void put_bit(Group* g, unsigned i, int value) {
    g->b[i / 8] = (unsigned char)((g->b[i / 8] & ~(1u << i % 8)) | (unsigned)value << i % 8);
}
/// Masks are sparse here, so that the first bit is anywhere.
static void test_first_bits(void) {
    uint64_t x = 0;
    Group saved = b;
    for (unsigned i = 0; i < 256; ++i) put_bit(&b, i, bit(&b, i) && next_random() % 16 == 0);
    unsigned first = ~0u;
    FOR_ACTIVE if (bit(&b, i) && i < first) first = i;
    for (int which = 0; which < 3; ++which) {
        expected = d;
        FOR_ACTIVE put_bit(&expected, i, which == 0 ? i < first : which == 1 ? i <= first : i == first);
        if (which == 0) RUN("vmsbf.m v16, v24");
        if (which == 1) RUN("vmsif.m v16, v24");
        if (which == 2) RUN("vmsof.m v16, v24");
        compare("vmsbf, vmsif, vmsof");
    }
    b = saved;
}

// Fixed point: exact results rounded by vxrm, in 128 bits.
typedef __int128 Wide;
static unsigned vxrm;
static int saturated;
static Wide round_shift(Wide value, unsigned count) {
    if (count == 0) return value;
    const Wide down = value >> count, lost = value - (down << count), half = (Wide)1 << (count - 1);
    switch (vxrm) {
        case 0: return down + (lost >= half);
        case 1: return down + (lost > half || (lost == half && (down & 1)));
        case 2: return down;
        default: return down | (lost != 0);
    }
}
static uint64_t saturate(Wide value, int is_signed) {
    const Wide most = is_signed ? ((Wide)1 << (sew * 8 - 1)) - 1 : ((Wide)1 << sew * 8) - 1,
               least = is_signed ? -most - 1 : 0;
    const Wide kept = value > most ? most : value < least ? least : value;
    saturated |= kept != value;
    return (uint64_t)kept;
}
#define FIXED(text, expression)                                                         \
    {                                                                                   \
        uint64_t x = 0;                                                                 \
        expected = d;                                                                   \
        saturated = 0;                                                                  \
        FOR_ACTIVE {                                                                    \
            const Wide p = get(&a, sew, i), q = get(&b, sew, i);                        \
            const Wide sp = sget(&a, sew, i), sq = sget(&b, sew, i);                    \
            (void)p, (void)q, (void)sp, (void)sq;                                       \
            put(&expected, sew, i, (uint64_t)(expression));                             \
        }                                                                               \
        __asm__ volatile(V("csrw vxsat, zero\ncsrw vxrm, %0") : : "r"((uint64_t)vxrm)); \
        RUN(text);                                                                      \
        unsigned long flag;                                                             \
        __asm__ volatile(V("csrr %0, vxsat") : "=r"(flag));                             \
        CHECK(flag == (unsigned long)saturated);                                        \
        compare(text);                                                                  \
    }
static void test_fixed_point(void) {
    vxrm = (unsigned)next_random() % 4;
    FIXED("vsaddu.vv v16, v8, v24", saturate(p + q, 0))
    FIXED("vsadd.vv v16, v8, v24", saturate(sp + sq, 1))
    FIXED("vssubu.vv v16, v8, v24", saturate(p - q, 0))
    FIXED("vssub.vv v16, v8, v24", saturate(sp - sq, 1))
    FIXED("vaaddu.vv v16, v8, v24", round_shift(p + q, 1))
    FIXED("vaadd.vv v16, v8, v24", round_shift(sp + sq, 1))
    FIXED("vasubu.vv v16, v8, v24", round_shift(p - q, 1))
    FIXED("vasub.vv v16, v8, v24", round_shift(sp - sq, 1))
    FIXED("vsmul.vv v16, v8, v24", saturate(round_shift(sp * sq, sew * 8 - 1), 1))
    FIXED("vssrl.vi v16, v8, 5", round_shift(p, 5 % (sew * 8)))
    FIXED("vssra.vi v16, v8, 13", round_shift(sp, 13 % (sew * 8)))
    FIXED("vssra.vi v16, v8, 0", sp)
}

// Floats: what the scalar instructions compute, flags included.
static unsigned long take_flags(void) {
    unsigned long flags;
    __asm__ volatile("csrrwi %0, fflags, 0" : "=r"(flags));
    return flags;
}
#define SCALAR_FLOAT(width, name, text)                                                         \
    static uint64_t name##width(uint64_t p, uint64_t q, uint64_t r) {                           \
        uint64_t out;                                                                           \
        __asm__ volatile("fmv." width##_X " fa0, %1\nfmv." width##_X " fa1, %2\nfmv." width##_X \
                         " fa2, %3\n" text "\nfmv.x." width##_F " %0, fa0"                      \
                         : "=r"(out)                                                            \
                         : "r"(p), "r"(q), "r"(r)                                               \
                         : "fa0", "fa1", "fa2");                                                \
        return out;                                                                             \
    }
#define S_X "w.x"
#define S_F "w"
#define D_X "d.x"
#define D_F "d"
#define BOTH(name, s, d) SCALAR_FLOAT(S, name, s) SCALAR_FLOAT(D, name, d)
BOTH(add, "fadd.s fa0, fa0, fa1", "fadd.d fa0, fa0, fa1")
BOTH(sub, "fsub.s fa0, fa0, fa1", "fsub.d fa0, fa0, fa1")
BOTH(mul, "fmul.s fa0, fa0, fa1", "fmul.d fa0, fa0, fa1")
BOTH(div, "fdiv.s fa0, fa0, fa1", "fdiv.d fa0, fa0, fa1")
BOTH(min, "fmin.s fa0, fa0, fa1", "fmin.d fa0, fa0, fa1")
BOTH(max, "fmax.s fa0, fa0, fa1", "fmax.d fa0, fa0, fa1")
BOTH(sgnjx, "fsgnjx.s fa0, fa0, fa1", "fsgnjx.d fa0, fa0, fa1")
/// vfmacc: second operand times vs2, plus vd.
BOTH(macc, "fmadd.s fa0, fa1, fa0, fa2", "fmadd.d fa0, fa1, fa0, fa2")
BOTH(nmsac, "fnmsub.s fa0, fa1, fa0, fa2", "fnmsub.d fa0, fa1, fa0, fa2")

typedef uint64_t (*Scalar)(uint64_t, uint64_t, uint64_t);

static void expect_floats(Scalar single, Scalar twice) {
    expected = d;
    (void)take_flags();
    FOR_ACTIVE {
        uint64_t p = get(&a, sew, i), q = get(&b, sew, i), r = get(&d, sew, i);
        put(&expected, sew, i, sew == 4 ? single(p, q, r) : twice(p, q, r));
    }
}
#define FLOATS(text, name, scalar)           \
    {                                        \
        uint64_t x = 0;                      \
        expect_floats(scalar##S, scalar##D); \
        unsigned long flags = take_flags();  \
        RUN(text);                           \
        CHECK(take_flags() == flags);        \
        compare(name);                       \
    }
static void test_floats(void) {
    FLOATS("vfadd.vv v16, v8, v24", "vfadd", add)
    FLOATS("vfsub.vv v16, v8, v24", "vfsub", sub)
    FLOATS("vfmul.vv v16, v8, v24", "vfmul", mul)
    FLOATS("vfdiv.vv v16, v8, v24", "vfdiv", div)
    FLOATS("vfmin.vv v16, v8, v24", "vfmin", min)
    FLOATS("vfmax.vv v16, v8, v24", "vfmax", max)
    FLOATS("vfsgnjx.vv v16, v8, v24", "vfsgnjx", sgnjx)
    FLOATS("vfmacc.vv v16, v24, v8", "vfmacc", macc)
    FLOATS("vfnmsac.vv v16, v24, v8", "vfnmsac", nmsac)
}

int main(void) {
    const unsigned bytes = (unsigned)vlenb();
    for (unsigned sew_log2 = 0; sew_log2 < 4; ++sew_log2) {
        for (int lmul = -3; lmul <= 3; ++lmul) {
            const unsigned vtype = sew_log2 << 3 | ((unsigned)lmul & 7) | (unsigned)(next_random() & 3) << 6;
            sew = 1u << sew_log2;
            const unsigned vlmax = lmul >= 0 ? bytes / sew << lmul : bytes / sew >> -lmul;
            if (lmul < 0 && 8 * sew > 64u >> -lmul) continue;
            // The last ones are fractions of VLMAX, as vectors of a constant length may be.
            for (unsigned turn = 0; turn < 12; ++turn) {
                unsigned long avl = turn < 2    ? vlmax
                                    : turn == 2 ? vlmax + 3
                                    : turn < 6  ? next_random() % (vlmax + 1)
                                                : vlmax >> (turn / 2 - 2);
                vl = set_type(avl, vtype);
                CHECK(vl == (avl < vlmax ? avl : vlmax));
                masked = turn % 2;
                fill(&mask), fill(&a), fill(&b), fill(&d);
                test_integer();
                test_masks();
                test_reductions();
                test_permutations(vlmax);
                test_first_bits();
                test_fixed_point();
                if (sew < 8 && lmul < 3) test_widening(), test_narrowing();
                if (sew >= 4) test_floats();
            }
        }
    }
    // What is reserved sets vill, and vl to 0.
    unsigned long type;
    CHECK(set_type(5, 4) == 0);
    __asm__ volatile(V("csrr %0, vtype") : "=r"(type));
    CHECK(type == 1ul << 63);
    return 0;
}
