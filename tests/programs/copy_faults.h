/* What loops that copy look like when an access in them faults. */
#pragma once
#include <sys/mman.h>

#include "fault_registers.h"

enum { kT0 = 5, kT1, kT2, kA0 = 10, kA1, kA7 = 17, kT3 = 28, kT4, kT5 };

enum { kWords = 4096 };

/* `copy` adds words of `from` up and copies them, four at a time, until a word of 0 comes fourth; it returns the sum.
   a0, a1: where it is; a7: 3 for each pass; t4: the sum; t5: one for each pass, and 7; t0 to t3: the words.
   Every register at a store and at a load that fault, after many passes and after few. */
static void copy_faults(uint64_t (*copy)(uint64_t *, const uint64_t *)) {
    catch_faults();
    uint64_t *from = mmap(NULL, kWords * 8 + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uint64_t *to = mmap(NULL, kWords * 8 + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(mprotect(from + kWords, 4096, PROT_NONE) == 0 && mprotect(to + kWords, 4096, PROT_NONE) == 0);
    for (uint64_t i = 0; i < kWords; i++) from[i] = i * 0x123456789 + 1;
    for (int round = 0; round < 40; round++) {
        for (int store = 0; store < 2; store++) {
            /* In the last four words the store after `before` others, or the load, is the one that faults. */
            int length = (round % 4 == 3 ? kWords - 64 : 64 + round * 4) & ~3;
            int before = round % 4;
            uint64_t *source = from + kWords - length - (store ? 4 : before);
            uint64_t *target = to + kWords - length - (store ? before : 16);
            memset(seen, 0, sizeof seen);
            if (sigsetjmp(after_fault, 1) == 0) {
                copy(target, source);
                CHECK(!"no fault");
            }
            uint64_t sum = 0;
            for (int i = 0; i < length; i++) sum += source[i];
            const uint64_t *last = source + length;
            const uint64_t passes = (uint64_t)length / 4;
            CHECK(seen[kA0] == (uint64_t)(target + length) && seen[kA1] == (uint64_t)last + (store && before == 3 ? 32 : 0));
            CHECK(seen[kA7] == 3 * passes && seen[kT5] == 7 + passes + (store || before > 0));
            if (store) {
                int added = before == 0 ? 1 : before == 1 ? 2 : 3;
                for (int i = 0; i < added; i++) sum += last[i];
                CHECK(seen[kT4] == sum);
                CHECK(seen[kT0] == last[0] && seen[kT1] == last[1] && seen[kT2] == last[2]);
                /* The load of the fourth word comes behind the first store. */
                CHECK(seen[kT3] == (before == 0 ? last[-1] : last[3]));
                for (int i = 0; i < before; i++) CHECK(target[length + i] == last[i]);
            } else {
                for (int i = 0; i < (before >= 2 ? 1 : 0); i++) sum += last[i];
                CHECK(seen[kT4] == sum);
                CHECK(seen[kT0] == (before > 0 ? last[0] : last[-4]));
                CHECK(seen[kT1] == (before > 1 ? last[1] : last[-3]));
                CHECK(seen[kT2] == (before > 2 ? last[2] : last[-2]));
                CHECK(seen[kT3] == last[-1]);
            }
        }
    }
    for (int i = 0; i < kWords; i++) from[i] = (uint64_t)i + 1;
    from[kWords - 1] = 0;
    CHECK(copy(to, from) == (uint64_t)(kWords - 1) * kWords / 2);
    CHECK(memcmp(to, from, kWords * 8) == 0);
    CHECK(munmap(from, kWords * 8 + 4096) == 0 && munmap(to, kWords * 8 + 4096) == 0);
}
