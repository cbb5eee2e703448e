// BFloat16 in vectors (Zvfbfmin, Zvfbfwma).
#include "guest/riscv/v/execute.h"

namespace dragoman::riscv::vector_functions {

using softfloat::Format;

void vfwcvtbf16_f_f(VectorRun& run) {
    RaisedFlags flags;
    u32* const d = run.group<u32>(run.vd());
    const u16* const a = run.group<u16>(run.vs2());
    run.for_active([&](u64 i) {
        d[i] = static_cast<u32>(softfloat::convert(Format::F32, Format::BF16, a[i], run.rounding(), flags.bits));
    });
}

void vfncvtbf16_f_f(VectorRun& run) {
    RaisedFlags flags;
    u16* const d = run.group<u16>(run.vd());
    const u32* const a = run.group<u32>(run.vs2());
    run.for_active([&](u64 i) {
        d[i] = static_cast<u16>(softfloat::convert(Format::BF16, Format::F32, a[i], run.rounding(), flags.bits));
    });
}

void vfwmaccbf16(VectorRun& run) {
    RaisedFlags flags;
    u32* const d = run.group<u32>(run.vd());
    const u16* const a = run.group<u16>(run.vs2());
    // A BFloat16 is the upper half of a single.
    run.for_active([&](u64 i) {
        const u64 x = u64{run.second<u16>(i)} << 16, y = u64{a[i]} << 16;
        d[i] = static_cast<u32>(softfloat::fma(Format::F32, x, y, d[i], run.rounding(), flags.bits));
    });
}

}  // namespace dragoman::riscv::vector_functions
