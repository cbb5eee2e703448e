#include "ir/effects.h"

namespace dragoman::ir {

bool accrues_fp_flags(Op op) {
    switch (op) {
        case Op::fsgnj:
        case Op::fsgnjn:
        case Op::fsgnjx:
        case Op::flt_silent:
        case Op::fle_silent:
        case Op::fclass: return false;
        case Op::fcvt_fi:  // its T is an integer, so it is not in the Float class
        case Op::v_fadd:
        case Op::v_fsub:
        case Op::v_fmul:
        case Op::v_fdiv:
        case Op::v_fsqrt:
        case Op::v_fmin:
        case Op::v_fmax:
        case Op::v_fmadd:
        case Op::v_fmsub:
        case Op::v_fnmadd:
        case Op::v_fnmsub:
        case Op::v_fcmp:
        case Op::v_fcvt_i:
        case Op::v_fcvt_widen:
        case Op::v_fcvt_if_widen:
        case Op::v_fcvt_i_narrow:
        case Op::v_fsum:
        case Op::v_fcvt_if:
        case Op::v_fcvt_narrow: return true;
        default: return has(info(op).flags, OpFlags::Float);
    }
}

bool removable(const Function& f, const Insn& insn) {
    if (insn.op == Op::call) {
        HelperFlags flags = helper_of(f, insn).flags;
        return has(flags, HelperFlags::NoSideEffects) && !has(flags, HelperFlags::MayRaise | HelperFlags::NoReturn);
    }
    return !has(info(insn.op).flags, OpFlags::SideEffects) && !accrues_fp_flags(insn.op);
}

}  // namespace dragoman::ir
