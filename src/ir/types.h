// Types and attributes of IR values: value types, comparison conditions, rounding modes and the
// description of guest memory accesses.
#pragma once

#include "base/bits.h"

namespace dragoman::ir {

/// Type of a variable or of an op. Vectors carry their element size in the op, not in the type.
enum class Type : u8 { None, I32, I64, F32, F64, V128, V256, V512 };

constexpr unsigned type_bytes(Type t) {
    constexpr u8 kBytes[] = {0, 4, 8, 4, 8, 16, 32, 64};
    return kBytes[static_cast<unsigned>(t)];
}
constexpr unsigned type_bits(Type t) { return type_bytes(t) * 8; }
constexpr bool is_int(Type t) { return t == Type::I32 || t == Type::I64; }
constexpr bool is_float(Type t) { return t == Type::F32 || t == Type::F64; }
constexpr bool is_vector(Type t) { return t >= Type::V128; }
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
/// in the floating-point environment of the running guest (base/fpenv.h).
enum class Rounding : u8 { RNE = 0, RTZ = 1, RDN = 2, RUP = 3, RMM = 4, Env = 7 };

const char* rounding_name(Rounding r);

/// How a guest memory access is done. Packs into 32 bits, the first constant of a memory op.
struct MemOp {
    u8 size_log2 = 3;         ///< access size: 1 << size_log2 bytes; 0..3 (integer, float), 4..6 (vector)
    bool sign = false;        ///< loads: sign-extend to the op's type (else zero-extend)
    bool big_endian = false;  ///< memory is big-endian
    bool aligned = false;     ///< a misaligned address raises the guest's misaligned exception
    u8 scale = 0;             ///< index operand is multiplied by 1 << scale; 0..3
    u8 mmu_index = 0;         ///< softmmu TLB to use; 0 in user mode

    constexpr u32 pack() const {
        return u32{size_log2} | u32{sign} << 3 | u32{big_endian} << 4 | u32{aligned} << 5 | u32{scale} << 6 |
               u32{mmu_index} << 8;
    }
    static constexpr MemOp unpack(u64 v) {
        return {static_cast<u8>(v & 7), (v >> 3 & 1) != 0,           (v >> 4 & 1) != 0,
                (v >> 5 & 1) != 0,      static_cast<u8>(v >> 6 & 3), static_cast<u8>(v >> 8 & 0xff)};
    }
    constexpr unsigned bytes() const { return 1u << size_log2; }
};

/// An access that shares its softmmu lookup with others: a MemOp, and the bytes around its address that must lie on the
/// same page for the lookup to hold for all of them. Of a lookup: the bytes behind its address.
struct PageOp {
    MemOp mem;
    u16 before = 0;      ///< bytes of the span before the address, below 4096
    u16 after = 0;       ///< bytes of the span behind the byte at the address, below 4096
    bool write = false;  ///< some of them are stores

    constexpr u64 pack() const { return u64{mem.pack()} | u64{before} << 16 | u64{after} << 28 | u64{write} << 40; }
    static constexpr PageOp unpack(u64 v) {
        return {MemOp::unpack(v), static_cast<u16>(v >> 16 & 0xfff), static_cast<u16>(v >> 28 & 0xfff),
                (v >> 40 & 1) != 0};
    }
};

/// What a memory barrier orders; bit set. The names read "earlier_later".
enum class Barrier : u8 { LoadLoad = 1, LoadStore = 2, StoreLoad = 4, StoreStore = 8, Full = 15 };

}  // namespace dragoman::ir
