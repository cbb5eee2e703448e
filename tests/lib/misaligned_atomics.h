// Each atomic instruction at addresses that are not multiples of its size. Whoever includes this defines LOADS and STORES,
// which take an instruction that is to trap at s0, as a load or as a store, and check that it does.
#include "atomic_insns.h"

// Each misaligned address for accesses of `size` bytes, in s0. s2: 8 KiB, aligned to 64 bytes.
.macro EACH_ADDRESS size, each:vararg
    .irp offset, 1, 2, 3, 4, 5, 6, 7, 8, 12, 60, 4095
    .if \offset % \size
    li s0, \offset
    add s0, s0, s2
    \each
    .endif
    .endr
.endm

.macro HALVES
    EACH_AMO_OF_HALF STORES
.endm
.macro WORDS
    LOADS lr.w a1, (s0)
    STORES sc.w a1, a2, (s0)
    EACH_AMO_OF w, STORES
.endm
.macro DOUBLES
    LOADS lr.d a1, (s0)
    STORES sc.d a1, a2, (s0)
    EACH_AMO_OF d, STORES
.endm
.macro QUADS
    STORES amocas.q a4, a2, s0
.endm

.macro EACH_MISALIGNED_ATOMIC
    EACH_ADDRESS 2, HALVES
    EACH_ADDRESS 4, WORDS
    EACH_ADDRESS 8, DOUBLES
    EACH_ADDRESS 16, QUADS
.endm
