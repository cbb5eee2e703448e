// march: rv64gc
// Reserved integer encodings raise illegal instruction; ebreak a breakpoint; misaligned atomics a bus error.
#include "signals.h"

.macro ILLEGAL16 insn:vararg
    sd zero, 0(s0)
991: .2byte \insn
    .2byte 1                                                  // the handler skips four bytes
    ld t4, 0(s0)
    la t3, 991b
    CHECK_EQ t4, t3
.endm

TEST_START
    .irp signal, SIGILL, SIGTRAP, SIGBUS
    CATCH \signal
    .endr
    la s0, fault_address

    li a0, 5
    ILLEGAL .4byte 0xffffffff
    ILLEGAL .4byte 0x00000000                                 // two 16-bit zeros; the first one faults
    ILLEGAL .4byte 0x04001013                                 // slli with bit 26
    ILLEGAL .4byte 0x0200501b                                 // srliw by 32
    ILLEGAL .4byte 0x00002063                                 // branch, funct3 2
    ILLEGAL .4byte 0x00007003                                 // load, funct3 7
    ILLEGAL .4byte 0x00004023                                 // store, funct3 4
    ILLEGAL .4byte 0x00001067                                 // jalr, funct3 1
    ILLEGAL .4byte 0x06000033                                 // OP, funct7 3
    ILLEGAL .4byte 0x1010202f                                 // lr.w with rs2
    ILLEGAL .4byte 0x280040af                                 // amocas.q with an odd register
    ILLEGAL .4byte 0x0030200f                                 // cbo, unknown
    ILLEGAL .4byte 0x0005200f                                 // cbo.inval: not in user mode
    ILLEGAL .4byte 0x0000007f                                 // 64-bit instruction
    ILLEGAL .4byte 0x30200073                                 // mret
    ILLEGAL .4byte 0x10200073                                 // sret
    ILLEGAL .4byte 0x10500073                                 // wfi
    ILLEGAL .4byte 0x12000073                                 // sfence.vma
    ILLEGAL .4byte 0x00300073                                 // SYSTEM, unknown
    ILLEGAL16 0x0000
    ILLEGAL16 0x6101                                          // c.addi16sp 0
    ILLEGAL16 0x6201                                          // c.lui 0, even register
    ILLEGAL16 0x2001                                          // c.addiw x0
    ILLEGAL16 0x4002                                          // c.lwsp x0
    ILLEGAL16 0x6002                                          // c.ldsp x0
    ILLEGAL16 0x8002                                          // c.jr x0
    ILLEGAL16 0x9c79
    CHECK a0, 5

    // ebreak stops at itself
    sd zero, 0(s0)
    .option push
    .option norvc
992: ebreak
    .option pop
    ld t4, 0(s0)
    la t3, 992b
    CHECK_EQ t4, t3

    // misaligned atomics: as the kernel reports them, si_addr is the instruction; nothing is written
    la s2, cell
    addi s1, s2, 13
    li a0, 5
    ILLEGAL lr.w a0, (s1)
    ILLEGAL lr.d a0, (s1)
    .irp insn, amoadd.w, amoadd.d, amoswap.w, amomax.d
    ILLEGAL \insn a0, s2, (s1)
    .endr
    CHECK a0, 5
    ld t4, 0(s2)
    CHECK t4, 0
TEST_END

SIGNAL_HANDLER

.data
.balign 16
cell: .dword 0, 0, 0, 0
