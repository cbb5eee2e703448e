// mstatus as its views write it, and the bits of the state-enable CSRs.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::riscv {

/// Sets mstatus to `value`, whose read-only fields have their old content, and what follows from it: SD, translations
/// that depend on MXR, TB state flags, interrupts.
void write_status(Hart& hart, u64 value);

/// The fields of mstatus that sstatus shows.
inline constexpr u64 kSstatusWritable =
    kStatusSie | kStatusSpie | kStatusSpp | kStatusFs | kStatusVs | kStatusSum | kStatusMxr;
inline constexpr u64 kSstatusReadable = kSstatusWritable | kStatusSd | kStatusUxl64;

// mstateen0
inline constexpr u64 kStateenSe = u64{1} << 63;       ///< sstateen0
inline constexpr u64 kStateenEnvcfg = u64{1} << 62;   ///< senvcfg
inline constexpr u64 kStateenContext = u64{1} << 57;  ///< scontext

}  // namespace dragoman::riscv
