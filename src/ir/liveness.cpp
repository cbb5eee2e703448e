#include "ir/liveness.h"

#include "ir/effects.h"

namespace dragoman::ir {

void LiveSet::begin(const Function& f) {
    marks_.assign(f.vars.size(), 0);
    last_epoch_ = 0;
    set_all(VarKind::Fixed, true);
    set_all(VarKind::Const, true);
    set_all(VarKind::Global, true);
    set_all(VarKind::Tb, false);
    set_all(VarKind::Ebb, false);
}

void LiveSet::step(const Function& f, Insn& insn) {
    unsigned dead = 0;
    for (unsigned i = 0; i < insn.outputs; ++i) {
        Var v = insn.args[i];
        if (!live(f, v)) dead |= 1u << i;
        set(f, v, false);
    }

    OpFlags flags = info(insn.op).flags;
    if (has(flags, OpFlags::EndsBlock | OpFlags::EndsEbb)) {
        if (has(flags, OpFlags::EndsEbb)) set_all(VarKind::Ebb, false);
        set_all(VarKind::Tb, !has(flags, OpFlags::Terminator));
    }
    if (reads_all_globals(f, insn)) set_all(VarKind::Global, true);
    if (puts_right_ && puts_output_right(insn)) set(f, insn.out(), false);

    unsigned end = insn.outputs + insn.inputs;
    for (unsigned i = insn.outputs; i < end; ++i) {
        Var v = insn.args[i];
        if (v != kNoVar && !live(f, v)) dead |= 1u << i;
    }
    for (unsigned i = insn.outputs; i < end; ++i) {
        Var v = insn.args[i];
        if (v != kNoVar && f.vars[v].kind != VarKind::Const) set(f, v, true);
    }
    insn.dead = static_cast<u8>(dead);
}

void liveness(Function& f, LiveSet& scratch) {
    scratch.begin(f);
    for (std::size_t i = f.insns.size(); i-- > 0;) scratch.step(f, f.insns[i]);
}

}  // namespace dragoman::ir
