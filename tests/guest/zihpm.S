// march: rv64gc
// Zihpm: the counters exist and are zero, as on a hart that implements none of them.
#include "check.h"

TEST_START
    .set number, 0xc03
    .rept 29
    li a0, -1
    csrr a0, number
    CHECK a0, 0
    .set number, number + 1
    .endr
TEST_END
