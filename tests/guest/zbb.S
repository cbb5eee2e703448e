// march: rv64gc_zbb
// Zbb: basic bit manipulation.
#include "operands.h"

TEST_START
    RR andn, 0, 0, 0
    RR andn, 1, 0xffffffffffffffff, 0
    RR andn, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR andn, 0x7fffffffffffffff, 1, 0x7ffffffffffffffe
    RR andn, 0x8000000000000000, 0xffffffffffffffff, 0
    RR andn, 0x80000000, 0x7fffffff, 0x80000000
    RR andn, 0x123456789abcdef0, 0xfedcba9876543210, 0x20446088a8cce0
    RR andn, 0xfedcba9876543210, 0x25, 0xfedcba9876543210
    RR andn, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff00
    RR andn, 0x7fffffff, 1, 0x7ffffffe
    RR andn, 5, 0, 5
    RR andn, 0xffffffff80000000, 0xffffffffffffffff, 0

    RR orn, 0, 0, 0xffffffffffffffff
    RR orn, 1, 0xffffffffffffffff, 1
    RR orn, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR orn, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR orn, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR orn, 0x80000000, 0x7fffffff, 0xffffffff80000000
    RR orn, 0x123456789abcdef0, 0xfedcba9876543210, 0x1337577f9bbfdfff
    RR orn, 0xfedcba9876543210, 0x25, 0xffffffffffffffda
    RR orn, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffc0
    RR orn, 0x7fffffff, 1, 0xffffffffffffffff
    RR orn, 5, 0, 0xffffffffffffffff
    RR orn, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR xnor, 0, 0, 0xffffffffffffffff
    RR xnor, 1, 0xffffffffffffffff, 1
    RR xnor, 0xffffffffffffffff, 1, 1
    RR xnor, 0x7fffffffffffffff, 1, 0x8000000000000001
    RR xnor, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR xnor, 0x80000000, 0x7fffffff, 0xffffffff00000000
    RR xnor, 0x123456789abcdef0, 0xfedcba9876543210, 0x1317131f1317131f
    RR xnor, 0xfedcba9876543210, 0x25, 0x123456789abcdca
    RR xnor, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00c0
    RR xnor, 0x7fffffff, 1, 0xffffffff80000001
    RR xnor, 5, 0, 0xfffffffffffffffa
    RR xnor, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR max, 0, 0, 0
    RR max, 1, 0xffffffffffffffff, 1
    RR max, 0xffffffffffffffff, 1, 1
    RR max, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR max, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR max, 0x80000000, 0x7fffffff, 0x80000000
    RR max, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR max, 0xfedcba9876543210, 0x25, 0x25
    RR max, 0xff00ff00ff00ff00, 0x3f, 0x3f
    RR max, 0x7fffffff, 1, 0x7fffffff
    RR max, 5, 0, 5
    RR max, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff

    RR maxu, 0, 0, 0
    RR maxu, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR maxu, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR maxu, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR maxu, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR maxu, 0x80000000, 0x7fffffff, 0x80000000
    RR maxu, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba9876543210
    RR maxu, 0xfedcba9876543210, 0x25, 0xfedcba9876543210
    RR maxu, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff00
    RR maxu, 0x7fffffff, 1, 0x7fffffff
    RR maxu, 5, 0, 5
    RR maxu, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff

    RR min, 0, 0, 0
    RR min, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR min, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR min, 0x7fffffffffffffff, 1, 1
    RR min, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR min, 0x80000000, 0x7fffffff, 0x7fffffff
    RR min, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba9876543210
    RR min, 0xfedcba9876543210, 0x25, 0xfedcba9876543210
    RR min, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff00
    RR min, 0x7fffffff, 1, 1
    RR min, 5, 0, 0
    RR min, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR minu, 0, 0, 0
    RR minu, 1, 0xffffffffffffffff, 1
    RR minu, 0xffffffffffffffff, 1, 1
    RR minu, 0x7fffffffffffffff, 1, 1
    RR minu, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR minu, 0x80000000, 0x7fffffff, 0x7fffffff
    RR minu, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR minu, 0xfedcba9876543210, 0x25, 0x25
    RR minu, 0xff00ff00ff00ff00, 0x3f, 0x3f
    RR minu, 0x7fffffff, 1, 1
    RR minu, 5, 0, 0
    RR minu, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR rol, 0, 0, 0
    RR rol, 1, 0xffffffffffffffff, 0x8000000000000000
    RR rol, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR rol, 0x7fffffffffffffff, 1, 0xfffffffffffffffe
    RR rol, 0x8000000000000000, 0xffffffffffffffff, 0x4000000000000000
    RR rol, 0x80000000, 0x7fffffff, 0x40000000
    RR rol, 0x123456789abcdef0, 0xfedcba9876543210, 0x56789abcdef01234
    RR rol, 0xfedcba9876543210, 0x25, 0xca86421fdb97530e
    RR rol, 0xff00ff00ff00ff00, 0x3f, 0x7f807f807f807f80
    RR rol, 0x7fffffff, 1, 0xfffffffe
    RR rol, 5, 0, 5
    RR rol, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffffc0000000
    RR rol, 0xff00ff00ff00ff00, 0, 0xff00ff00ff00ff00
    RR rol, 0x123456789abcdef0, 0x40, 0x123456789abcdef0
    RR rol, 0x123456789abcdef0, 4, 0x23456789abcdef01

    RR ror, 0, 0, 0
    RR ror, 1, 0xffffffffffffffff, 2
    RR ror, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR ror, 0x7fffffffffffffff, 1, 0xbfffffffffffffff
    RR ror, 0x8000000000000000, 0xffffffffffffffff, 1
    RR ror, 0x80000000, 0x7fffffff, 0x100000000
    RR ror, 0x123456789abcdef0, 0xfedcba9876543210, 0xdef0123456789abc
    RR ror, 0xfedcba9876543210, 0x25, 0xc3b2a19087f6e5d4
    RR ror, 0xff00ff00ff00ff00, 0x3f, 0xfe01fe01fe01fe01
    RR ror, 0x7fffffff, 1, 0x800000003fffffff
    RR ror, 5, 0, 5
    RR ror, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff00000001
    RR ror, 0xff00ff00ff00ff00, 0, 0xff00ff00ff00ff00
    RR ror, 0x123456789abcdef0, 0x40, 0x123456789abcdef0
    RR ror, 0x123456789abcdef0, 4, 0x123456789abcdef

    RR rolw, 0, 0, 0
    RR rolw, 1, 0xffffffffffffffff, 0xffffffff80000000
    RR rolw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR rolw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR rolw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR rolw, 0x80000000, 0x7fffffff, 0x40000000
    RR rolw, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffdef09abc
    RR rolw, 0xfedcba9876543210, 0x25, 0xffffffffca86420e
    RR rolw, 0xff00ff00ff00ff00, 0x3f, 0x7f807f80
    RR rolw, 0x7fffffff, 1, 0xfffffffffffffffe
    RR rolw, 5, 0, 5
    RR rolw, 0xffffffff80000000, 0xffffffffffffffff, 0x40000000
    RR rolw, 0xff00ff00ff00ff00, 0, 0xffffffffff00ff00
    RR rolw, 0x123456789abcdef0, 0x40, 0xffffffff9abcdef0
    RR rolw, 0x123456789abcdef0, 4, 0xffffffffabcdef09

    RR rorw, 0, 0, 0
    RR rorw, 1, 0xffffffffffffffff, 2
    RR rorw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR rorw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR rorw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR rorw, 0x80000000, 0x7fffffff, 1
    RR rorw, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffdef09abc
    RR rorw, 0xfedcba9876543210, 0x25, 0xffffffff83b2a190
    RR rorw, 0xff00ff00ff00ff00, 0x3f, 0xfffffffffe01fe01
    RR rorw, 0x7fffffff, 1, 0xffffffffbfffffff
    RR rorw, 5, 0, 5
    RR rorw, 0xffffffff80000000, 0xffffffffffffffff, 1
    RR rorw, 0xff00ff00ff00ff00, 0, 0xffffffffff00ff00
    RR rorw, 0x123456789abcdef0, 0x40, 0xffffffff9abcdef0
    RR rorw, 0x123456789abcdef0, 4, 0x9abcdef

    RI rori, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI rori, 0xfedcba9876543210, 1, 0x7f6e5d4c3b2a1908
    RI rori, 0x8000000000000000, 63, 1
    RI rori, 0x123456789abcdef0, 32, 0x9abcdef012345678
    RI rori, 0xfedcba9876543210, 31, 0xeca86421fdb97530

    RI roriw, 0xfedcba9876543210, 0, 0x76543210
    RI roriw, 0xfedcba9876543210, 1, 0x3b2a1908
    RI roriw, 0x80000000, 31, 1
    RI roriw, 0x123456789abcdef0, 16, 0xffffffffdef09abc
    RI roriw, 0xffffffffffffffff, 31, 0xffffffffffffffff

    R clz, 0, 0x40
    R clz, 1, 0x3f
    R clz, 0xffffffffffffffff, 0
    R clz, 0x7fffffffffffffff, 1
    R clz, 0x8000000000000000, 0
    R clz, 0x80000000, 0x20
    R clz, 0x7fffffff, 0x21
    R clz, 0xffffffff80000000, 0
    R clz, 0x123456789abcdef0, 3
    R clz, 0xfedcba9876543210, 0
    R clz, 0x3f, 0x3a
    R clz, 0xff00ff00ff00ff00, 0
    R clz, 0x25, 0x3a

    R ctz, 0, 0x40
    R ctz, 1, 0
    R ctz, 0xffffffffffffffff, 0
    R ctz, 0x7fffffffffffffff, 0
    R ctz, 0x8000000000000000, 0x3f
    R ctz, 0x80000000, 0x1f
    R ctz, 0x7fffffff, 0
    R ctz, 0xffffffff80000000, 0x1f
    R ctz, 0x123456789abcdef0, 4
    R ctz, 0xfedcba9876543210, 4
    R ctz, 0x3f, 0
    R ctz, 0xff00ff00ff00ff00, 8
    R ctz, 0x25, 0

    R cpop, 0, 0
    R cpop, 1, 1
    R cpop, 0xffffffffffffffff, 0x40
    R cpop, 0x7fffffffffffffff, 0x3f
    R cpop, 0x8000000000000000, 1
    R cpop, 0x80000000, 1
    R cpop, 0x7fffffff, 0x1f
    R cpop, 0xffffffff80000000, 0x21
    R cpop, 0x123456789abcdef0, 0x20
    R cpop, 0xfedcba9876543210, 0x20
    R cpop, 0x3f, 6
    R cpop, 0xff00ff00ff00ff00, 0x20
    R cpop, 0x25, 3

    R clzw, 0, 0x20
    R clzw, 1, 0x1f
    R clzw, 0xffffffffffffffff, 0
    R clzw, 0x7fffffffffffffff, 0
    R clzw, 0x8000000000000000, 0x20
    R clzw, 0x80000000, 0
    R clzw, 0x7fffffff, 1
    R clzw, 0xffffffff80000000, 0
    R clzw, 0x123456789abcdef0, 0
    R clzw, 0xfedcba9876543210, 1
    R clzw, 0x3f, 0x1a
    R clzw, 0xff00ff00ff00ff00, 0
    R clzw, 0x25, 0x1a

    R ctzw, 0, 0x20
    R ctzw, 1, 0
    R ctzw, 0xffffffffffffffff, 0
    R ctzw, 0x7fffffffffffffff, 0
    R ctzw, 0x8000000000000000, 0x20
    R ctzw, 0x80000000, 0x1f
    R ctzw, 0x7fffffff, 0
    R ctzw, 0xffffffff80000000, 0x1f
    R ctzw, 0x123456789abcdef0, 4
    R ctzw, 0xfedcba9876543210, 4
    R ctzw, 0x3f, 0
    R ctzw, 0xff00ff00ff00ff00, 8
    R ctzw, 0x25, 0

    R cpopw, 0, 0
    R cpopw, 1, 1
    R cpopw, 0xffffffffffffffff, 0x20
    R cpopw, 0x7fffffffffffffff, 0x20
    R cpopw, 0x8000000000000000, 0
    R cpopw, 0x80000000, 1
    R cpopw, 0x7fffffff, 0x1f
    R cpopw, 0xffffffff80000000, 1
    R cpopw, 0x123456789abcdef0, 0x13
    R cpopw, 0xfedcba9876543210, 0xc
    R cpopw, 0x3f, 6
    R cpopw, 0xff00ff00ff00ff00, 0x10
    R cpopw, 0x25, 3

    R sext.b, 0, 0
    R sext.b, 1, 1
    R sext.b, 0xffffffffffffffff, 0xffffffffffffffff
    R sext.b, 0x7fffffffffffffff, 0xffffffffffffffff
    R sext.b, 0x8000000000000000, 0
    R sext.b, 0x80000000, 0
    R sext.b, 0x7fffffff, 0xffffffffffffffff
    R sext.b, 0xffffffff80000000, 0
    R sext.b, 0x123456789abcdef0, 0xfffffffffffffff0
    R sext.b, 0xfedcba9876543210, 0x10
    R sext.b, 0x3f, 0x3f
    R sext.b, 0xff00ff00ff00ff00, 0
    R sext.b, 0x25, 0x25

    R sext.h, 0, 0
    R sext.h, 1, 1
    R sext.h, 0xffffffffffffffff, 0xffffffffffffffff
    R sext.h, 0x7fffffffffffffff, 0xffffffffffffffff
    R sext.h, 0x8000000000000000, 0
    R sext.h, 0x80000000, 0
    R sext.h, 0x7fffffff, 0xffffffffffffffff
    R sext.h, 0xffffffff80000000, 0
    R sext.h, 0x123456789abcdef0, 0xffffffffffffdef0
    R sext.h, 0xfedcba9876543210, 0x3210
    R sext.h, 0x3f, 0x3f
    R sext.h, 0xff00ff00ff00ff00, 0xffffffffffffff00
    R sext.h, 0x25, 0x25

    R zext.h, 0, 0
    R zext.h, 1, 1
    R zext.h, 0xffffffffffffffff, 0xffff
    R zext.h, 0x7fffffffffffffff, 0xffff
    R zext.h, 0x8000000000000000, 0
    R zext.h, 0x80000000, 0
    R zext.h, 0x7fffffff, 0xffff
    R zext.h, 0xffffffff80000000, 0
    R zext.h, 0x123456789abcdef0, 0xdef0
    R zext.h, 0xfedcba9876543210, 0x3210
    R zext.h, 0x3f, 0x3f
    R zext.h, 0xff00ff00ff00ff00, 0xff00
    R zext.h, 0x25, 0x25

    R orc.b, 0, 0
    R orc.b, 1, 0xff
    R orc.b, 0xffffffffffffffff, 0xffffffffffffffff
    R orc.b, 0x7fffffffffffffff, 0xffffffffffffffff
    R orc.b, 0x8000000000000000, 0xff00000000000000
    R orc.b, 0x80000000, 0xff000000
    R orc.b, 0x7fffffff, 0xffffffff
    R orc.b, 0xffffffff80000000, 0xffffffffff000000
    R orc.b, 0x123456789abcdef0, 0xffffffffffffffff
    R orc.b, 0xfedcba9876543210, 0xffffffffffffffff
    R orc.b, 0x3f, 0xff
    R orc.b, 0xff00ff00ff00ff00, 0xff00ff00ff00ff00
    R orc.b, 0x25, 0xff
    R orc.b, 0x1020000800010, 0xffff0000ff00ff

    R rev8, 0, 0
    R rev8, 1, 0x100000000000000
    R rev8, 0xffffffffffffffff, 0xffffffffffffffff
    R rev8, 0x7fffffffffffffff, 0xffffffffffffff7f
    R rev8, 0x8000000000000000, 0x80
    R rev8, 0x80000000, 0x8000000000
    R rev8, 0x7fffffff, 0xffffff7f00000000
    R rev8, 0xffffffff80000000, 0x80ffffffff
    R rev8, 0x123456789abcdef0, 0xf0debc9a78563412
    R rev8, 0xfedcba9876543210, 0x1032547698badcfe
    R rev8, 0x3f, 0x3f00000000000000
    R rev8, 0xff00ff00ff00ff00, 0xff00ff00ff00ff
    R rev8, 0x25, 0x2500000000000000

    TEST_END
