// Handlers of floating-point ops: all of them compute with soft float, so that they do not depend on the host's
// FPU, and accrue their flags in the guest's FP environment.
#include "base/fpenv.h"
#include "base/softfloat.h"
#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

namespace sf = softfloat;
using ir::Op;
using ir::Type;
using sf::Format;

constexpr Format format_of(Type t) { return t == Type::F32 ? Format::F32 : Format::F64; }
constexpr u64 sign_of(Format f) { return f == Format::F32 ? u64{1} << 31 : u64{1} << 63; }
constexpr u64 kBoxMask = ~u64{0} << 32;

/// The mode in force: ops that follow the FP environment never run under RMM.
sf::Rounding current_rounding() {
    constexpr sf::Rounding kByControl[] = {sf::Rounding::RNE, sf::Rounding::RDN, sf::Rounding::RUP, sf::Rounding::RTZ};
    return kByControl[_mm_getcsr() >> 13 & 3];
}

sf::Rounding rounding(u64 imm) {
    auto r = static_cast<ir::Rounding>(imm);
    return r == ir::Rounding::Env ? current_rounding() : static_cast<sf::Rounding>(r);
}

/// Collects the flags of one op.
struct Flags {
    u32 value = 0;
    ~Flags() {
        if (value != 0) fpenv::raise(value);
    }
};

template <Format F, auto kFunction>
const Record* arithmetic(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], kFunction(F, m.get(r->args[1]), m.get(r->args[2]), current_rounding(), flags.value));
    return r + 1;
}

template <Format F>
const Record* fsqrt(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], sf::sqrt(F, m.get(r->args[1]), current_rounding(), flags.value));
    return r + 1;
}

/// (a * b) + c with the sign of the product and of c flipped as told.
template <Format F, bool kNegateProduct, bool kNegateAddend>
const Record* fused(Machine& m, const Record* r) {
    Flags flags;
    u64 a = m.get(r->args[1]) ^ (kNegateProduct ? sign_of(F) : 0);
    u64 c = m.get(r->args[3]) ^ (kNegateAddend ? sign_of(F) : 0);
    m.set(r->args[0], sf::fma(F, a, m.get(r->args[2]), c, current_rounding(), flags.value));
    return r + 1;
}

/// min, max and the comparisons.
template <Format F, auto kFunction>
const Record* compare(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], kFunction(F, m.get(r->args[1]), m.get(r->args[2]), flags.value));
    return r + 1;
}

/// S maps the operands to the sign of the result, in the sign bit.
template <Format F, class S>
const Record* sign_injection(Machine& m, const Record* r) {
    u64 a = m.get(r->args[1]);
    u64 sign = S{}(a, m.get(r->args[2])) & sign_of(F);
    m.set(r->args[0], (a & ~sign_of(F)) | sign);
    return r + 1;
}

template <Format F, class S>
void add_sign_injection(HandlerTable& t, Op op, Type type, S) {
    t.set(op, type, sign_injection<F, S>);
}

template <Format F>
const Record* fclass(Machine& m, const Record* r) {
    m.set(r->args[0], sf::classify(F, m.get(r->args[1])));
    return r + 1;
}

template <Format F>
const Record* fround(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], sf::round_to_integral(F, m.get(r->args[1]), rounding(r->imm[0]), r->imm[1] != 0, flags.value));
    return r + 1;
}

const Record* fcvt_ff(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0],
          sf::convert(format_of(r->type), format_of(r->type2), m.get(r->args[1]), current_rounding(), flags.value));
    return r + 1;
}

sf::IntType int_type(Type t, bool is_unsigned) {
    if (t == Type::I32) return is_unsigned ? sf::IntType::U32 : sf::IntType::I32;
    return is_unsigned ? sf::IntType::U64 : sf::IntType::I64;
}

const Record* fcvt_fi(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], sf::to_int(format_of(r->type2), m.get(r->args[1]), int_type(r->type, r->imm[1] != 0),
                                 rounding(r->imm[0]), flags.value));
    return r + 1;
}

const Record* fcvt_if(Machine& m, const Record* r) {
    Flags flags;
    m.set(r->args[0], sf::from_int(format_of(r->type), m.get(r->args[1]), int_type(r->type2, r->imm[0] != 0),
                                   current_rounding(), flags.value));
    return r + 1;
}

const Record* fbox(Machine& m, const Record* r) {
    m.set(r->args[0], m.get(r->args[1]) | kBoxMask);
    return r + 1;
}

const Record* funbox(Machine& m, const Record* r) {
    u64 v = m.get(r->args[1]);
    m.set(r->args[0], (v & kBoxMask) == kBoxMask ? v & ~kBoxMask : sf::canonical_nan(Format::F32));
    return r + 1;
}

const Record* fflags_get(Machine& m, const Record* r) {
    m.set(r->args[0], fpenv::flags());
    return r + 1;
}

const Record* fflags_set(Machine& m, const Record* r) {
    fpenv::set_flags(static_cast<u32>(m.get(r->args[0])));
    return r + 1;
}

template <Format F>
void add_format(HandlerTable& t, Type type) {
    t.set(Op::fadd, type, arithmetic<F, sf::add>);
    t.set(Op::fsub, type, arithmetic<F, sf::sub>);
    t.set(Op::fmul, type, arithmetic<F, sf::mul>);
    t.set(Op::fdiv, type, arithmetic<F, sf::div>);
    t.set(Op::fsqrt, type, fsqrt<F>);
    t.set(Op::fmadd, type, fused<F, false, false>);
    t.set(Op::fmsub, type, fused<F, false, true>);
    t.set(Op::fnmadd, type, fused<F, true, true>);
    t.set(Op::fnmsub, type, fused<F, true, false>);
    t.set(Op::fmin, type, compare<F, sf::min>);
    t.set(Op::fmax, type, compare<F, sf::max>);
    t.set(Op::feq, type, compare<F, sf::eq>);
    t.set(Op::flt, type, compare<F, sf::lt>);
    t.set(Op::fle, type, compare<F, sf::le>);
    t.set(Op::fltq, type, compare<F, sf::lt_quiet>);
    t.set(Op::fleq, type, compare<F, sf::le_quiet>);
    add_sign_injection<F>(t, Op::fsgnj, type, [](u64, u64 b) { return b; });
    add_sign_injection<F>(t, Op::fsgnjn, type, [](u64, u64 b) { return ~b; });
    add_sign_injection<F>(t, Op::fsgnjx, type, [](u64 a, u64 b) { return a ^ b; });
    t.set(Op::fclass, type, fclass<F>);
    t.set(Op::fround, type, fround<F>);
}

}  // namespace

void add_float_handlers(HandlerTable& table) {
    add_format<Format::F32>(table, Type::F32);
    add_format<Format::F64>(table, Type::F64);
    table.set_all_types(Op::fcvt_ff, fcvt_ff);
    table.set_all_types(Op::fcvt_fi, fcvt_fi);
    table.set_all_types(Op::fcvt_if, fcvt_if);
    table.set_all_types(Op::fbox, fbox);
    table.set_all_types(Op::funbox, funbox);
    table.set_all_types(Op::fflags_get, fflags_get);
    table.set_all_types(Op::fflags_set, fflags_set);
}

}  // namespace dragoman::host::interp
