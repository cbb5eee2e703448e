// Instructions of Zicfilp and Zicfiss, which the assembler does not know yet.
#pragma once

#define LPAD(label) .4byte 0x17 | (label) << 12
#define SSPUSH_RA .4byte 0xce104073
#define SSPUSH_T0 .4byte 0xce504073
#define SSPOPCHK_RA .4byte 0xcdc0c073
#define SSPOPCHK_T0 .4byte 0xcdc2c073
#define C_SSPUSH_RA .2byte 0x6081
#define C_SSPOPCHK_T0 .2byte 0x6281
#define SSRDP_A0 .4byte 0xcdc04573
#define SSAMOSWAP_W(rd, rs2, rs1) .insn r 0x2f, 2, 0x24, rd, rs1, rs2
#define SSAMOSWAP_D(rd, rs2, rs1) .insn r 0x2f, 3, 0x24, rd, rs1, rs2
#define SSP 0x011
#define SOFTWARE_CHECK 18
#define LANDING_PAD_FAULT 2
#define SHADOW_STACK_FAULT 3
