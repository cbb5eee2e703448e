// The inverse of decoding: builds an instruction from its row. For the tests and for the fuzzer's
// program generator.
#pragma once

#include "guest/riscv/insn_table.h"

namespace dragoman::riscv {

/// The instruction of `row` with operands `a`. Parts of `a` that the row has no field for are ignored; the
/// immediate must be one that the row can express. Bits that the pattern ignores are 0.
u32 encode(const InsnRow& row, const Operands& a);

/// Bits of an instruction of `row` that are not fixed by its pattern.
constexpr u32 open_bits(const InsnRow& row) { return ~row.mask & static_cast<u32>(low_mask(row.length * 8)); }

}  // namespace dragoman::riscv
