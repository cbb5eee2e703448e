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

/// Of two outputs one is not used: the op that gives the other one alone.
void drop_dead_output(const Function& f, const LiveSet& live, Insn& insn) {
    const bool first_live = live.live(f, insn.out(0)), second_live = live.live(f, insn.out(1));
    if (first_live && second_live) return;
    switch (insn.op) {
        case Op::mul2_s: insn.op = first_live ? Op::mul : Op::mulh_s; break;
        case Op::mul2_u: insn.op = first_live ? Op::mul : Op::mulh_u; break;
        case Op::divrem_s: insn.op = first_live ? Op::div_s : Op::rem_s; break;
        case Op::divrem_u: insn.op = first_live ? Op::div_u : Op::rem_u; break;
        default: return;
    }
    if (!first_live) insn.args[0] = insn.args[1];
    insn.outputs = 1;
    for (unsigned i = 0; i < insn.inputs; ++i) insn.args[1 + i] = insn.args[2 + i];
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
        if (insn.outputs == 2) drop_dead_output(f, live, insn);
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
