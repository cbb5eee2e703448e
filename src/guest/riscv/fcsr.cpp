#include "guest/riscv/fcsr.h"

#include "base/fpenv.h"

namespace dragoman::riscv {

u32 get_fcsr(const Hart* hart) { return fpenv::flags_of(hart->fp_control) | hart->frm << kFrmShift; }

void set_fcsr(Hart* hart, u32 value) {
    set_frm_state(*hart, value >> kFrmShift);
    hart->fp_control = fpenv::with_rounding(fpenv::with_flags(hart->fp_control, value & kFflagsMask), hart->frm);
}

}  // namespace dragoman::riscv
