// What is a semihosting call and what is a breakpoint. USERSPACE: whether user mode may make calls (userspace=on).
#include "machine.h"

#define SYS_ERRNO 0x13

.macro CALL
    .balign 16
    slli zero, zero, 0x1f
9:  ebreak
    srai zero, zero, 7
.endm

    TEST_START
    // a call: no trap, and a result
    li a0, SYS_ERRNO
    li a1, 0
    CALL
    CHECK s7, 0
    CHECK a0, 0
    // in supervisor mode
    ENTER_S
    li a0, SYS_ERRNO
    CALL
    CHECK s7, 0
    CHECK a0, 0
    BACK_TO_M
    // in user mode only with userspace=on
    ENTER_U
    li a0, SYS_ERRNO
    CALL
    CHECK s7, 1 - USERSPACE
    BACK_TO_M
    // no call without what is before, or behind
    li s7, 0
    li a0, SYS_ERRNO
    .balign 16
    slli zero, zero, 0x1e
    ebreak
    srai zero, zero, 7
    CHECK s7, 1
    CHECK s8, BREAKPOINT
    li s7, 0
    .balign 16
    slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 6
    CHECK s7, 1
    // nor across pages
    li s7, 0
    j 1f
    .balign 4096
    .space 4096 - 8
1:  slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    CHECK s7, 1
    li s7, 0
    j 1f
    .balign 4096
    .space 4096 - 4
1:  slli zero, zero, 0x1f
    ebreak
    srai zero, zero, 7
    CHECK s7, 1
    TEST_END

