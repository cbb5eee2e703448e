// The loops over elements that most vector instructions are: one operation, all widths and operand forms. Elements are
// unsigned integers; floats are their bits.
#pragma once

#include "guest/riscv/v/execute.h"

namespace dragoman::riscv {

/// vd[i] = f(vs2[i]).
template <class F>
void unary_elements(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        T* const d = run.group<T>(run.vd());
        const T* const a = run.group<T>(run.vs2());
        run.for_active([&](u64 i) { d[i] = static_cast<T>(f(a[i])); });
    });
}

/// vd[i] = f(vs2[i], vs1[i] or the scalar).
template <class F>
void binary_elements(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        T* const d = run.group<T>(run.vd());
        const T* const a = run.group<T>(run.vs2());
        if (run.vector_vector()) {
            const T* const b = run.group<T>(run.vs1());
            run.for_active([&](u64 i) { d[i] = static_cast<T>(f(a[i], b[i])); });
        } else {
            const T b = static_cast<T>(run.scalar);
            run.for_active([&](u64 i) { d[i] = static_cast<T>(f(a[i], b)); });
        }
    });
}

/// vd[i] = f(vd[i], vs1[i] or the scalar, vs2[i]), all zero-extended.
template <class F>
void ternary_elements(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        T* const d = run.group<T>(run.vd());
        const T* const a = run.group<T>(run.vs2());
        run.for_active([&](u64 i) { d[i] = static_cast<T>(f(u64{d[i]}, u64{run.second<T>(i)}, u64{a[i]})); });
    });
}

/// Mask bit i of vd = f(vs2[i], vs1[i] or the scalar). The result may overlap a source in its lowest register, of which
/// it then writes bits of elements read before.
template <class F>
void compare_elements(VectorRun& run, F f) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const T* const a = run.group<T>(run.vs2());
        run.for_active([&](u64 i) { run.set_mask_bit(run.vd(), i, f(a[i], run.second<T>(i))); });
    });
}

}  // namespace dragoman::riscv
