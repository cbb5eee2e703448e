// Pieces that the files of float ops share.
//
// An F32 value in an xmm register is always the boxed register image: bits 32..63 are ones. Scalar
// single-precision instructions keep these bits (legacy forms) or take them from their first source (VEX and EVEX
// forms), so boxing costs nothing; only what comes from memory, general registers or C++ has to be boxed.
#pragma once

#include "host/float_ops.h"
#include "host/x64/emitter.h"
#include "host/x64/float_constants.h"

namespace dragoman::host::x64 {

/// What Common::SoftFloat calls.
void run_soft_float(ir::Env* env);

/// Calls SoftFloat for `op` on the values of `in` (in registers), result in `d`. For cold paths: no allocator.
void soft_call(Emitter& e, FloatOp op, const HostReg* in, unsigned inputs, HostReg d);

/// The whole of `insn` in soft float.
void emit_soft(Emitter& e, const ir::Insn& insn);

/// The op in soft float as the cold path of the jump at `jump`, which comes before anything is written to `d`.
/// @returns the cold path's number
u32 soft_cold(Emitter& e, u32 jump, const ir::Insn& insn, HostReg a, HostReg b, HostReg d);

inline Xbyak::Address float_const(Emitter& e, FloatConst c, unsigned bits = 128) {
    return e.env(offsetof(ir::Env, float_constants) + static_cast<unsigned>(c) * 16, bits);
}

/// The F32 or F64 constant of a pair.
inline FloatConst pick(ir::Type t, FloatConst f32, FloatConst f64) { return t == ir::Type::F32 ? f32 : f64; }

enum class FloatOpcode { Add, Sub, Mul, Div, Min, Max };
/// d = a op b.
void float_arith(Emitter& e, FloatOpcode op, ir::Type t, HostReg d, HostReg a, const Emitter::Rm& b);

enum class FloatLogic { And, AndNot, Or, Xor };  ///< AndNot: ~a & b
/// d = a op b on all 128 bits; `d` may be `a`, or `b` when that is a register and op is not AndNot.
void float_logic(Emitter& e, FloatLogic op, HostReg d, HostReg a, const Emitter::Rm& b);
inline Emitter::Rm const_rm(Emitter& e, FloatConst c, unsigned bits = 128) {
    i64 offset = static_cast<i64>(offsetof(ir::Env, float_constants) + static_cast<unsigned>(c) * 16);
    return Emitter::Rm::in_memory(bits, offset - static_cast<i64>(e.shared.plan.env_bias));
}
inline Emitter::Rm reg_rm(HostReg r) { return Emitter::Rm::in_reg(r); }

/// Quiet (ucomis) or signalling (comis) compare of a with b.
void float_compare(Emitter& e, ir::Type t, HostReg a, const Emitter::Rm& b, bool quiet);

/// Sets bits 32..63 of `d`.
void box_f32(Emitter& e, HostReg d);

/// Loads 64 bits.
inline void load_float_const(Emitter& e, HostReg d, FloatConst c) {
    e.ra.load(d, float_const(e, c, 64), ir::Type::F64);
}

}  // namespace dragoman::host::x64
