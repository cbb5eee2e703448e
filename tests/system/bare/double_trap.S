// Ssdbltrp: a trap to supervisor mode while SDT is set goes to machine mode as a double trap; what sets SDT and clears it.
#include "machine.h"

#define SDT (1 << 24)
#define DTE (1 << 59)
#define DOUBLE_TRAP 16

    TEST_START

    // Without menvcfg.DTE there is no SDT
    li t4, DTE
    csrc menvcfg, t4
    li t5, SDT
    csrs mstatus, t5
    csrr a0, mstatus
    CHECK_BITS a0, SDT, 0
    csrs menvcfg, t4
    csrr a0, menvcfg
    CHECK_BITS a0, DTE, DTE

    // Setting SDT clears SIE, and SIE cannot be set while it is set
    csrsi sstatus, MSTATUS_SIE
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SIE | SDT, MSTATUS_SIE
    li t5, SDT
    csrs sstatus, t5
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SIE | SDT, SDT
    csrsi sstatus, MSTATUS_SIE
    csrr a0, sstatus
    CHECK_BITS a0, MSTATUS_SIE | SDT, SDT
    li t5, SDT | MSTATUS_SIE
    csrs mstatus, t5
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_SIE | SDT, SDT
    li t5, SDT
    csrrc a0, mstatus, t5
    csrsi mstatus, MSTATUS_SIE
    csrr a0, mstatus
    CHECK_BITS a0, MSTATUS_SIE | SDT, MSTATUS_SIE
    csrci mstatus, MSTATUS_SIE

    // A double trap is not delegated
    li t4, -1
    csrw medeleg, t4
    csrr a0, medeleg
    CHECK_BITS a0, 1 << DOUBLE_TRAP, 0

    // A first trap to supervisor mode sets SDT, sret clears it
    li t4, 1 << ILLEGAL | 1 << BREAKPOINT | 1 << ECALL_U
    csrw medeleg, t4
    ENTER_S
    li s7, 0
    .4byte 0
    CHECK s7, 1
    CHECK s6, 1
    CHECK s8, ILLEGAL
    CHECK_BITS s11, SDT, SDT
    csrr a0, sstatus
    CHECK_BITS a0, SDT, 0

    // A second one is a double trap: machine mode gets what it would have got of the trap, its cause in mtval2
    li t4, SDT
    csrs sstatus, t4
    li s7, 0
    la s5, 2f
1:  .4byte 0
2:  CHECK s7, 1
    CHECK s6, 3
    CHECK s8, DOUBLE_TRAP
    la t4, 1b
    CHECK_EQ s9, t4
    CHECK s10, 0
    CHECK_BITS s11, MSTATUS_MPP | SDT, 1 << 11 | SDT
    csrr a0, mtval2
    CHECK a0, ILLEGAL

    // mret to supervisor mode keeps SDT, to user mode clears it
    li t4, SDT
    csrs mstatus, t4
    ENTER_S
    csrr a0, sstatus
    CHECK_BITS a0, SDT, SDT
    BACK_TO_M
    csrw medeleg, x0
    ENTER_U
    BACK_TO_M
    csrr a0, mstatus
    CHECK_BITS a0, SDT, 0

    // Switched off again, it is gone
    li t4, SDT
    csrs mstatus, t4
    li t4, DTE
    csrc menvcfg, t4
    csrr a0, mstatus
    CHECK_BITS a0, SDT, 0

    TEST_END
