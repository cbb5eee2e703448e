// With -icount every instruction counts one, in minstret and in mcycle. Without, this only counts its checks.
#include "machine.h"

// `counter` counts `expected` instructions between a write and the read behind `code`.
.macro COUNTS counter, expected, code:vararg
    csrw \counter, zero
    \code
    csrr t2, \counter
    CHECK t2, \expected
.endm

    TEST_START
    // The device tree does not tell: two reads do.
    csrr t0, minstret
    csrr t1, minstret
    addi t0, t0, 1
    bne t0, t1, done
    .irp counter, minstret, mcycle
    COUNTS \counter, 0
    COUNTS \counter, 1, nop
    // within a block and over several
    csrw \counter, zero
    nop
    nop
    nop
    csrr t2, \counter
    csrr t3, \counter
    CHECK t2, 3
    CHECK t3, 4
    csrw \counter, zero
    li t0, 100
1:  addi t0, t0, -1
    bnez t0, 1b
    csrr t2, \counter
    CHECK t2, 201
    // branches that are taken and that are not, calls
    csrw \counter, zero
    beqz zero, 2f
    nop
    nop
2:  bnez zero, 3f
    nop
3:  j 4f
    nop
4:  csrr t2, \counter
    CHECK t2, 4
    csrw \counter, zero
    jal t0, 6f
    j 7f
6:  nop
    jr t0
7:  csrr t2, \counter
    CHECK t2, 4
    // stopped and started: neither instruction counts
    csrw \counter, zero
    nop
    csrwi mcountinhibit, 5
    nop
    nop
    csrr t2, \counter
    CHECK t2, 1
    csrwi mcountinhibit, 0
    csrr t2, \counter
    csrr t3, \counter
    CHECK t2, 1
    CHECK t3, 2
    .endr
done:
    TEST_END
