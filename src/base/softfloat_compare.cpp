// softfloat: comparisons, minimum and maximum, classification.
#include "base/softfloat_core.h"

namespace dragoman::softfloat {

namespace {

/// a < b for numbers, with -0 equal to +0 (or below it, when `signed_zeros`).
template <Format F>
bool less(u64 a, u64 b, bool signed_zeros = false) {
    using B = Bits<F>;
    if (B::is_zero(a) && B::is_zero(b)) return signed_zeros && B::sign(a) && !B::sign(b);
    i64 x = sign_extend(a, B::kWidth), y = sign_extend(b, B::kWidth);
    if (x < 0 && y < 0) return y < x;
    return x < y;
}

/// Whether a comparison is ordered; raises invalid for a signalling NaN, or for any when `signalling`.
template <Format F>
bool ordered(u64 a, u64 b, bool signalling, u32& flags) {
    using B = Bits<F>;
    if (!B::is_nan(a) && !B::is_nan(b)) return true;
    if (signalling || B::is_signalling(a) || B::is_signalling(b)) flags |= fpenv::NV;
    return false;
}

template <Format F>
bool equal(u64 a, u64 b) {
    using B = Bits<F>;
    return ((a ^ b) & B::kMask) == 0 || (B::is_zero(a) && B::is_zero(b));
}

bool compare_lt(Format f, u64 a, u64 b, bool signalling, u32& flags) {
    return dispatch(f, [&]<Format F>() { return ordered<F>(a, b, signalling, flags) && less<F>(a, b); });
}

bool compare_le(Format f, u64 a, u64 b, bool signalling, u32& flags) {
    return dispatch(f, [&]<Format F>() { return ordered<F>(a, b, signalling, flags) && !less<F>(b, a); });
}

/// The least (or greatest) operand; `propagate`: any NaN wins, else it loses.
u64 select(Format f, u64 a, u64 b, bool greatest, bool propagate, u32& flags) {
    return dispatch(f, [&]<Format F>() -> u64 {
        using B = Bits<F>;
        if (!ordered<F>(a, b, false, flags)) {
            if (propagate || (B::is_nan(a) && B::is_nan(b))) return B::kNan;
            return (B::is_nan(a) ? b : a) & B::kMask;
        }
        bool first = greatest ? less<F>(b, a, true) : less<F>(a, b, true);
        return (first ? a : b) & B::kMask;
    });
}

}  // namespace

bool eq(Format f, u64 a, u64 b, u32& flags) {
    return dispatch(f, [&]<Format F>() { return ordered<F>(a, b, false, flags) && equal<F>(a, b); });
}

bool lt(Format f, u64 a, u64 b, u32& flags) { return compare_lt(f, a, b, true, flags); }
bool le(Format f, u64 a, u64 b, u32& flags) { return compare_le(f, a, b, true, flags); }
bool lt_quiet(Format f, u64 a, u64 b, u32& flags) { return compare_lt(f, a, b, false, flags); }
bool le_quiet(Format f, u64 a, u64 b, u32& flags) { return compare_le(f, a, b, false, flags); }

u64 min(Format f, u64 a, u64 b, u32& flags) { return select(f, a, b, false, false, flags); }
u64 max(Format f, u64 a, u64 b, u32& flags) { return select(f, a, b, true, false, flags); }
u64 min_nan(Format f, u64 a, u64 b, u32& flags) { return select(f, a, b, false, true, flags); }
u64 max_nan(Format f, u64 a, u64 b, u32& flags) { return select(f, a, b, true, true, flags); }

u32 classify(Format f, u64 a) {
    return dispatch(f, [&]<Format F>() -> u32 {
        using B = Bits<F>;
        if (B::is_nan(a)) return a & B::kQuiet ? 1u << 9 : 1u << 8;
        // Classes of negative numbers count down from 3 as those of positive ones count up from 4.
        unsigned magnitude = B::is_infinite(a) ? 3 : extract(a, B::kFracBits, B::kExpBits) ? 2 : B::is_zero(a) ? 0 : 1;
        return 1u << (B::sign(a) ? 3 - magnitude : 4 + magnitude);
    });
}

u64 canonical_nan(Format f) {
    return dispatch(f, []<Format F>() { return Bits<F>::kNan; });
}
u64 sign_bit(Format f) {
    return dispatch(f, []<Format F>() { return Bits<F>::kSign; });
}
bool is_nan(Format f, u64 a) {
    return dispatch(f, [&]<Format F>() { return Bits<F>::is_nan(a); });
}
bool is_signalling_nan(Format f, u64 a) {
    return dispatch(f, [&]<Format F>() { return Bits<F>::is_signalling(a); });
}

}  // namespace dragoman::softfloat
