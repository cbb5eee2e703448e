// cpu: sifive-e51
// Harts without supervisor mode: traps return, wfi waits, and what belongs to supervisors is illegal.
#include "machine.h"

TEST_START
    li s7, 0
    ILLEGAL_INSN csrr t1, stvec
    ILLEGAL_INSN csrr t1, satp
    ILLEGAL_INSN csrr t1, medeleg
    ILLEGAL_INSN sret
    csrr t1, misa
    CHECK_BITS t1, 1 << 18, 0
    // wfi goes on when an interrupt is pending that mie has
    csrwi mie, 1 << 3
    li s0, CLINT
    li t1, 1
    sw t1, (s0)
    RUNS wfi
    sw zero, (s0)
    csrwi mie, 0
    // supervisor mode is no mode to return to
    li t1, MSTATUS_MPP
    csrc mstatus, t1
    li t1, 1 << 11
    csrs mstatus, t1
    csrr t1, mstatus
    li t2, MSTATUS_MPP
    and t1, t1, t2
    addi t1, t1, -(1 << 11)
    snez t1, t1
    CHECK t1, 1
TEST_END
