// Registers of a thread in a core dump (uapi asm/elf.h and asm/ptrace.h of riscv).
#include <elf.h>

#include <cstring>

#include "guest/riscv/fcsr.h"
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"

namespace dragoman::linux_abi::riscv {

namespace {

template <class T>
std::vector<u8> bytes_of(const T& value) {
    std::vector<u8> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    return bytes;
}

/// struct user_regs_struct: x0 has no place of its own.
struct GeneralRegisters {
    u64 pc;
    u64 x[31];
};
/// struct __riscv_d_ext_state, padded as elf_fpregset_t is.
struct FloatRegisters {
    u64 f[32];
    u64 fcsr;
};

}  // namespace

std::vector<u8> core_registers(const ir::Env* env) {
    const dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    GeneralRegisters registers;
    registers.pc = h->pc;
    std::memcpy(registers.x, &h->gpr[1], sizeof registers.x);
    return bytes_of(registers);
}

std::vector<RegisterNote> core_register_notes(const ir::Env* env) {
    const dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    FloatRegisters registers;
    std::memcpy(registers.f, h->fpr, sizeof registers.f);
    registers.fcsr = dragoman::riscv::get_fcsr(h);
    return {{NT_FPREGSET, bytes_of(registers)}};
}

}  // namespace dragoman::linux_abi::riscv
