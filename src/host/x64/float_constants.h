// Float constants of generated code. They lie in Env, in reach of the env register, so that no instruction needs an
// address of its own for them.
#pragma once

#include "ir/env.h"

namespace dragoman::host::x64 {

/// Index of a 16-byte constant in Env::float_constants. The names say the low 64 bits; see make below. F32 values
/// are kept boxed: the upper half of their register image is all ones.
enum class FloatConst : unsigned {
    SignF64,
    MagnitudeF64,  ///< all bits but the sign
    NanF64,
    SignF32,
    MagnitudeF32,  ///< keeps the box
    NanF32,        ///< boxed
    Box,           ///< upper half ones
    TwoTo63F64,
    TwoTo63F32,
    TwoTo32F64,
    TwoTo32F32,
    Count_,
};
static_assert(static_cast<unsigned>(FloatConst::Count_) <= ir::kFloatConstants);

/// Bytes that translate accrued flags: [MXCSR & 0x3f] -> fflags, and behind them [fflags] -> MXCSR bits.
inline constexpr unsigned kMxcsrFlags = 64, kFflags = 32;
static_assert(kMxcsrFlags + kFflags <= sizeof(ir::Env::flag_tables));

/// Fills in the constants of `env`.
void init_float_constants(ir::Env* env);

}  // namespace dragoman::host::x64
