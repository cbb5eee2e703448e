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
    if (marks_.size() < f_->vars.size()) marks_.resize(f_->vars.size() * 2, Mark{0, kNever, 0});
    if (last_epoch_ > ~u32{0} / 2) {
        marks_.assign(marks_.size(), Mark{0, kNever, 0});
        last_epoch_ = 0;
    }

    u32 epoch[5];
    u16 base[5];
    std::fill(std::begin(epoch), std::end(epoch), ++last_epoch_);
    std::fill(std::begin(base), std::end(base), kNever);
    u32 precise_epoch = last_epoch_;
    auto kind = [&](Var v) { return static_cast<unsigned>(f_->vars[v].kind); };
    auto set_all = [&](VarKind k, u16 use) {
        epoch[static_cast<unsigned>(k)] = ++last_epoch_;
        base[static_cast<unsigned>(k)] = use;
    };
    auto get = [&](Var v) { return marks_[v].epoch == epoch[kind(v)] ? marks_[v].use : base[kind(v)]; };
    auto set = [&](Var v, u16 use) {
        marks_[v].epoch = epoch[kind(v)];
        marks_[v].use = use;
    };

    for (std::size_t i = count; i-- > 0;) {
        const ir::Insn& insn = f_->insns[i];
        if (insn.op == Op::insn_start) continue;
        u16* uses = &next_uses_[i * ir::kMaxArgs];
        for (unsigned a = 0; a < insn.outputs; ++a) {
            uses[a] = get(insn.args[a]);
            set(insn.args[a], kNever);
        }
        if (insn.outputs != 0) {
            Mark& m = marks_[insn.args[0]];
            store_dead_[i] = m.overwritten == precise_epoch;
            m.overwritten = precise_epoch;
        }
        if (reads_all_globals(*f_, insn)) precise_epoch = ++last_epoch_;
        OpFlags flags = info(insn.op).flags;
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
        const unsigned end = insn.outputs + insn.inputs;
        for (unsigned a = insn.outputs; a < end; ++a) {
            if (insn.args[a] != kNoVar) uses[a] = get(insn.args[a]);
        }
        const u16 here = static_cast<u16>(std::min<std::size_t>(i, kFar - 1));
        for (unsigned a = insn.outputs; a < end; ++a) {
            if (insn.args[a] != kNoVar) set(insn.args[a], here);
        }
    }
}

}  // namespace dragoman::host::x64
