#include "host/vector_ops.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>

#include "base/crypto/aes.h"
#include "base/crypto/ghash.h"
#include "base/crypto/sha2.h"
#include "base/error.h"
#include "host/float_ops.h"
#include "ir/evaluate.h"

namespace dragoman::host {

namespace {

using ir::Element;
using ir::Op;
using ir::Type;

struct Bytes {
    alignas(64) u8 at[64];
};

u64 cell(const void* p) {
    u64 v;
    std::memcpy(&v, p, sizeof v);
    return v;
}
template <class T>
T get(const void* p, unsigned i) {
    T v;
    std::memcpy(&v, static_cast<const u8*>(p) + i * sizeof(T), sizeof v);
    return v;
}
template <class T>
void put(void* p, unsigned i, T v) {
    std::memcpy(static_cast<u8*>(p) + i * sizeof(T), &v, sizeof v);
}

/// Calls f with a value of the unsigned type of `bits`.
template <class F>
void by_bits(unsigned bits, F f) {
    switch (bits) {
        case 8: return f(u8{});
        case 16: return f(u16{});
        case 32: return f(u32{});
        default: return f(u64{});
    }
}

/// The unsigned integer of `bits` at element i, and the same signed.
u64 element(const void* p, unsigned bits, unsigned i) {
    u64 v = 0;
    std::memcpy(&v, static_cast<const u8*>(p) + i * (bits / 8), bits / 8);
    return v;
}

/// One operation of the integer ops on elements a and b of type T.
template <class T>
T integer(Op op, T a, T b) {
    using S = std::make_signed_t<T>;
    const S x = static_cast<S>(a), y = static_cast<S>(b);
    const unsigned n = static_cast<unsigned>(b) & (sizeof(T) * 8 - 1);
    switch (op) {
        case Op::v_add: return static_cast<T>(a + b);
        case Op::v_sub: return static_cast<T>(a - b);
        case Op::v_mul: return static_cast<T>(u64{a} * u64{b});
        case Op::v_and: return a & b;
        case Op::v_or: return a | b;
        case Op::v_xor: return a ^ b;
        case Op::v_andc: return static_cast<T>(a & ~b);
        case Op::v_rotr:
        case Op::v_rotr_x: return std::rotr(a, static_cast<int>(n));
        case Op::v_min_s: return static_cast<T>(std::min(x, y));
        case Op::v_max_s: return static_cast<T>(std::max(x, y));
        case Op::v_min_u: return std::min(a, b);
        case Op::v_max_u: return std::max(a, b);
        case Op::v_shl:
        case Op::v_shl_x: return static_cast<T>(u64{a} << n);
        case Op::v_shr:
        case Op::v_shr_x: return static_cast<T>(a >> n);
        case Op::v_sar:
        case Op::v_sar_x: return static_cast<T>(x >> n);
        default: DRAGOMAN_UNREACHABLE();
    }
}

template <class T>
T reduce(ir::Reduction how, T a, T b) {
    switch (how) {
        case ir::Reduction::Add: return integer(Op::v_add, a, b);
        case ir::Reduction::And: return a & b;
        case ir::Reduction::Or: return a | b;
        case ir::Reduction::Xor: return a ^ b;
        case ir::Reduction::MinU: return integer(Op::v_min_u, a, b);
        case ir::Reduction::MinS: return integer(Op::v_min_s, a, b);
        case ir::Reduction::MaxU: return integer(Op::v_max_u, a, b);
        case ir::Reduction::MaxS: return integer(Op::v_max_s, a, b);
    }
    DRAGOMAN_UNREACHABLE();
}

/// The scalar op of which a float op is many.
Op scalar_of(Op op) {
    switch (op) {
        case Op::v_fadd: return Op::fadd;
        case Op::v_fsub: return Op::fsub;
        case Op::v_fmul: return Op::fmul;
        case Op::v_fdiv: return Op::fdiv;
        case Op::v_fsqrt: return Op::fsqrt;
        case Op::v_fmin: return Op::fmin;
        case Op::v_fmax: return Op::fmax;
        case Op::v_fmadd: return Op::fmadd;
        case Op::v_fmsub: return Op::fmsub;
        case Op::v_fnmadd: return Op::fnmadd;
        case Op::v_fnmsub: return Op::fnmsub;
        default: DRAGOMAN_UNREACHABLE();
    }
}

constexpr Op kFloatConds[] = {Op::feq, Op::flt, Op::fle};

class Evaluation {
public:
    Evaluation(const VectorOp& op, const void* const* in)
        : op_(op),
          in_(in),
          bits_(std::max(ir::element_bits(op.rules.element), 8u)),
          count_(ir::type_bits(ir::is_vector(op.type) ? op.type : Type::V128) / bits_),
          float_(bits_ == 32 ? Type::F32 : Type::F64) {
        if (!op.rules.mask) return;
        const unsigned inputs = ir::info(op.op).inputs;
        mask_ = cell(in[inputs]);
        old_ = in[inputs + 1];
    }

    void run(void* out) {
        Bytes result{};
        const unsigned bytes = compute(result.at);
        std::memcpy(out, result.at, bytes);
    }

private:
    bool active(unsigned i) const { return (mask_ >> i & 1) != 0; }
    u64 at(unsigned input, unsigned i) const { return element(in_[input], bits_, i); }
    u64 imm(unsigned i) const { return op_.imm[i]; }

    /// Each element of `to` = f(i), of inactive ones the old value.
    template <class F>
    unsigned each(u8* to, F f) const {
        for (unsigned i = 0; i < count_; ++i) {
            const u64 v = active(i) ? f(i) : element(old_, bits_, i);
            std::memcpy(to + i * (bits_ / 8), &v, bits_ / 8);
        }
        return ir::type_bytes(op_.type);
    }
    template <class F>
    unsigned each_bit(u8* to, F f) const {
        u64 mask = 0;
        for (unsigned i = 0; i < count_; ++i) {
            const bool bit = active(i) ? f(i) : (cell(old_) >> i & 1) != 0;
            mask |= u64{bit} << i;
        }
        return word(to, mask);
    }
    static unsigned word(u8* to, u64 v) {
        std::memcpy(to, &v, sizeof v);
        return sizeof v;
    }
    unsigned whole(u8* to, const void* from) const {
        std::memcpy(to, from, ir::type_bytes(op_.type));
        return ir::type_bytes(op_.type);
    }

    /// Each 128 bits of `to` = f(lane).
    template <class F>
    unsigned each_lane(u8* to, F f) const {
        for (unsigned i = 0; i < ir::type_bytes(op_.type) / 16; ++i) {
            const auto lane = f(i);
            std::memcpy(to + i * 16, &lane, 16);
        }
        return ir::type_bytes(op_.type);
    }

    unsigned compute(u8* to) const;
    u64 clmul(u64 a, u64 b) const;
    crypto::Block aes(unsigned lane) const;
    u64 sum_in_order() const;
    unsigned mask_put(u8* to) const;
    bool compare(unsigned i) const;
    u64 reduced() const;
    u64 convert(Op op, Type to, Type from, u64 value, u8 imm0) const {
        return evaluate(FloatOp{op, to, from, imm0, static_cast<u8>(ir::Rounding::Env)}, value, 0, 0);
    }

    const VectorOp& op_;
    const void* const* in_;
    unsigned bits_, count_;
    Type float_;
    u64 mask_ = ~u64{0};
    const void* old_ = nullptr;
};

bool Evaluation::compare(unsigned i) const {
    const u64 a = at(0, i), b = at(1, i);
    const auto cond = static_cast<ir::Cond>(imm(0));
    return ir::evaluate(cond, Type::I64, static_cast<u64>(sign_extend(a, bits_)),
                        static_cast<u64>(sign_extend(b, bits_)));
}

u64 Evaluation::reduced() const {
    u64 result = 0;
    by_bits(bits_, [&](auto zero) {
        using T = decltype(zero);
        T sum = static_cast<T>(cell(in_[1]));
        for (unsigned i = 0; i < count_; ++i) {
            if (active(i)) sum = reduce(static_cast<ir::Reduction>(imm(0)), sum, static_cast<T>(at(0, i)));
        }
        result = sum;
    });
    return result;
}

u64 Evaluation::clmul(u64 a, u64 b) const {
    return ir::evaluate(imm(0) != 0 ? Op::clmulh : Op::clmul, Type::I64, a, b, 0, 0);
}

crypto::Block Evaluation::aes(unsigned lane) const {
    const auto state = get<crypto::Block>(in_[0], lane), key = get<crypto::Block>(in_[1], lane);
    const crypto::Aes& aes = crypto::aes();
    switch (static_cast<ir::AesRound>(imm(0))) {
        case ir::AesRound::Encrypt: return aes.encrypt(state) ^ key;
        case ir::AesRound::EncryptLast: return aes.encrypt_last(state) ^ key;
        case ir::AesRound::Decrypt: return aes.inverse_mix(aes.decrypt_last(state) ^ key);
        case ir::AesRound::DecryptLast: return aes.decrypt_last(state) ^ key;
    }
    DRAGOMAN_UNREACHABLE();
}

u64 Evaluation::sum_in_order() const {
    const FloatOp add{Op::fadd, float_, Type::None, 0, 0};
    u64 sum = bits_ == 32 ? static_cast<u32>(cell(in_[1])) : cell(in_[1]);
    for (unsigned i = 0; i < count_; ++i) {
        if (active(i)) sum = evaluate(add, sum, at(0, i), 0);
    }
    return sum;
}

unsigned Evaluation::mask_put(u8* to) const {
    const unsigned bytes = whole(to, in_[1]);
    const u64 mask = cell(in_[0]);
    for (u64 i = 0; i < imm(1); ++i) {
        u8& byte = to[(imm(0) + i) / 8];
        const u64 bit = (imm(0) + i) % 8;
        byte = static_cast<u8>((byte & ~(1u << bit)) | (mask >> i & 1) << bit);
    }
    return bytes;
}

unsigned Evaluation::compute(u8* to) const {
    switch (op_.op) {
        case Op::v_low:
            std::memcpy(to, in_[0], std::min(ir::type_bytes(op_.type), ir::type_bytes(op_.type2)));
            return ir::type_bytes(op_.type);
        case Op::v_from_bits: word(to, cell(in_[0])); return ir::type_bytes(op_.type);
        case Op::v_blend_low: {
            const unsigned bytes = whole(to, in_[1]);
            std::memcpy(to, in_[0], imm(0));
            return bytes;
        }
        case Op::v_join: {
            const unsigned half = ir::type_bytes(op_.type) / 2;
            std::memcpy(to, in_[0], half);
            std::memcpy(to + half, in_[1], half);
            return half * 2;
        }
        case Op::v_mask_first: return word(to, low_mask(static_cast<unsigned>(std::min(cell(in_[0]), imm(0)))));
        case Op::v_mask_and: return word(to, cell(in_[0]) & cell(in_[1]));
        case Op::v_mask_or: return word(to, cell(in_[0]) | cell(in_[1]));
        case Op::v_mask_xor: return word(to, cell(in_[0]) ^ cell(in_[1]));
        case Op::v_mask_andc: return word(to, cell(in_[0]) & ~cell(in_[1]));
        case Op::v_align: {
            const unsigned bytes = ir::type_bytes(op_.type), rest = bytes - static_cast<unsigned>(imm(0));
            std::memcpy(to, static_cast<const u8*>(in_[0]) + imm(0), rest);
            std::memcpy(to + rest, in_[1], bytes - rest);
            return bytes;
        }
        case Op::v_prefix_count: {
            const unsigned bytes = ir::type_bytes(op_.type);
            for (unsigned i = 0; i < bytes; ++i) to[i] = static_cast<u8>(std::popcount(cell(in_[0]) & low_mask(i)));
            return bytes;
        }
        case Op::v_mask_get: {
            u64 mask = 0;
            for (u64 i = 0; i < imm(1); ++i) {
                const u64 bit = imm(0) + i;
                mask |= u64{(static_cast<const u8*>(in_[0])[bit / 8] >> bit % 8 & 1) != 0} << i;
            }
            return word(to, mask);
        }
        case Op::v_mask_put: return mask_put(to);
        case Op::v_splat: return each(to, [&](unsigned) { return cell(in_[0]); });
        case Op::v_iota: return each(to, [&](unsigned i) { return imm(0) + i * imm(1); });
        case Op::v_extract: {
            const u64 v = at(0, static_cast<unsigned>(imm(0)));
            return word(to, imm(1) != 0 ? static_cast<u64>(sign_extend(v, bits_)) : v);
        }
        case Op::v_insert: {
            const unsigned bytes = whole(to, in_[0]);
            std::memcpy(to + imm(0) * (bits_ / 8), in_[1], bits_ / 8);
            return bytes;
        }
        case Op::v_select: return each(to, [&](unsigned i) { return at((cell(in_[0]) >> i & 1) != 0 ? 1 : 2, i); });
        case Op::v_permute:
            return each(to, [&](unsigned i) {
                const u64 from = at(1, i);
                return from < count_ ? at(0, static_cast<unsigned>(from)) : 0;
            });
        case Op::v_compress: {
            unsigned n = 0;
            for (unsigned i = 0; i < count_; ++i) {
                if ((cell(in_[0]) >> i & 1) == 0) continue;
                const u64 v = at(1, i);
                std::memcpy(to + n++ * (bits_ / 8), &v, bits_ / 8);
            }
            return ir::type_bytes(op_.type);
        }
        case Op::v_ext_s:
        case Op::v_ext_u: {
            const unsigned from = 8u << imm(0);
            const unsigned first = static_cast<unsigned>(imm(1)) * count_;
            return each(to, [&](unsigned i) {
                const u64 v = element(in_[0], from, first + i);
                return op_.op == Op::v_ext_s ? static_cast<u64>(sign_extend(v, from)) : v;
            });
        }
        case Op::v_narrow:
            return each(to, [&](unsigned i) { return i < count_ / 2 ? element(in_[0], bits_ * 2, i) : 0; });
        case Op::v_unzip: {
            const unsigned half = count_ / 2, odd = static_cast<unsigned>(imm(0));
            return each(to, [&](unsigned i) { return at(i / half, i % half * 2 + odd); });
        }
        case Op::v_zip: {
            const unsigned first = imm(0) != 0 ? count_ / 2 : 0;
            return each(to, [&](unsigned i) { return at(i % 2, first + i / 2); });
        }
        case Op::v_cmp: return each_bit(to, [&](unsigned i) { return compare(i); });
        case Op::v_reduce: return word(to, reduced());
        case Op::v_fadd:
        case Op::v_fsub:
        case Op::v_fmul:
        case Op::v_fdiv:
        case Op::v_fsqrt:
        case Op::v_fmin:
        case Op::v_fmax:
        case Op::v_fmadd:
        case Op::v_fmsub:
        case Op::v_fnmadd:
        case Op::v_fnmsub: {
            const FloatOp scalar{scalar_of(op_.op), float_, Type::None, 0, 0};
            const unsigned inputs = ir::info(op_.op).inputs;
            return each(to, [&](unsigned i) {
                return evaluate(scalar, at(0, i), inputs > 1 ? at(1, i) : 0, inputs > 2 ? at(2, i) : 0);
            });
        }
        case Op::v_fcmp:
            return each_bit(to, [&](unsigned i) {
                return evaluate(FloatOp{kFloatConds[imm(0)], float_, Type::None, 0, 0}, at(0, i), at(1, i), 0) != 0;
            });
        case Op::v_fcvt_i: {
            const FloatOp conversion{Op::fcvt_fi, bits_ == 32 ? Type::I32 : Type::I64, float_,
                                     static_cast<u8>(imm(1) != 0 ? ir::Rounding::RTZ : ir::Rounding::Env),
                                     static_cast<u8>(imm(0))};
            return each(to, [&](unsigned i) { return evaluate(conversion, at(0, i), 0, 0); });
        }
        case Op::v_fcvt_widen: {
            const unsigned first = imm(0) != 0 ? count_ : 0;
            return each(to, [&](unsigned i) {
                return convert(Op::fcvt_ff, Type::F64, Type::F32, element(in_[0], 32, first + i), 0);
            });
        }
        case Op::v_fcvt_if_widen: {
            const unsigned first = imm(1) != 0 ? count_ : 0;
            return each(to, [&](unsigned i) {
                return convert(Op::fcvt_if, Type::F64, Type::I32, element(in_[0], 32, first + i),
                               static_cast<u8>(imm(0)));
            });
        }
        case Op::v_fcvt_i_narrow: {
            const FloatOp conversion{Op::fcvt_fi, Type::I32, Type::F64,
                                     static_cast<u8>(imm(1) != 0 ? ir::Rounding::RTZ : ir::Rounding::Env),
                                     static_cast<u8>(imm(0))};
            for (unsigned i = 0; i < count_; ++i) {
                const u64 v = evaluate(conversion, at(0, i), 0, 0);
                std::memcpy(to + i * 4, &v, 4);
            }
            std::memset(to + count_ * 4, 0, count_ * 4);
            return ir::type_bytes(op_.type);
        }
        case Op::v_ternary:
            return each(to, [&](unsigned i) {
                const u64 a = at(0, i), b = at(1, i), c = at(2, i);
                u64 v = 0;
                for (unsigned line = 0; line < 8; ++line) {
                    if ((imm(0) >> line & 1) == 0) continue;
                    v |= ((line & 4) != 0 ? a : ~a) & ((line & 2) != 0 ? b : ~b) & ((line & 1) != 0 ? c : ~c);
                }
                return v & low_mask(bits_);
            });
        case Op::v_fsum: return word(to, sum_in_order());
        case Op::v_bswap: return each(to, [&](unsigned i) { return __builtin_bswap64(at(0, i)) >> (64 - bits_); });
        case Op::v_clmul: return each(to, [&](unsigned i) { return clmul(at(0, i), at(1, i)); });
        case Op::v_repeat_low: return each_lane(to, [&](unsigned) { return get<crypto::Block>(in_[0], 0); });
        case Op::v_aes: return each_lane(to, [&](unsigned lane) { return aes(lane); });
        case Op::v_gmul:
            return each_lane(to, [&](unsigned lane) {
                return crypto::ghash_multiply(get<crypto::Block>(in_[0], lane), get<crypto::Block>(in_[1], lane));
            });
        case Op::v_sha256_rounds:
            return each_lane(to, [&](unsigned lane) {
                using Words = crypto::Words<u32>;
                const auto words = get<Words>(in_[2], lane);
                const unsigned first = imm(0) != 0 ? 2 : 0;
                return crypto::sha2_rounds(get<Words>(in_[1], lane), get<Words>(in_[0], lane), words.w[first],
                                           words.w[first + 1]);
            });
        case Op::v_sha256_schedule:
            return each_lane(to, [&](unsigned lane) {
                using Words = crypto::Words<u32>;
                return crypto::sha2_schedule(get<Words>(in_[0], lane), get<Words>(in_[1], lane),
                                             get<Words>(in_[2], lane));
            });
        case Op::v_fcvt_if: {
            const Type from = bits_ == 32 ? Type::I32 : Type::I64;
            return each(
                to, [&](unsigned i) { return convert(Op::fcvt_if, float_, from, at(0, i), static_cast<u8>(imm(0))); });
        }
        case Op::v_fcvt_narrow:
            return each(to, [&](unsigned i) {
                return i < count_ / 2 ? convert(Op::fcvt_ff, Type::F32, Type::F64, element(in_[0], 64, i), 0) : 0;
            });
        default:
            return each(to, [&](unsigned i) {
                u64 v = 0;
                const bool scalar = ir::info(op_.op).typing == ir::OpTyping::VecScalar;
                const u64 b = scalar ? cell(in_[1]) : at(1, i);
                by_bits(bits_, [&](auto zero) {
                    using T = decltype(zero);
                    v = integer<T>(op_.op, static_cast<T>(at(0, i)), static_cast<T>(b));
                });
                return v;
            });
    }
}

}  // namespace

void evaluate(const VectorOp& op, void* out, const void* const* in) { Evaluation(op, in).run(out); }

void copy_elements(void* to, const void* from, u64 mask, unsigned element_bytes) {
    for (; mask != 0; mask &= mask - 1) {
        const unsigned offset = static_cast<unsigned>(std::countr_zero(mask)) * element_bytes;
        std::memcpy(static_cast<u8*>(to) + offset, static_cast<const u8*>(from) + offset, element_bytes);
    }
}

}  // namespace dragoman::host
