// march: rv64gc
// RV64I: arithmetic, logic, shifts and their word forms.
#include "operands.h"

TEST_START
    RR add, 0, 0, 0
    RR add, 1, 0xffffffffffffffff, 0
    RR add, 0xffffffffffffffff, 1, 0
    RR add, 0x7fffffffffffffff, 1, 0x8000000000000000
    RR add, 0x8000000000000000, 0xffffffffffffffff, 0x7fffffffffffffff
    RR add, 0x80000000, 0x7fffffff, 0xffffffff
    RR add, 0x123456789abcdef0, 0xfedcba9876543210, 0x1111111111111100
    RR add, 0xfedcba9876543210, 0x25, 0xfedcba9876543235
    RR add, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff3f
    RR add, 0x7fffffff, 1, 0x80000000
    RR add, 5, 0, 5
    RR add, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff7fffffff

    RR sub, 0, 0, 0
    RR sub, 1, 0xffffffffffffffff, 2
    RR sub, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR sub, 0x7fffffffffffffff, 1, 0x7ffffffffffffffe
    RR sub, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000001
    RR sub, 0x80000000, 0x7fffffff, 1
    RR sub, 0x123456789abcdef0, 0xfedcba9876543210, 0x13579be02468ace0
    RR sub, 0xfedcba9876543210, 0x25, 0xfedcba98765431eb
    RR sub, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00fec1
    RR sub, 0x7fffffff, 1, 0x7ffffffe
    RR sub, 5, 0, 5
    RR sub, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000001

    RR sll, 0, 0, 0
    RR sll, 1, 0xffffffffffffffff, 0x8000000000000000
    RR sll, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR sll, 0x7fffffffffffffff, 1, 0xfffffffffffffffe
    RR sll, 0x8000000000000000, 0xffffffffffffffff, 0
    RR sll, 0x80000000, 0x7fffffff, 0
    RR sll, 0x123456789abcdef0, 0xfedcba9876543210, 0x56789abcdef00000
    RR sll, 0xfedcba9876543210, 0x25, 0xca86420000000000
    RR sll, 0xff00ff00ff00ff00, 0x3f, 0
    RR sll, 0x7fffffff, 1, 0xfffffffe
    RR sll, 5, 0, 5
    RR sll, 0xffffffff80000000, 0xffffffffffffffff, 0

    RR slt, 0, 0, 0
    RR slt, 1, 0xffffffffffffffff, 0
    RR slt, 0xffffffffffffffff, 1, 1
    RR slt, 0x7fffffffffffffff, 1, 0
    RR slt, 0x8000000000000000, 0xffffffffffffffff, 1
    RR slt, 0x80000000, 0x7fffffff, 0
    RR slt, 0x123456789abcdef0, 0xfedcba9876543210, 0
    RR slt, 0xfedcba9876543210, 0x25, 1
    RR slt, 0xff00ff00ff00ff00, 0x3f, 1
    RR slt, 0x7fffffff, 1, 0
    RR slt, 5, 0, 0
    RR slt, 0xffffffff80000000, 0xffffffffffffffff, 1

    RR sltu, 0, 0, 0
    RR sltu, 1, 0xffffffffffffffff, 1
    RR sltu, 0xffffffffffffffff, 1, 0
    RR sltu, 0x7fffffffffffffff, 1, 0
    RR sltu, 0x8000000000000000, 0xffffffffffffffff, 1
    RR sltu, 0x80000000, 0x7fffffff, 0
    RR sltu, 0x123456789abcdef0, 0xfedcba9876543210, 1
    RR sltu, 0xfedcba9876543210, 0x25, 0
    RR sltu, 0xff00ff00ff00ff00, 0x3f, 0
    RR sltu, 0x7fffffff, 1, 0
    RR sltu, 5, 0, 0
    RR sltu, 0xffffffff80000000, 0xffffffffffffffff, 1

    RR xor, 0, 0, 0
    RR xor, 1, 0xffffffffffffffff, 0xfffffffffffffffe
    RR xor, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR xor, 0x7fffffffffffffff, 1, 0x7ffffffffffffffe
    RR xor, 0x8000000000000000, 0xffffffffffffffff, 0x7fffffffffffffff
    RR xor, 0x80000000, 0x7fffffff, 0xffffffff
    RR xor, 0x123456789abcdef0, 0xfedcba9876543210, 0xece8ece0ece8ece0
    RR xor, 0xfedcba9876543210, 0x25, 0xfedcba9876543235
    RR xor, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff3f
    RR xor, 0x7fffffff, 1, 0x7ffffffe
    RR xor, 5, 0, 5
    RR xor, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffff

    RR srl, 0, 0, 0
    RR srl, 1, 0xffffffffffffffff, 0
    RR srl, 0xffffffffffffffff, 1, 0x7fffffffffffffff
    RR srl, 0x7fffffffffffffff, 1, 0x3fffffffffffffff
    RR srl, 0x8000000000000000, 0xffffffffffffffff, 1
    RR srl, 0x80000000, 0x7fffffff, 0
    RR srl, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abc
    RR srl, 0xfedcba9876543210, 0x25, 0x7f6e5d4
    RR srl, 0xff00ff00ff00ff00, 0x3f, 1
    RR srl, 0x7fffffff, 1, 0x3fffffff
    RR srl, 5, 0, 5
    RR srl, 0xffffffff80000000, 0xffffffffffffffff, 1

    RR sra, 0, 0, 0
    RR sra, 1, 0xffffffffffffffff, 0
    RR sra, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR sra, 0x7fffffffffffffff, 1, 0x3fffffffffffffff
    RR sra, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR sra, 0x80000000, 0x7fffffff, 0
    RR sra, 0x123456789abcdef0, 0xfedcba9876543210, 0x123456789abc
    RR sra, 0xfedcba9876543210, 0x25, 0xfffffffffff6e5d4
    RR sra, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffff
    RR sra, 0x7fffffff, 1, 0x3fffffff
    RR sra, 5, 0, 5
    RR sra, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff

    RR or, 0, 0, 0
    RR or, 1, 0xffffffffffffffff, 0xffffffffffffffff
    RR or, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR or, 0x7fffffffffffffff, 1, 0x7fffffffffffffff
    RR or, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR or, 0x80000000, 0x7fffffff, 0xffffffff
    RR or, 0x123456789abcdef0, 0xfedcba9876543210, 0xfefcfef8fefcfef0
    RR or, 0xfedcba9876543210, 0x25, 0xfedcba9876543235
    RR or, 0xff00ff00ff00ff00, 0x3f, 0xff00ff00ff00ff3f
    RR or, 0x7fffffff, 1, 0x7fffffff
    RR or, 5, 0, 5
    RR or, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff

    RR and, 0, 0, 0
    RR and, 1, 0xffffffffffffffff, 1
    RR and, 0xffffffffffffffff, 1, 1
    RR and, 0x7fffffffffffffff, 1, 1
    RR and, 0x8000000000000000, 0xffffffffffffffff, 0x8000000000000000
    RR and, 0x80000000, 0x7fffffff, 0
    RR and, 0x123456789abcdef0, 0xfedcba9876543210, 0x1214121812141210
    RR and, 0xfedcba9876543210, 0x25, 0
    RR and, 0xff00ff00ff00ff00, 0x3f, 0
    RR and, 0x7fffffff, 1, 1
    RR and, 5, 0, 0
    RR and, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000000

    RR addw, 0, 0, 0
    RR addw, 1, 0xffffffffffffffff, 0
    RR addw, 0xffffffffffffffff, 1, 0
    RR addw, 0x7fffffffffffffff, 1, 0
    RR addw, 0x8000000000000000, 0xffffffffffffffff, 0xffffffffffffffff
    RR addw, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    RR addw, 0x123456789abcdef0, 0xfedcba9876543210, 0x11111100
    RR addw, 0xfedcba9876543210, 0x25, 0x76543235
    RR addw, 0xff00ff00ff00ff00, 0x3f, 0xffffffffff00ff3f
    RR addw, 0x7fffffff, 1, 0xffffffff80000000
    RR addw, 5, 0, 5
    RR addw, 0xffffffff80000000, 0xffffffffffffffff, 0x7fffffff

    RR subw, 0, 0, 0
    RR subw, 1, 0xffffffffffffffff, 2
    RR subw, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR subw, 0x7fffffffffffffff, 1, 0xfffffffffffffffe
    RR subw, 0x8000000000000000, 0xffffffffffffffff, 1
    RR subw, 0x80000000, 0x7fffffff, 1
    RR subw, 0x123456789abcdef0, 0xfedcba9876543210, 0x2468ace0
    RR subw, 0xfedcba9876543210, 0x25, 0x765431eb
    RR subw, 0xff00ff00ff00ff00, 0x3f, 0xffffffffff00fec1
    RR subw, 0x7fffffff, 1, 0x7ffffffe
    RR subw, 5, 0, 5
    RR subw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffff80000001

    RR sllw, 0, 0, 0
    RR sllw, 1, 0xffffffffffffffff, 0xffffffff80000000
    RR sllw, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RR sllw, 0x7fffffffffffffff, 1, 0xfffffffffffffffe
    RR sllw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR sllw, 0x80000000, 0x7fffffff, 0
    RR sllw, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffdef00000
    RR sllw, 0xfedcba9876543210, 0x25, 0xffffffffca864200
    RR sllw, 0xff00ff00ff00ff00, 0x3f, 0
    RR sllw, 0x7fffffff, 1, 0xfffffffffffffffe
    RR sllw, 5, 0, 5
    RR sllw, 0xffffffff80000000, 0xffffffffffffffff, 0

    RR srlw, 0, 0, 0
    RR srlw, 1, 0xffffffffffffffff, 0
    RR srlw, 0xffffffffffffffff, 1, 0x7fffffff
    RR srlw, 0x7fffffffffffffff, 1, 0x7fffffff
    RR srlw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR srlw, 0x80000000, 0x7fffffff, 1
    RR srlw, 0x123456789abcdef0, 0xfedcba9876543210, 0x9abc
    RR srlw, 0xfedcba9876543210, 0x25, 0x3b2a190
    RR srlw, 0xff00ff00ff00ff00, 0x3f, 1
    RR srlw, 0x7fffffff, 1, 0x3fffffff
    RR srlw, 5, 0, 5
    RR srlw, 0xffffffff80000000, 0xffffffffffffffff, 1

    RR sraw, 0, 0, 0
    RR sraw, 1, 0xffffffffffffffff, 0
    RR sraw, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RR sraw, 0x7fffffffffffffff, 1, 0xffffffffffffffff
    RR sraw, 0x8000000000000000, 0xffffffffffffffff, 0
    RR sraw, 0x80000000, 0x7fffffff, 0xffffffffffffffff
    RR sraw, 0x123456789abcdef0, 0xfedcba9876543210, 0xffffffffffff9abc
    RR sraw, 0xfedcba9876543210, 0x25, 0x3b2a190
    RR sraw, 0xff00ff00ff00ff00, 0x3f, 0xffffffffffffffff
    RR sraw, 0x7fffffff, 1, 0x3fffffff
    RR sraw, 5, 0, 5
    RR sraw, 0xffffffff80000000, 0xffffffffffffffff, 0xffffffffffffffff

    RI addi, 0, 0, 0
    RI addi, 1, -1, 0
    RI addi, 0xffffffffffffffff, 1, 0
    RI addi, 0x7fffffff, 1, 0x80000000
    RI addi, 0x123456789abcdef0, -2048, 0x123456789abcd6f0
    RI addi, 0xfedcba9876543210, 2047, 0xfedcba9876543a0f
    RI addi, 0x80000000, -1, 0x7fffffff

    RI slti, 0, 0, 0
    RI slti, 1, -1, 0
    RI slti, 0xffffffffffffffff, 1, 1
    RI slti, 0x7fffffff, 1, 0
    RI slti, 0x123456789abcdef0, -2048, 0
    RI slti, 0xfedcba9876543210, 2047, 1
    RI slti, 0x80000000, -1, 0

    RI sltiu, 0, 0, 0
    RI sltiu, 1, -1, 1
    RI sltiu, 0xffffffffffffffff, 1, 0
    RI sltiu, 0x7fffffff, 1, 0
    RI sltiu, 0x123456789abcdef0, -2048, 1
    RI sltiu, 0xfedcba9876543210, 2047, 0
    RI sltiu, 0x80000000, -1, 1

    RI xori, 0, 0, 0
    RI xori, 1, -1, 0xfffffffffffffffe
    RI xori, 0xffffffffffffffff, 1, 0xfffffffffffffffe
    RI xori, 0x7fffffff, 1, 0x7ffffffe
    RI xori, 0x123456789abcdef0, -2048, 0xedcba987654326f0
    RI xori, 0xfedcba9876543210, 2047, 0xfedcba98765435ef
    RI xori, 0x80000000, -1, 0xffffffff7fffffff

    RI ori, 0, 0, 0
    RI ori, 1, -1, 0xffffffffffffffff
    RI ori, 0xffffffffffffffff, 1, 0xffffffffffffffff
    RI ori, 0x7fffffff, 1, 0x7fffffff
    RI ori, 0x123456789abcdef0, -2048, 0xfffffffffffffef0
    RI ori, 0xfedcba9876543210, 2047, 0xfedcba98765437ff
    RI ori, 0x80000000, -1, 0xffffffffffffffff

    RI andi, 0, 0, 0
    RI andi, 1, -1, 1
    RI andi, 0xffffffffffffffff, 1, 1
    RI andi, 0x7fffffff, 1, 1
    RI andi, 0x123456789abcdef0, -2048, 0x123456789abcd800
    RI andi, 0xfedcba9876543210, 2047, 0x210
    RI andi, 0x80000000, -1, 0x80000000

    RI addiw, 0, 0, 0
    RI addiw, 1, -1, 0
    RI addiw, 0xffffffffffffffff, 1, 0
    RI addiw, 0x7fffffff, 1, 0xffffffff80000000
    RI addiw, 0x123456789abcdef0, -2048, 0xffffffff9abcd6f0
    RI addiw, 0xfedcba9876543210, 2047, 0x76543a0f
    RI addiw, 0x80000000, -1, 0x7fffffff

    RI slli, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI slli, 0xfedcba9876543210, 1, 0xfdb97530eca86420
    RI slli, 0x8000000000000000, 63, 0
    RI slli, 0x123456789abcdef0, 32, 0x9abcdef000000000
    RI slli, 0xfedcba9876543210, 31, 0x3b2a190800000000

    RI srli, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI srli, 0xfedcba9876543210, 1, 0x7f6e5d4c3b2a1908
    RI srli, 0x8000000000000000, 63, 1
    RI srli, 0x123456789abcdef0, 32, 0x12345678
    RI srli, 0xfedcba9876543210, 31, 0x1fdb97530

    RI srai, 0xfedcba9876543210, 0, 0xfedcba9876543210
    RI srai, 0xfedcba9876543210, 1, 0xff6e5d4c3b2a1908
    RI srai, 0x8000000000000000, 63, 0xffffffffffffffff
    RI srai, 0x123456789abcdef0, 32, 0x12345678
    RI srai, 0xfedcba9876543210, 31, 0xfffffffffdb97530

    RI slliw, 0xfedcba9876543210, 0, 0x76543210
    RI slliw, 0xfedcba9876543210, 1, 0xffffffffeca86420
    RI slliw, 0x80000000, 31, 0
    RI slliw, 0x123456789abcdef0, 16, 0xffffffffdef00000
    RI slliw, 0xffffffffffffffff, 31, 0xffffffff80000000

    RI srliw, 0xfedcba9876543210, 0, 0x76543210
    RI srliw, 0xfedcba9876543210, 1, 0x3b2a1908
    RI srliw, 0x80000000, 31, 1
    RI srliw, 0x123456789abcdef0, 16, 0x9abc
    RI srliw, 0xffffffffffffffff, 31, 1

    RI sraiw, 0xfedcba9876543210, 0, 0x76543210
    RI sraiw, 0xfedcba9876543210, 1, 0x3b2a1908
    RI sraiw, 0x80000000, 31, 0xffffffffffffffff
    RI sraiw, 0x123456789abcdef0, 16, 0xffffffffffff9abc
    RI sraiw, 0xffffffffffffffff, 31, 0xffffffffffffffff

    lui a0, 0x80000
    CHECK a0, 0xffffffff80000000
    lui a0, 0x7ffff
    CHECK a0, 0x7ffff000
    lla a1, 1f
1:  auipc a0, 0
    CHECK_EQ a0, a1
2:  auipc a0, 0xfffff
    lla a1, 2b
    li a2, 0x1000
    sub a1, a1, a2
    CHECK_EQ a0, a1

    // x0 as destination stays zero.
    li a1, 5
    add zero, a1, a1
    addi zero, a1, 1
    lui zero, 1
    addw zero, a1, a1
    CHECK zero, 0
    add a0, zero, a1
    CHECK a0, 5
    sub a0, zero, a1
    CHECK a0, -5
    TEST_END
