// The floating-point control and status register, seen from outside translated code: signal frames, the
// debugger, register dumps. There the accrued flags are in Env::fp_control.
#pragma once

#include "guest/riscv/state.h"

namespace dragoman::riscv {

// Fields of fcsr.
inline constexpr u32 kFflagsMask = 0x1f;
inline constexpr unsigned kFrmShift = 5;
inline constexpr u32 kFcsrMask = 0xff;

u32 get_fcsr(const Hart* hart);
/// Sets flags and rounding mode, and the TB state flags that follow from it.
void set_fcsr(Hart* hart, u32 value);

/// Writes frm: the hart's copy and its TB state flags, not the rounding mode of the FP environment.
inline void set_frm_state(Hart& hart, u32 frm) {
    hart.frm = frm & kFlagFrmMask;
    hart.tb_flags = (hart.tb_flags & ~kFlagFrmMask) | hart.frm;
}

}  // namespace dragoman::riscv
