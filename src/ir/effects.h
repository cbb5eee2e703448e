// What an instruction does beside computing its outputs: the questions that every pass asks.
#pragma once

#include "ir/function.h"

namespace dragoman::ir {

/// Helper of a `call`.
inline const HelperInfo& helper_of(const Function& f, const Insn& insn) { return f.layout().helpers[insn.imm[0]]; }

/// Whether all globals must hold their architectural values when `insn` begins: it may leave the TB,
/// fault, branch, or be a helper that looks at them.
inline bool reads_all_globals(const Function& f, const Insn& insn) {
    if (has(info(insn.op).flags, OpFlags::MayFault | OpFlags::EndsBlock | OpFlags::EndsEbb)) return true;
    if (insn.op != Op::call) return false;
    HelperFlags flags = helper_of(f, insn).flags;
    return !has(flags, HelperFlags::NoReadGlobals) || has(flags, HelperFlags::MayRaise);
}

/// Whether the guest instruction that `insn` is of may have to be found by the place in its host code: a guest access,
/// or a helper that raises.
inline bool may_fault(const Function& f, const Insn& insn) {
    if (insn.op == Op::call) return has(helper_of(f, insn).flags, HelperFlags::MayRaise);
    return has(info(insn.op).flags, OpFlags::MayFault);
}

/// Whether `insn` may change globals that are not among its outputs.
inline bool writes_any_global(const Function& f, const Insn& insn) {
    return insn.op == Op::call &&
           !has(helper_of(f, insn).flags, HelperFlags::NoReadGlobals | HelperFlags::NoWriteGlobals);
}

/// Whether a fault of `insn` finds the old value of its output elsewhere (Insn::state): so that need not be in place.
inline bool puts_output_right(const Function& f, const Insn& insn) {
    if (insn.state == 0 || insn.op != Op::guest_ld) return false;
    for (const StateEntry& entry : f.point(insn)) {
        if (global_var(entry.global) == insn.out()) return true;
    }
    return false;
}

/// Whether the low half of the output depends on the low halves of the inputs only: arithmetic without carries from
/// above.
constexpr bool low_half_depends_on_low_halves(Op op) {
    switch (op) {
        case Op::add:
        case Op::sub:
        case Op::neg:
        case Op::mul:
        case Op::and_:
        case Op::or_:
        case Op::xor_:
        case Op::not_:
        case Op::andc:
        case Op::orc:
        case Op::eqv: return true;
        default: return false;
    }
}

/// Whether bits [pos, pos + len) of a vector are an integer in memory.
constexpr bool is_whole_integer(u64 pos, u64 len) {
    return len >= 8 && len <= 64 && (len & (len - 1)) == 0 && pos % len == 0;
}

/// Whether `insn` changes only the high half of its input.
inline bool extends_low_half(const Insn& insn) {
    return (insn.op == Op::sextract || insn.op == Op::extract) && insn.type == Type::I64 && insn.imm[0] == 0 &&
           insn.imm[1] == 32;
}

/// Whether a floating-point op may accrue exception flags, which the guest can read.
bool accrues_fp_flags(Op op);

/// Whether `insn` may go when none of its outputs is used.
bool removable(const Function& f, const Insn& insn);

}  // namespace dragoman::ir
