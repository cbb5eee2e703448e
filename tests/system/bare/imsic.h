// CSRs and registers of interrupt files, access to them through select and value CSRs, and messages. After machine.h.
#pragma once
#define MISELECT 0x350
#define MIREG 0x351
#define MTOPEI 0x35c
#define SISELECT 0x150
#define SIREG 0x151
#define STOPEI 0x15c
#define STOPI 0xdb0
#define MSTATEEN0 0x30c
#define EIDELIVERY 0x70
#define EIP 0x80
#define EIE 0xc0

.macro WRITE select, reg, number, value
    li t5, \number
    csrw \select, t5
    li t6, \value
    csrw \reg, t6
.endm
.macro CHECK_REG select, reg, number, value
    li t5, \number
    csrw \select, t5
    csrr t5, \reg
    CHECK t5, \value
.endm
.macro MESSAGE file, value
    li t5, \file
    li t6, \value
    sw t6, 0(t5)
.endm
