// What helpers on soft float share: register images of narrower formats, and the flags of an instruction.
#pragma once

#include <bit>

#include "base/fpenv.h"
#include "base/softfloat.h"

namespace dragoman::riscv {

constexpr unsigned width_of(softfloat::Format f) {
    switch (f) {
        case softfloat::Format::F16:
        case softfloat::Format::BF16: return 16;
        case softfloat::Format::F32: return 32;
        default: return 64;
    }
}

/// The value in a register image; the canonical NaN when it is not NaN-boxed for the format (Unprivileged
/// specification, section "NaN Boxing of Narrower Values").
inline u64 unbox(softfloat::Format f, u64 image) {
    const u64 upper = ~low_mask(width_of(f));
    return (image & upper) == upper ? image & ~upper : softfloat::canonical_nan(f);
}
inline u64 unbox(softfloat::Format f, double image) { return unbox(f, std::bit_cast<u64>(image)); }

inline double box(softfloat::Format f, u64 bits) { return std::bit_cast<double>(bits | ~low_mask(width_of(f))); }

/// Flags of one instruction: raised when it is done.
struct RaisedFlags {
    u32 bits = 0;
    ~RaisedFlags() {
        if (bits != 0) fpenv::raise(bits);
    }
};

}  // namespace dragoman::riscv
