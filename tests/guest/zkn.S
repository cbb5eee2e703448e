// march: rv64gc_zknd_zkne_zknh
// Zknd, Zkne, Zknh: AES and SHA-2. The expected values are computed from the tables and formulas of FIPS 197 and FIPS 180-4.
#include "operands.h"
#include "signals.h"

TEST_START
    RR aes64es, 0, 0, 0x6363636363636363
    RR aes64es, 0xffffffffffffffff, 0xffffffffffffffff, 0x1616161616161616
    RR aes64es, 0x8000000000000000, 1, 0x6363636363636363
    RR aes64es, 0x706050403020100, 0xf0e0d0c0b0a0908, 0x7bab01f276676b63
    RR aes64es, 0x123456789abcdef0, 0xfedcba9876543210, 0xb88623bcbb20b18c
    RR aes64es, 0xffffffffffffffff, 0, 0x1663631663631616

    RR aes64esm, 0, 0, 0x6363636363636363
    RR aes64esm, 0xffffffffffffffff, 0xffffffffffffffff, 0x1616161616161616
    RR aes64esm, 0x8000000000000000, 1, 0x6363636363636363
    RR aes64esm, 0x706050403020100, 0xf0e0d0c0b0a0908, 0x51336d2c455c6a6a
    RR aes64esm, 0x123456789abcdef0, 0xfedcba9876543210, 0x115bd33873ab2e50
    RR aes64esm, 0xffffffffffffffff, 0, 0x168963fc8963fc16

    RR aes64ds, 0, 0, 0x5252525252525252
    RR aes64ds, 0xffffffffffffffff, 0xffffffffffffffff, 0x7d7d7d7d7d7d7d7d
    RR aes64ds, 0x8000000000000000, 1, 0x525252523a525252
    RR aes64ds, 0x706050403020100, 0xf0e0d0c0b0a0908, 0x9ed7093038a3f352
    RR aes64ds, 0x123456789abcdef0, 0xfedcba9876543210, 0xf939cc139fdc017
    RR aes64ds, 0xffffffffffffffff, 0, 0x52527d7d7d52527d

    RR aes64dsm, 0, 0, 0x5252525252525252
    RR aes64dsm, 0xffffffffffffffff, 0xffffffffffffffff, 0x7d7d7d7d7d7d7d7d
    RR aes64dsm, 0x8000000000000000, 1, 0x525252525487ec57
    RR aes64dsm, 0x706050403020100, 0xf0e0d0c0b0a0908, 0x6e29192e1c96a313
    RR aes64dsm, 0x123456789abcdef0, 0xfedcba9876543210, 0x61706bbb2760f8ac
    RR aes64dsm, 0xffffffffffffffff, 0, 0xb0ee9fc1c1b0ee9f

    RR aes64ks2, 0, 0, 0
    RR aes64ks2, 0xffffffffffffffff, 0xffffffffffffffff, 0xffffffff00000000
    RR aes64ks2, 0x8000000000000000, 1, 0x8000000180000001
    RR aes64ks2, 0x706050403020100, 0xf0e0d0c0b0a0908, 0x30201000c0c0c0c
    RR aes64ks2, 0x123456789abcdef0, 0xfedcba9876543210, 0x9abcdef064606468
    RR aes64ks2, 0xffffffffffffffff, 0, 0xffffffffffffffff

    R aes64im, 0, 0
    R aes64im, 1, 0xb0d090e
    R aes64im, 0xffffffffffffffff, 0xffffffffffffffff
    R aes64im, 0x8000000000000000, 0x41f7daec00000000
    R aes64im, 0x7fffffff, 0xbe082513
    R aes64im, 0x80000000, 0x41f7daec
    R aes64im, 0x123456789abcdef0, 0x851bd1470d9359cf
    R aes64im, 0xfedcba9876543210, 0x39937dd7b11bf55f

    RI aes64ks1i, 0, 0, 0x6363636263636362
    RI aes64ks1i, 0x123456789abcdef0, 0, 0xbcc918b0bcc918b0
    RI aes64ks1i, 0xffffffffffffffff, 0, 0x1616161716161617
    RI aes64ks1i, 0, 1, 0x6363636163636361
    RI aes64ks1i, 0x123456789abcdef0, 1, 0xbcc918b3bcc918b3
    RI aes64ks1i, 0xffffffffffffffff, 1, 0x1616161416161614
    RI aes64ks1i, 0, 2, 0x6363636763636367
    RI aes64ks1i, 0x123456789abcdef0, 2, 0xbcc918b5bcc918b5
    RI aes64ks1i, 0xffffffffffffffff, 2, 0x1616161216161612
    RI aes64ks1i, 0, 3, 0x6363636b6363636b
    RI aes64ks1i, 0x123456789abcdef0, 3, 0xbcc918b9bcc918b9
    RI aes64ks1i, 0xffffffffffffffff, 3, 0x1616161e1616161e
    RI aes64ks1i, 0, 4, 0x6363637363636373
    RI aes64ks1i, 0x123456789abcdef0, 4, 0xbcc918a1bcc918a1
    RI aes64ks1i, 0xffffffffffffffff, 4, 0x1616160616161606
    RI aes64ks1i, 0, 5, 0x6363634363636343
    RI aes64ks1i, 0x123456789abcdef0, 5, 0xbcc91891bcc91891
    RI aes64ks1i, 0xffffffffffffffff, 5, 0x1616163616161636
    RI aes64ks1i, 0, 6, 0x6363632363636323
    RI aes64ks1i, 0x123456789abcdef0, 6, 0xbcc918f1bcc918f1
    RI aes64ks1i, 0xffffffffffffffff, 6, 0x1616165616161656
    RI aes64ks1i, 0, 7, 0x636363e3636363e3
    RI aes64ks1i, 0x123456789abcdef0, 7, 0xbcc91831bcc91831
    RI aes64ks1i, 0xffffffffffffffff, 7, 0x1616169616161696
    RI aes64ks1i, 0, 8, 0x6363637863636378
    RI aes64ks1i, 0x123456789abcdef0, 8, 0xbcc918aabcc918aa
    RI aes64ks1i, 0xffffffffffffffff, 8, 0x1616160d1616160d
    RI aes64ks1i, 0, 9, 0x6363635563636355
    RI aes64ks1i, 0x123456789abcdef0, 9, 0xbcc91887bcc91887
    RI aes64ks1i, 0xffffffffffffffff, 9, 0x1616162016161620
    RI aes64ks1i, 0, 10, 0x6363636363636363
    RI aes64ks1i, 0x123456789abcdef0, 10, 0xc918b1bcc918b1bc
    RI aes64ks1i, 0xffffffffffffffff, 10, 0x1616161616161616

    R sha256sum0, 0, 0
    R sha256sum0, 1, 0x40080400
    R sha256sum0, 0xffffffffffffffff, 0xffffffffffffffff
    R sha256sum0, 0x8000000000000000, 0
    R sha256sum0, 0x7fffffff, 0xffffffffdffbfdff
    R sha256sum0, 0x80000000, 0x20040200
    R sha256sum0, 0x123456789abcdef0, 0x22502030
    R sha256sum0, 0xfedcba9876543210, 0xffffffffdddefffc

    R sha256sum1, 0, 0
    R sha256sum1, 1, 0x4200080
    R sha256sum1, 0xffffffffffffffff, 0xffffffffffffffff
    R sha256sum1, 0x8000000000000000, 0
    R sha256sum1, 0x7fffffff, 0xfffffffffdefffbf
    R sha256sum1, 0x80000000, 0x2100040
    R sha256sum1, 0x123456789abcdef0, 0x4216dcad
    R sha256sum1, 0xfedcba9876543210, 0x29ce9275

    R sha256sig0, 0, 0
    R sha256sig0, 1, 0x2004000
    R sha256sig0, 0xffffffffffffffff, 0x1fffffff
    R sha256sig0, 0x8000000000000000, 0
    R sha256sig0, 0x7fffffff, 0xeffdfff
    R sha256sig0, 0x80000000, 0x11002000
    R sha256sig0, 0x123456789abcdef0, 0xffffffffc5dec4cc
    R sha256sig0, 0xfedcba9876543210, 0x22a233b3

    R sha256sig1, 0, 0
    R sha256sig1, 1, 0xa000
    R sha256sig1, 0xffffffffffffffff, 0x3fffff
    R sha256sig1, 0x8000000000000000, 0
    R sha256sig1, 0x7fffffff, 0x1fafff
    R sha256sig1, 0x80000000, 0x205000
    R sha256sig1, 0x123456789abcdef0, 0xfffffffff480f13e
    R sha256sig1, 0xfedcba9876543210, 0xffffffff9f57a0ec

    R sha512sum0, 0, 0
    R sha512sum0, 1, 0x1042000000
    R sha512sum0, 0xffffffffffffffff, 0xffffffffffffffff
    R sha512sum0, 0x8000000000000000, 0x821000000
    R sha512sum0, 0x7fffffff, 0xe0fffff03e000007
    R sha512sum0, 0x80000000, 0x2100000000000008
    R sha512sum0, 0x123456789abcdef0, 0x7c57a100c7ec1abb
    R sha512sum0, 0xfedcba9876543210, 0x483a85eff3813e54

    R sha512sum1, 0, 0
    R sha512sum1, 1, 0x4400000800000
    R sha512sum1, 0xffffffffffffffff, 0xffffffffffffffff
    R sha512sum1, 0x8000000000000000, 0x2200000400000
    R sha512sum1, 0x7fffffff, 0x3c3fffff81e000
    R sha512sum1, 0x80000000, 0x40000000022000
    R sha512sum1, 0x123456789abcdef0, 0x7031123334755677
    R sha512sum1, 0xfedcba9876543210, 0x88fceedcccb8aa98

    R sha512sig0, 0, 0
    R sha512sig0, 1, 0x8100000000000000
    R sha512sig0, 0xffffffffffffffff, 0x1ffffffffffffff
    R sha512sig0, 0x8000000000000000, 0x4180000000000000
    R sha512sig0, 0x7fffffff, 0x7f0000003f7fffff
    R sha512sig0, 0x80000000, 0x41800000
    R sha512sig0, 0x123456789abcdef0, 0xf92c77c6c4f1aa1b
    R sha512sig0, 0xfedcba9876543210, 0x6e6d388393b0e55e

    R sha512sig1, 0, 0
    R sha512sig1, 1, 0x200000000008
    R sha512sig1, 0xffffffffffffffff, 0x3ffffffffffffff
    R sha512sig1, 0x8000000000000000, 0x200100000000004
    R sha512sig1, 0x7fffffff, 0xffffe003fe000ff8
    R sha512sig1, 0x80000000, 0x402001000
    R sha512sig1, 0x123456789abcdef0, 0xa3460dbbd4317ac
    R sha512sig1, 0xfedcba9876543210, 0x735cb9f2442bce85

    // a round of the key expansion beyond the last is reserved
    CATCH SIGILL
    la s0, fault_address
    li a0, 5
    ILLEGAL .4byte 0x31b51513
    ILLEGAL .4byte 0x31f51513
    CHECK a0, 5
TEST_END

SIGNAL_HANDLER
