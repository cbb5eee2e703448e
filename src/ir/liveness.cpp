#include "ir/liveness.h"

#include "ir/effects.h"

namespace dragoman::ir {

namespace {

/// Which ops look only at the low 32 bits of their inputs.
enum class Looks : u8 {
    Whole,    ///< none
    SameLow,  ///< those of which no other bits of the output are looked at
    Field,    ///< those whose field ends at or below bit 32
    Low,      ///< always
};

constexpr Looks looks_of(Op op) {
    if (low_half_depends_on_low_halves(op)) return Looks::SameLow;
    switch (op) {
        case Op::mov:
        case Op::shl: return Looks::SameLow;
        case Op::extract:
        case Op::sextract: return Looks::Field;
        case Op::trunc: return Looks::Low;
        default: return Looks::Whole;
    }
}

constexpr Looks kLooks[kOpCount] = {
#define X(name, out, in, c, typing, flags) looks_of(Op::name),
    DRAGOMAN_IR_OPS(X)
#undef X
};

}  // namespace

void LiveSet::begin(const Function& f) {
    marks_.assign(f.vars.size(), 0);
    last_epoch_ = 0;
    set_all(VarKind::Fixed, true);
    set_all(VarKind::Const, true);
    set_all_globals();
    set_all(VarKind::Tb, false);
    set_all(VarKind::Ebb, false);
    followed_ = f.label_count != 0 ? f.global_count() : 0;
    labels_.assign(f.label_count, {});
    at_labels_.clear();
}

void LiveSet::at_label(const Function& f, u32 label) {
    // Functions with registers that are not at home have no joins (narrow_globals).
    if (overwritten_.empty() || !f.state.empty()) return use_all_globals(f, false);
    labels_[label].first = static_cast<u32>(at_labels_.size());
    for (Var v : overwritten_) {
        if (!live(f, v)) at_labels_.push_back(v);
    }
    labels_[label].end = static_cast<u32>(at_labels_.size());
}

void LiveSet::at_branch(const Function& f, u32 label, bool only) {
    Range range = labels_[label];
    // What is overwritten on both ways is not live.
    const auto first = static_cast<u32>(at_labels_.size());
    for (; range.first != range.end; ++range.first) {
        const Var v = at_labels_[range.first];
        if (only || !live(f, v)) at_labels_.push_back(v);
    }
    use_all_globals(f, only);
    for (u32 i = first; i < at_labels_.size(); ++i) overwrite(f, at_labels_[i]);
    at_labels_.resize(first);
}

void LiveSet::use_all_globals(const Function& f, bool forget) {
    if (forget || f.state.empty()) return set_all_globals();
    // Of narrow ones only the low half counts here, but what is needed later still does.
    GlobalSet whole;
    f.state.extended().for_each([&](unsigned global) {
        const Var v = global_var(global);
        if (live(f, v) && !low_half_live(f, v)) whole.add(global);
    });
    set_all_globals();
    whole.for_each([&](unsigned global) { set(f, global_var(global), kLive); });
}

template <bool kTell>
u8 LiveSet::step_over(const Function& f, const Insn& insn) {
    unsigned dead = 0;
    bool low_half = false;
    switch (kLooks[static_cast<unsigned>(insn.op)]) {
        case Looks::Whole: break;
        case Looks::SameLow: low_half = low_half_live(f, insn.out()); break;
        case Looks::Field: low_half = insn.imm[0] + insn.imm[1] <= 32; break;
        case Looks::Low: low_half = true; break;
    }
    for (unsigned i = 0; i < insn.outputs; ++i) {
        Var v = insn.args[i];
        if (kTell && !live(f, v)) dead |= 1u << i;
        set(f, v, 0);
        if (v - 1 < followed_) overwritten_.push_back(v);
    }

    // Ops without these flags are most, and neither end anything nor look at globals.
    const OpFlags flags = info(insn.op).flags;
    if (has(flags, OpFlags::EndsBlock | OpFlags::EndsEbb | OpFlags::MayFault) || insn.op == Op::call) {
        if (has(flags, OpFlags::EndsBlock | OpFlags::EndsEbb)) {
            if (has(flags, OpFlags::EndsEbb)) set_all(VarKind::Ebb, false);
            set_all(VarKind::Tb, !has(flags, OpFlags::Terminator));
        }
        if (insn.op == Op::label) {
            at_label(f, static_cast<u32>(insn.imm[0]));
        } else if (insn.op == Op::br || insn.op == Op::brcond) {
            at_branch(f, static_cast<u32>(insn.imm[0]), insn.op == Op::br);
        } else if (reads_all_globals(f, insn)) {
            use_all_globals(f, has(flags, OpFlags::Terminator));
        }
        if (insn.state != 0) {
            for (const StateEntry& entry : f.point(insn)) {
                if (entry.global != kStateOperand) overwrite(f, global_var(entry.global));
            }
        }
    }

    const unsigned end = insn.outputs + insn.inputs;
    if (kTell) {
        for (unsigned i = insn.outputs; i < end; ++i) {
            Var v = insn.args[i];
            if (v != kNoVar && !live(f, v)) dead |= 1u << i;
        }
    }
    const Variable* vars = f.vars.data();
    u32* marks = marks_.data();
    for (unsigned i = insn.outputs; i < end; ++i) {
        Var v = insn.args[i];
        if (v == kNoVar || vars[v].kind == VarKind::Const) continue;
        const u32 whole = epoch_[static_cast<unsigned>(vars[v].kind)] << 2 | kLive;
        if (low_half && marks[v] != whole) {
            const bool low_only = !live(f, v) || low_half_live(f, v);
            marks[v] = low_only ? whole | kLowHalf : whole;
        } else {
            marks[v] = whole;
        }
    }
    return static_cast<u8>(dead);
}

template u8 LiveSet::step_over<false>(const Function&, const Insn&);
template u8 LiveSet::step_over<true>(const Function&, const Insn&);

void liveness(Function& f, LiveSet& scratch) {
    scratch.begin(f);
    for (std::size_t i = f.insns.size(); i-- > 0;) f.insns[i].dead = scratch.step_and_tell(f, f.insns[i]);
}

}  // namespace dragoman::ir
