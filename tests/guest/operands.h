// Shapes of integer instructions for the self-checking guest programs: each computes `result` from constants.
#pragma once
#include "check.h"

// rd = op(a, b); the destination is also tried as each of the sources.
.macro RR op, a, b, result
    li a1, \a
    li a2, \b
    \op a0, a1, a2
    CHECK a0, \result
    mv a3, a1
    \op a3, a3, a2
    CHECK a3, \result
    \op a2, a1, a2
    CHECK a2, \result
.endm
// rd = op(a, imm), to another register and to its own source
.macro RI op, a, imm, result
    li a1, \a
    \op s2, a1, \imm
    CHECK s2, \result
    \op a1, a1, \imm
    CHECK a1, \result
.endm
// rd = op(a), likewise
.macro R op, a, result
    li t3, \a
    \op a0, t3
    CHECK a0, \result
    \op t3, t3
    CHECK t3, \result
.endm
