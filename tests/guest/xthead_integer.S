// march: rv64gc_xtheadba_xtheadbb_xtheadbs_xtheadcondmov_xtheadmac_xtheadcmo_xtheadsync
// cpu: thead-c906
// XTheadBa, XTheadBb, XTheadBs, XTheadCondMov, XTheadMac; what of XTheadCmo and XTheadSync programs may do.
#include "operands.h"
#include "signals.h"

// rd = op(rd, a, b)
.macro ACC op, d, a, b, result
    li a0, \d
    li a1, \a
    li a2, \b
    \op a0, a1, a2
    CHECK a0, \result
.endm
// rd = op(a, b, imm); the destination is also tried as each of the sources
.macro RRI op, a, b, imm, result
    li a1, \a
    li a2, \b
    \op a0, a1, a2, \imm
    CHECK a0, \result
    mv a3, a1
    \op a3, a3, a2, \imm
    CHECK a3, \result
    \op a2, a1, a2, \imm
    CHECK a2, \result
.endm
.macro FIELD op, a, msb, lsb, result
    li a1, \a
    li a0, 7
    \op a0, a1, \msb, \lsb
    CHECK a0, \result
.endm

TEST_START
    RRI th.addsl, 0, 0, 0, 0
    RRI th.addsl, 0, 0, 1, 0
    RRI th.addsl, 0, 0, 2, 0
    RRI th.addsl, 0, 0, 3, 0
    RRI th.addsl, 1, 0xffffffffffffffff, 0, 0
    RRI th.addsl, 1, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RRI th.addsl, 1, 0xffffffffffffffff, 2, 0xfffffffffffffffd
    RRI th.addsl, 1, 0xffffffffffffffff, 3, 0xfffffffffffffff9
    RRI th.addsl, 0xffffffffffffffff, 0xffffffffffffffff, 0, 0xfffffffffffffffe
    RRI th.addsl, 0xffffffffffffffff, 0xffffffffffffffff, 1, 0xfffffffffffffffd
    RRI th.addsl, 0xffffffffffffffff, 0xffffffffffffffff, 2, 0xfffffffffffffffb
    RRI th.addsl, 0xffffffffffffffff, 0xffffffffffffffff, 3, 0xfffffffffffffff7
    RRI th.addsl, 0x8000000000000000, 2, 0, 0x8000000000000002
    RRI th.addsl, 0x8000000000000000, 2, 1, 0x8000000000000004
    RRI th.addsl, 0x8000000000000000, 2, 2, 0x8000000000000008
    RRI th.addsl, 0x8000000000000000, 2, 3, 0x8000000000000010
    RRI th.addsl, 0x80000000, 0x7fffffff, 0, 0xffffffff
    RRI th.addsl, 0x80000000, 0x7fffffff, 1, 0x17ffffffe
    RRI th.addsl, 0x80000000, 0x7fffffff, 2, 0x27ffffffc
    RRI th.addsl, 0x80000000, 0x7fffffff, 3, 0x47ffffff8
    RRI th.addsl, 0x123456789abcdef0, 0xfedcba9876543210, 0, 0x1111111111111100
    RRI th.addsl, 0x123456789abcdef0, 0xfedcba9876543210, 1, 0xfedcba987654310
    RRI th.addsl, 0x123456789abcdef0, 0xfedcba9876543210, 2, 0xda740da740da730
    RRI th.addsl, 0x123456789abcdef0, 0xfedcba9876543210, 3, 0x91a2b3c4d5e6f70
    RRI th.addsl, 0xfedcba9876543210, 0x8001, 0, 0xfedcba987654b211
    RRI th.addsl, 0xfedcba9876543210, 0x8001, 1, 0xfedcba9876553212
    RRI th.addsl, 0xfedcba9876543210, 0x8001, 2, 0xfedcba9876563214
    RRI th.addsl, 0xfedcba9876543210, 0x8001, 3, 0xfedcba9876583218
    RRI th.addsl, 0xffff8000, 0x18000, 0, 0x100010000
    RRI th.addsl, 0xffff8000, 0x18000, 1, 0x100028000
    RRI th.addsl, 0xffff8000, 0x18000, 2, 0x100058000
    RRI th.addsl, 0xffff8000, 0x18000, 3, 0x1000b8000
    RI th.srri, 0x7fffffff, 0, 0x7fffffff
    RI th.srri, 0x7fffffff, 1, 0x800000003fffffff
    RI th.srri, 0x7fffffff, 31, 0xfffffffe00000000
    RI th.srri, 0x7fffffff, 32, 0x7fffffff00000000
    RI th.srri, 0x7fffffff, 63, 0xfffffffe
    RI th.srriw, 0x7fffffff, 0, 0x7fffffff
    RI th.srriw, 0x7fffffff, 1, 0xffffffffbfffffff
    RI th.srriw, 0x7fffffff, 16, 0xffffffffffff7fff
    RI th.srriw, 0x7fffffff, 31, 0xfffffffffffffffe
    RI th.tst, 0x7fffffff, 0, 1
    RI th.tst, 0x7fffffff, 4, 1
    RI th.tst, 0x7fffffff, 31, 0
    RI th.tst, 0x7fffffff, 63, 0
    FIELD th.ext, 0x7fffffff, 0, 0, 0xffffffffffffffff
    FIELD th.extu, 0x7fffffff, 0, 0, 1
    FIELD th.ext, 0x7fffffff, 63, 0, 0x7fffffff
    FIELD th.extu, 0x7fffffff, 63, 0, 0x7fffffff
    FIELD th.ext, 0x7fffffff, 31, 0, 0x7fffffff
    FIELD th.extu, 0x7fffffff, 31, 0, 0x7fffffff
    FIELD th.ext, 0x7fffffff, 63, 63, 0
    FIELD th.extu, 0x7fffffff, 63, 63, 0
    FIELD th.ext, 0x7fffffff, 47, 12, 0x7ffff
    FIELD th.extu, 0x7fffffff, 47, 12, 0x7ffff
    FIELD th.ext, 0x7fffffff, 7, 0, 0xffffffffffffffff
    FIELD th.extu, 0x7fffffff, 7, 0, 0xff
    RI th.srri, 0x80000000, 0, 0x80000000
    RI th.srri, 0x80000000, 1, 0x40000000
    RI th.srri, 0x80000000, 31, 1
    RI th.srri, 0x80000000, 32, 0x8000000000000000
    RI th.srri, 0x80000000, 63, 0x100000000
    RI th.srriw, 0x80000000, 0, 0xffffffff80000000
    RI th.srriw, 0x80000000, 1, 0x40000000
    RI th.srriw, 0x80000000, 16, 0x8000
    RI th.srriw, 0x80000000, 31, 1
    RI th.tst, 0x80000000, 0, 0
    RI th.tst, 0x80000000, 4, 0
    RI th.tst, 0x80000000, 31, 1
    RI th.tst, 0x80000000, 63, 0
    FIELD th.ext, 0x80000000, 0, 0, 0
    FIELD th.extu, 0x80000000, 0, 0, 0
    FIELD th.ext, 0x80000000, 63, 0, 0x80000000
    FIELD th.extu, 0x80000000, 63, 0, 0x80000000
    FIELD th.ext, 0x80000000, 31, 0, 0xffffffff80000000
    FIELD th.extu, 0x80000000, 31, 0, 0x80000000
    FIELD th.ext, 0x80000000, 63, 63, 0
    FIELD th.extu, 0x80000000, 63, 63, 0
    FIELD th.ext, 0x80000000, 47, 12, 0x80000
    FIELD th.extu, 0x80000000, 47, 12, 0x80000
    FIELD th.ext, 0x80000000, 7, 0, 0
    FIELD th.extu, 0x80000000, 7, 0, 0
    RI th.srri, 0x123456789abcdef0, 0, 0x123456789abcdef0
    RI th.srri, 0x123456789abcdef0, 1, 0x91a2b3c4d5e6f78
    RI th.srri, 0x123456789abcdef0, 31, 0x3579bde02468acf1
    RI th.srri, 0x123456789abcdef0, 32, 0x9abcdef012345678
    RI th.srri, 0x123456789abcdef0, 63, 0x2468acf13579bde0
    RI th.srriw, 0x123456789abcdef0, 0, 0xffffffff9abcdef0
    RI th.srriw, 0x123456789abcdef0, 1, 0x4d5e6f78
    RI th.srriw, 0x123456789abcdef0, 16, 0xffffffffdef09abc
    RI th.srriw, 0x123456789abcdef0, 31, 0x3579bde1
    RI th.tst, 0x123456789abcdef0, 0, 0
    RI th.tst, 0x123456789abcdef0, 4, 1
    RI th.tst, 0x123456789abcdef0, 31, 1
    RI th.tst, 0x123456789abcdef0, 63, 0
    FIELD th.ext, 0x123456789abcdef0, 0, 0, 0
    FIELD th.extu, 0x123456789abcdef0, 0, 0, 0
    FIELD th.ext, 0x123456789abcdef0, 63, 0, 0x123456789abcdef0
    FIELD th.extu, 0x123456789abcdef0, 63, 0, 0x123456789abcdef0
    FIELD th.ext, 0x123456789abcdef0, 31, 0, 0xffffffff9abcdef0
    FIELD th.extu, 0x123456789abcdef0, 31, 0, 0x9abcdef0
    FIELD th.ext, 0x123456789abcdef0, 63, 63, 0
    FIELD th.extu, 0x123456789abcdef0, 63, 63, 0
    FIELD th.ext, 0x123456789abcdef0, 47, 12, 0x56789abcd
    FIELD th.extu, 0x123456789abcdef0, 47, 12, 0x56789abcd
    FIELD th.ext, 0x123456789abcdef0, 7, 0, 0xfffffffffffffff0
    FIELD th.extu, 0x123456789abcdef0, 7, 0, 0xf0
    RI th.srri, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI th.srri, 0xfedcba9876543210, 1, 0x7f6e5d4c3b2a1908
    RI th.srri, 0xfedcba9876543210, 31, 0xeca86421fdb97530
    RI th.srri, 0xfedcba9876543210, 32, 0x76543210fedcba98
    RI th.srri, 0xfedcba9876543210, 63, 0xfdb97530eca86421
    RI th.srriw, 0xfedcba9876543210, 0, 0x76543210
    RI th.srriw, 0xfedcba9876543210, 1, 0x3b2a1908
    RI th.srriw, 0xfedcba9876543210, 16, 0x32107654
    RI th.srriw, 0xfedcba9876543210, 31, 0xffffffffeca86420
    RI th.tst, 0xfedcba9876543210, 0, 0
    RI th.tst, 0xfedcba9876543210, 4, 1
    RI th.tst, 0xfedcba9876543210, 31, 0
    RI th.tst, 0xfedcba9876543210, 63, 1
    FIELD th.ext, 0xfedcba9876543210, 0, 0, 0
    FIELD th.extu, 0xfedcba9876543210, 0, 0, 0
    FIELD th.ext, 0xfedcba9876543210, 63, 0, 0xfedcba9876543210
    FIELD th.extu, 0xfedcba9876543210, 63, 0, 0xfedcba9876543210
    FIELD th.ext, 0xfedcba9876543210, 31, 0, 0x76543210
    FIELD th.extu, 0xfedcba9876543210, 31, 0, 0x76543210
    FIELD th.ext, 0xfedcba9876543210, 63, 63, 0xffffffffffffffff
    FIELD th.extu, 0xfedcba9876543210, 63, 63, 1
    FIELD th.ext, 0xfedcba9876543210, 47, 12, 0xfffffffba9876543
    FIELD th.extu, 0xfedcba9876543210, 47, 12, 0xba9876543
    FIELD th.ext, 0xfedcba9876543210, 7, 0, 0x10
    FIELD th.extu, 0xfedcba9876543210, 7, 0, 0x10
    R th.ff0, 0, 0
    R th.ff1, 0, 64
    R th.rev, 0, 0
    R th.revw, 0, 0
    R th.tstnbz, 0, 0xffffffffffffffff
    R th.ff0, 1, 0
    R th.ff1, 1, 63
    R th.rev, 1, 0x100000000000000
    R th.revw, 1, 0x1000000
    R th.tstnbz, 1, 0xffffffffffffff00
    R th.ff0, 0xffffffffffffffff, 64
    R th.ff1, 0xffffffffffffffff, 0
    R th.rev, 0xffffffffffffffff, 0xffffffffffffffff
    R th.revw, 0xffffffffffffffff, 0xffffffffffffffff
    R th.tstnbz, 0xffffffffffffffff, 0
    R th.ff0, 0x8000000000000000, 1
    R th.ff1, 0x8000000000000000, 0
    R th.rev, 0x8000000000000000, 0x80
    R th.revw, 0x8000000000000000, 0
    R th.tstnbz, 0x8000000000000000, 0xffffffffffffff
    R th.ff0, 0x7fffffff, 0
    R th.ff1, 0x7fffffff, 33
    R th.rev, 0x7fffffff, 0xffffff7f00000000
    R th.revw, 0x7fffffff, 0xffffffffffffff7f
    R th.tstnbz, 0x7fffffff, 0xffffffff00000000
    R th.ff0, 0x80000000, 0
    R th.ff1, 0x80000000, 32
    R th.rev, 0x80000000, 0x8000000000
    R th.revw, 0x80000000, 0x80
    R th.tstnbz, 0x80000000, 0xffffffff00ffffff
    R th.ff0, 0x123456789abcdef0, 0
    R th.ff1, 0x123456789abcdef0, 3
    R th.rev, 0x123456789abcdef0, 0xf0debc9a78563412
    R th.revw, 0x123456789abcdef0, 0xfffffffff0debc9a
    R th.tstnbz, 0x123456789abcdef0, 0
    R th.ff0, 0xfedcba9876543210, 7
    R th.ff1, 0xfedcba9876543210, 0
    R th.rev, 0xfedcba9876543210, 0x1032547698badcfe
    R th.revw, 0xfedcba9876543210, 0x10325476
    R th.tstnbz, 0xfedcba9876543210, 0
    ACC th.mveqz, 5, 0, 0, 0
    ACC th.mvnez, 5, 0, 0, 5
    ACC th.mula, 5, 0, 0, 5
    ACC th.mulaw, 5, 0, 0, 5
    ACC th.mulah, 5, 0, 0, 5
    ACC th.muls, 5, 0, 0, 5
    ACC th.mulsw, 5, 0, 0, 5
    ACC th.mulsh, 5, 0, 0, 5
    ACC th.mveqz, 0xffffffffffffffff, 0, 0, 0
    ACC th.mvnez, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mula, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mulaw, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mulah, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.muls, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mulsw, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mulsh, 0xffffffffffffffff, 0, 0, 0xffffffffffffffff
    ACC th.mveqz, 5, 1, 0xffffffffffffffff, 5
    ACC th.mvnez, 5, 1, 0xffffffffffffffff, 1
    ACC th.mula, 5, 1, 0xffffffffffffffff, 4
    ACC th.mulaw, 5, 1, 0xffffffffffffffff, 4
    ACC th.mulah, 5, 1, 0xffffffffffffffff, 4
    ACC th.muls, 5, 1, 0xffffffffffffffff, 6
    ACC th.mulsw, 5, 1, 0xffffffffffffffff, 6
    ACC th.mulsh, 5, 1, 0xffffffffffffffff, 6
    ACC th.mveqz, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 1, 0xffffffffffffffff, 1
    ACC th.mula, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.mulaw, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.mulah, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.muls, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0
    ACC th.mulsw, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0
    ACC th.mulsh, 0xffffffffffffffff, 1, 0xffffffffffffffff, 0
    ACC th.mveqz, 5, 0xffffffffffffffff, 0xffffffffffffffff, 5
    ACC th.mvnez, 5, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff
    ACC th.mula, 5, 0xffffffffffffffff, 0xffffffffffffffff, 6
    ACC th.mulaw, 5, 0xffffffffffffffff, 0xffffffffffffffff, 6
    ACC th.mulah, 5, 0xffffffffffffffff, 0xffffffffffffffff, 6
    ACC th.muls, 5, 0xffffffffffffffff, 0xffffffffffffffff, 4
    ACC th.mulsw, 5, 0xffffffffffffffff, 0xffffffffffffffff, 4
    ACC th.mulsh, 5, 0xffffffffffffffff, 0xffffffffffffffff, 4
    ACC th.mveqz, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff
    ACC th.mula, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0
    ACC th.mulaw, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0
    ACC th.mulah, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0
    ACC th.muls, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.mulsw, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.mulsh, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffffffffffff, 0xfffffffffffffffe
    ACC th.mveqz, 5, 0x8000000000000000, 2, 5
    ACC th.mvnez, 5, 0x8000000000000000, 2, 0x8000000000000000
    ACC th.mula, 5, 0x8000000000000000, 2, 5
    ACC th.mulaw, 5, 0x8000000000000000, 2, 5
    ACC th.mulah, 5, 0x8000000000000000, 2, 5
    ACC th.muls, 5, 0x8000000000000000, 2, 5
    ACC th.mulsw, 5, 0x8000000000000000, 2, 5
    ACC th.mulsh, 5, 0x8000000000000000, 2, 5
    ACC th.mveqz, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0x8000000000000000, 2, 0x8000000000000000
    ACC th.mula, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mulaw, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mulah, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.muls, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mulsw, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mulsh, 0xffffffffffffffff, 0x8000000000000000, 2, 0xffffffffffffffff
    ACC th.mveqz, 5, 0x80000000, 0x7fffffff, 5
    ACC th.mvnez, 5, 0x80000000, 0x7fffffff, 0x80000000
    ACC th.mula, 5, 0x80000000, 0x7fffffff, 0x3fffffff80000005
    ACC th.mulaw, 5, 0x80000000, 0x7fffffff, 0xffffffff80000005
    ACC th.mulah, 5, 0x80000000, 0x7fffffff, 5
    ACC th.muls, 5, 0x80000000, 0x7fffffff, 0xc000000080000005
    ACC th.mulsw, 5, 0x80000000, 0x7fffffff, 0xffffffff80000005
    ACC th.mulsh, 5, 0x80000000, 0x7fffffff, 5
    ACC th.mveqz, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0x80000000
    ACC th.mula, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0x3fffffff7fffffff
    ACC th.mulaw, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0x7fffffff
    ACC th.mulah, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    ACC th.muls, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0xc00000007fffffff
    ACC th.mulsw, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0x7fffffff
    ACC th.mulsh, 0xffffffffffffffff, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    ACC th.mveqz, 5, 0x123456789abcdef0, 0xfedcba9876543210, 5
    ACC th.mvnez, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    ACC th.mula, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0x236d88fe5618cf05
    ACC th.mulaw, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0x5618cf05
    ACC th.mulah, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0xfffffffff988cf05
    ACC th.muls, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0xdc927701a9e73105
    ACC th.mulsw, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffa9e73105
    ACC th.mulsh, 5, 0x123456789abcdef0, 0xfedcba9876543210, 0x6773105
    ACC th.mveqz, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    ACC th.mula, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0x236d88fe5618ceff
    ACC th.mulaw, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0x5618ceff
    ACC th.mulah, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0xfffffffff988ceff
    ACC th.muls, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0xdc927701a9e730ff
    ACC th.mulsw, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffa9e730ff
    ACC th.mulsh, 0xffffffffffffffff, 0x123456789abcdef0, 0xfedcba9876543210, 0x67730ff
    ACC th.mveqz, 5, 0xfedcba9876543210, 0x8001, 5
    ACC th.mvnez, 5, 0xfedcba9876543210, 0x8001, 0xfedcba9876543210
    ACC th.mula, 5, 0xfedcba9876543210, 0x8001, 0x5c28f5c28f5c3215
    ACC th.mulaw, 5, 0xfedcba9876543210, 0x8001, 0xffffffff8f5c3215
    ACC th.mulah, 5, 0xfedcba9876543210, 0x8001, 0xffffffffe6f83215
    ACC th.muls, 5, 0xfedcba9876543210, 0x8001, 0xa3d70a3d70a3cdf5
    ACC th.mulsw, 5, 0xfedcba9876543210, 0x8001, 0x70a3cdf5
    ACC th.mulsh, 5, 0xfedcba9876543210, 0x8001, 0x1907cdf5
    ACC th.mveqz, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0xfedcba9876543210
    ACC th.mula, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0x5c28f5c28f5c320f
    ACC th.mulaw, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0xffffffff8f5c320f
    ACC th.mulah, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0xffffffffe6f8320f
    ACC th.muls, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0xa3d70a3d70a3cdef
    ACC th.mulsw, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0x70a3cdef
    ACC th.mulsh, 0xffffffffffffffff, 0xfedcba9876543210, 0x8001, 0x1907cdef
    ACC th.mveqz, 5, 0xffff8000, 0x18000, 5
    ACC th.mvnez, 5, 0xffff8000, 0x18000, 0xffff8000
    ACC th.mula, 5, 0xffff8000, 0x18000, 0x17fff40000005
    ACC th.mulaw, 5, 0xffff8000, 0x18000, 0x40000005
    ACC th.mulah, 5, 0xffff8000, 0x18000, 0x40000005
    ACC th.muls, 5, 0xffff8000, 0x18000, 0xfffe8000c0000005
    ACC th.mulsw, 5, 0xffff8000, 0x18000, 0xffffffffc0000005
    ACC th.mulsh, 5, 0xffff8000, 0x18000, 0xffffffffc0000005
    ACC th.mveqz, 0xffffffffffffffff, 0xffff8000, 0x18000, 0xffffffffffffffff
    ACC th.mvnez, 0xffffffffffffffff, 0xffff8000, 0x18000, 0xffff8000
    ACC th.mula, 0xffffffffffffffff, 0xffff8000, 0x18000, 0x17fff3fffffff
    ACC th.mulaw, 0xffffffffffffffff, 0xffff8000, 0x18000, 0x3fffffff
    ACC th.mulah, 0xffffffffffffffff, 0xffff8000, 0x18000, 0x3fffffff
    ACC th.muls, 0xffffffffffffffff, 0xffff8000, 0x18000, 0xfffe8000bfffffff
    ACC th.mulsw, 0xffffffffffffffff, 0xffff8000, 0x18000, 0xffffffffbfffffff
    ACC th.mulsh, 0xffffffffffffffff, 0xffff8000, 0x18000, 0xffffffffbfffffff
    // an accumulator that is an operand, too
    li a0, 3
    th.mula a0, a0, a0
    CHECK a0, 12

    th.sync
    th.sync.s
    th.sync.i
    th.sync.is
    li a0, 5
    th.dcache.cva a0
    th.dcache.civa a0
    th.dcache.iva a0
    th.dcache.cval1 a0
    th.icache.iva a0

    CATCH SIGILL
    la s0, fault_address
    li a0, 5
    .irp insn, th.dcache.call, th.dcache.ciall, th.dcache.iall, th.icache.iall, th.icache.ialls, th.l2cache.call, th.l2cache.ciall, th.l2cache.iall
    ILLEGAL \insn
    .endr
    .irp insn, th.dcache.cpa, th.dcache.cipa, th.dcache.ipa, th.dcache.csw, th.dcache.cisw, th.dcache.isw, th.dcache.cpal1, th.icache.ipa
    ILLEGAL \insn a0
    .endr
    ILLEGAL th.sfence.vmas a0, a0
    ILLEGAL .4byte 0x0c05857b                                 // vt.maskc: Ventana's
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER
