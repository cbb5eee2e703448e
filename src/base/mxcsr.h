// x86-64's control and status word of floating point, in terms of base/fpenv.h: how its flags and rounding modes are
// numbered. For the back end of that host, and for base/fpenv.cpp.
#pragma once

#include "base/bits.h"
#include "base/fpenv.h"

namespace dragoman::mxcsr {

/// No traps, round to nearest even.
inline constexpr u32 kDefault = 0x1f80;
/// All flags.
inline constexpr u32 kFlags = 0x3f;

/// The flags in `control`, as fpenv::Flag.
constexpr u32 flags_of(u32 control) {
    using namespace fpenv;
    // MXCSR: IE 0, DE 1, ZE 2, OE 3, UE 4, PE 5.
    return (control >> 5 & 1) * NX | (control >> 4 & 1) * UF | (control >> 3 & 1) * OF | (control >> 2 & 1) * DZ |
           (control & 1) * NV;
}
/// `control` with its flags replaced.
constexpr u32 with_flags(u32 control, u32 flags) {
    using namespace fpenv;
    control &= ~kFlags;
    return control | (flags & NX ? 0x20 : 0) | (flags & UF ? 0x10 : 0) | (flags & OF ? 0x08 : 0) |
           (flags & DZ ? 0x04 : 0) | (flags & NV ? 0x01 : 0);
}
/// The rounding mode in `control`, numbered as fpenv does.
constexpr u32 rounding_of(u32 control) {
    constexpr u32 kModes[] = {0, 2, 3, 1};
    return kModes[control >> 13 & 3];
}
/// `control` with another one.
constexpr u32 with_rounding(u32 control, u32 rm) {
    constexpr u32 kRc[] = {0, 3, 1, 2};
    return (control & ~u32{0x6000}) | (rm < 4 ? kRc[rm] : 0) << 13;
}

}  // namespace dragoman::mxcsr
