// march: rv64gc
// M: products, quotients and remainders, with zero divisors and overflow.
#include "check.h"

// rd = op(a, b); the destination is also tried as each of the sources.
.macro RR op, a, b, result
    li a1, \a
    li a2, \b
    \op a0, a1, a2
    CHECK a0, \result
    mv a3, a1
    \op a3, a3, a2
    CHECK a3, \result
    \op a2, a1, a2
    CHECK a2, \result
.endm

TEST_START
    RR mul, 0, 0, 0
    RR mul, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR mul, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR mul, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR mul, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR mul, 0x80000000, 0x7fffffff, 0x3fffffff80000000
    RR mul, 0x123456789abcdef0, 0xfedcba9876543210, 0x236d88fe5618cf00
    RR mul, 0xfedcba9876543210, 0x25, 0xd5e6f8091a2b3c50
    RR mul, 0xff00ff00ff00ff00, 0x3f, 0xc13ec13ec13ec100
    RR mul, 0x7fffffff, 1, 0x7fffffff
    RR mul, 5, 0, 0
    RR mul, 0xffffffff80000000, 0xffffffffffffffff, 0x80000000
    RR mul, 0x8000000000000000, 0, 0
    RR mul, 0x80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR mul, 0xfedcba9876543210, 0x12345, 0x999999999999ae50
    RR mul, 0x123456789abcdef0, 0xffffffffffffff01, 0xddddddddddddeef0
    RR mul, 0x8000000000000000, 0x8000000000000000, 0

    RR mulh, 0, 0, 0
    RR mulh, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR mulh, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR mulh, 0x7fffffffffffffff, 1, 0
    RR mulh, 0x8000000000000000, 0xffffffffffffffff, 0
    RR mulh, 0x80000000, 0x7fffffff, 0
    RR mulh, 0x123456789abcdef0, 0xfedcba9876543210, 0xffeb49923cc09532
    RR mulh, 0xfedcba9876543210, 0x25, 0xffffffffffffffff
    RR mulh, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffff
    RR mulh, 0x7fffffff, 1, 0
    RR mulh, 5, 0, 0
    RR mulh, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR mulh, 0x8000000000000000, 0, 0
    RR mulh, 0x80000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR mulh, 0xfedcba9876543210, 0x12345, 0xfffffffffffffeb4
    RR mulh, 0x123456789abcdef0, 0xffffffffffffff01, 0xffffffffffffffed
    RR mulh, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000

    RR mulhsu, 0, 0, 0
    RR mulhsu, 1, 0xffffffffffffffff, 0
    RR mulhsu, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR mulhsu, 0x7fffffffffffffff, 1, 0
    RR mulhsu, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR mulhsu, 0x80000000, 0x7fffffff, 0
    RR mulhsu, 0x123456789abcdef0, 0xfedcba9876543210, 0x121fa00ad77d7422
    RR mulhsu, 0xfedcba9876543210, 0x25, 0xffffffffffffffff
    RR mulhsu, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffff
    RR mulhsu, 0x7fffffff, 1, 0
    RR mulhsu, 5, 0, 0
    RR mulhsu, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR mulhsu, 0x8000000000000000, 0, 0
    RR mulhsu, 0x80000000, 0xffffffffffffffff, 0x7fffffff
    RR mulhsu, 0xfedcba9876543210, 0x12345, 0xfffffffffffffeb4
    RR mulhsu, 0x123456789abcdef0, 0xffffffffffffff01, 0x123456789abcdedd
    RR mulhsu, 0x8000000000000000, 0x8000000000000000, 0xc000000000000000

    RR mulhu, 0, 0, 0
    RR mulhu, 1, 0xffffffffffffffff, 0
    RR mulhu, 0xffffffffffffffff, 1, 0
    RR mulhu, 0x7fffffffffffffff, 1, 0
    RR mulhu, 0x8000000000000000, 0xffffffffffffffff, 0x7fffffffffffffff
    RR mulhu, 0x80000000, 0x7fffffff, 0
    RR mulhu, 0x123456789abcdef0, 0xfedcba9876543210, 0x121fa00ad77d7422
    RR mulhu, 0xfedcba9876543210, 0x25, 0x24
    RR mulhu, 0xff00ff00ff00ff00, 0x3f, 0x3e
    RR mulhu, 0x7fffffff, 1, 0
    RR mulhu, 5, 0, 0
    RR mulhu, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff7fffffff
    RR mulhu, 0x8000000000000000, 0, 0
    RR mulhu, 0x80000000, 0xffffffffffffffff, 0x7fffffff
    RR mulhu, 0xfedcba9876543210, 0x12345, 0x121f9
    RR mulhu, 0x123456789abcdef0, 0xffffffffffffff01, 0x123456789abcdedd
    RR mulhu, 0x8000000000000000, 0x8000000000000000, 0x4000000000000000

    RR mulw, 0, 0, 0
    RR mulw, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR mulw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR mulw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR mulw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR mulw, 0x80000000, 0x7fffffff, 0xffffffff80000000
    RR mulw, 0x123456789abcdef0, 0xfedcba9876543210, 0x5618cf00
    RR mulw, 0xfedcba9876543210, 0x25, 0x1a2b3c50
    RR mulw, 0xff00ff00ff00ff00, 0x3f, 0xffffffffc13ec100
    RR mulw, 0x7fffffff, 1, 0x7fffffff
    RR mulw, 5, 0, 0
    RR mulw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR mulw, 0x8000000000000000, 0, 0
    RR mulw, 0x80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR mulw, 0xfedcba9876543210, 0x12345, 0xffffffff9999ae50
    RR mulw, 0x123456789abcdef0, 0xffffffffffffff01, 0xffffffffddddeef0
    RR mulw, 0x8000000000000000, 0x8000000000000000, 0

    RR div, 0, 0, 0xffffffffffffffff
    RR div, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR div, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR div, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR div, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR div, 0x80000000, 0x7fffffff, 1
    RR div, 0x123456789abcdef0, 0xfedcba9876543210, 0xfffffffffffffff1
    RR div, 0xfedcba9876543210, 0x25, 0xfff820b80332b53f
    RR div, 0xff00ff00ff00ff00, 0x3f, 0xfffbf3cb30befffc
    RR div, 0x7fffffff, 1, 0x7fffffff
    RR div, 5, 0, 0xffffffffffffffff
    RR div, 0xffffffff80000000, 0xffffffffffffffff, 0x80000000
    RR div, 0x8000000000000000, 0, 0xffffffffffffffff
    RR div, 0x80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR div, 0xfedcba9876543210, 0x12345, 0xfffffeffffa4ffe0
    RR div, 0x123456789abcdef0, 0xffffffffffffff01, 0xffedb962ea4f92b4
    RR div, 0x8000000000000000, 0x8000000000000000, 1

    RR divu, 0, 0, 0xffffffffffffffff
    RR divu, 1, 0xffffffffffffffff, 0
    RR divu, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR divu, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR divu, 0x8000000000000000, 0xffffffffffffffff, 0
    RR divu, 0x80000000, 0x7fffffff, 1
    RR divu, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR divu, 0xfedcba9876543210, 0x25, 0x6e35efd33a16923
    RR divu, 0xff00ff00ff00ff00, 0x3f, 0x40c34cf4100040c
    RR divu, 0x7fffffff, 1, 0x7fffffff
    RR divu, 5, 0, 0xffffffffffffffff
    RR divu, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR divu, 0x8000000000000000, 0, 0xffffffffffffffff
    RR divu, 0x80000000, 0xffffffffffffffff, 0
    RR divu, 0xfedcba9876543210, 0x12345, 0xe0004fa01c4d
    RR divu, 0x123456789abcdef0, 0xffffffffffffff01, 0
    RR divu, 0x8000000000000000, 0x8000000000000000, 1

    RR rem, 0, 0, 0
    RR rem, 1, 0xffffffffffffffff, 0
    RR rem, 0xffffffffffffffff, 1, 0
    RR rem, 0x7fffffffffffffff, 1, 0
    RR rem, 0x8000000000000000, 0xffffffffffffffff, 0
    RR rem, 0x80000000, 0x7fffffff, 1
    RR rem, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcde0
    RR rem, 0xfedcba9876543210, 0x25, 0xfffffffffffffff5
    RR rem, 0xff00ff00ff00ff00, 0x3f, 0xfffffffffffffffc
    RR rem, 0x7fffffff, 1, 0
    RR rem, 5, 0, 5
    RR rem, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR rem, 0x8000000000000000, 0, 0x8000000000000000
    RR rem, 0x80000000, 0xffffffffffffffff, 0
    RR rem, 0xfedcba9876543210, 0x12345, 0xffffffffffff9ab0
    RR rem, 0x123456789abcdef0, 0xffffffffffffff01, 0x3c
    RR rem, 0x8000000000000000, 0x8000000000000000, 0

    RR remu, 0, 0, 0
    RR remu, 1, 0xffffffffffffffff, 1
    RR remu, 0xffffffffffffffff, 1, 0
    RR remu, 0x7fffffffffffffff, 1, 0
    RR remu, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR remu, 0x80000000, 0x7fffffff, 1
    RR remu, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR remu, 0xfedcba9876543210, 0x25, 1
    RR remu, 0xff00ff00ff00ff00, 0x3f, 0xc
    RR remu, 0x7fffffff, 1, 0
    RR remu, 5, 0, 5
    RR remu, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR remu, 0x8000000000000000, 0, 0x8000000000000000
    RR remu, 0x80000000, 0xffffffffffffffff, 0x80000000
    RR remu, 0xfedcba9876543210, 0x12345, 0x10a4f
    RR remu, 0x123456789abcdef0, 0xffffffffffffff01, 0x123456789abcdef0
    RR remu, 0x8000000000000000, 0x8000000000000000, 0

    RR divw, 0, 0, 0xffffffffffffffff
    RR divw, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR divw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR divw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR divw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR divw, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    RR divw, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR divw, 0xfedcba9876543210, 0x25, 0x332b53e
    RR divw, 0xff00ff00ff00ff00, 0x3f, 0xfffffffffffbf3cc
    RR divw, 0x7fffffff, 1, 0x7fffffff
    RR divw, 5, 0, 0xffffffffffffffff
    RR divw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR divw, 0x8000000000000000, 0, 0xffffffffffffffff
    RR divw, 0x80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR divw, 0xfedcba9876543210, 0x12345, 0x6800
    RR divw, 0x123456789abcdef0, 0xffffffffffffff01, 0x65a8c9
    RR divw, 0x8000000000000000, 0x8000000000000000, 0xffffffffffffffff

    RR divuw, 0, 0, 0xffffffffffffffff
    RR divuw, 1, 0xffffffffffffffff, 0
    RR divuw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR divuw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR divuw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR divuw, 0x80000000, 0x7fffffff, 1
    RR divuw, 0x123456789abcdef0, 0xfedcba9876543210, 1
    RR divuw, 0xfedcba9876543210, 0x25, 0x332b53e
    RR divuw, 0xff00ff00ff00ff00, 0x3f, 0x40c34cf
    RR divuw, 0x7fffffff, 1, 0x7fffffff
    RR divuw, 5, 0, 0xffffffffffffffff
    RR divuw, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR divuw, 0x8000000000000000, 0, 0xffffffffffffffff
    RR divuw, 0x80000000, 0xffffffffffffffff, 0
    RR divuw, 0xfedcba9876543210, 0x12345, 0x6800
    RR divuw, 0x123456789abcdef0, 0xffffffffffffff01, 0
    RR divuw, 0x8000000000000000, 0x8000000000000000, 0xffffffffffffffff

    RR remw, 0, 0, 0
    RR remw, 1, 0xffffffffffffffff, 0
    RR remw, 0xffffffffffffffff, 1, 0
    RR remw, 0x7fffffffffffffff, 1, 0
    RR remw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR remw, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    RR remw, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffff9abcdef0
    RR remw, 0xfedcba9876543210, 0x25, 0x1a
    RR remw, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffcc
    RR remw, 0x7fffffff, 1, 0
    RR remw, 5, 0, 5
    RR remw, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR remw, 0x8000000000000000, 0, 0
    RR remw, 0x80000000, 0xffffffffffffffff, 0
    RR remw, 0xfedcba9876543210, 0x12345, 0x2a10
    RR remw, 0x123456789abcdef0, 0xffffffffffffff01, 0xffffffffffffff27
    RR remw, 0x8000000000000000, 0x8000000000000000, 0

    RR remuw, 0, 0, 0
    RR remuw, 1, 0xffffffffffffffff, 1
    RR remuw, 0xffffffffffffffff, 1, 0
    RR remuw, 0x7fffffffffffffff, 1, 0
    RR remuw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR remuw, 0x80000000, 0x7fffffff, 1
    RR remuw, 0x123456789abcdef0, 0xfedcba9876543210, 0x2468ace0
    RR remuw, 0xfedcba9876543210, 0x25, 0x1a
    RR remuw, 0xff00ff00ff00ff00, 0x3f, 0xf
    RR remuw, 0x7fffffff, 1, 0
    RR remuw, 5, 0, 5
    RR remuw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR remuw, 0x8000000000000000, 0, 0
    RR remuw, 0x80000000, 0xffffffffffffffff, 0xffffffff80000000
    RR remuw, 0xfedcba9876543210, 0x12345, 0x2a10
    RR remuw, 0x123456789abcdef0, 0xffffffffffffff01, 0xffffffff9abcdef0
    RR remuw, 0x8000000000000000, 0x8000000000000000, 0

    // Division never traps, also when the result is not used.
    li a1, 1
    div zero, a1, zero
    rem zero, a1, zero
    TEST_END
