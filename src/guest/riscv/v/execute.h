// What the functions that execute vector instructions share: the instruction's fields, its operands by element, the
// mask.
//
// Elements that an instruction does not write keep their old values, whatever the policies say: "agnostic" permits that
// (section "Vector Tail Agnostic and Vector Mask Agnostic vta and vma").
#pragma once

#include <cstring>
#include <type_traits>

#include "guest/riscv/fp_image.h"
#include "guest/riscv/state.h"
#include "guest/riscv/v/ops.h"

namespace dragoman::riscv {

/// What translated code tells helper_vector about an instruction, beside its bits.
struct VectorControl {
    VectorOp op;
    u8 sew;   ///< log2 of the element's bytes; of accesses: of memory elements (EEW)
    i8 lmul;  ///< log2 of the register group's size; of accesses: of the data's group (EMUL)
    u8 rm;    ///< rounding mode of float operations

    constexpr u32 pack() const {
        return static_cast<u32>(op) | u32{sew} << 12 | static_cast<u32>(lmul & 7) << 16 | u32{rm} << 20;
    }
    static constexpr VectorControl unpack(u32 v) {
        return {static_cast<VectorOp>(v & 0xfff), static_cast<u8>(v >> 12 & 3),
                static_cast<i8>(sign_extend(v >> 16, 3)), static_cast<u8>(v >> 20 & 7)};
    }
};

/// One instruction that is being executed.
struct VectorRun {
    Hart& hart;
    VectorState& v;
    const u32 bits;
    const u64 scalar;  ///< rs1, the immediate, or the float register's image
    const VectorControl control;
    u64 result = 0;  ///< of instructions that write an integer register

    VectorRun(Hart& hart, u32 bits, u64 scalar, u32 control)
        : hart(hart), v(hart.vector), bits(bits), scalar(scalar), control(VectorControl::unpack(control)) {}

    unsigned vd() const { return bits >> 7 & 31; }
    unsigned vs1() const { return bits >> 15 & 31; }
    unsigned vs2() const { return bits >> 20 & 31; }
    unsigned funct3() const { return bits >> 12 & 7; }
    bool masked() const { return (bits >> 25 & 1) == 0; }
    /// Whether the second operand is a register group (OPIVV, OPFVV, OPMVV).
    bool vector_vector() const { return funct3() < 3; }
    unsigned sew() const { return control.sew; }
    softfloat::Rounding rounding() const { return static_cast<softfloat::Rounding>(control.rm); }

    u64 vl() const { return v.vl; }
    u64 vstart() const { return v.vstart; }
    /// Elements of the instruction's register group.
    u64 vlmax() const {
        const u64 one = u64{v.vlenb} >> control.sew;
        return control.lmul >= 0 ? one << control.lmul : one >> -control.lmul;
    }

    template <class T>
    T* group(unsigned reg) {
        return reinterpret_cast<T*>(v.reg(reg));
    }
    /// The second operand's element `i`: of vs1, or the scalar.
    template <class T>
    T second(u64 i) {
        return vector_vector() ? group<T>(vs1())[i] : static_cast<T>(scalar);
    }
    /// Mask bit `i` of register `reg`.
    bool mask_bit(unsigned reg, u64 i) const { return (v.reg(reg)[i / 8] >> i % 8 & 1) != 0; }
    void set_mask_bit(unsigned reg, u64 i, bool value) {
        u8& byte = v.reg(reg)[i / 8];
        byte = static_cast<u8>((byte & ~(1u << i % 8)) | u32{value} << i % 8);
    }
    bool active(u64 i) const { return !masked() || mask_bit(0, i); }

    /// Calls f(i) for the active body elements.
    template <class F>
    void for_active(F f) {
        const u64 end = vl();
        if (!masked()) {
            for (u64 i = vstart(); i < end; ++i) f(i);
            return;
        }
        for (u64 i = vstart(); i < end; ++i) {
            if (mask_bit(0, i)) f(i);
        }
    }
    /// The same for all body elements.
    template <class F>
    void for_body(F f) {
        for (u64 i = vstart(), end = vl(); i < end; ++i) f(i);
    }
};

using VectorFunction = void (*)(VectorRun& run);

// One function each, named after the operation.
namespace vector_functions {
#define X(name) void name(VectorRun& run);
DRAGOMAN_RISCV_VECTOR_OPS(X)
#undef X
}  // namespace vector_functions

/// The integers of `bytes` = 1 << sew.
template <unsigned sew>
struct ElementOf;
template <>
struct ElementOf<0> {
    using U = u8;
    using S = i8;
};
template <>
struct ElementOf<1> {
    using U = u16;
    using S = i16;
};
template <>
struct ElementOf<2> {
    using U = u32;
    using S = i32;
};
template <>
struct ElementOf<3> {
    using U = u64;
    using S = i64;
};
/// Twice as wide, also of 64 bits (for products).
template <class T>
struct Wider;
template <>
struct Wider<u8> {
    using Type = u16;
};
template <>
struct Wider<u16> {
    using Type = u32;
};
template <>
struct Wider<u32> {
    using Type = u64;
};
template <>
struct Wider<u64> {
    using Type = u128;
};
template <>
struct Wider<i8> {
    using Type = i16;
};
template <>
struct Wider<i16> {
    using Type = i32;
};
template <>
struct Wider<i32> {
    using Type = i64;
};
template <>
struct Wider<i64> {
    using Type = i128;
};
template <class T>
using WiderT = typename Wider<T>::Type;

template <class T>
inline constexpr unsigned kBitsOf = sizeof(T) * 8;

template <class T>
using Signed = std::make_signed_t<T>;

/// The format of floats of 2^sew bytes.
constexpr softfloat::Format format_of(unsigned sew) {
    return sew == 1 ? softfloat::Format::F16 : sew == 2 ? softfloat::Format::F32 : softfloat::Format::F64;
}

/// Calls f with a value of the unsigned element type of SEW, where that is below 64 bits: elements that can be widened.
template <class F>
void by_narrow(unsigned sew, F f) {
    switch (sew) {
        case 0: return f(u8{});
        case 1: return f(u16{});
        default: return f(u32{});
    }
}

/// Calls f with a value of the unsigned element type of SEW.
template <class F>
void by_sew(unsigned sew, F f) {
    switch (sew) {
        case 0: return f(u8{});
        case 1: return f(u16{});
        case 2: return f(u32{});
        default: return f(u64{});
    }
}

}  // namespace dragoman::riscv
