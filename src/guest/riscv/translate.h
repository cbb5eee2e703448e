// The translator operations of the RISC-V guest.
#pragma once

#include "guest/guest.h"

namespace dragoman::riscv {

void init_context(guest::DisasContextBase* base);
void insn_start(guest::DisasContextBase* base);
void translate_insn(guest::DisasContextBase* base);
void finish(guest::DisasContextBase* base);

/// disassemble.cpp
std::string disassemble(const guest::Model& model, u64 pc, std::span<const u8> bytes, unsigned& length);

}  // namespace dragoman::riscv
