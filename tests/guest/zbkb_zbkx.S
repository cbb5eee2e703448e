// march: rv64gc_zbkb_zbkx
// Zbkb (what Zbb does not have) and Zbkx: packing, bit reversal, permutations.
#include "operands.h"

TEST_START
    RR pack, 0, 0, 0
    RR pack, 1, 0xffffffffffffffff, 0xffffffff00000001
    RR pack, 0xffffffffffffffff, 1, 0x1ffffffff
    RR pack, 0x7fffffffffffffff, 1, 0x1ffffffff
    RR pack, 0x8000000000000000, 0xffffffffffffffff, 0xffffffff00000000
    RR pack, 0x80000000, 0x7fffffff, 0x7fffffff80000000
    RR pack, 0x123456789abcdef0, 0xfedcba9876543210, 0x765432109abcdef0
    RR pack, 0xfedcba9876543210, 0x25, 0x2576543210
    RR pack, 0xff00ff00ff00ff00, 0x3f, 0x3fff00ff00
    RR pack, 0x7fffffff, 1, 0x17fffffff
    RR pack, 5, 0, 5
    RR pack, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR packh, 0, 0, 0
    RR packh, 1, 0xffffffffffffffff, 0xff01
    RR packh, 0xffffffffffffffff, 1, 0x1ff
    RR packh, 0x7fffffffffffffff, 1, 0x1ff
    RR packh, 0x8000000000000000, 0xffffffffffffffff, 0xff00
    RR packh, 0x80000000, 0x7fffffff, 0xff00
    RR packh, 0x123456789abcdef0, 0xfedcba9876543210, 0x10f0
    RR packh, 0xfedcba9876543210, 0x25, 0x2510
    RR packh, 0xff00ff00ff00ff00, 0x3f, 0x3f00
    RR packh, 0x7fffffff, 1, 0x1ff
    RR packh, 5, 0, 5
    RR packh, 0xffffffff80000000, 0xffffffffffffffff, 0xff00

    RR packw, 0, 0, 0
    RR packw, 1, 0xffffffffffffffff, 0xffffffffffff0001
    RR packw, 0xffffffffffffffff, 1, 0x1ffff
    RR packw, 0x7fffffffffffffff, 1, 0x1ffff
    RR packw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffff0000
    RR packw, 0x80000000, 0x7fffffff, 0xffffffffffff0000
    RR packw, 0x123456789abcdef0, 0xfedcba9876543210, 0x3210def0
    RR packw, 0xfedcba9876543210, 0x25, 0x253210
    RR packw, 0xff00ff00ff00ff00, 0x3f, 0x3fff00
    RR packw, 0x7fffffff, 1, 0x1ffff
    RR packw, 5, 0, 5
    RR packw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffff0000

    R brev8, 0, 0
    R brev8, 1, 0x80
    R brev8, 0xffffffffffffffff, 0xffffffffffffffff
    R brev8, 0x7fffffffffffffff, 0xfeffffffffffffff
    R brev8, 0x8000000000000000, 0x100000000000000
    R brev8, 0x80000000, 0x1000000
    R brev8, 0x7fffffff, 0xfeffffff
    R brev8, 0xffffffff80000000, 0xffffffff01000000
    R brev8, 0x123456789abcdef0, 0x482c6a1e593d7b0f
    R brev8, 0xfedcba9876543210, 0x7f3b5d196e2a4c08
    R brev8, 0x3f, 0xfc
    R brev8, 0xff00ff00ff00ff00, 0xff00ff00ff00ff00
    R brev8, 0x25, 0xa4

    RR xperm4, 0, 0, 0
    RR xperm4, 1, 0xffffffffffffffff, 0
    RR xperm4, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR xperm4, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR xperm4, 0x8000000000000000, 0xffffffffffffffff, 0x8888888888888888
    RR xperm4, 0x80000000, 0x7fffffff, 0x80000000
    RR xperm4, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR xperm4, 0xfedcba9876543210, 0x25, 0x25
    RR xperm4, 0xff00ff00ff00ff00, 0x3f, 0xff
    RR xperm4, 0x7fffffff, 1, 0xffffffffffffffff
    RR xperm4, 5, 0, 0x5555555555555555
    RR xperm4, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR xperm4, 0xfedcba9876543210, 0x1020304050607, 0x1020304050607
    RR xperm4, 0xfedcba9876543210, 0xf08070600ff0102, 0xf08070600ff0102
    RR xperm4, 0x123456789abcdef, 0xfedcba9876543210, 0x123456789abcdef

    RR xperm8, 0, 0, 0
    RR xperm8, 1, 0xffffffffffffffff, 0
    RR xperm8, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR xperm8, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR xperm8, 0x8000000000000000, 0xffffffffffffffff, 0
    RR xperm8, 0x80000000, 0x7fffffff, 0
    RR xperm8, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR xperm8, 0xfedcba9876543210, 0x25, 0x1010101010101000
    RR xperm8, 0xff00ff00ff00ff00, 0x3f, 0
    RR xperm8, 0x7fffffff, 1, 0xffffffffffffffff
    RR xperm8, 5, 0, 0x505050505050505
    RR xperm8, 0xffffffff80000000, 0xffffffffffffffff, 0
    RR xperm8, 0xfedcba9876543210, 0x1020304050607, 0x1032547698badcfe
    RR xperm8, 0xfedcba9876543210, 0xf08070600ff0102, 0xfedc10003254
    RR xperm8, 0x123456789abcdef, 0xfedcba9876543210, 0

    TEST_END
