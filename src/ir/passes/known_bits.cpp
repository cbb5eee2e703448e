// What is known about the bits of an instruction's result: the transfer functions of the analysis that
// simplify_bits uses.
#include <algorithm>

#include "ir/passes/rewriter.h"

namespace dragoman::ir {

namespace {

/// Signed width of a 64-bit value with these bits known to be 0.
unsigned width_from_zeros(u64 zeros) { return 65 - static_cast<unsigned>(std::countl_one(zeros)); }

/// Known zeros of the sum of two values: low bits that are zero in both, and high bits that no carry reaches.
u64 zeros_of_sum(u64 a, u64 b) {
    unsigned low = static_cast<unsigned>(std::min(std::countr_one(a), std::countr_one(b)));
    unsigned high = static_cast<unsigned>(std::min(std::countl_one(a), std::countl_one(b)));
    u64 zeros = low_mask(low);
    if (high > 1) zeros |= ~low_mask(64 - (high - 1));
    return zeros;
}

u64 zeros_of_load(MemOp m) { return m.sign ? 0 : ~low_mask(m.bytes() * 8); }
u8 width_of_load(MemOp m) { return static_cast<u8>(std::min(64u, m.bytes() * 8 + (m.sign ? 0 : 1))); }

}  // namespace

void Rewriter::learn_bits(const Insn& insn, Value& value) const {
    const unsigned bits = type_bits(type(insn.out()));
    const Value& a = values_[value.in[0]];
    const Value& b = values_[value.in[1]];
    u64 zeros = 0;
    unsigned width = bits;
    auto count = [&]() -> int {
        return insn.inputs > 1 && is_number(insn.in(1)) ? static_cast<int>(const_value(insn.in(1)) & (bits - 1)) : -1;
    };

    switch (insn.op) {
        case Op::and_:
            zeros = a.zeros | b.zeros;
            width = std::max(a.width, b.width);
            break;
        case Op::or_:
        case Op::xor_:
            zeros = a.zeros & b.zeros;
            width = std::max(a.width, b.width);
            break;
        case Op::andc:
            zeros = a.zeros;
            width = std::max(a.width, b.width);
            break;
        case Op::not_: width = a.width; break;
        case Op::orc:
        case Op::eqv: width = std::max(a.width, b.width); break;
        case Op::add:
            zeros = zeros_of_sum(a.zeros, b.zeros);
            width = std::max(a.width, b.width) + 1u;
            break;
        case Op::sub:
            zeros = low_mask(static_cast<unsigned>(std::min(std::countr_one(a.zeros), std::countr_one(b.zeros))));
            width = std::max(a.width, b.width) + 1u;
            break;
        case Op::mul: width = unsigned{a.width} + b.width; break;
        case Op::shl:
            if (int n = count(); n >= 0) {
                zeros = a.zeros << n | low_mask(static_cast<unsigned>(n));
                width = a.width + static_cast<unsigned>(n);
            }
            break;
        case Op::shr:
            if (int n = count(); n >= 0) {
                zeros = (a.zeros & low_mask(bits)) >> n | ~(low_mask(bits) >> n);
            } else {
                zeros = ~low_mask(64 - static_cast<unsigned>(std::countl_one(a.zeros)));
            }
            break;
        case Op::sar:
            width = a.width;
            if (int n = count(); n >= 0) {
                zeros = static_cast<u64>(sign_extend(a.zeros, bits) >> n);
                width = static_cast<unsigned>(std::max(1, a.width - n));
            }
            break;
        case Op::extract: zeros = a.zeros >> insn.imm[0] | ~low_mask(static_cast<unsigned>(insn.imm[1])); break;
        case Op::sextract:
            width = static_cast<unsigned>(insn.imm[1]);
            zeros = static_cast<u64>(sign_extend(a.zeros >> insn.imm[0], width));
            if (a.width > insn.imm[0]) width = std::min<unsigned>(width, a.width - static_cast<unsigned>(insn.imm[0]));
            break;
        case Op::deposit: {
            u64 field = low_mask(static_cast<unsigned>(insn.imm[1])) << insn.imm[0];
            zeros = (a.zeros & ~field) | (b.zeros << insn.imm[0] & field);
            break;
        }
        case Op::ext_s:
            zeros = static_cast<u64>(sign_extend(a.zeros, 32));
            width = a.width;
            break;
        case Op::ext_u: zeros = a.zeros | ~low_mask(32); break;
        case Op::trunc:
            zeros = a.zeros;
            width = a.width;
            break;
        case Op::setcond:
        case Op::feq:
        case Op::flt:
        case Op::fle:
        case Op::fltq:
        case Op::fleq:
        case Op::flt_silent:
        case Op::fle_silent: zeros = ~u64{1}; break;
        case Op::fclass: zeros = ~u64{0x3ff}; break;
        case Op::clz:
        case Op::ctz:
        case Op::popcnt: zeros = ~u64{0x7f}; break;
        case Op::min_s:
        case Op::max_s:
        case Op::max_u:
            zeros = a.zeros & b.zeros;
            width = std::max(a.width, b.width);
            break;
        case Op::min_u:
            zeros = ~low_mask(64 - static_cast<unsigned>(std::max(std::countl_one(a.zeros), std::countl_one(b.zeros))));
            width = std::max(a.width, b.width);
            break;
        case Op::movcond: {
            const Value& v1 = values_[value.in[2]];
            const Value& v2 = values_[value.in[3]];
            zeros = v1.zeros & v2.zeros;
            width = std::max(v1.width, v2.width);
            break;
        }
        case Op::div_s: width = a.width + 1u; break;
        case Op::rem_s: width = a.width; break;
        case Op::rem_u: zeros = ~low_mask(64 - static_cast<unsigned>(std::countl_one(a.zeros))); break;
        case Op::guest_ld:
        case Op::env_ld:
            zeros = zeros_of_load(insn.mem());
            width = width_of_load(insn.mem());
            break;
        default: break;
    }
    if (bits == 32) zeros |= ~low_mask(32);
    unsigned from_zeros = width_from_zeros(bits == 32 ? zeros << 32 : zeros) - (64 - bits);
    value.zeros = zeros;
    value.width = static_cast<u8>(std::min({width, bits, from_zeros}));
}

}  // namespace dragoman::ir
