// march: rv64gc_zbs
// Zbs: single-bit instructions.
#include "operands.h"

TEST_START
    RR bclr, 0, 0, 0
    RR bclr, 1, 0xffffffffffffffff, 1
    RR bclr, 0xffffffffffffffff, 1, 0xfffffffffffffffd
    RR bclr, 0x7fffffffffffffff, 1, 0x7ffffffffffffffd
    RR bclr, 0x8000000000000000, 0xffffffffffffffff, 0
    RR bclr, 0x80000000, 0x7fffffff, 0x80000000
    RR bclr, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abcdef0
    RR bclr, 0xfedcba9876543210, 0x25, 0xfedcba9876543210
    RR bclr, 0xff00ff00ff00ff00, 0x3f, 0x7f00ff00ff00ff00
    RR bclr, 0x7fffffff, 1, 0x7ffffffd
    RR bclr, 5, 0, 4
    RR bclr, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffff80000000

    RR bset, 0, 0, 1
    RR bset, 1, 0xffffffffffffffff, 0x8000000000000001
    RR bset, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR bset, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR bset, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR bset, 0x80000000, 0x7fffffff, 0x8000000080000000
    RR bset, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abddef0
    RR bset, 0xfedcba9876543210, 0x25, 0xfedcbab876543210
    RR bset, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff00
    RR bset, 0x7fffffff, 1, 0x7fffffff
    RR bset, 5, 0, 5
    RR bset, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR binv, 0, 0, 1
    RR binv, 1, 0xffffffffffffffff, 0x8000000000000001
    RR binv, 0xffffffffffffffff, 1, 0xfffffffffffffffd
    RR binv, 0x7fffffffffffffff, 1, 0x7ffffffffffffffd
    RR binv, 0x8000000000000000, 0xffffffffffffffff, 0
    RR binv, 0x80000000, 0x7fffffff, 0x8000000080000000
    RR binv, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abddef0
    RR binv, 0xfedcba9876543210, 0x25, 0xfedcbab876543210
    RR binv, 0xff00ff00ff00ff00, 0x3f, 0x7f00ff00ff00ff00
    RR binv, 0x7fffffff, 1, 0x7ffffffd
    RR binv, 5, 0, 4
    RR binv, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffff80000000

    RR bext, 0, 0, 0
    RR bext, 1, 0xffffffffffffffff, 0
    RR bext, 0xffffffffffffffff, 1, 1
    RR bext, 0x7fffffffffffffff, 1, 1
    RR bext, 0x8000000000000000, 0xffffffffffffffff, 1
    RR bext, 0x80000000, 0x7fffffff, 0
    RR bext, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR bext, 0xfedcba9876543210, 0x25, 0
    RR bext, 0xff00ff00ff00ff00, 0x3f, 1
    RR bext, 0x7fffffff, 1, 1
    RR bext, 5, 0, 1
    RR bext, 0xffffffff80000000, 0xffffffffffffffff, 1

    RI bclri, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI bclri, 0xfedcba9876543210, 1, 0xfedcba9876543210
    RI bclri, 0x8000000000000000, 63, 0
    RI bclri, 0x123456789abcdef0, 32, 0x123456789abcdef0
    RI bclri, 0xfedcba9876543210, 31, 0xfedcba9876543210

    RI bseti, 0xfedcba9876543210, 0, 0xfedcba9876543211
    RI bseti, 0xfedcba9876543210, 1, 0xfedcba9876543212
    RI bseti, 0x8000000000000000, 63, 0x8000000000000000
    RI bseti, 0x123456789abcdef0, 32, 0x123456799abcdef0
    RI bseti, 0xfedcba9876543210, 31, 0xfedcba98f6543210

    RI binvi, 0xfedcba9876543210, 0, 0xfedcba9876543211
    RI binvi, 0xfedcba9876543210, 1, 0xfedcba9876543212
    RI binvi, 0x8000000000000000, 63, 0
    RI binvi, 0x123456789abcdef0, 32, 0x123456799abcdef0
    RI binvi, 0xfedcba9876543210, 31, 0xfedcba98f6543210

    RI bexti, 0xfedcba9876543210, 0, 0
    RI bexti, 0xfedcba9876543210, 1, 0
    RI bexti, 0x8000000000000000, 63, 1
    RI bexti, 0x123456789abcdef0, 32, 0
    RI bexti, 0xfedcba9876543210, 31, 0

    TEST_END
