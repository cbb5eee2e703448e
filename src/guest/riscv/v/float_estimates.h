// vfrec7 and vfrsqrt7: estimates of 1/x and 1/sqrt(x) to 7 bits, exactly specified (sections "Vector Floating-Point
// Reciprocal Estimate Instruction", "Vector Floating-Point Reciprocal Square-Root Estimate Instruction").
#pragma once

#include "base/softfloat.h"

namespace dragoman::riscv {

/// Values and results are the bits of `format`; flags are or'ed into `flags`, numbered as in fcsr.
u64 estimate_reciprocal(softfloat::Format format, u64 value, softfloat::Rounding rm, u32& flags);
u64 estimate_rsqrt(softfloat::Format format, u64 value, u32& flags);

}  // namespace dragoman::riscv
