// Handlers of moves and integer ops. Every op is total: see docs/ir.md.
#include <limits>

#include "host/interp/machine.h"

namespace dragoman::host::interp {

namespace {

using ir::Cond;
using ir::Op;
using ir::Type;

template <class T>
using Signed = std::make_signed_t<T>;
template <class T>
using Wide = std::conditional_t<sizeof(T) == 4, u64, u128>;
template <class T>
using SignedWide = std::conditional_t<sizeof(T) == 4, i64, i128>;
template <class T>
constexpr unsigned kBits = sizeof(T) * 8;

template <class T, class F>
const Record* unary(Machine& m, const Record* r) {
    m.set(r->args[0], static_cast<T>(F{}(static_cast<T>(m.get(r->args[1])))));
    return r + 1;
}

template <class T, class F>
const Record* binary(Machine& m, const Record* r) {
    m.set(r->args[0], static_cast<T>(F{}(static_cast<T>(m.get(r->args[1])), static_cast<T>(m.get(r->args[2])))));
    return r + 1;
}

template <class F>
void add_unary(HandlerTable& t, Op op, F) {
    t.set(op, Type::I32, unary<u32, F>);
    t.set(op, Type::I64, unary<u64, F>);
}

template <class F>
void add_binary(HandlerTable& t, Op op, F) {
    t.set(op, Type::I32, binary<u32, F>);
    t.set(op, Type::I64, binary<u64, F>);
}

template <class T>
T div_s(T a, T b) {
    using S = Signed<T>;
    if (b == 0) return ~T{0};
    if (b == ~T{0}) return -a;  // also the overflow MIN / -1 = MIN
    return static_cast<T>(static_cast<S>(a) / static_cast<S>(b));
}

template <class T>
T rem_s(T a, T b) {
    using S = Signed<T>;
    if (b == 0) return a;
    if (b == ~T{0}) return 0;
    return static_cast<T>(static_cast<S>(a) % static_cast<S>(b));
}

template <class T>
T bswap(T a) {
    if constexpr (sizeof(T) == 4) {
        return __builtin_bswap32(a);
    } else {
        return __builtin_bswap64(a);
    }
}

template <class T>
T orc_b(T a) {
    T result = 0;
    for (unsigned i = 0; i < kBits<T>; i += 8) {
        if ((a >> i & 0xff) != 0) result |= T{0xff} << i;
    }
    return result;
}

template <class T>
Wide<T> carryless_product(T a, T b) {
    Wide<T> product = 0;
    for (unsigned i = 0; i < kBits<T>; ++i) {
        if (b >> i & 1) product ^= Wide<T>{a} << i;
    }
    return product;
}

/// Two results.
template <class T, class First, class Second>
const Record* two(Machine& m, const Record* r) {
    const T a = static_cast<T>(m.get(r->args[2])), b = static_cast<T>(m.get(r->args[3]));
    m.set(r->args[0], static_cast<T>(First{}(a, b)));
    m.set(r->args[1], static_cast<T>(Second{}(a, b)));
    return r + 1;
}

template <class First, class Second>
void add_two(HandlerTable& t, Op op, First, Second) {
    t.set(op, Type::I32, two<u32, First, Second>);
    t.set(op, Type::I64, two<u64, First, Second>);
}

template <class T>
const Record* deposit_op(Machine& m, const Record* r) {
    m.set(r->args[0], static_cast<T>(deposit(m.get(r->args[1]), static_cast<unsigned>(r->imm[0]),
                                             static_cast<unsigned>(r->imm[1]), m.get(r->args[2]))));
    return r + 1;
}

template <class T, bool kIsSigned>
const Record* extract_op(Machine& m, const Record* r) {
    u64 v = m.get(r->args[1]);
    auto pos = static_cast<unsigned>(r->imm[0]);
    auto len = static_cast<unsigned>(r->imm[1]);
    m.set(r->args[0], static_cast<T>(kIsSigned ? static_cast<u64>(sextract(v, pos, len)) : extract(v, pos, len)));
    return r + 1;
}

/// mov, ext_u, ext_any, trunc and bitcast: cells of 32-bit values are zero-extended, so only the result's width
/// matters.
template <class T>
const Record* move(Machine& m, const Record* r) {
    m.set(r->args[0], static_cast<T>(m.get(r->args[1])));
    return r + 1;
}

const Record* ext_s(Machine& m, const Record* r) {
    m.set(r->args[0], static_cast<u64>(sign_extend(m.get(r->args[1]), 32)));
    return r + 1;
}

const Record* setcond(Machine& m, const Record* r) {
    m.set(r->args[0], ir::evaluate(static_cast<Cond>(r->imm[0]), r->type, m.get(r->args[1]), m.get(r->args[2])));
    return r + 1;
}

const Record* movcond(Machine& m, const Record* r) {
    bool c = ir::evaluate(static_cast<Cond>(r->imm[0]), r->type2, m.get(r->args[1]), m.get(r->args[2]));
    m.set(r->args[0], m.get(r->args[c ? 3 : 4]));
    return r + 1;
}

/// A value of more than one cell.
template <unsigned kBytes>
const Record* move_vector(Machine& m, const Record* r) {
    std::memmove(m.at(r->args[0]), m.at(r->args[1]), kBytes);
    return r + 1;
}

void add_moves(HandlerTable& t) {
    t.set(Op::mov, Type::V128, move_vector<16>);
    t.set(Op::mov, Type::V256, move_vector<32>);
    t.set(Op::mov, Type::V512, move_vector<64>);
    t.set(Op::mov, Type::Mask, move<u64>);
    for (Op op : {Op::mov, Op::bitcast, Op::trunc, Op::ext_u, Op::ext_any}) {
        t.set(op, Type::I32, move<u32>);
        t.set(op, Type::F32, move<u32>);
        t.set(op, Type::I64, move<u64>);
        t.set(op, Type::F64, move<u64>);
    }
    t.set(Op::bitcast, Type::Mask, move<u64>);
    t.set(Op::ext_s, Type::I64, ext_s);
    t.set(Op::setcond, Type::I32, setcond);
    t.set(Op::setcond, Type::I64, setcond);
    t.set_all_types(Op::movcond, movcond);
}

void add_arithmetic(HandlerTable& t) {
    add_binary(t, Op::add, [](auto a, auto b) { return a + b; });
    add_binary(t, Op::sub, [](auto a, auto b) { return a - b; });
    add_unary(t, Op::neg, [](auto a) { return -a; });
    add_binary(t, Op::mul, [](auto a, auto b) { return a * b; });
    auto low = [](auto a, auto b) { return a * b; };
    auto high_s = []<class T>(T a, T b) {
        SignedWide<T> x = static_cast<Signed<T>>(a), y = static_cast<Signed<T>>(b);
        return x * y >> kBits<T>;
    };
    auto high_u = []<class T>(T a, T b) { return Wide<T>{a} * b >> kBits<T>; };
    add_binary(t, Op::mulh_s, high_s);
    add_binary(t, Op::mulh_u, high_u);
    add_two(t, Op::mul2_s, low, high_s);
    add_two(t, Op::mul2_u, low, high_u);
    add_binary(t, Op::mulh_su, []<class T>(T a, T b) {
        // The signed operand is a - 2^n when negative.
        T high = static_cast<T>(Wide<T>{a} * b >> kBits<T>);
        return static_cast<Signed<T>>(a) < 0 ? high - b : high;
    });
    auto quotient_s = []<class T>(T a, T b) { return div_s(a, b); };
    auto remainder_s = []<class T>(T a, T b) { return rem_s(a, b); };
    auto quotient_u = []<class T>(T a, T b) { return b == 0 ? ~T{0} : a / b; };
    auto remainder_u = [](auto a, auto b) { return b == 0 ? a : a % b; };
    add_binary(t, Op::div_s, quotient_s);
    add_binary(t, Op::rem_s, remainder_s);
    add_binary(t, Op::div_u, quotient_u);
    add_binary(t, Op::rem_u, remainder_u);
    add_two(t, Op::divrem_s, quotient_s, remainder_s);
    add_two(t, Op::divrem_u, quotient_u, remainder_u);
    add_binary(t, Op::min_s,
               []<class T>(T a, T b) { return static_cast<Signed<T>>(a) < static_cast<Signed<T>>(b) ? a : b; });
    add_binary(t, Op::max_s,
               []<class T>(T a, T b) { return static_cast<Signed<T>>(a) > static_cast<Signed<T>>(b) ? a : b; });
    add_binary(t, Op::min_u, [](auto a, auto b) { return a < b ? a : b; });
    add_binary(t, Op::max_u, [](auto a, auto b) { return a > b ? a : b; });
}

void add_logic(HandlerTable& t) {
    add_binary(t, Op::and_, [](auto a, auto b) { return a & b; });
    add_binary(t, Op::or_, [](auto a, auto b) { return a | b; });
    add_binary(t, Op::xor_, [](auto a, auto b) { return a ^ b; });
    add_unary(t, Op::not_, [](auto a) { return ~a; });
    add_binary(t, Op::andc, [](auto a, auto b) { return a & ~b; });
    add_binary(t, Op::orc, [](auto a, auto b) { return a | ~b; });
    add_binary(t, Op::eqv, [](auto a, auto b) { return ~(a ^ b); });
    add_binary(t, Op::shl, []<class T>(T a, T b) { return a << b % kBits<T>; });
    add_binary(t, Op::shr, []<class T>(T a, T b) { return a >> b % kBits<T>; });
    add_binary(t, Op::sar, []<class T>(T a, T b) { return static_cast<Signed<T>>(a) >> b % kBits<T>; });
    add_binary(t, Op::rotl, []<class T>(T a, T b) { return std::rotl(a, static_cast<int>(b % kBits<T>)); });
    add_binary(t, Op::rotr, []<class T>(T a, T b) { return std::rotr(a, static_cast<int>(b % kBits<T>)); });
    add_unary(t, Op::clz, [](auto a) { return std::countl_zero(a); });
    add_unary(t, Op::ctz, [](auto a) { return std::countr_zero(a); });
    add_unary(t, Op::popcnt, [](auto a) { return std::popcount(a); });
    add_unary(t, Op::bswap, [](auto a) { return bswap(a); });
    add_unary(t, Op::orc_b, [](auto a) { return orc_b(a); });
    add_binary(t, Op::clmul, [](auto a, auto b) { return carryless_product(a, b); });
    add_binary(t, Op::clmulh, []<class T>(T a, T b) { return carryless_product(a, b) >> kBits<T>; });
    t.set(Op::deposit, Type::I32, deposit_op<u32>);
    t.set(Op::deposit, Type::I64, deposit_op<u64>);
    t.set(Op::extract, Type::I32, extract_op<u32, false>);
    t.set(Op::extract, Type::I64, extract_op<u64, false>);
    t.set(Op::sextract, Type::I32, extract_op<u32, true>);
    t.set(Op::sextract, Type::I64, extract_op<u64, true>);
}

}  // namespace

void add_integer_handlers(HandlerTable& table) {
    add_moves(table);
    add_arithmetic(table);
    add_logic(table);
}

}  // namespace dragoman::host::interp
