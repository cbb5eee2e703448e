// Smctr, Ssctr: what jumps, branches, traps and returns are recorded, filters, the call stack, freezing, depth and access.
#include "machine.h"

#define SCTRCTL 0x14e
#define SCTRSTATUS 0x14f
#define SCTRDEPTH 0x15f
#define MCTRCTL 0x34e
#define SIREG 0x151
#define SIREG2 0x152
#define SIREG3 0x153
#define SIREG4 0x155
#define SCTRCLR .4byte 0x10400073
#define CTR_U 1
#define CTR_S 2
#define CTR_M 4
#define RASEMU 0x80
#define STE 0x100
#define MTE 0x200
#define BPFRZ 0x800
#define INHIBIT(type) (1 << (32 + (type)))
#define FROZEN (1 << 31)
#define STATEEN_CTR (1 << 54)
#define EXCEPTION 1
#define RETURN_FROM_TRAP 3
#define NOT_TAKEN 4
#define TAKEN 5
#define INDIRECT_CALL 8
#define DIRECT_CALL 9
#define INDIRECT_JUMP 10
#define DIRECT_JUMP 11
#define SWAP 12
#define RETURN 13
#define OTHER_INDIRECT 14
#define OTHER_DIRECT 15

// Records nothing, and forgets what was.
.macro CLEAR
    csrw MCTRCTL, x0
    SCTRCLR
    csrw SCTRSTATUS, x0
.endm
// Records as `control` says from the next instruction on; in machine mode.
.macro RECORD control
    CLEAR
    li t4, \control
    csrw MCTRCTL, t4
.endm
.macro STOP
    csrw MCTRCTL, x0
.endm
// Record `age` is of `type`, from `from` to `to` (labels or 0).
.macro CHECK_RECORD age, type, from, to
    li t4, 0x200 + \age
    csrw siselect, t4
    csrr a0, SIREG
    .ifc \from, 0
    li a1, 1
    .else
    la a1, \from
    addi a1, a1, 1
    .endif
    CHECK_EQ a0, a1
    csrr a0, SIREG2
    .ifc \to, 0
    li a1, 0
    .else
    la a1, \to
    .endif
    CHECK_EQ a0, a1
    csrr a0, SIREG3
    li a1, 15
    and a0, a0, a1
    CHECK a0, \type
.endm
.macro CHECK_NONE age
    li t4, 0x200 + \age
    csrw siselect, t4
    csrr a0, SIREG
    andi a0, a0, 1
    CHECK a0, 0
.endm

// Illegal. (QEMU 11.1 does not tell which instruction it was.)
.macro DENIED insn:vararg
    li s7, 0
    \insn
    CHECK s7, 1
    CHECK s8, ILLEGAL
    li s7, 0
.endm

    TEST_START
    .option norvc
    li t4, -1
    csrw 0x30c, t4              // mstateen0
    csrr a0, 0x30c
    CHECK_BITS a0, STATEEN_CTR, STATEEN_CTR

    // Registers
    li t4, -1
    csrw MCTRCTL, t4
    csrr a0, MCTRCTL
    CHECK_BITS a0, CTR_U | CTR_S | CTR_M | BPFRZ, CTR_U | CTR_S | CTR_M | BPFRZ
    csrr a0, SCTRCTL
    CHECK_BITS a0, CTR_U | CTR_S | CTR_M | MTE, CTR_U | CTR_S
    csrw SCTRCTL, x0
    csrr a0, MCTRCTL
    CHECK_BITS a0, CTR_U | CTR_S | CTR_M, CTR_M
    csrw MCTRCTL, x0
    li t4, 0
    csrw SCTRDEPTH, t4
    CHECK_CSR SCTRDEPTH, 0
    li t4, 0xff
    csrw SCTRSTATUS, t4
    CHECK_CSR SCTRSTATUS, 15
    li t4, FROZEN
    csrw SCTRSTATUS, t4
    CHECK_CSR SCTRSTATUS, FROZEN

    // Every kind of jump and branch
    RECORD CTR_M
1:  j 2f
    nop
2:  jal ra, 3f
    nop
3:  jal t1, 4f
    nop
4:  la a2, 5f
40: jr a2
    nop
5:  la a2, 6f
50: jalr ra, a2
    nop
6:  la a2, 7f
60: jalr t1, a2
    nop
7:  la ra, 8f
70: ret
    nop
8:  la ra, 9f
80: jalr t0, ra
    nop
9:  beqz x0, 10f
    nop
10: bnez x0, 9b
    nop
    STOP
    CHECK_RECORD 0, TAKEN, 9b, 10b
    CHECK_RECORD 1, SWAP, 80b, 9b
    CHECK_RECORD 2, RETURN, 70b, 8b
    CHECK_RECORD 3, OTHER_INDIRECT, 60b, 7b
    CHECK_RECORD 4, INDIRECT_CALL, 50b, 6b
    CHECK_RECORD 5, INDIRECT_JUMP, 40b, 5b
    CHECK_RECORD 6, OTHER_DIRECT, 3b, 4b
    CHECK_RECORD 7, DIRECT_CALL, 2b, 3b
    CHECK_RECORD 8, DIRECT_JUMP, 1b, 2b
    CHECK_NONE 9
    csrr a0, SCTRSTATUS
    CHECK a0, 9
    li t4, 0x200
    csrw siselect, t4
    CHECK_CSR SIREG4, 0

    // Entries can be written
    li t4, 0x1235
    csrw SIREG, t4
    CHECK_CSR SIREG, 0x1235
    li t4, 0x4567
    csrw SIREG2, t4
    csrr a0, SIREG2
    CHECK_BITS a0, ~1, 0x4566
    SCTRCLR
    CHECK_NONE 0
    CHECK_NONE 8

    // Types that are inhibited, and branches that are not taken
    RECORD CTR_M | INHIBIT(TAKEN) | INHIBIT(NOT_TAKEN) | INHIBIT(DIRECT_JUMP)
    beqz x0, 1f
    nop
1:  j 2f
    nop
2:  bnez x0, 1b
3:  nop
    STOP
    CHECK_RECORD 0, NOT_TAKEN, 2b, 3b
    CHECK_NONE 1

    // The ring
    RECORD CTR_M
    li a2, 20
1:  addi a2, a2, -1
    bnez a2, 1b
2:  j 3f
3:  STOP
    CHECK_RECORD 0, DIRECT_JUMP, 2b, 3b
    csrr a0, SCTRSTATUS
    CHECK a0, 4
    li t4, 0x210
    csrw siselect, t4
    CHECK_CSR SIREG, 0

    // The call stack: returns take calls away
    RECORD CTR_M | RASEMU
1:  jal ra, 2f
    j 4f
2:  mv s2, ra
20: jal ra, 3f
    mv ra, s2
    ret
3:  ret
4:  nop
5:  jal ra, 6f
6:  nop
    STOP
    CHECK_RECORD 0, DIRECT_CALL, 5b, 6b
    CHECK_NONE 1
    csrr a0, SCTRSTATUS
    CHECK a0, 1

    // Frozen, nothing is recorded
    RECORD CTR_M
    li t4, FROZEN
    csrs SCTRSTATUS, t4
    j 1f
1:  STOP
    CHECK_NONE 0
    csrw SCTRSTATUS, x0

    // Traps and returns between modes that are recorded and one that is not
    RECORD CTR_U
    la t4, 2f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    la s5, 3f
    mret
2:  j 1f
1:  ecall
3:  STOP
    CHECK_RECORD 0, DIRECT_JUMP, 2b, 1b
    CHECK_NONE 1

    RECORD CTR_U | MTE | STE
    la t4, 2f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    la s5, 3f
    mret
2:  ecall
3:  STOP
    CHECK_RECORD 0, EXCEPTION, 2b, 0
    CHECK_NONE 1

    la a2, machine_trap
    RECORD CTR_M
    la t4, 2f
    csrw mepc, t4
    li t4, MSTATUS_MPP
    csrc mstatus, t4
    la s5, 3f
1:  mret
2:  ecall
3:  STOP
    li t4, 0x200
    csrw siselect, t4
    csrr a0, SIREG2                     // the handler's own return
    la a1, 3b
    CHECK_EQ a0, a1
    csrr a0, SIREG3
    andi a0, a0, 15
    CHECK a0, RETURN_FROM_TRAP
    CHECK_RECORD 3, RETURN_FROM_TRAP, 1b, 0
    li t4, 0x202
    csrw siselect, t4
    CHECK_CSR SIREG, 1                  // from where nothing is recorded
    csrr a0, SIREG2
    CHECK_EQ a0, a2

    // Supervisor mode's own view; a breakpoint freezes
    li t4, 1 << BREAKPOINT
    csrw medeleg, t4
    CLEAR
    li t4, CTR_S | BPFRZ
    csrw SCTRCTL, t4
    ENTER_S
1:  j 2f
2:  ebreak
    CHECK s8, BREAKPOINT
    csrr a0, SCTRSTATUS
    CHECK_BITS a0, FROZEN, FROZEN
    CHECK_RECORD 0, DIRECT_JUMP, 1b, 2b
    csrw SCTRCTL, x0
    RUNS SCTRCLR
    CHECK_NONE 0
    BACK_TO_M
    csrw medeleg, x0
    csrw SCTRSTATUS, x0

    // Not permitted
    ENTER_U
    DENIED SCTRCLR
    ILLEGAL_INSN csrr a0, SCTRCTL
    BACK_TO_M
    li t4, STATEEN_CTR
    csrc 0x30c, t4
    li t4, 0x200
    csrw siselect, t4
    ENTER_S
    ILLEGAL_INSN csrr a0, SCTRCTL
    ILLEGAL_INSN csrr a0, SCTRSTATUS
    ILLEGAL_INSN csrr a0, SCTRDEPTH
    ILLEGAL_INSN csrr a0, SIREG
    DENIED SCTRCLR
    BACK_TO_M
    RUNS SCTRCLR
    TEST_END
