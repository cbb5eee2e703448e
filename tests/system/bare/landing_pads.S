// Zicfilp: what jumps need a landing pad, its label and alignment, and ELP across traps and returns in each mode.
#include "cfi_insns.h"
#include "machine.h"

#define LPE 4
#define MLPE 0x400
#define SPELP (1 << 23)
#define MPELP (1 << 41)

// Jumps by `insn`; what is at its target is no landing pad.
.macro MISSES target, insn:vararg
    li s7, 0
    la a0, \target
    la s5, 8f
    \insn
8:  CHECK s7, 1
    CHECK s8, SOFTWARE_CHECK
    CHECK s10, LANDING_PAD_FAULT
    la t4, \target
    CHECK_EQ s9, t4
    li s7, 0
.endm
// Jumps by `insn`, which needs no landing pad or finds one.
.macro LANDS target, insn:vararg
    li s7, 0
    la a0, \target
    la a1, 8f
    \insn
8:  CHECK s7, 0
.endm

    TEST_START
    // Off: any target is good, and lpad does nothing
    LANDS plain, jr a0
    LANDS pad0, jr a0
    li t2, 0
    LANDS pad5, jr a0

    // Machine mode
    csrr a2, mseccfg
    CHECK_BITS a2, MLPE, 0
    li t4, MLPE
    csrs mseccfg, t4
    csrr a2, mseccfg
    CHECK_BITS a2, MLPE, MLPE
    call all_jumps
    MISSES plain, jr a0
    CHECK_BITS s11, MPELP, MPELP
    li t2, 0x6000
    MISSES pad5, jr a0                  // another label
    MISSES illegal, jalr a2, a0         // comes before an illegal instruction
    MISSES misaligned, jr a0
    // An address that is known is no excuse
    li s7, 0
    la s5, 8f
7:  auipc t1, 0
    jalr a2, 16(t1)
    j test_failed
    j test_failed
    nop
8:  CHECK s7, 1
    CHECK s8, SOFTWARE_CHECK
    la t4, 7b + 16
    CHECK_EQ s9, t4

    // An exception in between: ELP is kept for the return, and without MLPE is not restored
    li t4, MPELP
    csrs mstatus, t4
    la t4, 1f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrs mstatus, t4
    li s7, 0
    la s5, 2f
    mret
1:  nop
2:  CHECK s7, 1
    CHECK s8, SOFTWARE_CHECK
    la t4, 1b
    CHECK_EQ s9, t4
    li t4, MLPE
    csrc mseccfg, t4
    li t4, MPELP
    csrs mstatus, t4
    la t4, 1f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrs mstatus, t4
    li s7, 0
    mret
1:  CHECK s7, 0
    csrr a2, mstatus
    CHECK_BITS a2, MPELP, 0

    // A fetch fault at the target comes first, and leaves ELP set
    li t4, MLPE
    csrs mseccfg, t4
    li s7, 0
    la s5, 1f
    li a0, 0x10
    jr a0
1:  CHECK s8, FETCH_ACCESS
    CHECK s10, 0x10
    CHECK_BITS s11, MPELP, MPELP
    li t4, MLPE
    csrc mseccfg, t4

    // Supervisor mode, traps to machine mode
    li t4, LPE
    csrs menvcfg, t4
    csrr a2, menvcfg
    CHECK_BITS a2, LPE, LPE
    ENTER_S
    call all_jumps
    MISSES plain, jr a0
    CHECK_BITS s11, MPELP | MSTATUS_MPP, MPELP | 1 << 11

    // Traps to supervisor mode: the exception can be delegated
    li t4, 1 << SOFTWARE_CHECK
    csrw medeleg, t4
    CHECK_CSR medeleg, 1 << SOFTWARE_CHECK
    ENTER_S
    la t4, catch
    csrw stvec, t4
    li s7, 0
    la a0, plain
    la s4, 1f
    jr a0
1:  CHECK s8, SOFTWARE_CHECK
    CHECK s10, LANDING_PAD_FAULT
    CHECK_BITS s11, SPELP | MSTATUS_SPP, SPELP | MSTATUS_SPP
    csrr a2, sstatus                    // as the handler has left it
    CHECK_BITS a2, SPELP, SPELP
    // sret to supervisor mode takes it over
    la t4, pad5
    csrw sepc, t4
    li t2, 0x6000
    la s4, 2f
    sret
2:  CHECK s8, SOFTWARE_CHECK
    la t4, pad5
    CHECK_EQ s9, t4
    // With the label it is good
    la t4, pad5
    csrw sepc, t4
    li t2, 0x5000
    la a1, 3f
    la s4, test_failed
    sret
3:  csrr a2, sstatus
    CHECK_BITS a2, SPELP, 0

    // User mode
    li t4, LPE
    csrc senvcfg, t4
    BACK_TO_M
    csrw medeleg, x0
    ENTER_U
    LANDS plain, jr a0
    BACK_TO_M
    li t4, LPE
    csrs senvcfg, t4
    csrc menvcfg, t4                    // user mode does not need that
    ENTER_U
    call all_jumps
    MISSES plain, jr a0
    CHECK_BITS s11, MPELP | MSTATUS_MPP, MPELP
    ENTER_S
    LANDS plain, jr a0
    BACK_TO_M

    // An interrupt between jump and pad: all jumps still land
    li t4, LPE
    csrs menvcfg, t4
    li t4, 1 << 1
    csrw mideleg, t4
    la t4, interrupted
    csrw stvec, t4
    ENTER_S
    li s7, 0
    li s6, 0
    li s3, 2000
1:  csrsi sie, 2
    csrsi sip, 2
    la a0, pad0
    la a1, 2f
    csrsi sstatus, MSTATUS_SIE
    jr a0
2:  csrci sstatus, MSTATUS_SIE
    addi s3, s3, -1
    bnez s3, 1b
    CHECK s7, 2000
    TEST_END

    .text
    .align 2
all_jumps:
    mv s2, ra
    LANDS pad0, jr a0
    LANDS pad0, jalr a2, a0
    LANDS pad0, jalr t1, a0
    LANDS pad0, jalr t0, 0(a0)
    li t2, 0x5000
    LANDS pad5, jr a0
    li t2, 0xffffffff00005fff           // bits 31:12 alone count
    LANDS pad5, jr a0
    li t2, -1
    LANDS padf, jr a0
    la a0, pad0
    la a1, 1f
    .2byte 0x8502                       // c.jr a0
    .align 2
1:  la a1, 1f
    .2byte 0x9502                       // c.jalr a0
    .align 2
    // Of link registers and of t2 any target is good
1:  la a1, 1f
    la ra, plain
    jr ra
1:  la a1, 1f
    la t0, plain
    jr t0
1:  la a1, 1f
    la t2, plain
    jr t2
1:  la a1, 1f
    la ra, plain
    jalr t0, ra
1:  // It is an instruction like others
    LPAD(0)
    LPAD(7)
    mv t0, s2
    jr t0

    // Each goes back to a1
    .align 2
pad0:
    LPAD(0)
plain:
    mv t0, a1
    jr t0
pad5:
    LPAD(5)
    j plain
padf:
    LPAD(0xfffff)
    j plain
illegal:
    .4byte 0
    .2byte 1
misaligned:
    LPAD(0)
    .2byte 1
    j plain

    // Supervisor mode's own: leaves what the trap has left, and goes to s4
    .align 2
catch:
    csrr s8, scause
    csrr s9, sepc
    csrr s10, stval
    csrr s11, sstatus
    addi s7, s7, 1
    mv t0, s4
    jr t0

    .align 2
interrupted:
    csrci sip, 2
    addi s7, s7, 1
    csrr t5, sstatus
    li t6, SPELP
    and t5, t5, t6
    snez t5, t5
    add s6, s6, t5
    sret
