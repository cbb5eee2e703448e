// Floating-point helpers on soft float: for rounding modes that the host lacks or that differ from the dynamic one, and
// for half precision. They take and return register images (NaN-boxed) and accrue flags in the FP environment.
#include "guest/riscv/fp_control.h"
#include "guest/riscv/fp_image.h"
#include "guest/riscv/helper.h"

namespace dragoman::riscv {

namespace {

using softfloat::Format;

using Unary = u64 (*)(Format, u64, softfloat::Rounding, u32&);
using Binary = u64 (*)(Format, u64, u64, softfloat::Rounding, u32&);
using Extreme = u64 (*)(Format, u64, u64, u32&);
using Compare = bool (*)(Format, u64, u64, u32&);

double binary(Binary op, double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return box(c.format, op(c.format, unbox(c.format, rs1), unbox(c.format, rs2), c.rm, flags.bits));
}

double extreme(Extreme op, double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return box(c.format, op(c.format, unbox(c.format, rs1), unbox(c.format, rs2), flags.bits));
}

u64 compare(Compare op, double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return op(c.format, unbox(c.format, rs1), unbox(c.format, rs2), flags.bits);
}

}  // namespace

double helper_fadd(double rs1, double rs2, u32 control) { return binary(softfloat::add, rs1, rs2, control); }
double helper_fsub(double rs1, double rs2, u32 control) { return binary(softfloat::sub, rs1, rs2, control); }
double helper_fmul(double rs1, double rs2, u32 control) { return binary(softfloat::mul, rs1, rs2, control); }
double helper_fdiv(double rs1, double rs2, u32 control) { return binary(softfloat::div, rs1, rs2, control); }

double helper_fsqrt(double rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return box(c.format, softfloat::sqrt(c.format, unbox(c.format, rs1), c.rm, flags.bits));
}

double helper_fma(double rs1, double rs2, double rs3, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    u64 a = unbox(c.format, rs1), addend = unbox(c.format, rs3), sign = softfloat::sign_bit(c.format);
    if (c.negate_product) a ^= sign;
    if (c.negate_addend) addend ^= sign;
    return box(c.format, softfloat::fma(c.format, a, unbox(c.format, rs2), addend, c.rm, flags.bits));
}

double helper_fmin(double rs1, double rs2, u32 control) { return extreme(softfloat::min, rs1, rs2, control); }
double helper_fmax(double rs1, double rs2, u32 control) { return extreme(softfloat::max, rs1, rs2, control); }
double helper_fminm(double rs1, double rs2, u32 control) { return extreme(softfloat::min_nan, rs1, rs2, control); }
double helper_fmaxm(double rs1, double rs2, u32 control) { return extreme(softfloat::max_nan, rs1, rs2, control); }

u64 helper_feq(double rs1, double rs2, u32 control) { return compare(softfloat::eq, rs1, rs2, control); }
u64 helper_flt(double rs1, double rs2, u32 control) { return compare(softfloat::lt, rs1, rs2, control); }
u64 helper_fle(double rs1, double rs2, u32 control) { return compare(softfloat::le, rs1, rs2, control); }
u64 helper_fltq(double rs1, double rs2, u32 control) { return compare(softfloat::lt_quiet, rs1, rs2, control); }
u64 helper_fleq(double rs1, double rs2, u32 control) { return compare(softfloat::le_quiet, rs1, rs2, control); }

double helper_fsgnj(double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    u64 sign = softfloat::sign_bit(c.format);
    return box(c.format, (unbox(c.format, rs1) & ~sign) | (unbox(c.format, rs2) & sign));
}
double helper_fsgnjn(double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    u64 sign = softfloat::sign_bit(c.format);
    return box(c.format, (unbox(c.format, rs1) & ~sign) | (~unbox(c.format, rs2) & sign));
}
double helper_fsgnjx(double rs1, double rs2, u32 control) {
    FpControl c = FpControl::unpack(control);
    return box(c.format, unbox(c.format, rs1) ^ (unbox(c.format, rs2) & softfloat::sign_bit(c.format)));
}

u64 helper_fclass(double rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    return softfloat::classify(c.format, unbox(c.format, rs1));
}

double helper_fround(double rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    u64 value = unbox(c.format, rs1);
    return box(c.format, softfloat::round_to_integral(c.format, value, c.rm, c.raise_inexact, flags.bits));
}

double helper_fcvt_ff(double rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return box(c.to, softfloat::convert(c.to, c.format, unbox(c.format, rs1), c.rm, flags.bits));
}

u64 helper_fcvt_fi(double rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    u64 value = softfloat::to_int(c.format, unbox(c.format, rs1), c.int_type, c.rm, flags.bits);
    bool word = c.int_type == softfloat::IntType::I32 || c.int_type == softfloat::IntType::U32;
    return word ? static_cast<u64>(sign_extend(value, 32)) : value;
}

double helper_fcvt_if(u64 rs1, u32 control) {
    FpControl c = FpControl::unpack(control);
    RaisedFlags flags;
    return box(c.to, softfloat::from_int(c.to, rs1, c.int_type, c.rm, flags.bits));
}

u64 helper_fcvtmod_w_d(double rs1) {
    RaisedFlags flags;
    return softfloat::to_int32_modular(std::bit_cast<u64>(rs1), flags.bits);
}

}  // namespace dragoman::riscv
