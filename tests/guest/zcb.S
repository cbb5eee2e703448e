// march: rv64gc_zba_zbb
// Zcb and Zcmop: further 16-bit instructions. Debian 12's assembler does not know them.
#include "check.h"

TEST_START
    la a1, data
    .2byte 0x8188                           // c.lbu a0, 0(a1)
    CHECK a0, 0xf0
    .2byte 0x81e8                           // c.lbu a0, 3(a1)
    CHECK a0, 0xf3
    .2byte 0x81a8                           // c.lbu a0, 2(a1)
    CHECK a0, 0xf2
    .2byte 0x8588                           // c.lhu a0, 0(a1)
    CHECK a0, 0xf1f0
    .2byte 0x85a8                           // c.lhu a0, 2(a1)
    CHECK a0, 0xf3f2
    .2byte 0x85e8                           // c.lh a0, 2(a1)
    CHECK a0, 0xfffffffffffff3f2
    li a0, 0x1234
    .2byte 0x89c8                           // c.sb a0, 1(a1)
    lw a2, 0(a1)
    CHECK a2, 0xfffffffff3f234f0
    .2byte 0x8da8                           // c.sh a0, 2(a1)
    lw a2, 0(a1)
    CHECK a2, 0x123434f0

    li a0, 0xfedcba9876548180
    .2byte 0x9d61                           // c.zext.b a0
    CHECK a0, 0x80
    .2byte 0x9d65                           // c.sext.b a0
    CHECK a0, -128
    .2byte 0x9d69                           // c.zext.h a0
    CHECK a0, 0xff80
    .2byte 0x9d6d                           // c.sext.h a0
    CHECK a0, -128
    .2byte 0x9d71                           // c.zext.w a0
    CHECK a0, 0xffffff80
    .2byte 0x9d75                           // c.not a0
    CHECK a0, 0xffffffff0000007f
    li a2, 3
    .2byte 0x9d51                           // c.mul a0, a2
    CHECK a0, 0xfffffffd0000017d

    // c.mop.1, 3, ... 15 do nothing
    li ra, 1
    li t2, 7
    .2byte 0x6081, 0x6181, 0x6281, 0x6381, 0x6481, 0x6581, 0x6681, 0x6781
    CHECK ra, 1
    CHECK t2, 7
    TEST_END

    .data
data:
    .4byte 0xf3f2f1f0
