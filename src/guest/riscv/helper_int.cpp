// Integer helpers: the permutations of Zbkx and Zbkb, and cyclic redundancy checks, which have no short IR form.
#include "guest/riscv/helper.h"

namespace dragoman::riscv {

u64 helper_xperm4(u64 rs1, u64 rs2) {
    u64 out = 0;
    for (unsigned i = 0; i < 64; i += 4) out |= extract(rs1, static_cast<unsigned>(rs2 >> i & 15) * 4, 4) << i;
    return out;
}

u64 helper_xperm8(u64 rs1, u64 rs2) {
    u64 out = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        unsigned index = rs2 >> i & 0xff;
        if (index < 8) out |= extract(rs1, index * 8, 8) << i;
    }
    return out;
}

u64 helper_brev8(u64 v) {
    v = (v & 0x5555'5555'5555'5555) << 1 | (v >> 1 & 0x5555'5555'5555'5555);
    v = (v & 0x3333'3333'3333'3333) << 2 | (v >> 2 & 0x3333'3333'3333'3333);
    return (v & 0x0f0f'0f0f'0f0f'0f0f) << 4 | (v >> 4 & 0x0f0f'0f0f'0f0f'0f0f);
}

u64 helper_zip(u64 rs1) {
    u64 out = 0;
    for (unsigned i = 0; i < 16; ++i) out |= extract(rs1, i, 1) << (2 * i) | extract(rs1, i + 16, 1) << (2 * i + 1);
    return out;
}

u64 helper_unzip(u64 rs1) {
    u64 out = 0;
    for (unsigned i = 0; i < 16; ++i) out |= extract(rs1, 2 * i, 1) << i | extract(rs1, 2 * i + 1, 1) << (i + 16);
    return out;
}

u64 helper_crc32(u64 rs1, u32 polynomial, u32 bits) {
    for (; bits != 0; --bits) rs1 = (rs1 & 1) != 0 ? rs1 >> 1 ^ polynomial : rs1 >> 1;
    return rs1;
}

}  // namespace dragoman::riscv
