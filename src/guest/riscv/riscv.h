// The RISC-V guests: RV64 and RV32.
#pragma once

#include "guest/guest.h"

namespace dragoman::riscv {

extern const guest::Guest kRiscv64, kRiscv32;

}  // namespace dragoman::riscv
