// Types and attributes of IR values: value types, comparison conditions, rounding modes and the
// description of guest memory accesses.
#pragma once

#include "base/bits.h"

namespace dragoman::ir {

/// Type of a variable or of an op. Vectors carry their element type in the op, not in the type. A Mask has one bit per
/// element of a vector, the lowest for the first.
enum class Type : u8 { None, I32, I64, F32, F64, V128, V256, V512, Mask };
inline constexpr unsigned kTypeCount = 9;

constexpr unsigned type_bytes(Type t) {
    constexpr u8 kBytes[kTypeCount] = {0, 4, 8, 4, 8, 16, 32, 64, 8};
    return kBytes[static_cast<unsigned>(t)];
}
constexpr unsigned type_bits(Type t) { return type_bytes(t) * 8; }
constexpr bool is_int(Type t) { return t == Type::I32 || t == Type::I64; }
constexpr bool is_float(Type t) { return t == Type::F32 || t == Type::F64; }
constexpr bool is_vector(Type t) { return t >= Type::V128 && t <= Type::V512; }
const char* type_name(Type t);

/// Integer comparison. TstEq / TstNe compare (a & b) with zero.
enum class Cond : u8 { Eq, Ne, Lt, Ge, Le, Gt, Ltu, Geu, Leu, Gtu, TstEq, TstNe };

const char* cond_name(Cond c);
Cond invert(Cond c);
/// The condition c' with (b c' a) == (a c b).
Cond swap_operands(Cond c);
/// Evaluates `a c b` on values of `t` (I32 looks at the low 32 bits only).
bool evaluate(Cond c, Type t, u64 a, u64 b);

/// IEEE 754 rounding-direction attribute, numbered as RISC-V's frm. Env: the mode that is in force
/// in the floating-point environment of the running guest (guest/runtime.h).
enum class Rounding : u8 { RNE = 0, RTZ = 1, RDN = 2, RUP = 3, RMM = 4, Env = 7 };

const char* rounding_name(Rounding r);

/// Type of the elements of a vector op.
enum class Element : u8 { None, I8, I16, I32, I64, F16, F32, F64 };
inline constexpr unsigned kElementCount = 8;

constexpr unsigned element_bits(Element e) {
    constexpr u8 kBits[kElementCount] = {0, 8, 16, 32, 64, 16, 32, 64};
    return kBits[static_cast<unsigned>(e)];
}
const char* element_name(Element e);

/// How guest memory is ordered with respect to other harts. Of the accesses that say nothing (MemOrder::Plain).
enum class MemoryModel : u8 {
    Weak,  ///< only dependences and same-address order (RVWMO, Arm): the guest's translator asks for more where it is
           ///< due
    Tso,   ///< all but an earlier store with a later load (x86, Ztso)
};

/// What an access orders beyond that.
enum class MemOrder : u8 {
    Plain,    ///< as the guest's MemoryModel says
    Acquire,  ///< before all later accesses
    Release,  ///< behind all earlier accesses
    AcqRel,   ///< both
    SeqCst,   ///< both, and in one order with all other SeqCst accesses
};
inline constexpr unsigned kMemOrderCount = 5;
const char* mem_order_name(MemOrder o);

constexpr MemOrder mem_order(bool acquire, bool release) {
    return acquire ? (release ? MemOrder::AcqRel : MemOrder::Acquire) : release ? MemOrder::Release : MemOrder::Plain;
}

/// How a guest memory access is done. Packs into 32 bits, the first constant of a memory op.
struct MemOp {
    u8 size_log2 = 3;         ///< access size: 1 << size_log2 bytes; 0..3 (integer, float), 4..6 (vector)
    bool sign = false;        ///< loads: sign-extend to the op's type (else zero-extend)
    bool big_endian = false;  ///< memory is big-endian
    bool aligned = false;     ///< a misaligned address raises the guest's misaligned exception
    u8 scale = 0;             ///< index operand is multiplied by 1 << scale; 0..3
    u8 mmu_index = 0;         ///< softmmu TLB to use; 0 in user mode
    bool wrap32 = false;      ///< the address is taken modulo 2^32: guests with 32-bit addresses
    MemOrder order = MemOrder::Plain;

    constexpr u32 pack() const {
        return u32{size_log2} | u32{sign} << 3 | u32{big_endian} << 4 | u32{aligned} << 5 | u32{scale} << 6 |
               u32{mmu_index} << 8 | u32{wrap32} << 16 | static_cast<u32>(order) << 17;
    }
    static constexpr MemOp unpack(u64 v) {
        return {static_cast<u8>(v & 7),      (v >> 3 & 1) != 0,
                (v >> 4 & 1) != 0,           (v >> 5 & 1) != 0,
                static_cast<u8>(v >> 6 & 3), static_cast<u8>(v >> 8 & 0xff),
                (v >> 16 & 1) != 0,          static_cast<MemOrder>(v >> 17 & 7)};
    }
    static constexpr unsigned kBits = 20;  ///< of the packed form
    constexpr unsigned bytes() const { return 1u << size_log2; }
    /// Nothing but a size, a sign, an MMU index and a scale; of a packed one.
    static constexpr bool is_simple(u64 packed) {
        constexpr u64 kOthers = u64{3} << 4 | u64{15} << 16;
        return (packed & kOthers) == 0;
    }
    constexpr bool is_simple() const { return is_simple(pack()); }
};

/// An access that shares its softmmu lookup with others: a MemOp, and the bytes around its address that must lie on the
/// same page for the lookup to hold for all of them. Of a lookup: the bytes behind its address.
struct PageOp {
    MemOp mem;
    u16 before = 0;      ///< bytes of the span before the address, below 4096
    u16 after = 0;       ///< bytes of the span behind the byte at the address, below 4096
    bool write = false;  ///< some of them are stores

    constexpr u64 pack() const { return u64{mem.pack()} | u64{before} << 32 | u64{after} << 44 | u64{write} << 56; }
    static constexpr PageOp unpack(u64 v) {
        return {MemOp::unpack(v), static_cast<u16>(v >> 32 & 0xfff), static_cast<u16>(v >> 44 & 0xfff),
                (v >> 56 & 1) != 0};
    }
};

/// What a memory barrier orders; bit set. The names read "earlier_later".
enum class Barrier : u8 { LoadLoad = 1, LoadStore = 2, StoreLoad = 4, StoreStore = 8, Full = 15 };

// What differs between guests in float ops. RISC-V's rules are the first value of each; the others are what Arm and x86
// need (docs/adding-a-guest.md), and no back end has them yet.

/// A NaN result.
enum class NanRule : u8 {
    Canonical,  ///< always the positive quiet NaN without payload (RISC-V, Arm with FPCR.DN)
    Arm,        ///< the first signalling operand, else the first quiet one, made quiet; else the canonical one
    X86,        ///< the first operand that is a NaN, made quiet; else the negative quiet NaN without payload
};
/// A narrow value in a wide register.
enum class BoxRule : u8 {
    Ones,   ///< NaN boxing: upper bits all ones, else it reads as the canonical NaN
    Zeros,  ///< upper bits become 0 and are not looked at (Arm scalars)
    Keep,   ///< upper bits stay as they are (x86 legacy SSE)
};
/// fmin and fmax.
enum class MinMaxRule : u8 {
    Number,      ///< minimumNumber of IEEE 754-2019: a number wins over any NaN, -0 < +0
    Number2008,  ///< minNum: a number wins over a quiet NaN only (Arm fminnm)
    Propagate,   ///< minimum: any NaN wins (Arm fmin)
    Second,      ///< the second operand unless the first is smaller: so for NaNs and zeros (x86)
};
/// Floats to integers, out of range or of a NaN.
enum class ConvertRule : u8 {
    NanMax,      ///< saturates; a NaN gives the greatest value
    NanZero,     ///< saturates; a NaN gives 0 (Arm)
    Indefinite,  ///< the integer whose sign bit alone is set (x86)
};

/// What an op of an attribute word of 0 follows is GuestLayout::float_rules; another word is that op's own rules.
struct FloatRules {
    NanRule nan = NanRule::Canonical;
    BoxRule box = BoxRule::Ones;
    MinMaxRule min_max = MinMaxRule::Number;
    ConvertRule convert = ConvertRule::NanMax;
    bool flush_inputs = false;              ///< subnormal inputs count as 0
    bool flush_results = false;             ///< subnormal results become 0
    bool tiny_before_rounding = false;      ///< when underflow is detected
    bool fused_nan_product_silent = false;  ///< fused ops of infinity, 0 and a quiet NaN do not raise invalid

    /// Never 0.
    constexpr u32 pack() const {
        return kPresent | static_cast<u32>(nan) | static_cast<u32>(box) << 2 | static_cast<u32>(min_max) << 4 |
               static_cast<u32>(convert) << 6 | u32{flush_inputs} << 8 | u32{flush_results} << 9 |
               u32{tiny_before_rounding} << 10 | u32{fused_nan_product_silent} << 11;
    }
    static constexpr FloatRules unpack(u32 v) {
        return {static_cast<NanRule>(v & 3),
                static_cast<BoxRule>(v >> 2 & 3),
                static_cast<MinMaxRule>(v >> 4 & 3),
                static_cast<ConvertRule>(v >> 6 & 3),
                (v >> 8 & 1) != 0,
                (v >> 9 & 1) != 0,
                (v >> 10 & 1) != 0,
                (v >> 11 & 1) != 0};
    }
    bool operator==(const FloatRules&) const = default;

    static constexpr u32 kPresent = 1u << 15;
    static constexpr unsigned kBits = 16;  ///< of the packed form
};
/// The rules that back ends follow: those that a guest has, so far.
inline constexpr FloatRules kBuiltFloatRules{};

/// Of a vector op, its attribute word.
struct VectorRules {
    Element element = Element::None;
    /// Behind the inputs of the table there are two more: a Mask, and (of ops with an output) the output's old value.
    /// Elements whose bit is 0 are not computed: they raise no flags, access no memory, and are those of the old value.
    bool mask = false;

    constexpr u32 pack() const { return static_cast<u32>(element) << 16 | u32{mask} << 20; }
    static constexpr VectorRules unpack(u32 v) { return {static_cast<Element>(v >> 16 & 15), (v >> 20 & 1) != 0}; }
    bool operator==(const VectorRules&) const = default;
};

/// What v_fcmp compares for. All are false for NaNs; Lt and Le raise invalid for any of these, Eq for signalling ones.
enum class FloatCond : u8 { Eq, Lt, Le };

/// What v_reduce combines elements by.
enum class Reduction : u8 { Add, And, Or, Xor, MinU, MinS, MaxU, MaxS };
inline constexpr unsigned kReductionCount = 8;

/// Rounds of AES (FIPS 197, 5.1, 5.3) as the op v_aes does them. Decrypt: the key is added in front of InvMixColumns.
enum class AesRound : u8 { Encrypt, EncryptLast, Decrypt, DecryptLast };
inline constexpr unsigned kAesRoundCount = 4;

}  // namespace dragoman::ir
