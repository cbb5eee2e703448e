// Zkr: which modes have the entropy source.
#include "machine.h"
#define SEED 0x015
#define MSECCFG 0x747
#define USEED (1 << 8)
#define SSEED (1 << 9)

    TEST_START
    RUNS csrrw a0, SEED, zero
    srli a0, a0, 30
    CHECK a0, 2
    ILLEGAL_INSN csrrs a0, SEED, zero

    .irp bits, 0, USEED, SSEED, USEED | SSEED
    li a1, \bits
    csrw MSECCFG, a1
    csrr a0, MSECCFG
    CHECK_BITS a0, USEED | SSEED, \bits
    ENTER_S
    .if (\bits) & SSEED
    RUNS csrrw a0, SEED, zero
    .else
    ILLEGAL_INSN csrrw a0, SEED, zero
    .endif
    BACK_TO_M
    ENTER_U
    .if (\bits) & USEED
    RUNS csrrw a0, SEED, zero
    .else
    ILLEGAL_INSN csrrw a0, SEED, zero
    .endif
    BACK_TO_M
    .endr
    TEST_END
