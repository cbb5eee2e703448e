// march: rv64gc
// cpu: veyron-v1
// XVentanaCondOps.
#include "operands.h"
#include "signals.h"

.macro vt.maskc rd, rs1, rs2
    .insn r 0x7b, 6, 0, \rd, \rs1, \rs2
.endm
.macro vt.maskcn rd, rs1, rs2
    .insn r 0x7b, 7, 0, \rd, \rs1, \rs2
.endm

TEST_START
    RR vt.maskc, 5, 0, 0
    RR vt.maskc, 5, 1, 5
    RR vt.maskc, -1, 0x8000000000000000, -1
    RR vt.maskc, 0, 7, 0
    RR vt.maskcn, 5, 0, 5
    RR vt.maskcn, 5, 1, 0
    RR vt.maskcn, -1, 0x8000000000000000, 0
    RR vt.maskcn, -1, 0, -1

    CATCH SIGILL
    la s0, fault_address
    li a0, 5
    ILLEGAL .4byte 0x02c5e57b                                 // funct7 1
    ILLEGAL .4byte 0x00c5d57b                                 // funct3 5
    ILLEGAL .4byte 0x00c5950b                                 // T-Head's
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER
