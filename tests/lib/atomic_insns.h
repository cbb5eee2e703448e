// Every atomic with its operands: the address in s0, source and result registers apart from the others.
#pragma once
#include "amocas.h"

// EACH_AMO_OF suffix, macro: `macro` with each read-modify-write operation of that size.
.macro EACH_AMO_OF suffix, each
    \each amoswap.\suffix a1, a2, (s0)
    \each amoadd.\suffix a1, a2, (s0)
    \each amoxor.\suffix a1, a2, (s0)
    \each amoand.\suffix a1, a2, (s0)
    \each amoor.\suffix a1, a2, (s0)
    \each amomin.\suffix a1, a2, (s0)
    \each amomax.\suffix a1, a2, (s0)
    \each amominu.\suffix a1, a2, (s0)
    \each amomaxu.\suffix a1, a2, (s0)
    \each amocas.\suffix a4, a2, s0
.endm

// Of halfwords: the assembler of Debian 12 has no names for them.
.macro EACH_AMO_OF_HALF each
    .irp funct5, 1, 0, 4, 12, 8, 16, 20, 24, 28
    \each .insn r 0x2f, 1, \funct5 << 2, a1, s0, a2
    .endr
    \each amocas.h a4, a2, s0
.endm
