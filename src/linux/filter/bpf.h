// Classic BPF as seccomp allows it: 32-bit words of struct seccomp_data, an accumulator, an index register and 16 words
// of memory (Linux Documentation/networking/filter.rst, kernel/seccomp.c).
#pragma once

#include <linux/filter.h>

#include <span>

#include "base/bits.h"

namespace dragoman::linux_abi::bpf {

using Instruction = sock_filter;

/// What a filter sees of a system call: struct seccomp_data.
struct SyscallData {
    i32 number;
    u32 arch;  ///< AUDIT_ARCH_*
    u64 instruction_pointer;
    u64 args[6];
};
static_assert(sizeof(SyscallData) == 64);

inline constexpr std::size_t kMaxInstructions = 4096;  // BPF_MAXINSNS

/// Whether seccomp takes the program: known instructions only, every load inside the data, every jump forward and
/// inside the program, no word of memory read before it is written, a return at the end.
bool is_valid(std::span<const Instruction> program);

/// How many instructions Linux makes of a valid program for its own (extended) BPF: what counts against the limit of a
/// chain of filters.
std::size_t extended_length(std::span<const Instruction> program);

/// Runs a valid program. @returns what it returns: an action and its data
u32 run(std::span<const Instruction> program, const SyscallData& data);

}  // namespace dragoman::linux_abi::bpf
