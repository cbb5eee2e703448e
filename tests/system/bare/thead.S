// cpu: thead-c906
// T-Head's own: th.sxstatus, and the instructions of XTheadCmo and XTheadSync that are not for user mode.
#include "machine.h"
#define SXSTATUS 0x5c0

.macro CACHE rs2, rs1=x0
    .insn r 0x0b, 0, 0, x0, \rs1, x\rs2
.endm
.macro CACHE_LINE rs2, rs1
    .insn r 0x0b, 0, 1, x0, \rs1, x\rs2
.endm
.macro SFENCE_VMAS rs1, rs2
    .insn r 0x0b, 0, 2, x0, \rs1, \rs2
.endm

.macro PRIVILEGED check
    .irp op, 1, 2, 3, 16, 17, 21, 22, 23
    \check CACHE \op
    .endr
    .irp op, 1, 2, 3, 8, 9, 10, 11, 24
    \check CACHE_LINE \op, a0
    .endr
    \check SFENCE_VMAS a0, x0
.endm
.macro UNPRIVILEGED
    .irp op, 4, 5, 6, 7, 16
    RUNS CACHE_LINE \op, a0
    .endr
    .irp op, 24, 25, 26, 27
    RUNS CACHE \op
    .endr
.endm

    TEST_START
    csrr a0, SXSTATUS
    CHECK a0, 0x410000
    PRIVILEGED RUNS
    UNPRIVILEGED
    ENTER_S
    csrr a0, SXSTATUS
    CHECK a0, 0x410000
    PRIVILEGED RUNS
    UNPRIVILEGED
    BACK_TO_M
    ENTER_U
    ILLEGAL_INSN csrr a0, SXSTATUS
    PRIVILEGED ILLEGAL_INSN
    UNPRIVILEGED
    BACK_TO_M
    TEST_END
