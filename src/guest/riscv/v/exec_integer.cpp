// Integer arithmetic on elements of one width (sections "Vector Integer Arithmetic Instructions").
#include <algorithm>

#include "guest/riscv/v/elements.h"

namespace dragoman::riscv::vector_functions {

namespace {

/// Carries and borrows: f(vs2[i], second operand, carry of v0 as an integer of T).
template <bool kToMask, class F>
void with_carry(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const T* const a = run.group<T>(run.vs2());
        const bool has_carry = run.masked();  // vm = 0: v0 is the carry, all elements are active
        run.for_body([&](u64 i) {
            const T carry = has_carry && run.mask_bit(0, i) ? 1 : 0;
            const auto value = f(a[i], run.second<T>(i), carry);
            if constexpr (kToMask) {
                run.set_mask_bit(run.vd(), i, value);
            } else {
                run.group<T>(run.vd())[i] = static_cast<T>(value);
            }
        });
    });
}

constexpr auto shift_count = [](auto b) { return b & (kBitsOf<decltype(b)> - 1); };

}  // namespace

void vadd(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a + b; });
}
void vsub(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a - b; });
}
void vrsub(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return b - a; });
}
void vminu(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return std::min(a, b); });
}
void vmin(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) {
        return static_cast<Signed<decltype(a)>>(a) < static_cast<Signed<decltype(a)>>(b) ? a : b;
    });
}
void vmaxu(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return std::max(a, b); });
}
void vmax(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) {
        return static_cast<Signed<decltype(a)>>(a) > static_cast<Signed<decltype(a)>>(b) ? a : b;
    });
}
void vand(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a & b; });
}
void vor(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a | b; });
}
void vxor(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return a ^ b; });
}
void vsll(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return u64{a} << shift_count(b); });
}
void vsrl(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return u64{a} >> shift_count(b); });
}
void vsra(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return static_cast<Signed<decltype(a)>>(a) >> shift_count(b); });
}

void vmul(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return u64{a} * b; });
}
void vmulh(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) {
        using S = Signed<decltype(a)>;
        return static_cast<WiderT<S>>(WiderT<S>{static_cast<S>(a)} * static_cast<S>(b)) >> kBitsOf<S>;
    });
}
void vmulhu(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) {
        using T = decltype(a);
        return static_cast<WiderT<T>>(WiderT<T>{a} * b) >> kBitsOf<T>;
    });
}
void vmulhsu(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) {
        using S = Signed<decltype(a)>;
        using W = std::conditional_t<sizeof(a) == 8, i128, i64>;
        return (W{static_cast<S>(a)} * static_cast<W>(b)) >> kBitsOf<S>;
    });
}

// Division by zero and overflow as scalar division has them.
void vdivu(VectorRun& run) {
    binary_elements(
        run, [](auto a, auto b) { return b == 0 ? static_cast<decltype(a)>(~0ull) : static_cast<decltype(a)>(a / b); });
}
void vremu(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) { return b == 0 ? a : static_cast<decltype(a)>(a % b); });
}
void vdiv(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) -> decltype(a) {
        using T = decltype(a);
        using S = Signed<T>;
        if (b == 0) return static_cast<T>(~0ull);
        if (static_cast<S>(b) == -1) return static_cast<T>(0 - a);
        return static_cast<T>(static_cast<S>(a) / static_cast<S>(b));
    });
}
void vrem(VectorRun& run) {
    binary_elements(run, [](auto a, auto b) -> decltype(a) {
        using T = decltype(a);
        using S = Signed<T>;
        if (b == 0) return a;
        if (static_cast<S>(b) == -1) return 0;
        return static_cast<T>(static_cast<S>(a) % static_cast<S>(b));
    });
}

void vmacc(VectorRun& run) {
    ternary_elements(run, [](u64 d, u64 b, u64 a) { return b * a + d; });
}
void vnmsac(VectorRun& run) {
    ternary_elements(run, [](u64 d, u64 b, u64 a) { return d - b * a; });
}
void vmadd(VectorRun& run) {
    ternary_elements(run, [](u64 d, u64 b, u64 a) { return b * d + a; });
}
void vnmsub(VectorRun& run) {
    ternary_elements(run, [](u64 d, u64 b, u64 a) { return a - b * d; });
}

/// vmerge and vfmerge: the second operand where the mask bit is set. All body elements are written.
void vmerge(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        T* const d = run.group<T>(run.vd());
        const T* const a = run.group<T>(run.vs2());
        run.for_body([&](u64 i) { d[i] = run.mask_bit(0, i) ? run.second<T>(i) : a[i]; });
    });
}
/// vmv.v.v, vmv.v.x, vmv.v.i, vfmv.v.f.
void vmv(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        T* const d = run.group<T>(run.vd());
        run.for_body([&](u64 i) { d[i] = run.second<T>(i); });
    });
}

void vadc(VectorRun& run) {
    with_carry<false>(run, [](auto a, auto b, auto carry) { return a + b + carry; });
}
void vsbc(VectorRun& run) {
    with_carry<false>(run, [](auto a, auto b, auto borrow) { return a - b - borrow; });
}
void vmadc(VectorRun& run) {
    with_carry<true>(run, [](auto a, auto b, auto carry) {
        using T = decltype(a);
        return (static_cast<u128>(a) + b + carry) >> kBitsOf<T> != 0;
    });
}
void vmsbc(VectorRun& run) {
    with_carry<true>(run,
                     [](auto a, auto b, auto borrow) { return static_cast<u128>(a) < static_cast<u128>(b) + borrow; });
}

void vmseq(VectorRun& run) {
    compare_elements(run, [](auto a, auto b) { return a == b; });
}
void vmsne(VectorRun& run) {
    compare_elements(run, [](auto a, auto b) { return a != b; });
}
void vmsltu(VectorRun& run) {
    compare_elements(run, [](auto a, auto b) { return a < b; });
}
void vmsleu(VectorRun& run) {
    compare_elements(run, [](auto a, auto b) { return a <= b; });
}
void vmsgtu(VectorRun& run) {
    compare_elements(run, [](auto a, auto b) { return a > b; });
}
void vmslt(VectorRun& run) {
    compare_elements(
        run, [](auto a, auto b) { return static_cast<Signed<decltype(a)>>(a) < static_cast<Signed<decltype(a)>>(b); });
}
void vmsle(VectorRun& run) {
    compare_elements(
        run, [](auto a, auto b) { return static_cast<Signed<decltype(a)>>(a) <= static_cast<Signed<decltype(a)>>(b); });
}
void vmsgt(VectorRun& run) {
    compare_elements(
        run, [](auto a, auto b) { return static_cast<Signed<decltype(a)>>(a) > static_cast<Signed<decltype(a)>>(b); });
}

}  // namespace dragoman::riscv::vector_functions
