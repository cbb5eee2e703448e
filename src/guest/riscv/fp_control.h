// What translated code tells the floating-point helpers about an instruction, packed into one constant:
// formats, rounding mode, operand signs, integer type.
#pragma once

#include "base/softfloat.h"

namespace dragoman::riscv {

struct FpControl {
    softfloat::Format format;       ///< of the operands
    softfloat::Format to = format;  ///< of the result, where it may differ
    softfloat::Rounding rm = softfloat::Rounding::RNE;
    softfloat::IntType int_type = softfloat::IntType::I32;
    bool negate_product = false, negate_addend = false;  ///< fused multiply-add
    bool raise_inexact = false;                          ///< fround

    constexpr u32 pack() const {
        return static_cast<u32>(format) | static_cast<u32>(to) << 4 | static_cast<u32>(rm) << 8 |
               static_cast<u32>(int_type) << 12 | u32{negate_product} << 16 | u32{negate_addend} << 17 |
               u32{raise_inexact} << 18;
    }
    static constexpr FpControl unpack(u32 v) {
        return {static_cast<softfloat::Format>(v & 15),
                static_cast<softfloat::Format>(v >> 4 & 15),
                static_cast<softfloat::Rounding>(v >> 8 & 15),
                static_cast<softfloat::IntType>(v >> 12 & 15),
                (v >> 16 & 1) != 0,
                (v >> 17 & 1) != 0,
                (v >> 18 & 1) != 0};
    }
};

}  // namespace dragoman::riscv
