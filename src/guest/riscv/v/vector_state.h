// The vector state of a hart (Unprivileged specification, "V" Standard Extension for Vector Operations, section "Vector
// Extension Programmer's Model").
#pragma once

#include "base/bits.h"

namespace dragoman::riscv {

/// Bytes of the longest vector register: VLEN is 128 to 1024.
inline constexpr unsigned kMinVlenBytes = 16, kMaxVlenBytes = 128;
/// ELEN: bits of the longest element.
inline constexpr unsigned kElen = 64;

/// Fields of vtype. All other bits but vill are reserved.
inline constexpr u64 kVill = u64{1} << 63;
inline constexpr u32 kVtypeTailAgnostic = 1u << 6, kVtypeMaskAgnostic = 1u << 7;

/// A legal vtype, taken apart.
struct VectorType {
    unsigned sew;  ///< log2 of the element's bytes, 0..3
    int lmul;      ///< log2 of the register group's size, -3..3
    bool tail_agnostic, mask_agnostic;

    static constexpr VectorType unpack(u64 vtype) {
        return {static_cast<unsigned>(vtype >> 3 & 3), static_cast<int>(sign_extend(vtype, 3)),
                (vtype & kVtypeTailAgnostic) != 0, (vtype & kVtypeMaskAgnostic) != 0};
    }
    /// Elements of a register group.
    constexpr u64 vlmax(unsigned vlenb) const {
        const u64 one = u64{vlenb} >> sew;
        return lmul >= 0 ? one << lmul : one >> -lmul;
    }
};

/// Whether `vtype` is supported for registers of `vlenb` bytes; else vill is set instead of it.
constexpr bool is_legal_vtype(u64 vtype) {
    if (vtype >> 8 != 0 || (vtype >> 5 & 1) != 0) return false;
    const int lmul = static_cast<int>(sign_extend(vtype, 3));
    if (lmul == -4) return false;
    const unsigned bits = 8u << (vtype >> 3 & 3);
    return lmul >= 0 || bits <= kElen >> -lmul;
}

struct VectorState {
    /// Register n begins at n * vlenb, so that the registers of a group follow each other without a gap.
    alignas(64) u8 regs[32 * kMaxVlenBytes];
    u64 vl;
    u64 vstart;  ///< index of the first element to be executed
    u64 vtype;   ///< as the CSR shows it
    u32 vxrm;    ///< fixed-point rounding mode, 0..3
    u32 vxsat;   ///< fixed-point saturation flag
    u32 vlenb;   ///< bytes of a register
    u32 used;    ///< vectors have been used: not 0 from the first vset or whole-register load on

    u8* reg(unsigned n) { return regs + std::size_t{n} * vlenb; }
    const u8* reg(unsigned n) const { return regs + std::size_t{n} * vlenb; }
    /// The greatest vl; 0 with vill.
    u64 vlmax() const { return vtype == kVill ? 0 : VectorType::unpack(vtype).vlmax(vlenb); }
    /// As many bits of vstart as the greatest index of an element takes.
    u64 vstart_mask() const { return u64{vlenb} * 8 - 1; }
};

}  // namespace dragoman::riscv
