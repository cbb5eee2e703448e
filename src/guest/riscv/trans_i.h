// Translation functions of the base sets that compressed instructions share.
#pragma once

#include "guest/riscv/insn_table.h"

namespace dragoman::riscv {

// clang-format off
#define DRAGOMAN_TRANS(name) bool trans_##name(DisasContext& ctx, const Operands& a);
DRAGOMAN_TRANS(nop)
DRAGOMAN_TRANS(lui) DRAGOMAN_TRANS(jal) DRAGOMAN_TRANS(jalr) DRAGOMAN_TRANS(beq) DRAGOMAN_TRANS(bne)
DRAGOMAN_TRANS(lbu) DRAGOMAN_TRANS(lh) DRAGOMAN_TRANS(lhu) DRAGOMAN_TRANS(lw) DRAGOMAN_TRANS(ld)
DRAGOMAN_TRANS(sb) DRAGOMAN_TRANS(sh) DRAGOMAN_TRANS(sw) DRAGOMAN_TRANS(sd)
DRAGOMAN_TRANS(addi) DRAGOMAN_TRANS(xori) DRAGOMAN_TRANS(andi) DRAGOMAN_TRANS(slli) DRAGOMAN_TRANS(srli)
DRAGOMAN_TRANS(srai) DRAGOMAN_TRANS(add) DRAGOMAN_TRANS(sub) DRAGOMAN_TRANS(xor) DRAGOMAN_TRANS(or)
DRAGOMAN_TRANS(and) DRAGOMAN_TRANS(addiw) DRAGOMAN_TRANS(addw) DRAGOMAN_TRANS(subw) DRAGOMAN_TRANS(ebreak)
DRAGOMAN_TRANS(mul) DRAGOMAN_TRANS(sext_b) DRAGOMAN_TRANS(sext_h) DRAGOMAN_TRANS(zext_h)
DRAGOMAN_TRANS(flw) DRAGOMAN_TRANS(fsw) DRAGOMAN_TRANS(fld) DRAGOMAN_TRANS(fsd)
DRAGOMAN_TRANS(add_uw) DRAGOMAN_TRANS(mop) DRAGOMAN_TRANS(lpad)
#undef DRAGOMAN_TRANS
    // clang-format on

    /// Zicfilp: emits the change of ELP (trans_zicfi.cpp).
    void set_pad_expected(DisasContext& ctx, bool expected);

}  // namespace dragoman::riscv
