// march: rv64gc_zbc
// Zbc and Zbkc: carry-less multiplication.
#include "operands.h"

TEST_START
    RR clmul, 0, 0, 0
    RR clmul, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR clmul, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR clmul, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR clmul, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR clmul, 0x80000000, 0x7fffffff, 0x3fffffff80000000
    RR clmul, 0x123456789abcdef0, 0xfedcba9876543210, 0xa0789828c810f00
    RR clmul, 0xfedcba9876543210, 0x25, 0xde3903f76582b850
    RR clmul, 0xff00ff00ff00ff00, 0x3f, 0x1515151515151500
    RR clmul, 0x7fffffff, 1, 0x7fffffff
    RR clmul, 5, 0, 0
    RR clmul, 0xffffffff80000000, 0xffffffffffffffff, 0xaaaaaaaa80000000

    RR clmulh, 0, 0, 0
    RR clmulh, 1, 0xffffffffffffffff, 0
    RR clmulh, 0xffffffffffffffff, 1, 0
    RR clmulh, 0x7fffffffffffffff, 1, 0
    RR clmulh, 0x8000000000000000, 0xffffffffffffffff, 0x7fffffffffffffff
    RR clmulh, 0x80000000, 0x7fffffff, 0
    RR clmulh, 0x123456789abcdef0, 0xfedcba9876543210, 0xe038d8688850b04
    RR clmulh, 0xfedcba9876543210, 0x25, 0x1c
    RR clmulh, 0xff00ff00ff00ff00, 0x3f, 0x15
    RR clmulh, 0x7fffffff, 1, 0
    RR clmulh, 5, 0, 0
    RR clmulh, 0xffffffff80000000, 0xffffffffffffffff, 0x555555557fffffff

    RR clmulr, 0, 0, 0
    RR clmulr, 1, 0xffffffffffffffff, 1
    RR clmulr, 0xffffffffffffffff, 1, 1
    RR clmulr, 0x7fffffffffffffff, 1, 0
    RR clmulr, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR clmulr, 0x80000000, 0x7fffffff, 0
    RR clmulr, 0x123456789abcdef0, 0xfedcba9876543210, 0x1c071b0d110a1608
    RR clmulr, 0xfedcba9876543210, 0x25, 0x39
    RR clmulr, 0xff00ff00ff00ff00, 0x3f, 0x2a
    RR clmulr, 0x7fffffff, 1, 0
    RR clmulr, 5, 0, 0
    RR clmulr, 0xffffffff80000000, 0xffffffffffffffff, 0xaaaaaaaaffffffff

    TEST_END
