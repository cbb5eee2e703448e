// How bare-metal RISC-V programs begin.
#pragma once

// Traps go to machine_trap and supervisor_trap; all modes may access all memory (one PMP entry).
.macro SET_TRAPS_AND_PMP
    la t0, machine_trap
    csrw mtvec, t0
    la t0, supervisor_trap
    csrw stvec, t0
    li t0, -1
    csrw pmpaddr15, t0
#if __riscv_xlen == 32
    li t0, 0x1f << 24
    csrw pmpcfg3, t0
#else
    li t0, 0x1f << 56
    csrw pmpcfg2, t0
#endif
.endm
