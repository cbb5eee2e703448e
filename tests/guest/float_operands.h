// Shapes of floating-point instructions for the self-checking guest programs. The program names its format first:
// LOAD (a constant to a float register), CHECK_RESULT (a float register and the accrued flags) and FCLASS.
#pragma once
#include "check.h"

// fa0 = op(fa1, fa2), and the flags
.macro CASE2 op, a, b, result, flags
    LOAD fa1, \a
    LOAD fa2, \b
    \op fa0, fa1, fa2
    CHECK_RESULT fa0, \result, \flags
.endm
.macro CASE1 op, a, result, flags
    LOAD fa1, \a
    \op fa0, fa1
    CHECK_RESULT fa0, \result, \flags
.endm
.macro CASE3 op, a, b, c, result, flags
    LOAD fa1, \a
    LOAD fa2, \b
    LOAD fa3, \c
    \op fa0, fa1, fa2, fa3
    CHECK_RESULT fa0, \result, \flags
.endm
.macro COMPARE op, a, b, result, flags
    LOAD fa1, \a
    LOAD fa2, \b
    \op a0, fa1, fa2
    CHECK_X a0, \result, \flags
.endm
.macro TO_INT op, a, rm, result, flags
    LOAD fa1, \a
    \op a0, fa1, \rm
    CHECK_X a0, \result, \flags
.endm
.macro FROM_INT op, a, result, flags
    li a1, \a
    \op fa0, a1
    CHECK_RESULT fa0, \result, \flags
.endm
.macro CLASS a, result
    LOAD fa1, \a
    FCLASS a0, fa1
    CHECK_X a0, \result, 0
.endm
