// march: rv64gc
// Zicond: conditional zero. Debian 12's assembler does not know it.
#include "operands.h"

.macro czero.eqz rd, rs1, rs2
    .insn r 0x33, 5, 7, \rd, \rs1, \rs2
.endm
.macro czero.nez rd, rs1, rs2
    .insn r 0x33, 7, 7, \rd, \rs1, \rs2
.endm

TEST_START
    RR czero.eqz, 0, 0, 0
    RR czero.eqz, 1, 0xffffffffffffffff, 1
    RR czero.eqz, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR czero.eqz, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR czero.eqz, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR czero.eqz, 0x80000000, 0x7fffffff, 0x80000000
    RR czero.eqz, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR czero.eqz, 0xfedcba9876543210, 0x25, 0xfedcba9876543210
    RR czero.eqz, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff00
    RR czero.eqz, 0x7fffffff, 1, 0x7fffffff
    RR czero.eqz, 5, 0, 0
    RR czero.eqz, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR czero.nez, 0, 0, 0
    RR czero.nez, 1, 0xffffffffffffffff, 0
    RR czero.nez, 0xffffffffffffffff, 1, 0
    RR czero.nez, 0x7fffffffffffffff, 1, 0
    RR czero.nez, 0x8000000000000000, 0xffffffffffffffff, 0
    RR czero.nez, 0x80000000, 0x7fffffff, 0
    RR czero.nez, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR czero.nez, 0xfedcba9876543210, 0x25, 0
    RR czero.nez, 0xff00ff00ff00ff00, 0x3f, 0
    RR czero.nez, 0x7fffffff, 1, 0
    RR czero.nez, 5, 0, 5
    RR czero.nez, 0xffffffff80000000, 0xffffffffffffffff, 0

    TEST_END
