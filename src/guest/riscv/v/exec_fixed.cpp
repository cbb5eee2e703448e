// Fixed-point arithmetic: saturation and rounding by vxrm (section "Vector Fixed-Point Arithmetic Instructions").
#include <limits>

#include "guest/riscv/v/elements.h"

namespace dragoman::riscv::vector_functions {

namespace {

enum Vxrm : u32 { kNearestUp = 0, kNearestEven = 1, kDown = 2, kOdd = 3 };

/// `value` shifted right by `count`, rounded as vxrm says.
template <class W>
W round_shift(W value, unsigned count, u32 vxrm) {
    if (count == 0) return value;
    const auto bit = [&](unsigned n) { return (value >> n & 1) != 0; };
    const bool half = bit(count - 1);
    const bool below = count > 1 && (value & ((W{1} << (count - 1)) - 1)) != 0;
    bool increment = false;
    switch (vxrm) {
        case kNearestUp: increment = half; break;
        case kNearestEven: increment = half && (below || bit(count)); break;
        case kDown: break;
        case kOdd: increment = !bit(count) && (half || below); break;
    }
    return static_cast<W>((value >> count) + (increment ? 1 : 0));
}

template <class T, class W>
T saturate(VectorRun& run, W value) {
    if (value > W{std::numeric_limits<T>::max()}) {
        run.v.vxsat = 1;
        return std::numeric_limits<T>::max();
    }
    if (value < W{std::numeric_limits<T>::min()}) {
        run.v.vxsat = 1;
        return std::numeric_limits<T>::min();
    }
    return static_cast<T>(value);
}

template <class T>
i128 wide(T value) {
    return static_cast<i128>(value);
}
template <class T>
i128 wide_signed(T value) {
    return static_cast<i128>(static_cast<Signed<T>>(value));
}

/// vd[i] = vs2[i], of twice the width, shifted right, rounded and saturated.
template <bool kSigned>
void clip(VectorRun& run) {
    by_narrow(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        using W = WiderT<T>;
        run.for_active([&](u64 i) {
            const auto count = static_cast<unsigned>(run.second<T>(i) & (kBitsOf<W> - 1));
            const W value = run.group<W>(run.vs2())[i];
            T& d = run.group<T>(run.vd())[i];
            if constexpr (kSigned) {
                d = static_cast<T>(saturate<Signed<T>>(run, round_shift<i128>(wide_signed(value), count, run.v.vxrm)));
            } else {
                d = saturate<T>(run, round_shift<i128>(wide(value), count, run.v.vxrm));
            }
        });
    });
}

}  // namespace

void vsaddu(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) { return saturate<decltype(a)>(run, wide(a) + wide(b)); });
}
void vssubu(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) { return saturate<decltype(a)>(run, wide(a) - wide(b)); });
}
void vsadd(VectorRun& run) {
    binary_elements(
        run, [&](auto a, auto b) { return saturate<Signed<decltype(a)>>(run, wide_signed(a) + wide_signed(b)); });
}
void vssub(VectorRun& run) {
    binary_elements(
        run, [&](auto a, auto b) { return saturate<Signed<decltype(a)>>(run, wide_signed(a) - wide_signed(b)); });
}

void vaaddu(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) { return round_shift<i128>(wide(a) + wide(b), 1, run.v.vxrm); });
}
void vaadd(VectorRun& run) {
    binary_elements(run,
                    [&](auto a, auto b) { return round_shift<i128>(wide_signed(a) + wide_signed(b), 1, run.v.vxrm); });
}
void vasubu(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) { return round_shift<i128>(wide(a) - wide(b), 1, run.v.vxrm); });
}
void vasub(VectorRun& run) {
    binary_elements(run,
                    [&](auto a, auto b) { return round_shift<i128>(wide_signed(a) - wide_signed(b), 1, run.v.vxrm); });
}

void vsmul(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) {
        const i128 product = wide_signed(a) * wide_signed(b);
        return saturate<Signed<decltype(a)>>(run, round_shift<i128>(product, kBitsOf<decltype(a)> - 1, run.v.vxrm));
    });
}

void vssrl(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) {
        return round_shift<i128>(wide(a), static_cast<unsigned>(b & (kBitsOf<decltype(a)> - 1)), run.v.vxrm);
    });
}
void vssra(VectorRun& run) {
    binary_elements(run, [&](auto a, auto b) {
        return round_shift<i128>(wide_signed(a), static_cast<unsigned>(b & (kBitsOf<decltype(a)> - 1)), run.v.vxrm);
    });
}

void vnclipu(VectorRun& run) { clip<false>(run); }
void vnclip(VectorRun& run) { clip<true>(run); }

}  // namespace dragoman::riscv::vector_functions
