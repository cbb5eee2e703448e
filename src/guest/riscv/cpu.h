// The CPU operations of the RISC-V guest and its IR layout.
#pragma once

#include <string>

#include "guest/guest.h"
#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Globals (x1..x31, f0..f31) and helpers.
const ir::GuestLayout& layout();
/// The same with vector registers of `bytes`, as globals where the IR has such a type.
const ir::GuestLayout& vector_layout(unsigned bytes);

ir::Env* create(const guest::Model& model);
ir::Env* clone(const ir::Env* parent);
void destroy(ir::Env* env);
u32 tb_flags(const ir::Env* env);

// registers.cpp
std::string dump_registers(const ir::Env* env);
bool read_register(const ir::Env* env, unsigned number, u8* bytes);
bool write_register(ir::Env* env, unsigned number, const u8* bytes);
std::span<const guest::RegisterInfo> registers(const guest::Model& model);

/// ABI name of an integer / float register ("a0", "fa0").
const char* gpr_name(unsigned n);
const char* fpr_name(unsigned n);

}  // namespace dragoman::riscv
