// Group jit, guest only: functions written at run time: rewritten before each call, patched in a loop, moved
// between pages that are writable and executable in turn.
#include <stdio.h>
#include <sys/mman.h>

#include "jit.h"

enum { kWords = 512 };

int main(void) {
    uint32_t* code = mmap(NULL, 1 << 20, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (code == MAP_FAILED) return 1;
    long wrong = 0, expected;
    for (int i = 0; i < 4000; i++) { /* new code at the same places */
        uint32_t* f = code + i % 16 * kWords;
        generate(f, 200, i, i, &expected);
        flush(f, f + kWords);
        for (int k = 0; k < 20; k++) wrong += ((Function)f)(i) != expected;
    }
    code[0] = addi(kA0, kA0, 1);
    code[1] = kReturn;
    for (int i = 0; i < 20000; i++) { /* one instruction changes */
        code[0] = addi(kA0, kA0, i & 0x7ff);
        flush(code, code + 1);
        wrong += ((Function)code)(i) != i + (i & 0x7ff);
    }
    for (int i = 0; i < 3000; i++) { /* never writable and executable at once */
        mprotect(code, 4096, PROT_READ | PROT_WRITE);
        generate(code, 50, i, i, &expected);
        mprotect(code, 4096, PROT_READ | PROT_EXEC);
        flush(code, code + 64);
        for (int k = 0; k < 10; k++) wrong += ((Function)code)(i) != expected;
    }
    static long values[1000];
    mprotect(code, 4096, PROT_READ | PROT_WRITE | PROT_EXEC);
    for (int i = 0; i < 1000; i++) generate(code + i * 256, 100, i, i, &values[i]);
    flush(code, code + 256000);
    for (int k = 0; k < 300; k++) { /* many functions in turn */
        for (int i = 0; i < 1000; i++) wrong += ((Function)(code + i * 256))(i) != values[i];
    }
    printf("%ld wrong\n", wrong);
    return wrong != 0;
}
