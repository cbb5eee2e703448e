// When the allocator's variables are read next.
#include <algorithm>

#include "host/x64/allocator.h"
#include "ir/effects.h"

namespace dragoman::host::x64 {

using ir::kNoVar;
using ir::Op;
using ir::OpFlags;
using ir::Var;
using ir::VarKind;

// One backward walk. As in ir::LiveSet, "all variables of a kind" is one step: a mark of an older epoch
// counts as the kind's base value.
void Allocator::compute_next_uses() {
    const std::size_t count = f_->insns.size();
    if (next_uses_.size() < count * ir::kMaxArgs) next_uses_.resize(count * ir::kMaxArgs * 2);
    if (store_dead_.size() < count) store_dead_.resize(count * 2);
    if (last_uses_.size() < count) last_uses_.resize(count * 2);
    if (marks_.size() < f_->vars.size()) marks_.resize(f_->vars.size() * 2, Mark{0, kNever, 0});
    if (last_epoch_ > ~u32{0} / 2) {
        marks_.assign(marks_.size(), Mark{0, kNever, 0});
        last_epoch_ = 0;
    }

    // Plain arrays: the compiler cannot know that what is written here does not change where they are.
    const ir::Insn* const insns = f_->insns.data();
    const ir::Variable* const vars = f_->vars.data();
    Mark* const marks = marks_.data();
    u8* const store_dead = store_dead_.data();
    const State* const state = state_.data();
    u8* const last_uses = last_uses_.data();
    u32 last_epoch = last_epoch_;
    u32 epoch[5];
    u16 base[5];
    std::fill(std::begin(epoch), std::end(epoch), ++last_epoch);
    std::fill(std::begin(base), std::end(base), kNever);
    u32 precise_epoch = last_epoch;
    auto set_all = [&](VarKind k, u16 use) {
        epoch[static_cast<unsigned>(k)] = ++last_epoch;
        base[static_cast<unsigned>(k)] = use;
    };
    /// When `v` is read next; from now on at `use`.
    auto exchange = [&](Var v, u16 use) {
        const auto kind = static_cast<unsigned>(vars[v].kind);
        Mark& m = marks[v];
        const u16 old = m.epoch == epoch[kind] ? m.use : base[kind];
        m.epoch = epoch[kind];
        m.use = use;
        return old;
    };

    u16* uses = next_uses_.data() + count * ir::kMaxArgs;
    for (std::size_t i = count; i-- > 0;) {
        uses -= ir::kMaxArgs;
        const ir::Insn& insn = insns[i];
        if (insn.op == Op::insn_start) continue;
        const unsigned outputs = insn.outputs;
        unsigned last = 0;
        if (outputs != 0) {
            unsigned dead = 0;
            for (unsigned a = 0; a < outputs; ++a) {
                uses[a] = exchange(insn.args[a], kNever);
                last |= unsigned{uses[a] == kNever && !state[insn.args[a]].pinned} << a;
                Mark& m = marks[insn.args[a]];
                dead |= unsigned{m.overwritten == precise_epoch} << a;
                m.overwritten = precise_epoch;
            }
            store_dead[i] = static_cast<u8>(dead);
        }
        // Ops without these flags are most.
        const OpFlags flags = info(insn.op).flags;
        if (has(flags, OpFlags::EndsBlock | OpFlags::EndsEbb | OpFlags::MayFault) || insn.op == Op::call) {
            if (reads_all_globals(*f_, insn)) precise_epoch = ++last_epoch;
            if (has(flags, OpFlags::EndsBlock | OpFlags::EndsEbb)) {
                if (has(flags, OpFlags::EndsEbb)) {
                    set_all(VarKind::Ebb, kNever);
                    set_all(VarKind::Global, kNever);
                    set_all(VarKind::Const, kNever);
                    set_all(VarKind::Fixed, kNever);
                }
                set_all(VarKind::Tb, has(flags, OpFlags::Terminator) ? kNever : kFar);
            } else if (insn.op == Op::call && writes_any_global(*f_, insn)) {
                set_all(VarKind::Global, kNever);
            }
        }
        const u16 here = static_cast<u16>(std::min<std::size_t>(i, kFar - 1));
        const unsigned end = outputs + insn.inputs;
        for (unsigned a = outputs; a < end; ++a) {
            const Var v = insn.args[a];
            if (v == kNoVar) continue;
            uses[a] = exchange(v, here);
            // An input that is there twice is read by both at once.
            for (unsigned before = outputs; before < a; ++before) {
                if (insn.args[before] == v) uses[a] = uses[before];
            }
            // Of one that is an output, too, that is what counts.
            bool ends = uses[a] == kNever && !state[v].pinned;
            for (unsigned output = 0; output < outputs; ++output) ends &= insn.args[output] != v;
            last |= unsigned{ends} << a;
        }
        last_uses[i] = static_cast<u8>(last);
    }
    last_epoch_ = last_epoch;
}

}  // namespace dragoman::host::x64
