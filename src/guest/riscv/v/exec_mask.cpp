// Instructions on masks (section "Vector Mask Instructions").
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

namespace {

/// vd.mask[i] = f(vs2.mask[i], vs1.mask[i]); never masked.
template <class F>
void logical(VectorRun& run, F f) {
    run.for_body(
        [&](u64 i) { run.set_mask_bit(run.vd(), i, f(run.mask_bit(run.vs2(), i), run.mask_bit(run.vs1(), i))); });
}

/// The bits before, at, and behind the first active one that is set.
void set_around_first(VectorRun& run, bool before, bool at) {
    bool found = false;
    run.for_active([&](u64 i) {
        const bool set = run.mask_bit(run.vs2(), i);
        run.set_mask_bit(run.vd(), i, !found && (set ? at : before));
        found |= set;
    });
}

}  // namespace

void vmand(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a && b; });
}
void vmnand(VectorRun& run) {
    logical(run, [](bool a, bool b) { return !(a && b); });
}
void vmandn(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a && !b; });
}
void vmxor(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a != b; });
}
void vmor(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a || b; });
}
void vmnor(VectorRun& run) {
    logical(run, [](bool a, bool b) { return !(a || b); });
}
void vmorn(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a || !b; });
}
void vmxnor(VectorRun& run) {
    logical(run, [](bool a, bool b) { return a == b; });
}

void vcpop(VectorRun& run) {
    run.for_active([&](u64 i) { run.result += run.mask_bit(run.vs2(), i); });
}
void vfirst(VectorRun& run) {
    run.result = ~u64{0};
    run.for_active([&](u64 i) {
        if (run.result == ~u64{0} && run.mask_bit(run.vs2(), i)) run.result = i;
    });
}

void vmsbf(VectorRun& run) { set_around_first(run, true, false); }
void vmsif(VectorRun& run) { set_around_first(run, true, true); }
void vmsof(VectorRun& run) { set_around_first(run, false, true); }

/// Of each active element the number of active ones before it that are set in vs2.
void viota(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        u64 count = 0;
        run.for_active([&](u64 i) {
            run.group<T>(run.vd())[i] = static_cast<T>(count);
            count += run.mask_bit(run.vs2(), i);
        });
    });
}
void vid(VectorRun& run) {
    by_sew(run.sew(), [&](auto zero) {
        using T = decltype(zero);
        run.for_active([&](u64 i) { run.group<T>(run.vd())[i] = static_cast<T>(i); });
    });
}

}  // namespace dragoman::riscv::vector_functions
