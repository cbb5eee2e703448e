// Text of an instruction, from its row.
#pragma once

#include <string>

#include "guest/riscv/decode.h"

namespace dragoman::riscv {

/// "addi    a0,a0,1"
std::string format_insn(const InsnRow& row, const Operands& a, u64 pc);

}  // namespace dragoman::riscv
