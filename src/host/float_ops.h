// One floating-point IR op on raw bits, computed in soft float: the interpreter's float ops, and what generated
// code calls where the host's instructions do not do what the op means.
#pragma once

#include "ir/function.h"

namespace dragoman::host {

/// An op with all that selects its meaning; packs into 32 bits.
struct FloatOp {
    ir::Op op;
    ir::Type type, type2;
    u8 imm0, imm1;

    static FloatOp of(const ir::Insn& insn) {
        return {insn.op, insn.type, insn.type2, static_cast<u8>(insn.imm[0]), static_cast<u8>(insn.imm[1])};
    }
    u32 pack() const {
        return static_cast<u32>(op) | static_cast<u32>(type) << 8 | static_cast<u32>(type2) << 12 | u32{imm0} << 16 |
               u32{imm1} << 24;
    }
    static FloatOp unpack(u32 v) {
        return {static_cast<ir::Op>(v & 0xff), static_cast<ir::Type>(v >> 8 & 0xf),
                static_cast<ir::Type>(v >> 12 & 0xf), static_cast<u8>(v >> 16), static_cast<u8>(v >> 24)};
    }
};

/// The result of `op` on inputs a, b, c (as many as it has; upper halves of 32-bit inputs are ignored, and zero in
/// 32-bit results). Rounds as the FP environment says and accrues exception flags there.
u64 evaluate(FloatOp op, u64 a, u64 b, u64 c);

/// Raises the invalid flag if a * b is infinity times zero, whatever is added to it.
void raise_invalid_product(ir::Type type, u64 a, u64 b);

}  // namespace dragoman::host
