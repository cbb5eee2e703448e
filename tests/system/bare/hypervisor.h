// What the programs about the hypervisor extension share: modes with V, traps with what they tell a hypervisor.
//
// Traps to machine mode leave mtval2 and mtinst in s0 and s1, those to HS mode htval and htinst, and hstatus in s2.
#pragma once
#include "machine.h"

#define MSTATUS_GVA (1 << 38)
#define MSTATUS_MPV (1 << 39)
#define HSTATUS_GVA (1 << 6)
#define HSTATUS_SPV (1 << 7)
#define HSTATUS_SPVP (1 << 8)
#define HSTATUS_HU (1 << 9)
#define HSTATUS_VTVM (1 << 20)
#define HSTATUS_VTW (1 << 21)
#define HSTATUS_VTSR (1 << 22)
#define ECALL_VS 10
#define FETCH_GUEST_PAGE 20
#define LOAD_GUEST_PAGE 21
#define VIRTUAL_INSTRUCTION 22
#define STORE_GUEST_PAGE 23
#define VSSI 2
#define VSTI 6
#define VSEI 10
#define STCE (1 << 63)
#define ADUE (1 << 61)

.macro HYPERVISOR_TRAPS
    la t0, hypervisor_machine_trap
    csrw mtvec, t0
    la t0, hypervisor_trap
    csrw stvec, t0
    la t0, supervisor_trap
    csrw vstvec, t0
    j 1f
    .align 2
hypervisor_machine_trap:
    bnez s5, 2f                 // an ecall to come back to machine mode
    csrr s0, mtval2
    csrr s1, mtinst
2:  j machine_trap
    .align 2
hypervisor_trap:
    csrr s0, htval
    csrr s1, htinst
    csrr s2, hstatus
    j supervisor_trap
1:
.endm

// Goes on in VS (1) or VU mode (0) with the next instruction. (By sret, as QEMU 11.1 takes no writes of mstatus.MPV.)
.macro ENTER_V spp
    li t5, MSTATUS_SPP | MSTATUS_SPIE
    csrc mstatus, t5
    li t5, (\spp) << 8
    csrs mstatus, t5
    li t5, HSTATUS_SPV
    csrs hstatus, t5
    la t5, 9f
    csrw sepc, t5
    sret
9:
.endm
#define ENTER_VS ENTER_V 1
#define ENTER_VU ENTER_V 0

// Runs `insn`, which the hypervisor is told of: the trap value is its bits.
.macro VIRTUAL_INSN insn:vararg
    li s7, 0
9:  \insn
    CHECK s7, 1
    CHECK s8, VIRTUAL_INSTRUCTION
    lwu t5, 9b
    CHECK_EQ s10, t5
    li s7, 0
.endm

// After a trap: guest-physical address and form of the instruction.
.macro CHECK_GUEST physical, insn
    CHECK s0, (\physical) >> 2
    CHECK s1, \insn
.endm

// Table entry `index` of `table` points to `target` with `flags`, at once.
.macro ENTRY table, index, target, flags
    la t4, \target
    ENTRY_VALUE \table, \index, \flags
.endm
.macro ENTRY_VALUE table, index, flags
    srli t4, t4, 2
    li t5, \flags
    or t4, t4, t5
    la t5, \table
    sd t4, 8*(\index)(t5)
    hfence.gvma
    hfence.vvma
.endm
// The same with an address that is a constant.
.macro ENTRY_AT table, index, address, flags
    li t4, \address
    ENTRY_VALUE \table, \index, \flags
.endm

// `csr` has mode `mode`, number `number` (VMID or ASID) and the root table `root`.
.macro SET_TABLES csr, mode, number, root
    la t4, \root
    srli t4, t4, 12
    li t5, (\mode) << 60 | (\number) << 44
    or t4, t4, t5
    csrw \csr, t4
.endm
#define BARE 0
#define SV39 8
