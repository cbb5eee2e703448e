// Registers of a thread in a core dump and for ptrace (uapi asm/elf.h and asm/ptrace.h of riscv).
#include <elf.h>

#include <algorithm>
#include <cstring>

#include "guest/riscv/cpu.h"
#include "guest/riscv/fcsr.h"
#include "guest/riscv/state.h"
#include "linux/riscv/arch.h"
#include "linux/riscv/vector_context.h"

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
/// That of riscv32.
struct GeneralRegisters32 {
    u32 pc;
    u32 x[31];
};
/// struct __riscv_d_ext_state, padded as elf_fpregset_t is.
struct FloatRegisters {
    u64 f[32];
    u64 fcsr;
};
/// struct __riscv_v_regset_state: the registers are behind it.
struct VectorRegisters {
    u64 vstart, vl, vtype, vcsr, vlenb;
};
constexpr u32 kRiscvVector = 0x901;  // NT_RISCV_VECTOR

GeneralRegisters general_registers(const dragoman::riscv::Hart* h) {
    GeneralRegisters registers;
    registers.pc = h->pc;
    std::memcpy(registers.x, &h->gpr[1], sizeof registers.x);
    return registers;
}

GeneralRegisters32 general_registers32(const dragoman::riscv::Hart* h) {
    GeneralRegisters32 registers;
    registers.pc = static_cast<u32>(h->pc);
    for (unsigned i = 0; i < 31; ++i) registers.x[i] = static_cast<u32>(h->gpr[i + 1]);
    return registers;
}

FloatRegisters float_registers(const dragoman::riscv::Hart* h) {
    FloatRegisters registers;
    std::memcpy(registers.f, h->fpr, sizeof registers.f);
    registers.fcsr = dragoman::riscv::get_fcsr(h);
    return registers;
}

std::vector<u8> vector_bytes(const dragoman::riscv::VectorState& v) {
    const VectorRegisters registers{v.vstart, v.vl, v.vtype, u64{v.vxrm} << 1 | v.vxsat, v.vlenb};
    std::vector<u8> bytes(sizeof registers + std::size_t{32} * v.vlenb);
    std::memcpy(bytes.data(), &registers, sizeof registers);
    std::memcpy(bytes.data() + sizeof registers, v.regs, bytes.size() - sizeof registers);
    return bytes;
}

void set_vector(dragoman::riscv::Hart* h, std::span<const u8> bytes) {
    dragoman::riscv::VectorState& v = h->vector;
    std::vector<u8> all = vector_bytes(v);
    std::memcpy(all.data(), bytes.data(), std::min(bytes.size(), all.size()));
    VectorRegisters registers;
    std::memcpy(&registers, all.data(), sizeof registers);
    std::memcpy(v.regs, all.data() + sizeof registers, all.size() - sizeof registers);
    set_vector_csrs(v, registers.vtype, registers.vl, registers.vstart, registers.vcsr);
    h->tb_flags = dragoman::riscv::tb_flags(h);
}

}  // namespace

std::vector<u8> core_registers(const ir::Env* env) {
    const dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    return bytes_of(general_registers(h));
}

std::vector<u8> core_registers32(const ir::Env* env) {
    return bytes_of(general_registers32(dragoman::riscv::hart(env)));
}

std::vector<RegisterNote> core_register_notes(const ir::Env* env) {
    const dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    const FloatRegisters registers = float_registers(h);
    std::vector<RegisterNote> notes{{NT_FPREGSET, bytes_of(registers)}};
    if (has_vector_context(*h)) notes.push_back({kRiscvVector, vector_bytes(h->vector)});
    return notes;
}

void set_registers(ir::Env* env, u32 type, std::span<const u8> bytes) {
    dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    auto overlay = [bytes](auto& registers) {
        std::memcpy(&registers, bytes.data(), std::min(bytes.size(), sizeof registers));
    };
    if (type == NT_PRSTATUS) {
        GeneralRegisters registers = general_registers(h);
        overlay(registers);
        h->pc = align_down(registers.pc, 2);
        std::memcpy(&h->gpr[1], registers.x, sizeof registers.x);
        h->reservation_address = dragoman::riscv::kNoReservation;
    } else if (type == NT_FPREGSET) {
        FloatRegisters registers = float_registers(h);
        overlay(registers);
        std::memcpy(h->fpr, registers.f, sizeof registers.f);
        dragoman::riscv::set_fcsr(h, static_cast<u32>(registers.fcsr));
    } else if (type == kRiscvVector) {
        set_vector(h, bytes);
    }
}

void set_registers32(ir::Env* env, u32 type, std::span<const u8> bytes) {
    if (type != NT_PRSTATUS) return set_registers(env, type, bytes);
    dragoman::riscv::Hart* h = dragoman::riscv::hart(env);
    GeneralRegisters32 registers = general_registers32(h);
    std::memcpy(&registers, bytes.data(), std::min(bytes.size(), sizeof registers));
    h->pc = align_down(registers.pc, 2u);
    for (unsigned i = 0; i < 31; ++i) h->gpr[i + 1] = static_cast<u64>(sign_extend(registers.x[i], 32));
    h->reservation_address = dragoman::riscv::kNoReservation;
}

}  // namespace dragoman::linux_abi::riscv
