// Two processes that each keep values of their own in all vector registers, in vl and in vtype, while the kernel switches
// between them; it may change vector state only at system calls, of which there are none in between.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define V(text) ".option push\n.option arch, +v\n" text "\n.option pop\n"

enum { kRounds = 400, kMaxBytes = 32 * 128 };

static uint8_t values[kMaxBytes], found[kMaxBytes];

static int hold(unsigned who) {
    unsigned long vlenb, vl, now_vl, now_type;
    const unsigned long avl = 3 + who * 2, type = who ? 0xd1 : 0xc8;  // e32, m2 and e16, m1
    __asm__ volatile(V("csrr %0, vlenb") : "=r"(vlenb));
    for (unsigned i = 0; i < kMaxBytes; ++i) values[i] = (uint8_t)(i * 7 + who * 101 + i / 256);
    const uint8_t* from = values;
    __asm__ volatile(V("vl8re8.v v0, (%[p])\nadd %[p], %[p], %[n]\nvl8re8.v v8, (%[p])\nadd %[p], %[p], %[n]\n"
                       "vl8re8.v v16, (%[p])\nadd %[p], %[p], %[n]\nvl8re8.v v24, (%[p])\nvsetvl %[vl], %[avl], %[type]")
                     : [vl] "=&r"(vl), [p] "+&r"(from)
                     : "m"(values), [n] "r"(vlenb * 8), [avl] "r"(avl), [type] "r"(type));
    for (unsigned round = 0; round < kRounds; ++round) {
        for (volatile unsigned spin = 0; spin < 100000; ++spin) {}
        uint8_t* to = found;
        __asm__ volatile(V("vs8r.v v0, (%[p])\nadd %[p], %[p], %[n]\nvs8r.v v8, (%[p])\nadd %[p], %[p], %[n]\n"
                           "vs8r.v v16, (%[p])\nadd %[p], %[p], %[n]\nvs8r.v v24, (%[p])\n"
                           "csrr %[vl], vl\ncsrr %[type], vtype")
                         : [vl] "=&r"(now_vl), [type] "=&r"(now_type), [p] "+&r"(to), "=m"(found)
                         : [n] "r"(vlenb * 8));
        if (memcmp(values, found, vlenb * 32) != 0 || now_vl != vl || now_type != type) {
            printf("process %u, round %u: vl %lu, vtype %lx\n", who, round, now_vl, now_type);
            return 1;
        }
    }
    return 0;
}

int main(void) {
    pid_t children[2];
    for (unsigned who = 0; who < 2; ++who) {
        if ((children[who] = fork()) == 0) exit(hold(who));
    }
    int failed = 0;
    for (unsigned who = 0; who < 2; ++who) {
        int status;
        waitpid(children[who], &status, 0);
        failed |= status;
    }
    struct rusage usage;
    getrusage(RUSAGE_CHILDREN, &usage);
    printf("%s, switched: %s\n", failed ? "LOST" : "KEPT", usage.ru_nivcsw >= 10 ? "often" : "hardly");
    return failed != 0;
}
