// fcsr as signal frames have it.
#pragma once

#include "base/fpenv.h"
#include "guest/riscv/state.h"

namespace dragoman::linux_abi::riscv {

inline u32 read_fcsr(const dragoman::riscv::Hart* h) { return h->frm << 5 | fpenv::flags_of(h->fp_control); }

inline void write_fcsr(dragoman::riscv::Hart* h, u32 fcsr) {
    h->frm = fcsr >> 5 & 7;
    h->fp_control = fpenv::with_rounding(fpenv::with_flags(h->fp_control, fcsr & 31), h->frm);
}

}  // namespace dragoman::linux_abi::riscv
