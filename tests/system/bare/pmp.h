// What the tests of physical memory protection share: fields of a configuration, an entry's configuration, accesses below
// machine mode with what they are expected to do.
#pragma once
#include "machine.h"

#define R 1
#define W 2
#define X 4
#define TOR 0x08
#define NA4 0x10
#define NAPOT 0x18
#define LOCK 0x80

#define AREA 0x80400000

// Entry `n` (0..7)
.macro CONFIG n, config
    li t5, 0xff << (8 * \n)
    csrc pmpcfg0, t5
    li t5, (\config) << (8 * \n)
    csrs pmpcfg0, t5
.endm
// From machine mode as if from supervisor mode.
.macro AS_S insn:vararg
    li t5, MSTATUS_MPP
    csrc mstatus, t5
    li t5, MSTATUS_MPRV | (1 << 11)
    csrs mstatus, t5
9:  \insn
    li t5, MSTATUS_MPRV
    csrc mstatus, t5
.endm
.macro OK insn:vararg
    li s7, 0
    AS_S \insn
    CHECK s7, 0
.endm
.macro DENIED cause, tval, insn:vararg
    li s7, 0
    AS_S \insn
    CHECK s7, 1
    CHECK s8, \cause
    CHECK s10, \tval
.endm
