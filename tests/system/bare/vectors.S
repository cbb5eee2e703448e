// Vector accesses with translation: across pages, faults in the middle of one and going on from there, fault-only-first
// loads, accesses to devices. VLEN is 256.
// cpu: max,v=on,vlen=256
#include "machine.h"

#define VA 0x40000000
#define RW (PTE_V | PTE_R | PTE_W | PTE_A | PTE_D)
#define MSTATUS_VS (3 << 9)
#define MTIMECMP 0x2004000

// The page at VA + index * 4096.
.macro LEAF index, target, flags
    la t4, \target
    srli t4, t4, 2
    li t5, \flags
    or t4, t4, t5
    la t5, l0
    sd t4, 8*(\index)(t5)
    sfence.vma
.endm
// Runs `insn` with the accesses of supervisor mode.
.macro AS_S insn:vararg
    li t5, MSTATUS_MPP
    csrc mstatus, t5
    li t5, MSTATUS_MPRV | (1 << 11)
    csrs mstatus, t5
9:  \insn
    li t5, MSTATUS_MPRV
    csrc mstatus, t5
.endm
.macro RUNS_AS_S insn:vararg
    li s7, 0
    AS_S \insn
    CHECK s7, 0
.endm
// It traps, at element `vstart`.
.macro TRAPS_AS_S cause, tval, vstart, insn:vararg
    li s7, 0
    AS_S \insn
    CHECK s7, 1
    CHECK s8, \cause
    CHECK s10, \tval
    CHECK_CSR vstart, \vstart
.endm
// Word `index` of v8.
.macro CHECK_WORD index, value
    vsetivli zero, 8, e32, m1, ta, ma
    vslidedown.vi v24, v8, \index
    vmv.x.s t5, v24
    CHECK t5, \value
.endm

    TEST_START
    .option arch, +v
    li t0, MSTATUS_VS
    csrs mstatus, t0
    csrr t0, vlenb
    CHECK t0, 32
    // VA is page 0 of table l0.
    la t4, l1
    srli t4, t4, 2
    ori t4, t4, PTE_V
    la t5, root
    sd t4, 8(t5)
    la t4, l0
    srli t4, t4, 2
    ori t4, t4, PTE_V
    la t5, l1
    sd t4, 0(t5)
    LEAF 0, page0, RW
    LEAF 1, page1, RW
    la t4, root
    srli t4, t4, 12
    li t5, 8 << 60
    or t4, t4, t5
    csrw satp, t4
    sfence.vma
    li s3, VA + 0xff0           // four words before the end of page 0

    // All of VLMAX, and less, from two pages
    vsetvli t0, zero, e32, m1, ta, ma
    CHECK t0, 8
    vmv.v.i v8, 0
    RUNS_AS_S vle32.v v8, (s3)
    CHECK_WORD 3, 0x10101010
    CHECK_WORD 4, 0x20202020
    CHECK_WORD 7, 0x20202020
    vsetvli t0, zero, e32, m1, ta, ma
    vid.v v8
    RUNS_AS_S vse32.v v8, (s3)
    la s4, page0 + 0xffc
    lw t0, 0(s4)
    CHECK t0, 3
    la s4, page1
    lw t0, 0(s4)
    CHECK t0, 4
    lw t0, 12(s4)
    CHECK t0, 7
    lw t0, 16(s4)
    CHECK t0, 0x20202020

    // The second page is not there: elements before it are done, and the rest once it is
    LEAF 1, page1, 0
    vsetvli t0, zero, e32, m1, ta, ma
    vmv.v.i v8, -1
    TRAPS_AS_S LOAD_PAGE, VA + 0x1000, 4, vle32.v v8, (s3)
    LEAF 1, page1, RW
    RUNS_AS_S vle32.v v8, (s3)  // from vstart on
    CHECK_CSR vstart, 0
    CHECK_WORD 0, 0
    CHECK_WORD 3, 3
    CHECK_WORD 4, 4
    CHECK_WORD 7, 7
    LEAF 1, page1, 0
    vsetvli t0, zero, e32, m1, ta, ma
    vadd.vi v8, v8, 8
    TRAPS_AS_S STORE_PAGE, VA + 0x1000, 4, vse32.v v8, (s3)
    la s4, page0 + 0xffc
    lw t0, 0(s4)
    CHECK t0, 11
    la s4, page1
    lw t0, 0(s4)
    CHECK t0, 4
    csrw vstart, zero

    // Strided, indexed and segment accesses
    li s2, 4
    TRAPS_AS_S LOAD_PAGE, VA + 0x1000, 4, vlse32.v v8, (s3), s2
    csrw vstart, zero
    vid.v v16
    vsll.vi v16, v16, 2
    TRAPS_AS_S STORE_PAGE, VA + 0x1000, 4, vsuxei32.v v8, (s3), v16
    csrw vstart, zero
    TRAPS_AS_S LOAD_PAGE, VA + 0x1000, 2, vlseg2e32.v v10, (s3)
    csrw vstart, zero

    // Fault-only-first: the vector ends there
    vsetvli t0, zero, e32, m1, ta, ma
    RUNS_AS_S vle32ff.v v8, (s3)
    CHECK_CSR vl, 4
    CHECK_WORD 3, 11
    li s4, VA + 0x1000
    vsetvli t0, zero, e32, m1, ta, ma
    TRAPS_AS_S LOAD_PAGE, VA + 0x1000, 0, vle32ff.v v8, (s4)

    // A scalar access that faults while there is a vector type
    li s7, 0
    AS_S lw a0, (s4)
    CHECK s7, 1
    CHECK s8, LOAD_PAGE
    CHECK_CSR vstart, 0

    // In a loop
    LEAF 1, page1, RW
    li s0, 200
1:  vsetvli t0, zero, e8, m2, ta, ma
    AS_S vle8.v v8, (s3)
    vadd.vi v8, v8, 1
    AS_S vse8.v v8, (s3)
    addi s0, s0, -1
    bnez s0, 1b
    la s4, page0 + 0xffc
    lbu t0, 0(s4)
    CHECK t0, 211
    la s4, page1
    lbu t0, 47(s4)
    CHECK t0, (0x20 + 200) & 0xff

    // A register of 64 bits of a device is written and read as such
    vsetivli zero, 1, e64, m1, ta, ma
    li t0, 0x1122334455667788
    vmv.v.x v8, t0
    li s4, MTIMECMP
    vse64.v v8, (s4)
    ld t1, (s4)
    CHECK_EQ t0, t1
    vmv.v.i v8, 0
    vle64.v v8, (s4)
    vmv.x.s t1, v8
    CHECK_EQ t0, t1
    csrw satp, zero
    sfence.vma
    TEST_END

    .data
    .align 12
page0:
    .fill 1024, 4, 0x10101010
page1:
    .fill 1024, 4, 0x20202020
root: .space 4096
l1: .space 4096
l0: .space 4096
