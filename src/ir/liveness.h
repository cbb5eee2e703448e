// Liveness of variables, by one backward walk over the blocks of a function. LiveSet is the state of such a walk;
// dead-code elimination uses it too.
#pragma once

#include <vector>

#include "ir/function.h"

namespace dragoman::ir {

/// The variables that are live at one point of a backward walk. Making all variables of a kind live or
/// dead takes constant time. Reuse one object for many functions: it keeps its memory.
class LiveSet {
public:
    /// Starts at the end of `f`.
    void begin(const Function& f);

    bool live(const Function& f, Var v) const {
        u32 mark = marks_[v];
        auto kind = static_cast<unsigned>(f.vars[v].kind);
        return mark >> 2 == epoch_[kind] ? (mark & kLive) != 0 : base_[kind];
    }

    /// Whether `v` is live, but only its low 32 bits are ever looked at.
    bool low_half_live(const Function& f, Var v) const {
        const auto kind = static_cast<unsigned>(f.vars[v].kind);
        if (marks_[v] >> 2 == epoch_[kind]) return (marks_[v] & (kLive | kLowHalf)) == (kLive | kLowHalf);
        return base_[kind] && f.is_narrow(v);
    }

    /// Whether no output of `insn` is live.
    bool outputs_dead(const Function& f, const Insn& insn) const {
        for (unsigned i = 0; i < insn.outputs; ++i) {
            if (live(f, insn.args[i])) return false;
        }
        return true;
    }

    /// Goes back over `insn`.
    void step(const Function& f, const Insn& insn) { step_over<false>(f, insn); }
    /// The same. @returns its `dead` bits.
    u8 step_and_tell(const Function& f, const Insn& insn) { return step_over<true>(f, insn); }

private:
    static constexpr u32 kLive = 1, kLowHalf = 2;

    template <bool kTell>
    u8 step_over(const Function& f, const Insn& insn);
    void set(const Function& f, Var v, u32 mark) {
        marks_[v] = epoch_[static_cast<unsigned>(f.vars[v].kind)] << 2 | mark;
    }
    void set_all(VarKind kind, bool live) {
        epoch_[static_cast<unsigned>(kind)] = ++last_epoch_;
        base_[static_cast<unsigned>(kind)] = live;
    }
    void set_all_globals() {
        set_all(VarKind::Global, true);
        overwritten_.clear();
    }
    void overwrite(const Function& f, Var global) {
        set(f, global, 0);
        if (followed_ != 0) overwritten_.push_back(global);
    }

    /// At a point that looks at all globals. `forget`: what comes behind it in the function does not follow it.
    void use_all_globals(const Function& f, bool forget);
    /// At the beginning of the block of `label`: keeps which globals are overwritten, for the branches to it.
    void at_label(const Function& f, u32 label);
    /// At a branch to `label`. `only`: control does not go on behind it.
    void at_branch(const Function& f, u32 label, bool only);

    std::vector<u32> marks_;  // by variable: epoch << 2 | kLowHalf | kLive; of another epoch: as base_ says
    u32 epoch_[5] = {};       // by VarKind
    bool base_[5] = {};
    u32 last_epoch_ = 0;

    /// Globals that were not live at some point since all of them were.
    PlainVector<Var> overwritten_;
    unsigned followed_ = 0;  ///< globals that are; none without labels
    /// By label: those that are not live there, [first, end) of at_labels_; none of a label that was not met yet.
    struct Range {
        u32 first = 0, end = 0;
    };
    std::vector<Range> labels_;
    PlainVector<Var> at_labels_;
};

/// Fills Insn::dead of all instructions.
/// * Output: the value is never used. Input: the value that the instruction reads is used by nothing after it (an
///   input that the instruction also writes is dead in this sense: its old value is).
/// * A global's value is used wherever globals must be precise: at ops that may fault, at exits, at branches back, and
///   at helpers that read globals or raise. So "dead" says that it is overwritten before any of these, on both ways of
///   a branch.
/// * A TB temporary counts as used at branches and labels; an EBB temporary is dead there.
/// * Constants and env are never dead.
void liveness(Function& f, LiveSet& scratch);

inline void liveness(Function& f) {
    LiveSet scratch;
    liveness(f, scratch);
}

}  // namespace dragoman::ir
