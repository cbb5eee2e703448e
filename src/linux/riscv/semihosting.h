// Semihosting calls of user programs (guest/riscv/semihosting.h), which are always on, as in qemu-riscv64.
#pragma once

namespace dragoman::linux_abi {
class Task;
}

namespace dragoman::linux_abi::riscv {

/// The task's breakpoint exception is a semihosting call: makes it. False: it is a plain breakpoint.
bool semihosting_call(Task& task);

}  // namespace dragoman::linux_abi::riscv
