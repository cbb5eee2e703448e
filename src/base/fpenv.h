// The floating-point environment of the running guest. While translated code, the interpreter or a helper runs, the
// environment of the host's thread belongs to the guest: accrued exception flags and rounding direction. Guests use
// these names and know nothing of the host's unit (base/fpenv.cpp). Flags and modes are numbered as in RISC-V's fcsr.
#pragma once

#include "base/bits.h"

namespace dragoman::fpenv {

enum Flag : u32 { NX = 1, UF = 2, OF = 4, DZ = 8, NV = 16 };

// The environment of a guest that does not run is a control word (Env::fp_control), whose bits are the host's own.

/// Of a guest that has not run: no traps on the host, round to nearest even.
u32 default_control();
/// Accrued flags of a control word.
u32 flags_of(u32 control);
/// `control` with its flags replaced.
u32 with_flags(u32 control, u32 flags);
/// `control` with rounding mode `rm` (0 RNE, 1 RTZ, 2 RDN, 3 RUP; others are set to RNE, because the
/// host lacks them and the translator then uses soft float).
u32 with_rounding(u32 control, u32 rm);

// The environment of this thread:

u32 control();
void set_control(u32 control);
u32 flags();
void set_flags(u32 flags);
void raise(u32 flags);
u32 rounding();
void set_rounding(u32 rm);

}  // namespace dragoman::fpenv
