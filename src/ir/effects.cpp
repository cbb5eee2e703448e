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
        case Op::fcvt_fi: return true;  // its T is an integer, so it is not in the Float class
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
