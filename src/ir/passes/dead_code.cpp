// Dead code and dead stores to guest registers, by one backward walk: what computes only values that are
// never used goes. A guest register's value counts as used wherever the state must be precise (liveness.h).
#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

void dead_code(Function& f, PassContext& context) {
    LiveSet& live = context.live;
    live.begin(f);
    std::size_t kept = f.insns.size();
    for (std::size_t i = f.insns.size(); i-- > 0;) {
        Insn& insn = f.insns[i];
        if (insn.outputs != 0 && live.outputs_dead(f, insn) && removable(f, insn)) continue;
        live.step(f, insn);
        if (--kept != i) f.insns[kept] = insn;
    }
    f.insns.erase(f.insns.begin(), f.insns.begin() + static_cast<std::ptrdiff_t>(kept));
}

}  // namespace dragoman::ir
