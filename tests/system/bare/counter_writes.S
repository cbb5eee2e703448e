// Written counters: the instruction behind the write reads exactly what was written (Unprivileged specification,
// "Zicntr": the write takes the place of the increment), later ones more. mcountinhibit stops and starts them.
#include "machine.h"

.macro READS_BACK counter
    .irp value, 0, 1, 1000, 0x123456789abcdef, -1, -3
    li t1, \value
    csrw \counter, t1
    csrr t2, \counter
    CHECK_EQ t1, t2
    .endr
    // in one instruction
    li t1, 77
    csrw \counter, t1
    csrrw t2, \counter, zero
    csrr t3, \counter
    CHECK_EQ t1, t2
    CHECK t3, 0
    // later ones see it grow
    csrw \counter, zero
    csrr t2, \counter
    li t3, 1000
1:  addi t3, t3, -1
    bnez t3, 1b
    csrr t2, \counter
    addi gp, gp, 1
    beqz t2, test_failed
    csrr t3, \counter
    addi gp, gp, 1
    bgeu t2, t3, test_failed
    // when it is read for the first time later
    csrw \counter, zero
    li t3, 1000
1:  addi t3, t3, -1
    bnez t3, 1b
    csrr t2, \counter
    addi gp, gp, 1
    beqz t2, test_failed
.endm

    TEST_START
    READS_BACK minstret
    READS_BACK mcycle
    csrwi mhpmevent3, 2
    READS_BACK mhpmcounter3

    // What was written to one counter is not read from the other.
    li t1, 1 << 40
    csrw minstret, t1
    csrr t2, mcycle
    addi gp, gp, 1
    bgeu t2, t1, test_failed

    // Stopped counters keep what is written; one that starts goes on from there.
    csrwi mcountinhibit, 5
    li t1, 500
    csrw minstret, t1
    nop
    csrr t2, minstret
    CHECK t2, 500
    csrw mcycle, t1
    nop
    csrr t2, mcycle
    CHECK t2, 500
    csrwi mcountinhibit, 0
    nop
    csrr t2, minstret
    li t1, 500
    addi gp, gp, 1
    bltu t2, t1, test_failed
    // and the user's view of it
    li t1, 9
    csrw minstret, t1
    csrr t2, instret
    CHECK t2, 9

    // A trap between the write and the next instruction's read is nobody's increment that can be relied on, but the value
    // is never below what was written.
    li t1, 4000
    csrw minstret, t1
    ecall
    csrr t2, minstret
    addi gp, gp, 1
    bltu t2, t1, test_failed
    TEST_END
