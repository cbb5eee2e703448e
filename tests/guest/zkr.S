// march: rv64gc
// Zkr: the entropy source. It has 16 bits whenever it is asked, and reading it without a write is illegal.
#include "signals.h"

TEST_START
    CATCH SIGILL
    la s0, fault_address
    // 64 values: OPST is ES16, bits 29:16 are 0, and not all are alike
    li s1, 64
    li s2, 0
    li s3, -1
1:  csrrw a0, 0x015, zero
    srli a1, a0, 16
    CHECK a1, 0x8000
    or s2, s2, a0
    and s3, s3, a0
    addi s1, s1, -1
    bnez s1, 1b
    sub a0, s2, s3
    snez a0, a0
    CHECK a0, 1

    // csrrs and csrrc write with any register but x0, and with any immediate but 0
    csrrs a0, 0x015, a1
    srli a0, a0, 16
    CHECK a0, 0x8000
    csrrci a0, 0x015, 1
    srli a0, a0, 16
    CHECK a0, 0x8000
    csrrwi a0, 0x015, 0
    srli a0, a0, 16
    CHECK a0, 0x8000
    csrrw zero, 0x015, a1
    li a0, 5
    ILLEGAL csrrs a0, 0x015, zero
    ILLEGAL csrrc a0, 0x015, zero
    ILLEGAL csrrsi a0, 0x015, 0
    ILLEGAL csrrci a0, 0x015, 0
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER
