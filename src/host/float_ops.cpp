#include "host/float_ops.h"

#include "base/error.h"
#include "base/fpenv.h"
#include "base/softfloat.h"

namespace dragoman::host {

namespace {

namespace sf = softfloat;
using ir::Op;
using ir::Type;
using sf::Format;

constexpr u64 kBoxMask = ~u64{0} << 32;

constexpr Format format_of(Type t) { return t == Type::F32 ? Format::F32 : Format::F64; }

/// The mode in force: ops that follow the FP environment never run under RMM.
sf::Rounding current_rounding() { return static_cast<sf::Rounding>(fpenv::rounding()); }

sf::Rounding rounding(u8 imm) {
    auto r = static_cast<ir::Rounding>(imm);
    return r == ir::Rounding::Env ? current_rounding() : static_cast<sf::Rounding>(r);
}

sf::IntType int_type(Type t, bool is_unsigned) {
    if (t == Type::I32) return is_unsigned ? sf::IntType::U32 : sf::IntType::I32;
    return is_unsigned ? sf::IntType::U64 : sf::IntType::I64;
}

u64 with_sign(Format f, u64 a, u64 sign) {
    u64 mask = sf::sign_bit(f);
    return ((a & ~mask) | (sign & mask)) & low_mask(f == Format::F32 ? 32 : 64);
}

/// Ops whose inputs have the op's type.
u64 evaluate_same(FloatOp op, u64 a, u64 b, u64 c, u32& flags) {
    Format f = format_of(op.type);
    u64 sign = sf::sign_bit(f);
    sf::Rounding rm = current_rounding();
    u32 ignored = 0;
    switch (op.op) {
        case Op::fadd: return sf::add(f, a, b, rm, flags);
        case Op::fsub: return sf::sub(f, a, b, rm, flags);
        case Op::fmul: return sf::mul(f, a, b, rm, flags);
        case Op::fdiv: return sf::div(f, a, b, rm, flags);
        case Op::fsqrt: return sf::sqrt(f, a, rm, flags);
        case Op::fmadd: return sf::fma(f, a, b, c, rm, flags);
        case Op::fmsub: return sf::fma(f, a, b, c ^ sign, rm, flags);
        case Op::fnmadd: return sf::fma(f, a ^ sign, b, c ^ sign, rm, flags);
        case Op::fnmsub: return sf::fma(f, a ^ sign, b, c, rm, flags);
        case Op::fmin: return sf::min(f, a, b, flags);
        case Op::fmax: return sf::max(f, a, b, flags);
        case Op::feq: return sf::eq(f, a, b, flags);
        case Op::flt: return sf::lt(f, a, b, flags);
        case Op::fle: return sf::le(f, a, b, flags);
        case Op::fltq: return sf::lt_quiet(f, a, b, flags);
        case Op::fleq: return sf::le_quiet(f, a, b, flags);
        case Op::flt_silent: return sf::lt_quiet(f, a, b, ignored);
        case Op::fle_silent: return sf::le_quiet(f, a, b, ignored);
        case Op::fsgnj: return with_sign(f, a, b);
        case Op::fsgnjn: return with_sign(f, a, ~b);
        case Op::fsgnjx: return with_sign(f, a, a ^ b);
        case Op::fclass: return sf::classify(f, a);
        case Op::fround: return sf::round_to_integral(f, a, rounding(op.imm0), op.imm1 != 0, flags);
        default: DRAGOMAN_UNREACHABLE();
    }
}

u64 evaluate_conversion(FloatOp op, u64 a, u32& flags) {
    switch (op.op) {
        case Op::fcvt_ff: return sf::convert(format_of(op.type), format_of(op.type2), a, current_rounding(), flags);
        case Op::fcvt_fi:
            return sf::to_int(format_of(op.type2), a, int_type(op.type, op.imm1 != 0), rounding(op.imm0), flags);
        case Op::fcvt_if:
            return sf::from_int(format_of(op.type), a, int_type(op.type2, op.imm0 != 0), rounding(op.imm1), flags);
        case Op::fbox: return a | kBoxMask;
        case Op::funbox: return (a & kBoxMask) == kBoxMask ? a & ~kBoxMask : sf::canonical_nan(Format::F32);
        default: DRAGOMAN_UNREACHABLE();
    }
}

}  // namespace

u64 evaluate(FloatOp op, u64 a, u64 b, u64 c) {
    u32 flags = 0;
    bool converts = ir::info(op.op).typing == ir::OpTyping::Conv;
    u64 result = converts ? evaluate_conversion(op, a, flags) : evaluate_same(op, a, b, c, flags);
    if (flags != 0) fpenv::raise(flags);
    return result;
}

void raise_invalid_product(Type type, u64 a, u64 b) {
    constexpr u32 kInfinity = 1u << 0 | 1u << 7, kZero = 1u << 3 | 1u << 4;  // of the class mask
    u32 ca = sf::classify(format_of(type), a), cb = sf::classify(format_of(type), b);
    if (((ca & kInfinity) && (cb & kZero)) || ((ca & kZero) && (cb & kInfinity))) fpenv::raise(fpenv::NV);
}

}  // namespace dragoman::host
