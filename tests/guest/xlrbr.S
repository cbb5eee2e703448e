// march: rv64gc
// cpu: rv64,xlrbr=on
// Xlrbr. The sums of "123456789" are those of the catalogues.
#include "operands.h"

.macro CRC number, rd, rs1
    .insn i 0x13, 1, \rd, \rs1, 0x600 + \number
.endm
.macro crc32.b rd, rs1
    CRC 16, \rd, \rs1
.endm
.macro crc32.d rd, rs1
    CRC 19, \rd, \rs1
.endm

// The check value of the polynomial whose instruction for bytes has this number.
.macro SUM number, result
    la a1, digits
    addi a2, a1, 9
    li a0, 0xffffffff
1:  lbu t3, 0(a1)
    xor a0, a0, t3
    CRC \number, a0, a0
    addi a1, a1, 1
    bne a1, a2, 1b
    not a0, a0
    slli a0, a0, 32
    srli a0, a0, 32
    CHECK a0, \result
    // the same by 8 bytes and one
    la a1, digits
    ld t3, 0(a1)
    li a0, 0xffffffff
    xor a0, a0, t3
    CRC \number + 3, a0, a0
    lbu t3, 8(a1)
    xor a0, a0, t3
    CRC \number, a0, a0
    not a0, a0
    slli a0, a0, 32
    srli a0, a0, 32
    CHECK a0, \result
    // by half-word, byte and words
    lhu t3, 0(a1)
    li a0, 0xffffffff
    xor a0, a0, t3
    CRC \number + 1, a0, a0
    lbu t3, 2(a1)
    xor a0, a0, t3
    CRC \number, a0, a0
    lwu t3, 3(a1)
    xor a0, a0, t3
    CRC \number + 2, a0, a0
    lhu t3, 7(a1)
    xor a0, a0, t3
    CRC \number + 1, a0, a0
    not a0, a0
    slli a0, a0, 32
    srli a0, a0, 32
    CHECK a0, \result
.endm

TEST_START
    SUM 16, 0xcbf43926
    SUM 24, 0xe3069283
    R crc32.b, 0, 0
    R crc32.b, 0x100, 1
    R crc32.b, 0x8000000000000000, 0x80000000000000
    R crc32.d, 0xffffffffffffffff, 0x44660075
TEST_END

.data
.balign 8
digits: .ascii "123456789"
    .balign 8
