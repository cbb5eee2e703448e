// march: rv64gc_zba
// Zba: address generation.
#include "operands.h"

TEST_START
    RR sh1add, 0, 0, 0
    RR sh1add, 1, 0xffffffffffffffff, 1
    RR sh1add, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR sh1add, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR sh1add, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh1add, 0x80000000, 0x7fffffff, 0x17fffffff
    RR sh1add, 0x123456789abcdef0, 0xfedcba9876543210, 0x23456789abcdeff0
    RR sh1add, 0xfedcba9876543210, 0x25, 0xfdb97530eca86445
    RR sh1add, 0xff00ff00ff00ff00, 0x3f, 0xfe01fe01fe01fe3f
    RR sh1add, 0x7fffffff, 1, 0xffffffff
    RR sh1add, 5, 0, 0xa
    RR sh1add, 0xffffffff80000000, 0xffffffffffffffff, 0xfffffffeffffffff

    RR sh1add.uw, 0, 0, 0
    RR sh1add.uw, 1, 0xffffffffffffffff, 1
    RR sh1add.uw, 0xffffffffffffffff, 1, 0x1ffffffff
    RR sh1add.uw, 0x7fffffffffffffff, 1, 0x1ffffffff
    RR sh1add.uw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh1add.uw, 0x80000000, 0x7fffffff, 0x17fffffff
    RR sh1add.uw, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba99abcdeff0
    RR sh1add.uw, 0xfedcba9876543210, 0x25, 0xeca86445
    RR sh1add.uw, 0xff00ff00ff00ff00, 0x3f, 0x1fe01fe3f
    RR sh1add.uw, 0x7fffffff, 1, 0xffffffff
    RR sh1add.uw, 5, 0, 0xa
    RR sh1add.uw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff

    RR sh2add, 0, 0, 0
    RR sh2add, 1, 0xffffffffffffffff, 3
    RR sh2add, 0xffffffffffffffff, 1, 0xfffffffffffffffd
    RR sh2add, 0x7fffffffffffffff, 1, 0xfffffffffffffffd
    RR sh2add, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh2add, 0x80000000, 0x7fffffff, 0x27fffffff
    RR sh2add, 0x123456789abcdef0, 0xfedcba9876543210, 0x47ae147ae147add0
    RR sh2add, 0xfedcba9876543210, 0x25, 0xfb72ea61d950c865
    RR sh2add, 0xff00ff00ff00ff00, 0x3f, 0xfc03fc03fc03fc3f
    RR sh2add, 0x7fffffff, 1, 0x1fffffffd
    RR sh2add, 5, 0, 0x14
    RR sh2add, 0xffffffff80000000, 0xffffffffffffffff, 0xfffffffdffffffff

    RR sh2add.uw, 0, 0, 0
    RR sh2add.uw, 1, 0xffffffffffffffff, 3
    RR sh2add.uw, 0xffffffffffffffff, 1, 0x3fffffffd
    RR sh2add.uw, 0x7fffffffffffffff, 1, 0x3fffffffd
    RR sh2add.uw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh2add.uw, 0x80000000, 0x7fffffff, 0x27fffffff
    RR sh2add.uw, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba9ae147add0
    RR sh2add.uw, 0xfedcba9876543210, 0x25, 0x1d950c865
    RR sh2add.uw, 0xff00ff00ff00ff00, 0x3f, 0x3fc03fc3f
    RR sh2add.uw, 0x7fffffff, 1, 0x1fffffffd
    RR sh2add.uw, 5, 0, 0x14
    RR sh2add.uw, 0xffffffff80000000, 0xffffffffffffffff, 0x1ffffffff

    RR sh3add, 0, 0, 0
    RR sh3add, 1, 0xffffffffffffffff, 7
    RR sh3add, 0xffffffffffffffff, 1, 0xfffffffffffffff9
    RR sh3add, 0x7fffffffffffffff, 1, 0xfffffffffffffff9
    RR sh3add, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh3add, 0x80000000, 0x7fffffff, 0x47fffffff
    RR sh3add, 0x123456789abcdef0, 0xfedcba9876543210, 0x907f6e5d4c3b2990
    RR sh3add, 0xfedcba9876543210, 0x25, 0xf6e5d4c3b2a190a5
    RR sh3add, 0xff00ff00ff00ff00, 0x3f, 0xf807f807f807f83f
    RR sh3add, 0x7fffffff, 1, 0x3fffffff9
    RR sh3add, 5, 0, 0x28
    RR sh3add, 0xffffffff80000000, 0xffffffffffffffff, 0xfffffffbffffffff

    RR sh3add.uw, 0, 0, 0
    RR sh3add.uw, 1, 0xffffffffffffffff, 7
    RR sh3add.uw, 0xffffffffffffffff, 1, 0x7fffffff9
    RR sh3add.uw, 0x7fffffffffffffff, 1, 0x7fffffff9
    RR sh3add.uw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sh3add.uw, 0x80000000, 0x7fffffff, 0x47fffffff
    RR sh3add.uw, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba9d4c3b2990
    RR sh3add.uw, 0xfedcba9876543210, 0x25, 0x3b2a190a5
    RR sh3add.uw, 0xff00ff00ff00ff00, 0x3f, 0x7f807f83f
    RR sh3add.uw, 0x7fffffff, 1, 0x3fffffff9
    RR sh3add.uw, 5, 0, 0x28
    RR sh3add.uw, 0xffffffff80000000, 0xffffffffffffffff, 0x3ffffffff

    RR add.uw, 0, 0, 0
    RR add.uw, 1, 0xffffffffffffffff, 0
    RR add.uw, 0xffffffffffffffff, 1, 0x100000000
    RR add.uw, 0x7fffffffffffffff, 1, 0x100000000
    RR add.uw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR add.uw, 0x80000000, 0x7fffffff, 0xffffffff
    RR add.uw, 0x123456789abcdef0, 0xfedcba9876543210, 0xfedcba9911111100
    RR add.uw, 0xfedcba9876543210, 0x25, 0x76543235
    RR add.uw, 0xff00ff00ff00ff00, 0x3f, 0xff00ff3f
    RR add.uw, 0x7fffffff, 1, 0x80000000
    RR add.uw, 5, 0, 5
    RR add.uw, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffff

    RI slli.uw, 0xfedcba9876543210, 0, 0x76543210
    RI slli.uw, 0xfedcba9876543210, 1, 0xeca86420
    RI slli.uw, 0x8000000000000000, 63, 0
    RI slli.uw, 0x123456789abcdef0, 32, 0x9abcdef000000000
    RI slli.uw, 0xfedcba9876543210, 31, 0x3b2a190800000000

    R zext.w, 0, 0
    R zext.w, 1, 1
    R zext.w, 0xffffffffffffffff, 0xffffffff
    R zext.w, 0x7fffffffffffffff, 0xffffffff
    R zext.w, 0x8000000000000000, 0
    R zext.w, 0x80000000, 0x80000000
    R zext.w, 0x7fffffff, 0x7fffffff
    R zext.w, 0xffffffff80000000, 0x80000000
    R zext.w, 0x123456789abcdef0, 0x9abcdef0
    R zext.w, 0xfedcba9876543210, 0x76543210
    R zext.w, 0x3f, 0x3f
    R zext.w, 0xff00ff00ff00ff00, 0xff00ff00
    R zext.w, 0x25, 0x25

    TEST_END
