// flags: -O1 -march=rv64gc -fno-optimize-sibling-calls -fno-inline
/* Returns through frames that were called with another rounding mode than is in force when they are returned to. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <ucontext.h>

#include "check.h"

enum { kNearest = 0, kZero = 1, kDown = 2, kUp = 3, kDepth = 40, kWarm = 60 };

static void set_mode(unsigned mode) { __asm__ volatile("fsrm %0" : : "r"(mode) : "memory"); }

/* The rounding mode by what it says, and by what an addition and a conversion do; -1 when they do not agree. Code is
   specialised on the first and the last. Inline: it is about the code that is returned to. */
static inline __attribute__((always_inline)) unsigned mode_seen(void) {
    double minus_one = -1, tiny = 0x1p-60, above, below;
    unsigned long said;
    long minus_half, half;
    __asm__ volatile("frrm %0" : "=r"(said));
    __asm__ volatile("fsub.d %0, %2, %3\n fadd.d %1, %2, %3" : "=&f"(below), "=&f"(above) : "f"(minus_one), "f"(tiny));
    __asm__ volatile("fcvt.l.d %0, %2, dyn\n fcvt.l.d %1, %3, dyn"
                     : "=&r"(minus_half), "=r"(half)
                     : "f"(-0.75), "f"(0.75));
    unsigned added = below < -1 ? kDown : above == -1 ? kNearest : kUp;
    if (added == kUp && said == kZero) added = kZero; /* the same for negative numbers */
    unsigned converted = minus_half == -1 ? (half == 1 ? kNearest : kDown) : (half == 1 ? kUp : kZero);
    return added == said && converted == said ? (unsigned)said : ~0u;
}

static int wrong;
static int changes_at[8];    /* depth, or -1 */
static unsigned changes_to[8];
static jmp_buf out;
static int jump_at = -1, raise_at = -1;
static unsigned handler_mode;

static void handler(int sig, siginfo_t *info, void *context) {
    (void)sig, (void)info;
    ucontext_t *uc = context;
    unsigned *fcsr = &uc->uc_mcontext.__fpregs.__d.__fcsr;
    *fcsr = (*fcsr & 0x1f) | handler_mode << 5;
}

/* Goes down to kDepth and changes the mode on the way up where it is told to. Returns the mode that it leaves. */
static unsigned descend(int depth, unsigned mode) {
    if (mode_seen() != mode) ++wrong;
    if (depth < kDepth) {
        mode = descend(depth + 1, mode);
        if (mode_seen() != mode) ++wrong;
    }
    if (depth == jump_at) {
        set_mode(kDown);
        longjmp(out, 1);
    }
    if (depth == raise_at) {
        raise(SIGUSR1);
        mode = handler_mode;
    }
    for (int i = 0; i < 8; ++i) {
        if (changes_at[i] == depth) set_mode(mode = changes_to[i]);
    }
    return mode;
}

/* The same with calls forward and through a pointer. */
static unsigned middle(unsigned mode);
static unsigned last(unsigned mode);
static unsigned (*volatile pointer)(unsigned) = middle;
static unsigned first(unsigned mode) {
    mode = pointer(mode);
    if (mode_seen() != mode) ++wrong;
    mode = middle(mode);
    if (mode_seen() != mode) ++wrong;
    return mode;
}
static unsigned middle(unsigned mode) {
    mode = last(mode);
    if (mode_seen() != mode) ++wrong;
    return mode;
}
static unsigned last(unsigned mode) {
    mode = (mode + 1) & 3;
    set_mode(mode);
    return mode;
}

static void clear(void) {
    for (int i = 0; i < 8; ++i) changes_at[i] = -1;
    jump_at = raise_at = -1;
}

static void warm_up(void) {
    clear();
    set_mode(kNearest);
    for (int i = 0; i < kWarm; ++i) CHECK(descend(0, kNearest) == kNearest);
    CHECK(wrong == 0);
}

static void change_on_the_way_up(void) {
    for (unsigned to = 0; to < 4; ++to) {
        warm_up();
        changes_at[0] = kDepth, changes_to[0] = to;
        CHECK(descend(0, kNearest) == to && mode_seen() == to && wrong == 0);
        changes_at[1] = kDepth / 2, changes_to[1] = (to + 1) & 3;
        changes_at[2] = 3, changes_to[2] = kNearest;
        for (int i = 0; i < 10; ++i) {
            set_mode(kNearest);
            CHECK(descend(0, kNearest) == kNearest && mode_seen() == kNearest && wrong == 0);
        }
    }
    set_mode(kNearest);
    unsigned mode = kNearest;
    for (int i = 0; i < 200; ++i) mode = first(mode);
    CHECK(wrong == 0);
}

static void change_by_signal(void) {
    for (unsigned to = 0; to < 4; ++to) {
        warm_up();
        handler_mode = to;
        raise_at = kDepth - 7;
        CHECK(descend(0, kNearest) == to && mode_seen() == to && wrong == 0);
    }
}

static void change_and_longjmp(void) {
    for (volatile int i = 0; i < 20; ++i) {
        warm_up();
        jump_at = i;
        if (setjmp(out) == 0) {
            descend(0, kNearest);
            CHECK(0);
        }
        CHECK(mode_seen() == kDown && wrong == 0);
        clear();
        CHECK(descend(0, kDown) == kDown && wrong == 0);
    }
}

static void *thread(void *mode) {
    unsigned inherited = (unsigned)(unsigned long)mode;
    return (void *)(unsigned long)(mode_seen() == inherited && descend(0, inherited) == inherited);
}

static void threads_inherit(void) {
    for (unsigned long to = 0; to < 4; ++to) {
        warm_up();
        set_mode((unsigned)to);
        pthread_t t;
        CHECK(pthread_create(&t, NULL, thread, (void *)to) == 0);
        void *good;
        pthread_join(t, &good);
        CHECK(good != NULL && wrong == 0 && mode_seen() == to);
    }
    set_mode(kNearest);
}

int main(void) {
    struct sigaction action = {.sa_sigaction = handler, .sa_flags = SA_SIGINFO};
    sigaction(SIGUSR1, &action, NULL);
    change_on_the_way_up();
    change_by_signal();
    change_and_longjmp();
    threads_inherit();
    puts("ok");
    return 0;
}
