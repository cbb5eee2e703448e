// Constants of vector code, each 64 bytes long, in Env (as float_constants.h has it for scalars).
#pragma once

#include "ir/env.h"

namespace dragoman::host::x64 {

enum class VectorConst : unsigned {
    NanF32,  ///< canonical NaNs
    NanF64,
    MagnitudeF32,  ///< all bits but the sign
    MagnitudeF64,
    InfinityF32,
    InfinityF64,
    Iota8,  ///< bytes 0 to 63
    Bits8,  ///< what is left of a shift count
    Bits16,
    Bits32,
    Bits64,
    MaskBit8,  ///< the mask bit of each element, of the word or byte that has it
    MaskBit16,
    MaskBit32,
    MaskBit64,
    MaskByte,  ///< which byte of a mask has the bits of 8 bytes each
    LowBits1,  ///< the lowest bit, 2, 4, … of the whole vector
    LowBits2,
    LowBits4,
    LowBits8,
    LowBits16,
    LowBits32,
    LowBits64,
    Reverse16,  ///< shuffles that reverse the bytes of each element, in each 128 bits
    Reverse32,
    Reverse64,
    MinI32,
    MinI64,
    MaxI32,
    MaxI64,
    Reverse128,    ///< of each 128 bits
    ReverseBits,   ///< the matrix that reverses the bits of each byte (GFNI)
    GhashModulus,  ///< what x^128 is in the field of GHASH
    ExponentF64,   ///< doubles of 2^52: with an integer in its low half, that is added
    GhashFold,     ///< in the upper half of each 128 bits, what folds 64 bits of a GHASH product
    Zero,
    Bytes16,   ///< 16 in each byte
    Bytes112,  ///< 0x70 in each byte: added with saturation, it sets bit 7 of all from 16 on
    Count_,
};
static_assert(static_cast<unsigned>(VectorConst::Count_) <= ir::kVectorConstants);

/// Fills in the constants of `env`.
void init_vector_constants(ir::Env* env);

}  // namespace dragoman::host::x64
