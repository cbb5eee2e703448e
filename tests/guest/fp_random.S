// march: rv64gc_zfh
// Every floating-point instruction on random operands in every dynamic rounding mode: a hash over results and flags is
// compared with that of an independent emulator. To make fp_random.inc anew, build with -DPRINT, run it there and write
// the output's 64-bit words as .dword lines.
#include "check.h"

#define ROUNDS 1000

// s0 random state, s1 table of expected hashes, s2 special values, s3 multiplier, s4 frm, s5 rounds left, s6 hash

.macro RANDOM reg
    srli \reg, s0, 12
    xor s0, s0, \reg
    slli \reg, s0, 25
    xor s0, s0, \reg
    srli \reg, s0, 27
    xor s0, s0, \reg
    mul \reg, s0, s3
.endm

// fa1, fa2, fa3 (by \gen), a1 random; then the instruction in each rounding mode.
.macro FUZZ gen, insn:vararg
    li s4, 0
1:  fsrm s4
    li s5, ROUNDS
    li s6, 0
2:  jal \gen
    csrw fflags, a2
    \insn
    jal add_to_hash
    bnez s5, 2b
    jal check_hash
    addi s4, s4, 1
    li t0, 5
    bne s4, t0, 1b
.endm

.macro FUZZ_INT fmt, int
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1, rne
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1, rtz
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1, rdn
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1, rup
    FUZZ random_\fmt, fcvt.\int\().\fmt a0, fa1, rmm
    FUZZ random_\fmt, fcvt.\fmt\().\int fa0, a1
.endm

// All instructions of a format: \fmt s, d or h; \f7 its low bits of funct7
.macro FUZZ_FORMAT fmt, f7
    FUZZ random_\fmt, fadd.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fsub.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fmul.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fdiv.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fsqrt.\fmt fa0, fa1
    FUZZ random_\fmt, fmadd.\fmt fa0, fa1, fa2, fa3
    FUZZ random_\fmt, fmsub.\fmt fa0, fa1, fa2, fa3
    FUZZ random_\fmt, fnmadd.\fmt fa0, fa1, fa2, fa3
    FUZZ random_\fmt, fnmsub.\fmt fa0, fa1, fa2, fa3
    // destinations that are operands
    FUZZ random_\fmt, fsub.\fmt fa2, fa1, fa2
    FUZZ random_\fmt, fmadd.\fmt fa1, fa1, fa2, fa3
    FUZZ random_\fmt, fmsub.\fmt fa2, fa1, fa2, fa3
    FUZZ random_\fmt, fnmsub.\fmt fa3, fa1, fa2, fa3
    FUZZ random_\fmt, fnmadd.\fmt fa1, fa1, fa1, fa1
    FUZZ random_\fmt, fmin.\fmt fa2, fa1, fa2
    FUZZ random_\fmt, fsgnjx.\fmt fa2, fa1, fa2
    // static modes
    FUZZ random_\fmt, fadd.\fmt fa0, fa1, fa2, rne
    FUZZ random_\fmt, fsub.\fmt fa0, fa1, fa2, rtz
    FUZZ random_\fmt, fmul.\fmt fa0, fa1, fa2, rdn
    FUZZ random_\fmt, fdiv.\fmt fa0, fa1, fa2, rup
    FUZZ random_\fmt, fsqrt.\fmt fa0, fa1, rmm
    FUZZ random_\fmt, fmadd.\fmt fa0, fa1, fa2, fa3, rmm

    FUZZ random_\fmt, fsgnj.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fsgnjn.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fsgnjx.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fsgnj.\fmt fa0, fa1, fa1
    FUZZ random_\fmt, fsgnjn.\fmt fa0, fa1, fa1
    FUZZ random_\fmt, fsgnjx.\fmt fa0, fa1, fa1
    FUZZ random_\fmt, fmin.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fmax.\fmt fa0, fa1, fa2
    FUZZ random_\fmt, fmin.\fmt fa0, fa1, fa1
    FUZZ random_\fmt, feq.\fmt a0, fa1, fa2
    FUZZ random_\fmt, flt.\fmt a0, fa1, fa2
    FUZZ random_\fmt, fle.\fmt a0, fa1, fa2
    FUZZ random_\fmt, feq.\fmt a0, fa1, fa1
    FUZZ random_\fmt, fle.\fmt a0, fa1, fa1
    FUZZ random_\fmt, fclass.\fmt a0, fa1

    FUZZ_INT \fmt, w
    FUZZ_INT \fmt, wu
    FUZZ_INT \fmt, l
    FUZZ_INT \fmt, lu

    // Zfa: fminm, fmaxm, fltq, fleq, fround, froundnx
    FUZZ random_\fmt, .insn r 0x53, 2, 0x14 + \f7, fa0, fa1, fa2
    FUZZ random_\fmt, .insn r 0x53, 3, 0x14 + \f7, fa0, fa1, fa2
    FUZZ random_\fmt, .insn r 0x53, 5, 0x50 + \f7, a0, fa1, fa2
    FUZZ random_\fmt, .insn r 0x53, 4, 0x50 + \f7, a0, fa1, fa2
    FUZZ random_\fmt, .insn r 0x53, 0, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 0, 0x20 + \f7, fa0, fa1, f5
    FUZZ random_\fmt, .insn r 0x53, 1, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 1, 0x20 + \f7, fa0, fa1, f5
    FUZZ random_\fmt, .insn r 0x53, 2, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 2, 0x20 + \f7, fa0, fa1, f5
    FUZZ random_\fmt, .insn r 0x53, 3, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 3, 0x20 + \f7, fa0, fa1, f5
    FUZZ random_\fmt, .insn r 0x53, 4, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 4, 0x20 + \f7, fa0, fa1, f5
    FUZZ random_\fmt, .insn r 0x53, 7, 0x20 + \f7, fa0, fa1, f4
    FUZZ random_\fmt, .insn r 0x53, 7, 0x20 + \f7, fa0, fa1, f5
.endm

TEST_START
    li s0, 0x123456789abcdef
    li s3, 0x2545f4914f6cdd1d
    la s1, expected
    FUZZ_FORMAT s, 0
    FUZZ_FORMAT d, 1
    FUZZ_FORMAT h, 2
    FUZZ random_s, fcvt.d.s fa0, fa1
    FUZZ random_h, fcvt.d.h fa0, fa1
    FUZZ random_h, fcvt.s.h fa0, fa1
    FUZZ random_d, fcvt.s.d fa0, fa1
    FUZZ random_d, fcvt.h.d fa0, fa1
    FUZZ random_s, fcvt.h.s fa0, fa1
    FUZZ random_d, fcvt.s.d fa0, fa1, rmm
    FUZZ random_d, fcvt.s.d fa0, fa1, rup
    FUZZ random_d, .insn r 0x53, 1, 0x61, a0, fa1, f8
    FUZZ random_d, fmv.x.d a0, fa1
    FUZZ random_d, fmv.x.w a0, fa1
    FUZZ random_d, fmv.w.x fa0, a1
    FUZZ random_d, fmv.h.x fa0, a1
    // Images of one format as operands of another
    FUZZ random_d, fadd.s fa0, fa1, fa2
    FUZZ random_h, fadd.s fa0, fa1, fa2
    FUZZ random_s, fadd.d fa0, fa1, fa2
    FUZZ random_s, fadd.h fa0, fa1, fa2
TEST_END

// Random operands: fa1, fa2, fa3, a1; a2 random flags.
.macro DEFINE_RANDOM fmt, width, exp_bits, frac_bits
random_\fmt:
    mv t4, ra
    jal value_\fmt
    fmv.d.x fa1, a1
    jal value_\fmt
    fmv.d.x fa2, a1
    jal value_\fmt
    fmv.d.x fa3, a1
    RANDOM a1
    RANDOM t1
    andi a2, t1, 31
    srli t1, t1, 58
    srl a1, a1, t1                                            // any number of significant bits
    jr t4
value_\fmt:
    RANDOM a1
    RANDOM t1
    andi t2, t1, 7
    bnez t2, 1f
    // one in eight is special
    la t2, special_\fmt
    srli t1, t1, 16
    andi t1, t1, 15
    slli t1, t1, 3
    add t2, t2, t1
    ld a1, 0(t2)
    j 3f
1:  andi t2, t1, 8
    bnez t2, 2f
    // half of the others are near 1, some up to 2^16
    srli t2, t1, 16
    andi t2, t2, 15
    andi t3, t1, 0x70
    bnez t3, 4f
    slli t2, t2, 2
4:  addi t2, t2, (1 << (\exp_bits - 1)) - 1 - 4
    slli t2, t2, \frac_bits
    li t3, ~(((1 << \exp_bits) - 1) << \frac_bits)
    and a1, a1, t3
    or a1, a1, t2
    andi t2, t1, 0x80
    beqz t2, 3f
    // with few significant bits, so that results are exact or tie
    li t3, ~((1 << (\frac_bits - 4)) - 1)
    and a1, a1, t3
    j 3f
2:  andi t2, t1, 0xf0
    beqz t2, 5f                                               // as it is: hardly ever boxed
3:
    .if \width < 64
    li t3, (-1 << \width)
    or a1, a1, t3
    .endif
5:  ret
.endm
DEFINE_RANDOM s, 32, 8, 23
DEFINE_RANDOM d, 64, 11, 52
DEFINE_RANDOM h, 16, 5, 10

add_to_hash:
    frflags t0
    .irp reg, fa0, fa1, fa2, fa3
    fmv.x.d t1, \reg
    mul s6, s6, s3
    add s6, s6, t1
    srli t1, s6, 29
    xor s6, s6, t1
    .endr
    add s6, s6, a0
    mul s6, s6, s3
    add s6, s6, t0
    addi s5, s5, -1
    ret

check_hash:
#ifdef PRINT
    la a1, word
    sd s6, 0(a1)
    li a0, 1
    li a2, 8
    li a7, 64
    ecall
    li a0, 0                                                  // an instruction may leave it alone
    ret
#else
    li a0, 0
    ld t0, 0(s1)
    addi s1, s1, 8
    addi gp, gp, 1
    bne t0, s6, 6f
    ret
6:  j test_failed
#endif

.data
.balign 8
word: .dword 0
special_s:
    .dword 0, 0x80000000, 1, 0x807fffff, 0x00800000, 0x3f800000, 0xbf800000, 0x7f7fffff
    .dword 0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffc12345, 0x4f000000, 0xdf000000, 0x5f800000
special_d:
    .dword 0, 0x8000000000000000, 1, 0x800fffffffffffff, 0x0010000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7fefffffffffffff
    .dword 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0xfff8123456789abc, 0x41e0000000000000, 0xc3e0000000000000, 0x43f0000000000000
special_h:
    .dword 0, 0x8000, 1, 0x83ff, 0x0400, 0x3c00, 0xbc00, 0x7bff
    .dword 0x7c00, 0xfc00, 0x7e00, 0x7c01, 0xfe34, 0x7800, 0xf800, 0x03ff
expected:
#ifndef PRINT
#include "fp_random.inc"
#endif
