// Conversions between floats and integers, and between formats (section "Vector Floating-Point/Integer Type-Convert
// Instructions" and those behind it).
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

using softfloat::Format;
using softfloat::IntType;
using softfloat::Rounding;

/// Calls f with unsigned values of the source's and the result's element types.
template <class F>
void by_types(unsigned from, unsigned to, F f) {
    by_sew(from, [&](auto source) { by_sew(to, [&](auto target) { f(source, target); }); });
}

template <class F>
void convert(VectorRun& run, unsigned from, unsigned to, F f) {
    RaisedFlags flags;
    by_types(from, to, [&](auto source, auto target) {
        using S = decltype(source);
        using T = decltype(target);
        run.for_active(
            [&](u64 i) { run.group<T>(run.vd())[i] = static_cast<T>(f(u64{run.group<S>(run.vs2())[i]}, flags.bits)); });
    });
}

/// `value` to an integer of `bits`, saturating.
u64 to_integer(Format format, u64 value, unsigned bits, bool is_signed, Rounding rm, u32& flags) {
    if (bits == 64) return softfloat::to_int(format, value, is_signed ? IntType::I64 : IntType::U64, rm, flags);
    if (bits == 32) return softfloat::to_int(format, value, is_signed ? IntType::I32 : IntType::U32, rm, flags);
    // Narrower ones: what a conversion to 64 bits gives, saturated once more.
    u32 raised = 0;
    const auto wide = static_cast<i64>(softfloat::to_int(format, value, IntType::I64, rm, raised));
    const i64 high = is_signed ? (i64{1} << (bits - 1)) - 1 : static_cast<i64>(low_mask(bits));
    const i64 low = is_signed ? -high - 1 : 0;
    if (wide > high || wide < low) {
        flags |= fpenv::NV;
        return static_cast<u64>(wide > high ? high : low);
    }
    flags |= raised;
    return static_cast<u64>(wide);
}

u64 from_integer(Format format, u64 value, unsigned bits, bool is_signed, Rounding rm, u32& flags) {
    const u64 wide = is_signed ? static_cast<u64>(sign_extend(value, bits)) : value & low_mask(bits);
    return softfloat::from_int(format, wide, is_signed ? IntType::I64 : IntType::U64, rm, flags);
}

/// Floats of `from` to integers of `to` (log2 of bytes).
void float_to_int(VectorRun& run, unsigned from, unsigned to, bool is_signed, Rounding rm) {
    convert(run, from, to,
            [&](u64 value, u32& flags) { return to_integer(format_of(from), value, 8u << to, is_signed, rm, flags); });
}
void int_to_float(VectorRun& run, unsigned from, unsigned to, bool is_signed) {
    convert(run, from, to, [&](u64 value, u32& flags) {
        return from_integer(format_of(to), value, 8u << from, is_signed, run.rounding(), flags);
    });
}
void float_to_float(VectorRun& run, unsigned from, unsigned to, Rounding rm) {
    convert(run, from, to, [&](u64 value, u32& flags) {
        return softfloat::convert(format_of(to), format_of(from), value, rm, flags);
    });
}

}  // namespace

void vfcvt_xu_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew(), false, run.rounding()); }
void vfcvt_x_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew(), true, run.rounding()); }
void vfcvt_rtz_xu_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew(), false, Rounding::RTZ); }
void vfcvt_rtz_x_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew(), true, Rounding::RTZ); }
void vfcvt_f_xu(VectorRun& run) { int_to_float(run, run.sew(), run.sew(), false); }
void vfcvt_f_x(VectorRun& run) { int_to_float(run, run.sew(), run.sew(), true); }

void vfwcvt_xu_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew() + 1, false, run.rounding()); }
void vfwcvt_x_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew() + 1, true, run.rounding()); }
void vfwcvt_rtz_xu_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew() + 1, false, Rounding::RTZ); }
void vfwcvt_rtz_x_f(VectorRun& run) { float_to_int(run, run.sew(), run.sew() + 1, true, Rounding::RTZ); }
void vfwcvt_f_xu(VectorRun& run) { int_to_float(run, run.sew(), run.sew() + 1, false); }
void vfwcvt_f_x(VectorRun& run) { int_to_float(run, run.sew(), run.sew() + 1, true); }
void vfwcvt_f_f(VectorRun& run) { float_to_float(run, run.sew(), run.sew() + 1, run.rounding()); }

void vfncvt_xu_f(VectorRun& run) { float_to_int(run, run.sew() + 1, run.sew(), false, run.rounding()); }
void vfncvt_x_f(VectorRun& run) { float_to_int(run, run.sew() + 1, run.sew(), true, run.rounding()); }
void vfncvt_rtz_xu_f(VectorRun& run) { float_to_int(run, run.sew() + 1, run.sew(), false, Rounding::RTZ); }
void vfncvt_rtz_x_f(VectorRun& run) { float_to_int(run, run.sew() + 1, run.sew(), true, Rounding::RTZ); }
void vfncvt_f_xu(VectorRun& run) { int_to_float(run, run.sew() + 1, run.sew(), false); }
void vfncvt_f_x(VectorRun& run) { int_to_float(run, run.sew() + 1, run.sew(), true); }
void vfncvt_f_f(VectorRun& run) { float_to_float(run, run.sew() + 1, run.sew(), run.rounding()); }

/// Rounding to odd: towards zero, and the last bit set when that was inexact. An overflow gives the greatest finite
/// number, which is odd.
void vfncvt_rod_f_f(VectorRun& run) {
    const Format from = format_of(run.sew() + 1), to = format_of(run.sew());
    convert(run, run.sew() + 1, run.sew(), [&](u64 value, u32& flags) {
        u32 raised = 0;
        u64 result = softfloat::convert(to, from, value, Rounding::RTZ, raised);
        if ((raised & fpenv::NX) != 0) result |= 1;
        flags |= raised;
        return result;
    });
}

}  // namespace dragoman::riscv::vector_functions
