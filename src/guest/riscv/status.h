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
inline constexpr u64 kStateenSe = u64{1} << 63;        ///< sstateen0
inline constexpr u64 kStateenEnvcfg = u64{1} << 62;    ///< senvcfg
inline constexpr u64 kStateenIndirect = u64{1} << 60;  ///< siselect, sireg
inline constexpr u64 kStateenAia = u64{1} << 59;       ///< the rest of Ssaia but for
inline constexpr u64 kStateenImsic = u64{1} << 58;     ///< the interrupt file
inline constexpr u64 kStateenContext = u64{1} << 57;   ///< scontext
inline constexpr u64 kStateenJvt = u64{1} << 2;        ///< jvt, cm.jt and cm.jalt; in sstateen0, too

/// Whether mstateen0 and sstateen0 let the mode that the hart is in have jvt.
bool stateen_allows_jvt(const Hart& hart);

}  // namespace dragoman::riscv
