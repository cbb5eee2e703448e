// Pieces of memory access that several emit files share.
#pragma once

#include "host/x64/emitter.h"

namespace dragoman::host::x64 {

/// Operand base + (index << m.scale) + displacement of guest memory, wrapped if `m` says so. Precede the accessing
/// instruction with Emitter::guest_segment.
Xbyak::Address guest_address(Emitter& e, ir::Var base, ir::Var index, ir::MemOp m, i64 displacement, unsigned bits);

/// Loads 1 << size_log2 bytes into the general register `d`, extended to `t`.
void load_gpr(Emitter& e, HostReg d, const Xbyak::Address& from, unsigned size_log2, bool sign, ir::Type t);

/// Byte-swaps what load_gpr has loaded.
void swap_loaded(Emitter& e, HostReg d, unsigned size_log2, bool sign, ir::Type t);
/// For CodeWriter::op_mem: the load that extends to 64 bits (`wide`) or 32.
unsigned load_opcode(unsigned size_log2, bool sign, bool wide);

/// The bits of a general register to an xmm register, and back; `t` says how many.
void move_to_xmm(Emitter& e, HostReg to, HostReg from, ir::Type t);
void move_from_xmm(Emitter& e, HostReg to, HostReg from, ir::Type t);

/// Leaves with `exception` (ir::kExceptionMisaligned...) when `address` is not a multiple of the access's size.
void check_alignment(Emitter& e, const Xbyak::Address& address, ir::MemOp m, u32 exception);

}  // namespace dragoman::host::x64
