// Permutations (section "Vector Permutation Instructions"). Results never overlap what they are gathered from, but
// where an instruction reads elements at or behind the one that it writes.
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

/// Nothing of `run` is read in the loop: its stores might change it, as far as the compiler can tell.
template <class T, class Index>
void gather(VectorRun& run, Index index) {
    const u64 vlmax = run.vlmax(), end = run.vl();
    T* const d = run.group<T>(run.vd());
    const T* const a = run.group<T>(run.vs2());
    const u8* const mask = run.v.reg(0);
    const bool masked = run.masked();
    for (u64 i = run.vstart(); i < end; ++i) {
        if (masked && (mask[i / 8] >> i % 8 & 1) == 0) continue;
        const u64 from = index(i);
        d[i] = from < vlmax ? a[from] : T{0};
    }
}

}  // namespace

/// vmv.s.x and vfmv.s.f: element 0 only.
void vmv_s_x(VectorRun& run) {
    if (run.vstart() >= run.vl()) return;
    by_sew(run.sew(),
           [&](auto zero) { run.group<decltype(zero)>(run.vd())[0] = static_cast<decltype(zero)>(run.scalar); });
}

void vslideup(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        run.for_active([&](u64 i) {
            if (i >= run.scalar) run.group<T>(run.vd())[i] = run.group<T>(run.vs2())[i - run.scalar];
        });
    });
}
void vslidedown(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const u64 vlmax = run.vlmax(), offset = run.scalar;
        run.for_active([&](u64 i) {
            const bool inside = offset < vlmax && i + offset < vlmax;
            run.group<T>(run.vd())[i] = inside ? run.group<T>(run.vs2())[i + offset] : T{0};
        });
    });
}
void vslide1up(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        run.for_active([&](u64 i) {
            run.group<T>(run.vd())[i] = i == 0 ? static_cast<T>(run.scalar) : run.group<T>(run.vs2())[i - 1];
        });
    });
}
void vslide1down(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        const u64 last = run.vl() - 1;
        run.for_active([&](u64 i) {
            run.group<T>(run.vd())[i] = i == last ? static_cast<T>(run.scalar) : run.group<T>(run.vs2())[i + 1];
        });
    });
}

void vrgather(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        if (run.vector_vector()) {
            gather<T>(run, [indices = run.group<T>(run.vs1())](u64 i) { return u64{indices[i]}; });
        } else {
            gather<T>(run, [scalar = run.scalar](u64) { return scalar; });
        }
    });
}
void vrgatherei16(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        gather<T>(run, [indices = run.group<u16>(run.vs1())](u64 i) { return u64{indices[i]}; });
    });
}

/// The elements of vs2 whose bit in vs1 is set, one behind the other.
void vcompress(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        u64 to = 0;
        run.for_body([&](u64 i) {
            if (run.mask_bit(run.vs1(), i)) run.group<T>(run.vd())[to++] = run.group<T>(run.vs2())[i];
        });
    });
}

/// vmv1r.v to vmv8r.v: whole registers, from element vstart on, whatever vl is.
void vmvnr(VectorRun& run) {
    const u64 bytes = (u64{run.vs1()} + 1) * run.v.vlenb;
    const u64 from = run.vstart() << run.sew();
    if (from < bytes) std::memmove(run.v.reg(run.vd()) + from, run.v.reg(run.vs2()) + from, bytes - from);
}

}  // namespace dragoman::riscv::vector_functions
