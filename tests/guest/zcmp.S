// march: rv64gc
// cpu: rv64,c=off,zca=on,zcb=on,zcmp=on,zcmt=on
// Zcmp and Zcmt, which the assembler does not know.
#include "signals.h"
#define JVT 0x017

.macro PUSH rlist, more=0
    .2byte 0xb802 | (\rlist) << 4 | (\more) << 2
.endm
.macro POP rlist, more=0
    .2byte 0xba02 | (\rlist) << 4 | (\more) << 2
.endm
.macro POPRETZ rlist, more=0
    .2byte 0xbc02 | (\rlist) << 4 | (\more) << 2
.endm
.macro POPRET rlist, more=0
    .2byte 0xbe02 | (\rlist) << 4 | (\more) << 2
.endm
.macro MVSA01 first, second
    .2byte 0xac22 | (\first) << 7 | (\second) << 2
.endm
.macro MVA01S first, second
    .2byte 0xac62 | (\first) << 7 | (\second) << 2
.endm
.macro TABLE index
    .2byte 0xa002 | (\index) << 2
.endm

// ra, s0 to s11 are 1 to 13.
.macro NUMBER_REGISTERS
    li ra, 1
    li s0, 2
    li s1, 3
    li s2, 4
    li s3, 5
    li s4, 6
    li s5, 7
    li s6, 8
    li s7, 9
    li s8, 10
    li s9, 11
    li s10, 12
    li s11, 13
.endm

// A list of `count` registers, and 16 * more bytes more: the registers lie below the old sp, the last one highest.
.macro FRAME rlist, count, more
    NUMBER_REGISTERS
    mv a4, sp
    PUSH \rlist, \more
    sub a5, a4, sp
    CHECK a5, ((\count * 8 + 15) & -16) + 16 * \more
    li a2, \count
    mv a3, a4
1:  addi a3, a3, -8
    ld a0, 0(a3)
    CHECK_EQ a0, a2
    addi a2, a2, -1
    bnez a2, 1b
    // others of each come back
    li a2, \count
    mv a3, a4
2:  addi a3, a3, -8
    addi a0, a2, 100
    sd a0, 0(a3)
    addi a2, a2, -1
    bnez a2, 2b
    POP \rlist, \more
    CHECK_EQ sp, a4
    CHECK ra, 101
    .if \count > 1
    CHECK s0, 102
    .else
    CHECK s0, 2
    .endif
    .if \count > 2
    CHECK s1, 103
    .else
    CHECK s1, 3
    .endif
    .if \count > 3
    CHECK s2, 104
    .else
    CHECK s2, 4
    .endif
    .if \count > 10
    CHECK s9, 111
    .else
    CHECK s9, 11
    .endif
    .if \count > 12
    CHECK s10, 112
    CHECK s11, 113
    .else
    CHECK s10, 12
    CHECK s11, 13
    .endif
.endm

TEST_START
    FRAME 4, 1, 0
    FRAME 5, 2, 1
    FRAME 6, 3, 2
    FRAME 7, 4, 3
    FRAME 8, 5, 0
    FRAME 9, 6, 0
    FRAME 10, 7, 0
    FRAME 11, 8, 0
    FRAME 12, 9, 3
    FRAME 13, 10, 0
    FRAME 14, 11, 1
    FRAME 15, 13, 3

    // returns
    li a0, 5
    li s0, 77
    mv a4, sp
    jal ra, function
    CHECK a0, 5
    CHECK s0, 77
    CHECK_EQ sp, a4
    jal ra, function_z
    CHECK a0, 0
    CHECK s0, 77
    CHECK_EQ sp, a4

    // moves
    li a0, 21
    li a1, 22
    MVSA01 0, 1
    CHECK s0, 21
    CHECK s1, 22
    MVSA01 7, 2
    CHECK s7, 21
    CHECK s2, 22
    li s3, 31
    li s6, 32
    MVA01S 3, 6
    CHECK a0, 31
    CHECK a1, 32
    MVA01S 6, 6
    CHECK a0, 32
    CHECK a1, 32

    // the table
    la a2, table + 0
    csrw JVT, a2
    csrr a3, JVT
    CHECK_EQ a3, a2
    ori a3, a2, 63                                            // only mode 0
    csrw JVT, a3
    csrr a3, JVT
    CHECK_EQ a3, a2
    li a0, 0
    TABLE 3
back3:
    CHECK a0, 3
    TABLE 32
    CHECK a0, 32
    TABLE 66
    CHECK a0, 66
    TABLE 255
    CHECK a0, 255

    CATCH SIGILL
    CATCH SIGSEGV
    la s0, fault_address
    li a0, 5
    .irp insn, 0xb802, 0xb836, 0xba02, 0xbc32, 0xbe02         // reserved lists
    sd zero, 0(s0)
    .balign 4
991: .2byte \insn
    .2byte 1
    ld t4, 0(s0)
    la t3, 991b
    CHECK_EQ t4, t3
    .endr
    sd zero, 0(s0)
    .balign 4
991: MVSA01 2, 2
    .2byte 1
    ld t4, 0(s0)
    la t3, 991b
    CHECK_EQ t4, t3
    // a table that cannot be read: the fault is at the entry
    li a3, 0x1000
    csrw JVT, a3
    sd zero, 0(s0)
    .balign 4
    TABLE 40
    .2byte 1
    ld t4, 0(s0)
    CHECK t4, 0x1000 + 40 * 8
    CHECK a0, 5
    // registers that cannot be loaded: sp and the others stay
    mv s3, sp
    li a0, 0
    li a1, 8192
    li a2, 3
    li a3, 0x22
    li a4, -1
    li a5, 0
    li a7, 222                                                // mmap of two pages
    ecall
    li t3, 4096
    add s2, a0, t3
    mv a0, s2
    mv a1, t3
    li a7, 215                                                // of which the second goes
    ecall
    CHECK a0, 0
    addi sp, s2, -16
    mv s4, sp
    li s1, 9
    sd zero, 0(s0)
    .balign 4
    POP 6                                                     // 32 bytes
    .2byte 1
    ld t4, 0(s0)
    addi t3, s2, 8
    CHECK_EQ t4, t3
    CHECK_EQ sp, s4
    CHECK s1, 9
    mv sp, s3
TEST_END

    .balign 2
function:
    PUSH 5
    li s0, 1
    POPRET 5
function_z:
    PUSH 15, 2
    li s0, 1
    li a0, 1
    POPRETZ 15, 2

target3:
    li a0, 3
    la t0, back3
    jr t0
    .irp index, 32, 66, 255
target\index:
    li a0, \index
    ret
    .endr

    .balign 64
table:
    .dword 0, 0, 0, target3
    .space 28 * 8
    .dword target32
    .space 33 * 8
    .dword target66
    .space 188 * 8
    .dword target255

SIGNAL_HANDLER
