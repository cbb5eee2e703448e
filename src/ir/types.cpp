#include "ir/types.h"

#include "base/error.h"

namespace dragoman::ir {

const char* type_name(Type t) {
    static constexpr const char* kNames[kTypeCount] = {"none", "i32",  "i64",  "f32", "f64",
                                                       "v128", "v256", "v512", "mask"};
    return kNames[static_cast<unsigned>(t)];
}

const char* element_name(Element e) {
    static constexpr const char* kNames[kElementCount] = {"none", "i8", "i16", "i32", "i64", "f16", "f32", "f64"};
    return kNames[static_cast<unsigned>(e)];
}

const char* mem_order_name(MemOrder o) {
    static constexpr const char* kNames[kMemOrderCount] = {"plain", "acquire", "release", "acq_rel", "seq_cst"};
    return kNames[static_cast<unsigned>(o)];
}

const char* cond_name(Cond c) {
    static constexpr const char* kNames[] = {"eq",  "ne",  "lt",  "ge",  "le",    "gt",
                                             "ltu", "geu", "leu", "gtu", "tsteq", "tstne"};
    return kNames[static_cast<unsigned>(c)];
}

Cond invert(Cond c) {
    using enum Cond;
    static constexpr Cond kInverse[] = {Ne, Eq, Ge, Lt, Gt, Le, Geu, Ltu, Gtu, Leu, TstNe, TstEq};
    return kInverse[static_cast<unsigned>(c)];
}

Cond swap_operands(Cond c) {
    using enum Cond;
    static constexpr Cond kSwapped[] = {Eq, Ne, Gt, Le, Ge, Lt, Gtu, Leu, Geu, Ltu, TstEq, TstNe};
    return kSwapped[static_cast<unsigned>(c)];
}

bool evaluate(Cond c, Type t, u64 a, u64 b) {
    if (t == Type::I32) {
        // Sign extension keeps both the signed and the unsigned order.
        a = static_cast<u64>(sign_extend(a, 32));
        b = static_cast<u64>(sign_extend(b, 32));
    }
    i64 sa = static_cast<i64>(a);
    i64 sb = static_cast<i64>(b);
    switch (c) {
        case Cond::Eq: return a == b;
        case Cond::Ne: return a != b;
        case Cond::Lt: return sa < sb;
        case Cond::Ge: return sa >= sb;
        case Cond::Le: return sa <= sb;
        case Cond::Gt: return sa > sb;
        case Cond::Ltu: return a < b;
        case Cond::Geu: return a >= b;
        case Cond::Leu: return a <= b;
        case Cond::Gtu: return a > b;
        case Cond::TstEq: return (a & b) == 0;
        case Cond::TstNe: return (a & b) != 0;
    }
    DRAGOMAN_UNREACHABLE();
}

const char* rounding_name(Rounding r) {
    static constexpr const char* kNames[] = {"rne", "rtz", "rdn", "rup", "rmm", "?", "?", "env"};
    return kNames[static_cast<unsigned>(r)];
}

}  // namespace dragoman::ir
