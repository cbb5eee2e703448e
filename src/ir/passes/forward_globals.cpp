// Forwarding of guest registers: an instruction whose result goes to a guest register through a
// temporary (`op %1; mov x1, %1`) writes the register itself, and what reads the temporary afterwards reads
// the register.
#include "ir/passes/passes.h"

namespace dragoman::ir {

bool forward_globals(Rewriter& r, Insn& insn) {
    if (insn.op != Op::mov) return true;
    Var global = insn.out();
    Var t = insn.in(0);
    if (!r.is_global(global) || !r.is_temp(t)) return true;
    // The write moves up to the instruction that computed the value: nothing in between may see it.
    const ValueId id = r.value_of(t);
    const u32 def = r.value(id).def;
    if (def == 0 || r.at(def).op == Op::mov || r.at(def).out(r.value(id).output) != t) return true;
    if (!r.untouched_since(global, def) || !r.no_barrier_since(def)) return true;
    if (!r.retarget(id, global)) return true;
    insn.args[0] = t;
    insn.args[1] = global;
    return true;
}

}  // namespace dragoman::ir
