// Group integer: a byte-code interpreter, with its dispatch through a table.
#include <stdio.h>

enum { kAdd, kXor, kShift, kLoad, kStore, kLoop, kEnd };

int main(void) {
    static const unsigned char program[] = {kLoad, kAdd, kXor, kShift, kAdd, kStore, kXor, kLoop, kEnd};
    static void* const labels[] = {&&add, &&xor, &&shift, &&load, &&store, &&loop, &&end};
    unsigned long accumulator = 1, memory = 3, count = 24000000;
    const unsigned char* pc = program;
#define NEXT goto* labels[*pc++]
    NEXT;
add:
    accumulator += memory;
    NEXT;
    xor : accumulator ^= accumulator >> 7;
    NEXT;
shift:
    accumulator = accumulator << 3 | accumulator >> 61;
    NEXT;
load:
    memory += accumulator & 15;
    NEXT;
store:
    memory ^= accumulator;
    NEXT;
loop:
    if (--count) pc = program;
    NEXT;
end:
    printf("%lx %lx\n", accumulator, memory);
    return 0;
}
