// Advanced Interrupt Architecture: a hart's interrupt files, messages to them, and the CSRs that speak with them.
// (QEMU 11.1 lets supervisor mode use siselect without mstateen0, and knows no big-endian messages.)
// machine: virt,aia=aplic-imsic
#include "machine.h"
#include "imsic.h"
#define MTOPI 0xfb0
#define MVIEN 0x308
#define MVIP 0x309
#define MACHINE_FILE 0x24000000
#define SUPERVISOR_FILE 0x28000000
#define EITHRESHOLD 0x72

    TEST_START
    CHECK_CSR MTOPEI, 0
    CHECK_CSR MTOPI, 0
    // Messages are pending whether or not they are enabled.
    MESSAGE MACHINE_FILE, 9
    CHECK_REG MISELECT, MIREG, EIP, 1 << 9
    CHECK_CSR MTOPEI, 0
    WRITE MISELECT, MIREG, EIE, 1 << 9 | 1 << 5 | 1
    CHECK_REG MISELECT, MIREG, EIE, 1 << 9 | 1 << 5
    CHECK_CSR MTOPEI, 9 << 16 | 9
    csrr a0, mip
    CHECK_BITS a0, 1 << 11, 0
    WRITE MISELECT, MIREG, EIDELIVERY, 1
    csrr a0, mip
    CHECK_BITS a0, 1 << 11, 1 << 11
    CHECK_CSR MTOPI, 0
    li a0, 1 << 11
    csrw mie, a0
    csrr a0, MTOPI  // the priority may be told or not
    srli a0, a0, 16
    CHECK a0, 11

    // The smallest identity first; a write claims it.
    MESSAGE MACHINE_FILE, 5
    csrrw a0, MTOPEI, zero
    CHECK a0, 5 << 16 | 5
    CHECK_CSR MTOPEI, 9 << 16 | 9
    CHECK_REG MISELECT, MIREG, EIP, 1 << 9
    WRITE MISELECT, MIREG, EITHRESHOLD, 9
    CHECK_CSR MTOPEI, 0
    csrr a0, mip
    CHECK_BITS a0, 1 << 11, 0
    WRITE MISELECT, MIREG, EITHRESHOLD, 10
    CHECK_CSR MTOPEI, 9 << 16 | 9
    csrw MTOPEI, zero
    CHECK_CSR MTOPEI, 0

    // What there is not: identity 0 and those above 255, big-endian 3 is 3.
    MESSAGE MACHINE_FILE, 0
    MESSAGE MACHINE_FILE, 256
    MESSAGE MACHINE_FILE + 4, 0x03000000
    CHECK_REG MISELECT, MIREG, EIP, 1 << 3
    WRITE MISELECT, MIREG, EIP, 0
    WRITE MISELECT, MIREG, EIP + 6, 1 << 63
    CHECK_REG MISELECT, MIREG, EIP + 6, 1 << 63
    WRITE MISELECT, MIREG, EIP + 6, 0
    li t5, EIP + 1
    csrw MISELECT, t5
    ILLEGAL_INSN csrr a0, MIREG
    csrw MISELECT, zero
    ILLEGAL_INSN csrr a0, MIREG
    CHECK_REG MISELECT, MIREG, 0x30, 0

    // The supervisor's file; its interrupt reaches supervisor mode, where mstateen0 lets it use the CSRs.
    ENTER_S
    ILLEGAL_INSN csrr a0, SISELECT
    ILLEGAL_INSN csrr a0, STOPEI
    ILLEGAL_INSN csrr a0, STOPI
    BACK_TO_M
    li a0, 7 << 58
    csrw MSTATEEN0, a0
    WRITE SISELECT, SIREG, EIE, 1 << 7
    WRITE SISELECT, SIREG, EIDELIVERY, 1
    li a0, 1 << 9
    csrw mideleg, a0
    csrs mie, a0
    ENTER_S
    MESSAGE SUPERVISOR_FILE, 7
    csrr a0, STOPI
    srli a0, a0, 16
    CHECK a0, 9
    CHECK_CSR STOPEI, 7 << 16 | 7
    CHECK_REG SISELECT, SIREG, EIP, 1 << 7
    csrrw a0, STOPEI, zero
    CHECK a0, 7 << 16 | 7
    CHECK_CSR STOPI, 0
    csrr a0, sip
    CHECK_BITS a0, 1 << 9, 0
    ILLEGAL_INSN csrr a0, MTOPEI
    BACK_TO_M

    // mip's bits by another name.
    li a0, 1 << 1
    csrw MVIP, a0
    csrr a0, mip
    CHECK_BITS a0, 1 << 1, 1 << 1
    csrw MVIP, zero
    csrr a0, mip
    CHECK_BITS a0, 1 << 1, 0
    TEST_END
