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
    struct {
        u32 epoch;
        u16 base;
    } kinds[5];
    ++last_epoch;
    for (auto& kind : kinds) kind = {last_epoch, kNever};
    u32 precise_epoch = last_epoch;
    auto set_all = [&](VarKind k, u16 use) { kinds[static_cast<unsigned>(k)] = {++last_epoch, use}; };
    /// When `v` is read next; from now on at `use`.
    auto exchange = [&](Var v, u16 use) {
        const auto& kind = kinds[static_cast<unsigned>(vars[v].kind)];
        Mark& m = marks[v];
        // Which of them it is cannot be foreseen: both are read, so that nothing depends on a jump.
        const u32 epoch = kind.epoch;
        const u16 own = m.use, base = kind.base;
        const u16 old = m.epoch == epoch ? own : base;
        m.epoch = epoch;
        m.use = use;
        return old;
    };

    /// Output `a` of an instruction. @returns whether what it stores is overwritten before that matters
    auto write = [&](Var v, u16& next, unsigned& last, unsigned a) {
        next = exchange(v, kNever);
        last |= (unsigned{next == kNever} & unsigned{!state[v].pinned}) << a;
        Mark& m = marks[v];
        const bool dead = m.overwritten == precise_epoch;
        m.overwritten = precise_epoch;
        return dead;
    };
    /// An input. @returns 1 when its value, not pinned, is not needed behind it. Of one that is an output, too, that
    /// is what counts.
    auto read = [&](Var v, u16& next, u16 use, Var output) {
        next = exchange(v, use);
        return unsigned{next == kNever} & unsigned{v != output} & unsigned{!state[v].pinned};
    };

    u16* uses = next_uses_.data() + count * ir::kMaxArgs;
    for (std::size_t i = count; i-- > 0;) {
        uses -= ir::kMaxArgs;
        const ir::Insn& insn = insns[i];
        if (insn.op == Op::insn_start) continue;
        const unsigned outputs = insn.outputs, inputs = insn.inputs;
        unsigned last = 0;
        // Most ops have one output, or none, and few inputs.
        if (outputs == 1) {
            store_dead[i] = static_cast<u8>(write(insn.args[0], uses[0], last, 0));
        } else if (outputs != 0) [[unlikely]] {
            unsigned dead = 0;
            for (unsigned a = 0; a < outputs; ++a) dead |= unsigned{write(insn.args[a], uses[a], last, a)} << a;
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
        if (outputs > 1 || inputs > 3) [[unlikely]] {
            for (unsigned a = outputs; a < outputs + inputs; ++a) {
                const Var v = insn.args[a];
                if (v == kNoVar) continue;
                unsigned ends = read(v, uses[a], here, kNoVar);
                // An input that is there twice is read by both at once.
                for (unsigned before = outputs; before < a; ++before) {
                    if (insn.args[before] != v) continue;
                    uses[a] = uses[before];
                    ends = last >> before & 1;
                }
                for (unsigned output = 0; output < outputs; ++output) ends &= unsigned{insn.args[output] != v};
                last |= ends << a;
            }
        } else if (inputs != 0) {
            const Var output = outputs != 0 ? insn.args[0] : kNoVar;
            const Var* const in = insn.args + outputs;
            u16* const to = uses + outputs;
            unsigned ends = read(in[0], to[0], here, output);
            if (inputs > 1 && in[1] != kNoVar) {
                if (in[1] == in[0]) to[1] = to[0], ends |= ends << 1;
                else ends |= read(in[1], to[1], here, output) << 1;
            }
            if (inputs > 2 && in[2] != kNoVar) {
                if (in[2] == in[0]) to[2] = to[0], ends |= (ends & 1) << 2;
                else if (in[2] == in[1]) to[2] = to[1], ends |= (ends & 2) << 1;
                else ends |= read(in[2], to[2], here, output) << 2;
            }
            last |= ends << outputs;
        }
        last_uses[i] = static_cast<u8>(last);
    }
    last_epoch_ = last_epoch;
}

}  // namespace dragoman::host::x64
