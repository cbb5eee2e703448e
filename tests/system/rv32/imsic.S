// Advanced Interrupt Architecture of RV32: registers of interrupt files are two of a word each; upper halves of CSRs.
#include "machine.h"
#include "imsic.h"
#define MACHINE_FILE 0x24000000
#define SUPERVISOR_FILE 0x28000000

    TEST_START
    MESSAGE MACHINE_FILE, 9
    MESSAGE MACHINE_FILE, 33
    MESSAGE MACHINE_FILE, 70
    CHECK_REG MISELECT, MIREG, EIP, 1 << 9
    CHECK_REG MISELECT, MIREG, EIP + 1, 1 << 1
    CHECK_REG MISELECT, MIREG, EIP + 2, 1 << 6
    CHECK_REG MISELECT, MIREG, EIP + 3, 0
    // Writing a half leaves the other one
    WRITE MISELECT, MIREG, EIE + 1, 1 << 1
    CHECK_REG MISELECT, MIREG, EIE, 0
    CHECK_CSR MTOPEI, 33 << 16 | 33
    WRITE MISELECT, MIREG, EIE, 1 << 9 | 1
    CHECK_REG MISELECT, MIREG, EIE, 1 << 9
    CHECK_REG MISELECT, MIREG, EIE + 1, 1 << 1
    WRITE MISELECT, MIREG, EIP + 1, 3
    CHECK_REG MISELECT, MIREG, EIP + 1, 3
    CHECK_REG MISELECT, MIREG, EIP, 1 << 9
    WRITE MISELECT, MIREG, EIDELIVERY, 1
    csrr a0, mip
    CHECK_BITS a0, 1 << 11, 1 << 11
    csrrw a0, MTOPEI, zero
    CHECK a0, 9 << 16 | 9
    csrrw a0, MTOPEI, zero
    CHECK a0, 33 << 16 | 33
    csrr a0, mip
    CHECK_BITS a0, 1 << 11, 0

    // The supervisor's, in supervisor mode
    li t4, -1
    csrw 0x31c, t4              // mstateen0h
    ENTER_S
    WRITE SISELECT, SIREG, EIE + 1, 1 << 2
    WRITE SISELECT, SIREG, EIDELIVERY, 1
    BACK_TO_M
    MESSAGE SUPERVISOR_FILE, 34
    csrr a0, mip
    CHECK_BITS a0, 1 << 9, 1 << 9
    ENTER_S
    csrrw a0, STOPEI, zero
    CHECK a0, 34 << 16 | 34
    BACK_TO_M

    // Upper halves
    .irp csr, 0x312, 0x313, 0x314, 0x318, 0x319, 0x354, 0x114, 0x154
    CHECK_WRITE \csr, -1, 0
    .endr
    TEST_END
