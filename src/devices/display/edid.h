// What a monitor tells of itself (VESA E-EDID 1.4, one base block).
#pragma once

#include <array>

#include "base/bits.h"

namespace dragoman::devices::display {

inline constexpr u32 kEdidBytes = 128;
/// The largest width and height that a detailed timing descriptor can tell.
inline constexpr u32 kEdidMaxSide = 4095;

/// A monitor whose preferred mode is `width` x `height`, each at most kEdidMaxSide.
std::array<u8, kEdidBytes> make_edid(u32 width, u32 height);

}  // namespace dragoman::devices::display
