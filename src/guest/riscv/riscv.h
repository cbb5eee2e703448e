// The RISC-V 64 guest.
#pragma once

#include "guest/guest.h"

namespace dragoman::riscv {

extern const guest::Guest kRiscv64;

}  // namespace dragoman::riscv
