// march: rv64gc_zksed_zksh
// Zksed, Zksh: SM4 and SM3. The expected values are computed from GB/T 32907-2016 and GB/T 32905-2016.
#include "operands.h"

.macro SM op, a, b, bs, result
    li a1, \a
    li a2, \b
    \op a0, a1, a2, \bs
    CHECK a0, \result
    mv a3, a1
    \op a3, a3, a2, \bs
    CHECK a3, \result
    \op a2, a1, a2, \bs
    CHECK a2, \result
.endm

TEST_START
    SM sm4ed, 0, 0, 0, 0x5b5bd58e
    SM sm4ed, 0, 0, 1, 0x5bd58e5b
    SM sm4ed, 0, 0, 2, 0xffffffffd58e5b5b
    SM sm4ed, 0, 0, 3, 0xffffffff8e5b5bd5
    SM sm4ed, 0xffffffffffffffff, 0xffffffffffffffff, 0, 0xffffffffdedeb697
    SM sm4ed, 0xffffffffffffffff, 0xffffffffffffffff, 1, 0xffffffffdeb697de
    SM sm4ed, 0xffffffffffffffff, 0xffffffffffffffff, 2, 0xffffffffb697dede
    SM sm4ed, 0xffffffffffffffff, 0xffffffffffffffff, 3, 0xffffffff97dedeb6
    SM sm4ed, 0x8000000000000000, 1, 0, 0x424292d0
    SM sm4ed, 0x8000000000000000, 1, 1, 0x5bd58e5b
    SM sm4ed, 0x8000000000000000, 1, 2, 0xffffffffd58e5b5b
    SM sm4ed, 0x8000000000000000, 1, 3, 0xffffffff8e5b5bd5
    SM sm4ed, 0x706050403020100, 0xf0e0d0c0b0a0908, 0, 0x5b5a174e
    SM sm4ed, 0x706050403020100, 0xf0e0d0c0b0a0908, 1, 0xffffffffd9b66fda
    SM sm4ed, 0x706050403020100, 0xf0e0d0c0b0a0908, 2, 0x17465150
    SM sm4ed, 0x706050403020100, 0xf0e0d0c0b0a0908, 3, 0xffffffffc9090ac1
    SM sm4ed, 0x123456789abcdef0, 0xfedcba9876543210, 0, 0x3610f577
    SM sm4ed, 0x123456789abcdef0, 0xfedcba9876543210, 1, 0xffffffffeaa0b280
    SM sm4ed, 0x123456789abcdef0, 0xfedcba9876543210, 2, 0xffffffffea091b35
    SM sm4ed, 0x123456789abcdef0, 0xfedcba9876543210, 3, 0x212042d7
    SM sm4ed, 0xffffffffffffffff, 0, 0, 0xffffffffa4a42a71
    SM sm4ed, 0xffffffffffffffff, 0, 1, 0xffffffffa42a71a4
    SM sm4ed, 0xffffffffffffffff, 0, 2, 0x2a71a4a4
    SM sm4ed, 0xffffffffffffffff, 0, 3, 0x71a4a42a

    SM sm4ks, 0, 0, 0, 0xffffffffc01a6bd6
    SM sm4ks, 0, 0, 1, 0x1a6bd6c0
    SM sm4ks, 0, 0, 2, 0x6bd6c01a
    SM sm4ks, 0, 0, 3, 0xffffffffd6c01a6b
    SM sm4ks, 0xffffffffffffffff, 0xffffffffffffffff, 0, 0xfffffffffff6dbb7
    SM sm4ks, 0xffffffffffffffff, 0xffffffffffffffff, 1, 0xfffffffff6dbb7ff
    SM sm4ks, 0xffffffffffffffff, 0xffffffffffffffff, 2, 0xffffffffdbb7fff6
    SM sm4ks, 0xffffffffffffffff, 0xffffffffffffffff, 3, 0xffffffffb7fff6db
    SM sm4ks, 0x8000000000000000, 1, 0, 0x124890
    SM sm4ks, 0x8000000000000000, 1, 1, 0x1a6bd6c0
    SM sm4ks, 0x8000000000000000, 1, 2, 0x6bd6c01a
    SM sm4ks, 0x8000000000000000, 1, 3, 0xffffffffd6c01a6b
    SM sm4ks, 0x706050403020100, 0xf0e0d0c0b0a0908, 0, 0xffffffffc3000a16
    SM sm4ks, 0x706050403020100, 0xf0e0d0c0b0a0908, 1, 0x1559b7c0
    SM sm4ks, 0x706050403020100, 0xf0e0d0c0b0a0908, 2, 0x9168102
    SM sm4ks, 0x706050403020100, 0xf0e0d0c0b0a0908, 3, 0xffffffffc1421961
    SM sm4ks, 0x123456789abcdef0, 0xfedcba9876543210, 0, 0xfffffffffa39cbdb
    SM sm4ks, 0x123456789abcdef0, 0xfedcba9876543210, 1, 0xffffffff99b2c270
    SM sm4ks, 0x123456789abcdef0, 0xfedcba9876543210, 2, 0xffffffffa2cdfe7e
    SM sm4ks, 0x123456789abcdef0, 0xfedcba9876543210, 3, 0xffffffffbd5c5ae3
    SM sm4ks, 0xffffffffffffffff, 0, 0, 0x3fe59429
    SM sm4ks, 0xffffffffffffffff, 0, 1, 0xffffffffe594293f
    SM sm4ks, 0xffffffffffffffff, 0, 2, 0xffffffff94293fe5
    SM sm4ks, 0xffffffffffffffff, 0, 3, 0x293fe594

    R sm3p0, 0, 0
    R sm3p0, 1, 0x20201
    R sm3p0, 0xffffffffffffffff, 0xffffffffffffffff
    R sm3p0, 0x8000000000000000, 0
    R sm3p0, 0x7fffffff, 0x7ffefeff
    R sm3p0, 0x80000000, 0xffffffff80010100
    R sm3p0, 0x123456789abcdef0, 0x5ee00abc
    R sm3p0, 0xfedcba9876543210, 0xffffffffba10fe54

    R sm3p1, 0, 0
    R sm3p1, 1, 0x808001
    R sm3p1, 0xffffffffffffffff, 0xffffffffffffffff
    R sm3p1, 0x8000000000000000, 0
    R sm3p1, 0x7fffffff, 0x7fbfbfff
    R sm3p1, 0x80000000, 0xffffffff80404000
    R sm3p1, 0x123456789abcdef0, 0xffffffff8d89cdc1
    R sm3p1, 0xfedcba9876543210, 0x67672323

TEST_END
