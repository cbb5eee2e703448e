// What the vector programs share. The guest's are written with intrinsics, the host's left to its compiler.
#pragma once
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../random.h"
#ifdef __riscv_vector
#include <riscv_vector.h>
#endif

/// The program's argument, else `usual`.
static inline int rounds(int argc, char** argv, int usual) { return argc > 1 ? atoi(argv[1]) : usual; }

static inline void print_hash(uint64_t hash, const void* bytes, size_t count) {
    for (size_t i = 0; i < count; i++) hash = (hash ^ ((const uint8_t*)bytes)[i]) * 1099511628211ull;
    printf("%016llx\n", (unsigned long long)hash);
}
