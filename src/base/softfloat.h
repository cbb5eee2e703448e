// IEEE 754 arithmetic in integers, for binary16, BFloat16, binary32 and binary64, with RISC-V's choices where the
// standard leaves one: NaN results are the canonical NaN, tininess is detected after rounding, conversions to
// integers saturate. It uses neither the host's FPU nor its FP environment: the interpreter back end computes with
// it, and translated code where the host lacks a rounding mode or a format.
//
// Values are raw bits in the low part of a u64 (the upper bits are ignored, and zero in results). Exception
// flags are or'ed into `flags`, numbered as in fcsr (fpenv::Flag).
#pragma once

#include "base/bits.h"

namespace dragoman::softfloat {

enum class Format : u8 { F16, F32, F64, BF16 };

/// Rounding-direction attribute, numbered as RISC-V's frm.
enum class Rounding : u8 { RNE = 0, RTZ = 1, RDN = 2, RUP = 3, RMM = 4 };

enum class IntType : u8 { I32, U32, I64, U64 };

/// Bits of the canonical (quiet, positive) NaN.
u64 canonical_nan(Format f);
/// Bits of the sign.
u64 sign_bit(Format f);
bool is_nan(Format f, u64 a);
bool is_signalling_nan(Format f, u64 a);

u64 add(Format f, u64 a, u64 b, Rounding rm, u32& flags);
u64 sub(Format f, u64 a, u64 b, Rounding rm, u32& flags);
u64 mul(Format f, u64 a, u64 b, Rounding rm, u32& flags);
u64 div(Format f, u64 a, u64 b, Rounding rm, u32& flags);
u64 sqrt(Format f, u64 a, Rounding rm, u32& flags);
/// a * b + c with one rounding. An infinity times zero is invalid even when c is a quiet NaN. The other
/// members of the family flip the signs of a (product) and c.
u64 fma(Format f, u64 a, u64 b, u64 c, Rounding rm, u32& flags);

/// Quiet comparisons: only a signalling NaN is invalid.
bool eq(Format f, u64 a, u64 b, u32& flags);
bool lt_quiet(Format f, u64 a, u64 b, u32& flags);
bool le_quiet(Format f, u64 a, u64 b, u32& flags);
/// Signalling comparisons: any NaN is invalid.
bool lt(Format f, u64 a, u64 b, u32& flags);
bool le(Format f, u64 a, u64 b, u32& flags);

/// IEEE 754-2019 minimumNumber / maximumNumber: a NaN operand loses. -0 is less than +0.
u64 min(Format f, u64 a, u64 b, u32& flags);
u64 max(Format f, u64 a, u64 b, u32& flags);
/// IEEE 754-2019 minimum / maximum (fminm, fmaxm): a NaN operand makes the result NaN.
u64 min_nan(Format f, u64 a, u64 b, u32& flags);
u64 max_nan(Format f, u64 a, u64 b, u32& flags);

u64 convert(Format to, Format from, u64 a, Rounding rm, u32& flags);
/// Out of range saturates, NaN gives the greatest value; both are invalid and not inexact. 32-bit results are
/// zero-extended.
u64 to_int(Format f, u64 a, IntType type, Rounding rm, u32& flags);
/// 32-bit types look at the low 32 bits of `a`.
u64 from_int(Format f, u64 a, IntType type, Rounding rm, u32& flags);
/// Rounds to an integral value of the same format; inexact is raised only if `raise_inexact`.
u64 round_to_integral(Format f, u64 a, Rounding rm, bool raise_inexact, u32& flags);
/// fcvtmod.w.d: binary64 truncated to an integer modulo 2^32, sign-extended; NaN and infinity give 0. Flags as
/// for the saturating conversion to i32.
u64 to_int32_modular(u64 a, u32& flags);

/// RISC-V class mask: 0 -inf, 1 -normal, 2 -subnormal, 3 -0, 4 +0, 5 +subnormal, 6 +normal, 7 +inf,
/// 8 signalling NaN, 9 quiet NaN.
u32 classify(Format f, u64 a);

}  // namespace dragoman::softfloat
