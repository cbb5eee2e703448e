// Control-flow integrity of user programs: landing pads and shadow stacks (Linux, Documentation/arch/riscv/zicfilp.rst
// and zicfiss.rst; arch/riscv/kernel/usercfi.c). Both are off until a program's start-up code asks for them.
#pragma once

#include "linux/process/clone.h"
#include "linux/strace/flags.h"
#include "linux/syscall.h"

namespace dragoman::linux_abi::riscv {

SyscallBody sys_map_shadow_stack;

/// prctl(PR_*_SHADOW_STACK_STATUS, PR_GET_CFI, PR_SET_CFI). -EINVAL for other options.
SyscallBody prctl_cfi;

/// Arch::prepare_child: a thread with a shadow stack gets one of its own.
SyscallResult prepare_shadow_stack(Task& parent, const CloneRequest& request, Task& child);
/// Arch::release_task.
void release_shadow_stack(Task& task);

bool has_shadow_stack(const Task& task);
/// Pushes the token that says where the shadow stack was, and returns where it lies, for the signal frame. 0: there is
/// no room for one.
u64 push_shadow_token(Task& task);
/// Goes on with the shadow stack that the token at `address` is for. False: it is none.
bool pop_shadow_token(Task& task, u64 address);

}  // namespace dragoman::linux_abi::riscv
