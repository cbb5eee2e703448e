// The checks of self-checking RISC-V programs, whose test_failed ends them with gp's number. gp counts the checks; t6 is
// scratch.
#pragma once

// Register `reg` has value `value` (any 64-bit constant).
.macro CHECK reg, value
    addi gp, gp, 1
    li t6, \value
    bne \reg, t6, test_failed
.endm

// Registers `a` and `b` are equal.
.macro CHECK_EQ a, b
    addi gp, gp, 1
    bne \a, \b, test_failed
.endm
