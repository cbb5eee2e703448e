// march: rv64gc
// C: every 16-bit instruction, and 32-bit instructions that lie across their halves' alignment.
#include "check.h"

TEST_START
    // Assembled as 16-bit instructions where these exist; the .option below makes sure of it.
    .option rvc
    la sp, stack_top
    li a5, 42
    c.addi4spn a0, sp, 1020
    addi a1, sp, 1020
    CHECK_EQ a0, a1
    c.addi4spn a0, sp, 4
    addi a1, sp, 4
    CHECK_EQ a0, a1

    la s0, data
    c.lw a0, 0(s0)
    CHECK a0, 0xffffffff89abcdef
    c.lw a0, 124(s0)
    CHECK a0, 0x7c
    c.ld a0, 0(s0)
    CHECK a0, 0x0123456789abcdef
    c.ld a0, 248(s0)
    CHECK a0, 0xf8
    c.fld fa0, 0(s0)
    CHECK_F fa0, 0x0123456789abcdef, 0
    c.fld fa0, 248(s0)
    CHECK_F fa0, 0xf8, 0
    la s1, space
    c.sw a0, 64(s1)
    c.sd a0, 200(s1)
    c.fsd fa0, 208(s1)
    lw a1, 64(s1)
    CHECK a1, 0xf8
    ld a1, 200(s1)
    CHECK a1, 0xf8
    ld a1, 208(s1)
    CHECK a1, 0xf8

    c.nop
    c.addi a5, -32
    CHECK a5, 10
    c.addi a5, 31
    CHECK a5, 41
    li a5, 0x7fffffff
    c.addiw a5, 1
    CHECK a5, 0xffffffff80000000
    c.addiw a5, 0
    CHECK a5, 0xffffffff80000000
    c.li a5, -32
    CHECK a5, -32
    c.li s11, 31
    CHECK s11, 31
    mv s2, sp
    c.addi16sp sp, -512
    addi a0, s2, -512
    CHECK_EQ sp, a0
    c.addi16sp sp, 496
    addi a0, s2, -16
    CHECK_EQ sp, a0
    mv sp, s2
    c.lui a0, 0x1f
    CHECK a0, 0x1f000
    c.lui a0, 0xfffe0
    CHECK a0, 0xfffffffffffe0000
    li a0, 0xf0f0f0f0f0f0f0f0
    c.srli a0, 1
    CHECK a0, 0x7878787878787878
    c.srli a0, 63
    CHECK a0, 0
    li a0, 0xf0f0f0f0f0f0f0f0
    c.srai a0, 32
    CHECK a0, 0xfffffffff0f0f0f0
    c.andi a0, -16
    CHECK a0, 0xfffffffff0f0f0f0
    c.andi a0, 31
    CHECK a0, 16
    li a1, 3
    c.sub a0, a1
    CHECK a0, 13
    c.xor a0, a1
    CHECK a0, 14
    c.or a0, a1
    CHECK a0, 15
    c.and a0, a1
    CHECK a0, 3
    li a0, 0x7fffffff
    c.addw a0, a1
    CHECK a0, 0xffffffff80000002
    c.subw a0, a1
    CHECK a0, 0x7fffffff
    c.slli a0, 33
    CHECK a0, 0xfffffffe00000000
    c.mv s3, a1
    CHECK s3, 3
    c.add s3, a1
    CHECK s3, 6

    sd a0, 504(sp)
    c.ldsp s4, 504(sp)
    CHECK_EQ s4, a0
    c.lwsp s4, 252(sp)
    CHECK s4, 0
    c.sdsp a1, 256(sp)
    c.ldsp s4, 256(sp)
    CHECK s4, 3
    c.swsp a1, 4(sp)
    c.lwsp s4, 4(sp)
    CHECK s4, 3
    c.fsdsp fa0, 16(sp)
    c.fldsp fs1, 16(sp)
    CHECK_F fs1, 0xf8, 0

    c.j 1f
    j test_failed
1:  li a0, 0
    c.beqz a0, 1f
    j test_failed
1:  c.bnez a0, 2f
    li a0, 1
    c.bnez a0, 1f
    j test_failed
1:  c.beqz a0, 2f
    la a0, 1f
    c.jr a0
2:  j test_failed
    .balign 4
1:  la a0, 1f
    c.jalr a0
3:  j test_failed
1:  la a1, 3b
    CHECK_EQ ra, a1

    // hints: x0 as destination, zero shift amounts
    .2byte 0x0005                           // c.addi x0, 1
    .2byte 0x4005                           // c.li x0, 1
    .2byte 0x6005                           // c.lui x0, 1
    .2byte 0x802e                           // c.mv x0, a1
    .2byte 0x902e                           // c.add x0, a1
    .2byte 0x0006                           // c.slli x0, 1
    CHECK zero, 0
    li a0, 5
    .2byte 0x0502                           // c.slli a0, 0
    .2byte 0x8101                           // c.srli a0, 0
    CHECK a0, 5

    // a 32-bit instruction across a page boundary
    la a0, across
    jalr a0
    CHECK a0, 0x12345000
    TEST_END

    .balign 4096
    .zero 4094
across:
    lui a0, 0x12345
    ret

    .data
    .balign 16
data:
    .dword 0x0123456789abcdef
    .zero 116
    .word 0x7c
    .zero 120
    .dword 0xf8
space:
    .zero 256
stack:
    .zero 1024
stack_top:
    .zero 2048
