// Xlrbr of lowRISC: the cyclic redundancy checks that the draft of the bit-manipulation extension had (Zbr).
#include "guest/riscv/insn_sets.h"
#include "guest/riscv/shapes.h"

namespace dragoman::riscv {

namespace {

constexpr u32 kIeee = 0xedb8'8320, kCastagnoli = 0x82f6'3b78;

template <u32 polynomial, unsigned bits>
bool trans_crc32(DisasContext& ctx, const Operands& a) {
    Builder& b = *ctx.b;
    if (a.rd != 0) ctx.call_helper(Helper::crc32, a.rd, {ctx.gpr(a.rs1), b.c32(polynomial), b.c32(bits)});
    return true;
}

using enum Extension;

constexpr InsnRow kRows[] = {
    {"011000010000 sssss 001 ddddd 0010011", "crc32.b", "rd,rs1", Xlrbr, trans_crc32<kIeee, 8>},
    {"011000010001 sssss 001 ddddd 0010011", "crc32.h", "rd,rs1", Xlrbr, trans_crc32<kIeee, 16>},
    {"011000010010 sssss 001 ddddd 0010011", "crc32.w", "rd,rs1", Xlrbr, trans_crc32<kIeee, 32>},
    {"011000010011 sssss 001 ddddd 0010011", "crc32.d", "rd,rs1", Xlrbr, trans_crc32<kIeee, 64>},
    {"011000011000 sssss 001 ddddd 0010011", "crc32c.b", "rd,rs1", Xlrbr, trans_crc32<kCastagnoli, 8>},
    {"011000011001 sssss 001 ddddd 0010011", "crc32c.h", "rd,rs1", Xlrbr, trans_crc32<kCastagnoli, 16>},
    {"011000011010 sssss 001 ddddd 0010011", "crc32c.w", "rd,rs1", Xlrbr, trans_crc32<kCastagnoli, 32>},
    {"011000011011 sssss 001 ddddd 0010011", "crc32c.d", "rd,rs1", Xlrbr, trans_crc32<kCastagnoli, 64>},
};

}  // namespace

InsnSet rows_xlrbr() { return kRows; }

}  // namespace dragoman::riscv
