// CSRs of RV32: their widths, upper halves as registers of their own, what is in another place than in RV64.
#include "machine.h"

#define MENVCFGH_STCE (1 << 31)
#define STATUS_SD (1 << 31)

    TEST_START

    // misa: MXL is 1, in the upper two bits
    csrr a0, misa
    srli a0, a0, 30
    CHECK a0, 1

    // mstatus: SD is its topmost bit, and follows FS; there are no UXL and SXL
    li t4, MSTATUS_FS
    csrc mstatus, t4
    csrr a0, mstatus
    CHECK_BITS a0, STATUS_SD | MSTATUS_FS, 0
    csrs mstatus, t4
    csrr a0, mstatus
    CHECK_BITS a0, STATUS_SD | MSTATUS_FS, STATUS_SD | MSTATUS_FS
    csrr a0, sstatus
    CHECK_BITS a0, STATUS_SD | MSTATUS_FS | MSTATUS_MPP, STATUS_SD | MSTATUS_FS
    li t4, STATUS_SD
    csrc mstatus, t4            // read-only
    csrr a0, mstatus
    CHECK_BITS a0, STATUS_SD, STATUS_SD
    csrrsi a0, sstatus, MSTATUS_SIE
    CHECK_BITS a0, STATUS_SD | MSTATUS_SIE, STATUS_SD
    csrrci a0, sstatus, MSTATUS_SIE
    CHECK_BITS a0, STATUS_SD | MSTATUS_SIE, STATUS_SD | MSTATUS_SIE
    CHECK_WRITE 0x310, 0, 0     // mstatush: nothing is big-endian
    csrr a0, mstatus
    CHECK_BITS a0, STATUS_SD | MSTATUS_FS, STATUS_SD | MSTATUS_FS

    // The halves of menvcfg do not touch each other
    csrwi 0x30a, 1              // FIOM
    li t4, MENVCFGH_STCE
    csrs 0x31a, t4
    CHECK_CSR 0x30a, 1
    csrr a0, 0x31a
    CHECK_BITS a0, MENVCFGH_STCE, MENVCFGH_STCE
    csrwi 0x30a, 0
    csrr a0, 0x31a
    CHECK_BITS a0, MENVCFGH_STCE, MENVCFGH_STCE

    // stimecmp, whose interrupt follows all 64 bits
    li t4, -1
    csrw 0x14d, t4
    csrw 0x15d, t4
    csrr a0, mip
    CHECK_BITS a0, 0x20, 0
    CHECK_CSR 0x15d, -1
    csrwi 0x15d, 0
    csrwi 0x14d, 0
    CHECK_CSR 0x15d, 0
    csrr a0, mip
    CHECK_BITS a0, 0x20, 0x20
    csrw 0x15d, t4
    csrr a0, mip
    CHECK_BITS a0, 0x20, 0
    CHECK_CSR 0x14d, 0

    // Counters: each half alone
    csrwi 0x320, 5              // stopped
    li t4, 0x12345678
    csrw mcycle, t4
    li t4, 0x9abcdef0
    csrw mcycleh, t4
    CHECK_CSR mcycle, 0x12345678
    CHECK_CSR mcycleh, 0x9abcdef0
    CHECK_CSR cycleh, 0x9abcdef0
    csrwi mcycle, 7
    CHECK_CSR mcycleh, 0x9abcdef0
    CHECK_CSR mcycle, 7
    li t4, 0x11111111
    csrw minstreth, t4
    CHECK_CSR instreth, 0x11111111
    li t4, 0x22222222
    csrw mhpmcounter3h, t4
    csrwi mhpmcounter3, 9
    CHECK_CSR mhpmcounter3h, 0x22222222
    CHECK_CSR hpmcounter3h, 0x22222222
    CHECK_CSR mhpmcounter3, 9
    csrwi 0x320, 0
    ILLEGAL_INSN csrw cycleh, t4

    // pmpcfg: four registers with four rules each
    li t4, 0x0f0c0901
    csrw pmpcfg0, t4
    CHECK_CSR pmpcfg0, 0x0f0c0901
    csrwi pmpcfg0, 0
    csrwi pmpcfg1, 0
    csrr a0, pmpcfg3
    CHECK_BITS a0, 0xff << 24, 0x1f << 24
    // pmpaddr has bits 33 to 2 of an address
    CHECK_WRITE pmpaddr5, -1, -1
    CHECK_WRITE pmpaddr5, 0, 0

    // satp: MODE, 9 bits of ASID, 22 of PPN
    CHECK_WRITE satp, 0xffd23456, 0xffd23456
    CHECK_WRITE satp, 0, 0

    // Plain registers hold 32 bits
    CHECK_WRITE mscratch, 0x87654321, 0x87654321
    li t4, 0x0f0f0f0f
    csrrw a0, mscratch, t4
    CHECK a0, 0x87654321
    csrrs a0, mscratch, x0
    CHECK a0, 0x0f0f0f0f
    CHECK_WRITE sepc, 0x80001235, 0x80001234
    CHECK_WRITE mtval, -5, -5

    // An interrupt: the topmost bit of mcause
    li t4, CLINT
    li t5, 1
    sw t5, (t4)
    csrwi mie, 8
    li s7, 0
    csrsi mstatus, MSTATUS_MIE
    nop
    csrci mstatus, MSTATUS_MIE
    CHECK s7, 1
    CHECK s8, INTERRUPT | 3
    sw x0, (t4)
    // and of scause
    li t4, 2
    csrw mideleg, t4
    csrw mip, t4
    csrw mie, t4
    li s7, 0
    ENTER_S
    csrsi sstatus, MSTATUS_SIE
    nop
    CHECK s7, 1
    CHECK s6, 1
    CHECK s8, INTERRUPT | 1
    BACK_TO_M
    csrwi mip, 0

    // Addresses wrap at 2^32, and a trap's are words
    li s3, -16
    TRAPS LOAD_ACCESS, -16, lw a0, 0(s3)
    li s3, 16
    TRAPS LOAD_ACCESS, -16, lw a0, -32(s3)

    // No registers of 64-bit harts
    ILLEGAL_INSN csrr a0, 0x5a0
    ILLEGAL_INSN csrr a0, hgatp
    ILLEGAL_INSN .4byte 0x00053503      // ld
    ILLEGAL_INSN .4byte 0x0005051b      // addiw

    TEST_END
