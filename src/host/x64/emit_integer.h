// Pieces that the integer emit files share.
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

/// Loads an operand of type `t` into the general register `d`.
void load_rm(Emitter& e, HostReg d, const Emitter::Rm& from, ir::Type t);

/// The output's register, holding a copy of input `a` already: for one-operand forms.
HostReg copy_to_target(Emitter& e, ir::Var out, ir::Var a);

/// movcond of a float type.
void emit_movcond_float(Emitter& e, const ir::Insn& insn);

}  // namespace dragoman::host::x64
