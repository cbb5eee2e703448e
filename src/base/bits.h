// Bit-field helpers that the decoders, the optimiser and the back ends share.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace dragoman {

using u8 = std::uint8_t;
using u16 = std::uint16_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
using i8 = std::int8_t;
using i16 = std::int16_t;
using i32 = std::int32_t;
using i64 = std::int64_t;
using u128 = unsigned __int128;
using i128 = __int128;

/// A value with the low `n` bits set; n in 0..64.
constexpr u64 low_mask(unsigned n) { return n >= 64 ? ~u64{0} : (u64{1} << n) - 1; }

/// Bits [pos, pos+len) of v, zero-extended.
constexpr u64 extract(u64 v, unsigned pos, unsigned len) { return (v >> pos) & low_mask(len); }

/// The low `bits` bits of v, sign-extended to 64 bits; bits in 1..64.
constexpr i64 sign_extend(u64 v, unsigned bits) { return static_cast<i64>(v << (64 - bits)) >> (64 - bits); }

/// Bits [pos, pos+len) of v, sign-extended.
constexpr i64 sextract(u64 v, unsigned pos, unsigned len) { return sign_extend(v >> pos, len); }

/// `base` with bits [pos, pos+len) replaced by the low bits of `field`.
constexpr u64 deposit(u64 base, unsigned pos, unsigned len, u64 field) {
    u64 mask = low_mask(len) << pos;
    return (base & ~mask) | ((field << pos) & mask);
}

constexpr bool is_aligned(u64 v, u64 alignment) { return (v & (alignment - 1)) == 0; }
constexpr u64 align_down(u64 v, u64 alignment) { return v & ~(alignment - 1); }
constexpr u64 align_up(u64 v, u64 alignment) { return align_down(v + alignment - 1, alignment); }

constexpr bool fits_i8(i64 v) { return v == static_cast<i8>(v); }
constexpr bool fits_i32(i64 v) { return v == static_cast<i32>(v); }
constexpr bool fits_u32(u64 v) { return v == static_cast<u32>(v); }

/// Enables bitwise operators for a flag enumeration: specialise as true for it.
template <class E>
inline constexpr bool is_flag_enum = false;

template <class E>
concept FlagEnum = std::is_enum_v<E> && is_flag_enum<E>;

template <FlagEnum E>
constexpr E operator|(E a, E b) {
    using U = std::underlying_type_t<E>;
    return static_cast<E>(static_cast<U>(a) | static_cast<U>(b));
}
template <FlagEnum E>
constexpr E& operator|=(E& a, E b) {
    return a = a | b;
}
/// Whether any bit of `b` is set in `a`.
template <FlagEnum E>
constexpr bool has(E a, E b) {
    using U = std::underlying_type_t<E>;
    return (static_cast<U>(a) & static_cast<U>(b)) != 0;
}

}  // namespace dragoman
