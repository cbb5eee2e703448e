// System calls, and options of prctl, that only riscv has.
#pragma once

#include "linux/strace/flags.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi::riscv {

SyscallBody sys_riscv_flush_icache, sys_riscv_hwprobe;

/// prctl(PR_RISCV_*), and those of pointer masking and control-flow integrity. -EINVAL for other options.
SyscallBody prctl;
extern const FlagName kPrctlOptions[8];

}  // namespace dragoman::linux_abi::riscv
