// Compare-and-swap and byte and halfword atomics, which the assembler of Debian 12 does not know.
#pragma once

.macro amocas.b rd, rs2, rs1
    .insn r 0x2f, 0, 0x14, \rd, \rs1, \rs2
.endm
.macro amocas.h rd, rs2, rs1
    .insn r 0x2f, 1, 0x14, \rd, \rs1, \rs2
.endm
.macro amocas.w rd, rs2, rs1
    .insn r 0x2f, 2, 0x14, \rd, \rs1, \rs2
.endm
.macro amocas.d rd, rs2, rs1
    .insn r 0x2f, 3, 0x14, \rd, \rs1, \rs2
.endm
.macro amocas.q rd, rs2, rs1
    .insn r 0x2f, 4, 0x14, \rd, \rs1, \rs2
.endm
