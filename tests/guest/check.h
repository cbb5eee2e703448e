// Macros of the self-checking guest programs. A program starts with TEST_START, checks registers against expected
// values and ends with TEST_END. Exit status: 0, or the number of the first check that failed (255: that or
// any later one). gp counts the checks; t5 and t6 are scratch.
#pragma once
#include "checks.h"

.macro TEST_START
    .option norelax
    .text
    .globl _start
_start:
    li gp, 0
.endm

// The accrued exception flags are `value`; clears them.
.macro CHECK_FFLAGS value
    fsflags t5, zero
    CHECK t5, \value
.endm

// Float register `reg` holds the 64-bit image `value`, and the accrued flags are `flags`.
.macro CHECK_F reg, value, flags
    fmv.x.d t5, \reg
    CHECK t5, \value
    CHECK_FFLAGS \flags
.endm

// Float register `reg` holds the single `value`, NaN-boxed.
.macro CHECK_FS reg, value, flags
    CHECK_F \reg, 0xffffffff00000000 | (\value), \flags
.endm

// Float register `reg` holds the half `value`, NaN-boxed.
.macro CHECK_FH reg, value, flags
    CHECK_F \reg, 0xffffffffffff0000 | (\value), \flags
.endm

// Integer register `reg` has value `value`, and the accrued flags are `flags`.
.macro CHECK_X reg, value, flags
    CHECK \reg, \value
    CHECK_FFLAGS \flags
.endm

// Load float register `reg` with bits.
.macro LOAD_D reg, bits
    li t5, \bits
    fmv.d.x \reg, t5
.endm
.macro LOAD_S reg, bits
    li t5, \bits
    fmv.w.x \reg, t5
.endm
.macro LOAD_H reg, bits
    li t5, \bits
    fmv.h.x \reg, t5
.endm

.macro TEST_END
    li a0, 0
    j test_exit
test_failed:
    mv a0, gp
    li t6, 255
    bleu a0, t6, test_exit
    mv a0, t6
test_exit:
    li a7, 93
    ecall
.endm

// fflags
#define NX 1
#define UF 2
#define OF 4
#define DZ 8
#define NV 16
