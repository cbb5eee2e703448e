// Dead code and dead stores to guest registers, by one backward walk: what computes only values that are
// never used goes. A guest register's value counts as used wherever the state must be precise (liveness.h).
// So do extensions of values of which only the low half is used: those within a chain of W instructions.
#include "ir/effects.h"
#include "ir/passes/passes.h"

namespace dragoman::ir {

namespace {

/// Has `before` write `copy`'s output, if nothing else uses what it writes now. @returns whether `copy` may go.
bool merge_copy(const Function& f, const LiveSet& live, Insn& before, const Insn& copy) {
    if (before.outputs != 1 || before.out() != copy.in(0) || f.is_global(before.out())) return false;
    if (live.live(f, before.out()) || reads_all_globals(f, before)) return false;
    before.args[0] = copy.out();
    return true;
}

}  // namespace

void dead_code(Function& f, PassContext& context) {
    constexpr u8 kRemoved = 0xff;  // in Insn::dead, until the end of this pass
    LiveSet& live = context.live;
    live.begin(f);
    const std::size_t count = f.insns.size();
    std::size_t first = count;  // of those that go
    for (std::size_t i = count; i-- > 0;) {
        Insn& insn = f.insns[i];
        if (insn.op == Op::insn_start) continue;
        if (insn.outputs != 0 && live.outputs_dead(f, insn) && removable(f, insn)) {
            insn.dead = kRemoved;
            first = i;
            continue;
        }
        if (extends_low_half(insn) && live.low_half_live(f, insn.out())) {
            if (i > 0 && merge_copy(f, live, f.insns[i - 1], insn)) {
                insn.dead = kRemoved;
                first = i;
                continue;
            }
            insn.op = Op::mov;
            insn.imm[0] = insn.imm[1] = 0;
        }
        if ((insn.op == Op::ext_s || insn.op == Op::ext_u) && live.low_half_live(f, insn.out())) insn.op = Op::ext_any;
        live.step(f, insn);
    }
    std::size_t kept = first;
    for (std::size_t i = first; i < count; ++i) {
        if (f.insns[i].dead != kRemoved) f.insns[kept++] = f.insns[i];
    }
    f.insns.resize(kept);
}

}  // namespace dragoman::ir
