// What Linux tells programs about the instruction set, from the guest's table of extensions.
#pragma once

#include "guest/riscv/model.h"

namespace dragoman::linux_abi::riscv {

/// AT_HWCAP: one bit per single-letter extension that Linux reports there (asm/hwcap.h).
u64 hwcap(const guest::Model& model);

/// Value of RISCV_HWPROBE_KEY_BASE_BEHAVIOR, and of _IMA_EXT_0 (`word` 0) and _IMA_EXT_1 (1).
u64 hwprobe_base_behavior(const dragoman::riscv::Model& model);
u64 hwprobe_extensions(const dragoman::riscv::Model& model, unsigned word);

}  // namespace dragoman::linux_abi::riscv
