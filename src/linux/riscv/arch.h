// Linux on riscv64 and riscv32: parts of their Arch tables.
#pragma once

#include <string>

#include "linux/arch.h"

namespace dragoman::linux_abi::riscv {

extern const Arch kArch64, kArch32;
extern const SyscallTable kSyscalls64, kSyscalls32;

std::string cpuinfo(const guest::Model& model, u64 highest_address);

void exception_signal(const Task& task, siginfo_t& info);
extern const u64 kAuxv[16];

bool push_signal_frame(Task& task, const SignalDelivery& delivery, u64 stack);
bool pop_signal_frame(Task& task, SignalSet& mask);
u64 minimum_signal_stack(const guest::Model& model);
bool push_signal_frame32(Task& task, const SignalDelivery& delivery, u64 stack);
bool pop_signal_frame32(Task& task, SignalSet& mask);
u64 minimum_signal_stack32(const guest::Model& model);

std::vector<u8> core_registers(const ir::Env* env);
std::vector<u8> core_registers32(const ir::Env* env);
std::vector<RegisterNote> core_register_notes(const ir::Env* env);
void set_registers(ir::Env* env, u32 type, std::span<const u8> bytes);
void set_registers32(ir::Env* env, u32 type, std::span<const u8> bytes);

const VdsoImage& vdso();
const VdsoImage& vdso32();
void vdso_mapped(guest::Model& model, u64 address);

/// The address that the load, store or atomic instruction at env->pc accesses; 0 when it is none.
u64 access_address(const Task& task);

}  // namespace dragoman::linux_abi::riscv
