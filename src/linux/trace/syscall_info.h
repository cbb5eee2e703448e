// PTRACE_GET_SYSCALL_INFO and PTRACE_SET_SYSCALL_INFO: a call is where its registers say, but for the first argument,
// which stands in the description (the kernel's orig_a0). Linux kernel/ptrace.c, ptrace_set_syscall_info.
#pragma once

#include <linux/ptrace.h>

#include <span>

#include "linux/arch.h"

namespace dragoman::linux_abi::trace {

/// Makes `call`, as the task has filled it in when it stopped, say what its registers (NT_PRSTATUS) hold by now.
void follow_registers(ptrace_syscall_info& call, std::span<const u8> registers, const CallRegisters& places);
/// How much of the description says something at a stop of its kind.
std::size_t described_bytes(const ptrace_syscall_info& call);

/// Changes `call` and its registers to what a tracer wants. @returns 0 or -errno: nothing is changed
i64 change_call(ptrace_syscall_info& call, const ptrace_syscall_info& wanted, std::span<u8> registers,
                const CallRegisters& places);

}  // namespace dragoman::linux_abi::trace
