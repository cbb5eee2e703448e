// What CSRs hold after they have been written; access from lower modes: counters, state enables, environment.
#include "machine.h"

#define CBIE (3 << 4)
#define CBCFE (1 << 6)
#define CBZE (1 << 7)

    .macro CBO_INVAL
    .4byte 0x000f200f | (10 << 15)
    .endm
    .macro CBO_CLEAN
    .4byte 0x0010200f | (10 << 15)
    .endm
    .macro CBO_FLUSH
    .4byte 0x0020200f | (10 << 15)
    .endm
    .macro CBO_ZERO
    .4byte 0x0040200f | (10 << 15)
    .endm

    TEST_START
    csrr t0, misa
    CHECK_BITS t0, (3 << 62) | 0x14112d, (2 << 62) | 0x14112d
    CHECK_CSR mhartid, 0
    CHECK_CSR mconfigptr, 0

    // mstatus: MPP 2 is not a mode; UXL and SXL are fixed
    li t0, MSTATUS_MPP
    csrs mstatus, t0
    li t0, 1 << 11
    csrc mstatus, t0
    csrr t0, mstatus
    CHECK_BITS t0, MSTATUS_MPP, MSTATUS_MPP
    CHECK_BITS t0, 15 << 32, 10 << 32
    li t0, 15 << 32
    csrc mstatus, t0
    csrr t0, mstatus
    CHECK_BITS t0, 15 << 32, 10 << 32

    // Trap vectors, addresses, delegation
    csrr s1, mtvec
    CHECK_WRITE stvec, 0x80001001, 0x80001001
    CHECK_WRITE stvec, 0x80001002, 0x80001001
    CHECK_WRITE stvec, 0x80001003, 0x80001001
    CHECK_WRITE sepc, -1, -2
    CHECK_WRITE mepc, -1, -2
    CHECK_WRITE mscratch, 0x123456789abcdef0, 0x123456789abcdef0
    CHECK_WRITE sscratch, -1, -1
    CHECK_WRITE stval, -1, -1
    CHECK_WRITE mtval, -1, -1
    li t0, -1
    csrw medeleg, t0
    csrr t0, medeleg
    CHECK_BITS t0, 0xb3ff, 0xb3ff
    csrw medeleg, zero

    // Environment configuration: CBIE 2 is reserved
    csrw menvcfg, zero
    CHECK_WRITE senvcfg, 0xf1, 0xf1
    CHECK_WRITE senvcfg, 0, 0
    li t0, 0x31
    csrw menvcfg, t0
    CHECK_CSR menvcfg, 0x31

    // Counters: writable, and they advance
    li t0, 1000
    csrw mcycle, t0
    csrr t1, mcycle
    addi gp, gp, 1
    bltu t1, t0, test_failed
    csrr t2, cycle
    addi gp, gp, 1
    bltu t2, t1, test_failed
    li t0, 1 << 40
    csrw minstret, t0
    csrr t1, instret
    addi gp, gp, 1
    bltu t1, t0, test_failed
    // stopped
    csrwi mcountinhibit, 5
    CHECK_CSR mcountinhibit, 5
    csrr t1, mcycle
    csrr t2, mcycle
    CHECK_EQ t1, t2
    CHECK_WRITE mcycle, 77, 77
    CHECK_WRITE minstret, 78, 78
    csrwi mcountinhibit, 2
    CHECK_CSR mcountinhibit, 0

    // Access from below
    csrw mcounteren, zero
    csrw scounteren, zero
    ENTER_S
    ILLEGAL_INSN csrr t0, cycle
    ILLEGAL_INSN csrr t0, time
    ILLEGAL_INSN csrr t0, instret
    ILLEGAL_INSN csrr t0, hpmcounter3
    BACK_TO_M
    csrwi mcounteren, 7
    ENTER_S
    RUNS csrr t0, cycle
    RUNS csrr t0, time
    RUNS csrr t0, instret
    ILLEGAL_INSN csrr t0, hpmcounter3
    BACK_TO_M
    ENTER_U
    ILLEGAL_INSN csrr t0, cycle
    BACK_TO_M
    csrwi scounteren, 5
    ENTER_U
    RUNS csrr t0, cycle
    ILLEGAL_INSN csrr t0, time
    RUNS csrr t0, instret
    BACK_TO_M

    // State enables
    csrw 0x30c, zero                    // mstateen0
    ENTER_S
    ILLEGAL_INSN csrr t0, senvcfg
    ILLEGAL_INSN csrr t0, 0x10c         // sstateen0
    BACK_TO_M
    li t0, 3 << 62
    csrs 0x30c, t0
    csrr t1, 0x30c
    CHECK_BITS t1, 3 << 62, 3 << 62
    ENTER_S
    RUNS csrr t0, senvcfg
    RUNS csrr t0, 0x10c
    BACK_TO_M

    // Cache-block instructions
    la a0, block
    csrw menvcfg, zero
    csrw senvcfg, zero
    RUNS CBO_ZERO
    RUNS CBO_INVAL
    ENTER_S
    ILLEGAL_INSN CBO_ZERO
    ILLEGAL_INSN CBO_CLEAN
    ILLEGAL_INSN CBO_FLUSH
    ILLEGAL_INSN CBO_INVAL
    BACK_TO_M
    li t0, CBIE | CBCFE | CBZE
    csrw menvcfg, t0
    li t0, -1
    sd t0, 56(a0)
    ENTER_S
    RUNS CBO_ZERO
    ld t0, 56(a0)
    CHECK t0, 0
    RUNS CBO_CLEAN
    RUNS CBO_FLUSH
    RUNS CBO_INVAL
    BACK_TO_M
    ENTER_U
    ILLEGAL_INSN CBO_ZERO
    ILLEGAL_INSN CBO_CLEAN
    BACK_TO_M
    li t0, CBIE | CBCFE | CBZE
    csrw senvcfg, t0
    ENTER_U
    RUNS CBO_ZERO
    RUNS CBO_FLUSH
    RUNS CBO_INVAL
    BACK_TO_M
    // faults are those of stores
    li a0, 0x1000010
    TRAPS STORE_ACCESS, 0x1000000, CBO_ZERO

    // Svinval
    ENTER_S
    RUNS sfence.vma
    RUNS .4byte 0x16000073              // sinval.vma zero, zero
    RUNS .4byte 0x18000073              // sfence.w.inval
    RUNS .4byte 0x18100073              // sfence.inval.ir
    BACK_TO_M
    ENTER_U
    ILLEGAL_INSN .4byte 0x16000073
    ILLEGAL_INSN .4byte 0x18000073
    ILLEGAL_INSN .4byte 0x18100073
    BACK_TO_M
    TEST_END

    .data
    .align 6
block:
    .space 64
