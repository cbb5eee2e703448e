#include "ir/evaluate.h"

#include <algorithm>

#include "base/error.h"

namespace dragoman::ir {

namespace {

u64 carryless_multiply(u64 a, u64 b, u64& high) {
    u64 low = 0;
    high = 0;
    for (unsigned i = 0; i < 64; ++i) {
        if ((b >> i & 1) == 0) continue;
        low ^= a << i;
        if (i != 0) high ^= a >> (64 - i);
    }
    return low;
}

u64 or_combine_bytes(u64 v) {
    u64 result = 0;
    for (unsigned i = 0; i < 64; i += 8) {
        if ((v >> i & 0xff) != 0) result |= u64{0xff} << i;
    }
    return result;
}

/// The high half of a 2n-bit product whose low half has `bits` bits.
u64 high_half(u128 product, unsigned bits) { return static_cast<u64>(product >> bits); }

u64 clmulh(u64 a, u64 b, unsigned bits) {
    u64 high;
    u64 low = carryless_multiply(a, b, high);
    return bits == 64 ? high : low >> 32;
}

u64 clmul(u64 a, u64 b) {
    u64 high;
    return carryless_multiply(a, b, high);
}

}  // namespace

u64 evaluate(Op op, Type t, u64 a, u64 b, u64 imm0, u64 imm1) {
    const unsigned bits =
        op == Op::trunc || op == Op::ext_s || op == Op::ext_u || op == Op::ext_any ? 64 : type_bits(t);
    const u64 mask = low_mask(bits);
    a &= mask;
    b &= mask;
    const i64 sa = sign_extend(a, bits);
    const i64 sb = sign_extend(b, bits);
    const unsigned n = static_cast<unsigned>(b) & (bits - 1);
    const u64 min = u64{1} << (bits - 1);
    const bool overflow = a == min && sb == -1;
    auto value = [&]() -> u64 {
        switch (op) {
            case Op::mov: return a;
            case Op::add: return a + b;
            case Op::sub: return a - b;
            case Op::neg: return -a;
            case Op::mul: return a * b;
            case Op::mulh_s: return high_half(static_cast<u128>(i128{sa} * sb), bits);
            case Op::mulh_u: return high_half(u128{a} * b, bits);
            case Op::mulh_su: return high_half(static_cast<u128>(i128{sa} * static_cast<i128>(b)), bits);
            case Op::div_s: return b == 0 ? ~u64{0} : overflow ? min : static_cast<u64>(sa / sb);
            case Op::div_u: return b == 0 ? ~u64{0} : a / b;
            case Op::rem_s: return b == 0 ? a : overflow ? 0 : static_cast<u64>(sa % sb);
            case Op::rem_u: return b == 0 ? a : a % b;
            case Op::and_: return a & b;
            case Op::or_: return a | b;
            case Op::xor_: return a ^ b;
            case Op::not_: return ~a;
            case Op::andc: return a & ~b;
            case Op::orc: return a | ~b;
            case Op::eqv: return ~(a ^ b);
            case Op::shl: return a << n;
            case Op::shr: return a >> n;
            case Op::sar: return static_cast<u64>(sa >> n);
            case Op::rotl: return n == 0 ? a : a << n | a >> (bits - n);
            case Op::rotr: return n == 0 ? a : a >> n | a << (bits - n);
            case Op::clz: return static_cast<u64>(std::countl_zero(a)) - (64 - bits);
            case Op::ctz: return std::min<u64>(static_cast<u64>(std::countr_zero(a)), bits);
            case Op::popcnt: return static_cast<u64>(std::popcount(a));
            case Op::bswap: return __builtin_bswap64(a) >> (64 - bits);
            case Op::orc_b: return or_combine_bytes(a);
            case Op::clmul: return clmul(a, b);
            case Op::clmulh: return clmulh(a, b, bits);
            case Op::min_s: return sa < sb ? a : b;
            case Op::min_u: return std::min(a, b);
            case Op::max_s: return sa < sb ? b : a;
            case Op::max_u: return std::max(a, b);
            case Op::extract: return dragoman::extract(a, static_cast<unsigned>(imm0), static_cast<unsigned>(imm1));
            case Op::sextract:
                return static_cast<u64>(
                    dragoman::sextract(a, static_cast<unsigned>(imm0), static_cast<unsigned>(imm1)));
            case Op::deposit: return dragoman::deposit(a, static_cast<unsigned>(imm0), static_cast<unsigned>(imm1), b);
            case Op::ext_s: return static_cast<u64>(sign_extend(a, 32));
            case Op::ext_u:
            case Op::ext_any:
            case Op::trunc: return static_cast<u32>(a);
            default: DRAGOMAN_UNREACHABLE();
        }
    };
    return value() & mask;
}

}  // namespace dragoman::ir
